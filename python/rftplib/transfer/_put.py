"""Uploads: `rftplib.transfer.put`."""

import time

from ._attempts import run
from ._course import Course, own
from ._sources import FileObject, LocalFile
from ._upload import Upload
from ._values import Retry, check_keep, check_remote
from ._verify import Verify


def put(
    target,
    local,
    remote,
    *,
    overwrite=True,
    temporary=True,
    resume=True,
    verify="size",
    keep=("mtime",),
    retry=Retry(),  # noqa: B008  (it is immutable)
    rate=None,
    progress=None,
):
    """Upload a file, in one piece or in several; returns Transferred.

    The file goes to a temporary name in the directory of the final one, '.NAME.<id>.part', and is renamed when all of
    it is there (RNFR and RNTO): under the final name there is never half a file. What an earlier attempt has left, in
    this call or in an earlier one, is continued by APPE if the local file is still the same and so is what is there: by
    a hash where the server offers one, else by its last 16 KiB where it may be read. Where APPE is refused the file is
    begun anew.

    target: a Site (rftplib.session) or its URL, whose lost connections are replaced; or a client that is logged in: its
    connection is its owner's, so there is one attempt. local: the path here, or a binary file object, which is read
    from its present position on, without resume. remote: the path there; its directory must be there.
    overwrite: whether to replace a file of that name, else it is FileExistsError. Where the server won't rename onto
    one, that is put aside meanwhile. temporary: False for a drop box that doesn't let anybody rename, or acts on any
    name: the file is written under its own name, and begun anew after a failure.
    resume: whether to continue; False for jobs that may overlap: each has a temporary name of its own.
    verify: "size" asks for what has arrived (SIZE), "none" doesn't; "auto", "hash" and
    "sha256:<64 digits>" as for get(), the last one for the local file. keep: ("mtime",) sets the modification time to
    that of the local file where the server can (MFMT, or MDTM with a time), and a log record tells where it hasn't; ()
    doesn't. retry: a Retry. rate: bytes per second at most. progress: as for get().

    Raises what the last attempt has raised, with the file told in its text: TransferError for what can't be believed,
    error_perm such as 550 or 553, OSError of the network and of the local file system, FileExistsError,
    IsADirectoryError; ValueError for what makes no sense. That the server has no room (452, 552, some 451) is raised at
    once.
    """
    began, course = time.monotonic(), Course(progress, rate)
    check_remote(remote)
    options = {"overwrite": overwrite, "temporary": temporary, "verify": Verify.of(verify), "keep": check_keep(keep)}
    if hasattr(local, "read"):
        if options["verify"].how in ("hash", "known"):
            raise ValueError("a file object is verified by its size: for a hash give a path")
        options["verify"] = Verify("none" if verify == "none" else "size")
    source = FileObject(local) if hasattr(local, "read") else LocalFile(local)
    job = Upload(source, remote, course, resume=resume, **options)
    with own():
        done = run(target, job, retry, course)
    return done._replace(attempts=job.attempts, seconds=time.monotonic() - began)


def put_once(
    ftp,
    local,
    remote,
    course,
    *,
    overwrite=True,
    temporary=True,
    resume=True,
    verify="size",
    keep=("mtime",),
    check=None,
    untimed=None,
):
    """One attempt of put() by a client; returns Transferred, whose `attempts` is 1 and whose `seconds` are 0.

    course: the Course of all attempts at it. check(ftp): called before anything is sent, and before the file gets its
    name: it raises if that mustn't be. untimed(text): called with the reply if the server refuses to set the time.
    Raises BeginAnew and NotWhole, both TransferError, where another attempt may do better, and what the client raises.
    """
    options = {"overwrite": overwrite, "temporary": temporary, "verify": Verify.of(verify), "keep": keep}
    options.update(resume=resume, check=check, untimed=untimed)
    with own():
        return Upload(LocalFile(local), remote, course, **options).attempt(ftp)
