"""Downloads: `rftplib.transfer.get`."""

import errno
import time

from .. import _logs
from .._errors import error_perm, error_temp
from .._exact import ask
from .._site import Site
from ._attempts import is_refused, run
from ._course import Course, own
from ._look import look, settled
from ._part import OVERLAP, Part, Target, fresh_part_name, part_name
from ._values import BeginAnew, NotWhole, Retry, TransferError, Transferred, check_keep, check_remote
from ._verify import Verify
from ._writer import ToObject, Writer


def get(source, remote, local, *, resume=True, verify="size", keep=("mtime",), retry=Retry(), rate=None, progress=None):  # noqa: B008
    """Download a file, in one piece or in several; returns Transferred.

    The file comes under a temporary name beside the final one, '.NAME.<id>.part', and gets its name when it is whole
    and on the disk: under that there is never half a file. What an earlier attempt has left, in this call or in an
    earlier one, is continued if the server's file is still the same, by its size and its time (SIZE and MDTM or MLST,
    RFC 3659), and if the last 16 KiB are the same, which are fetched again. A file that changes meanwhile is begun
    anew.

    source: a Site (rftplib.session) or its URL, whose lost connections are replaced; or a client that is logged in: its
    connection is its owner's, so there is one attempt. remote: the file's path. local: the path here, or a binary file
    object, which is written from its present position on, by its write(), without resume. A file that is replaced
    passes its permissions on; a link is replaced by the file.
    resume: whether to continue. verify: "size", "none", "auto" for a hash where the server offers one (HASH, XSHA256,
    XSHA512, XSHA1, XMD5, XCRC) and else the size, "hash" for that or an error, or "sha256:<64 digits>" for one that is
    known beforehand. keep: ("mtime",) sets the modification time to the server's, () doesn't. retry: a Retry. rate:
    bytes per second at most. progress: an object with set_size(n) and relative_update(n), in bytes, such as fsspec's
    callbacks; called about ten times a second, by this thread, with less than 0 when a transfer is begun anew. What it
    raises ends the transfer.

    Raises what the last attempt has raised, with the file and what is there told in its text: TransferError for what
    can't be believed, error_perm such as 550, OSError of the network and of the local file system, EOFError; ValueError
    for what makes no sense.
    """
    began, course = time.monotonic(), Course(progress, rate)
    check_remote(remote)
    wanted, kept = Verify.of(verify), check_keep(keep)
    if hasattr(local, "write"):
        job = ToObject(remote, local, wanted, course)
    else:
        job = Download(remote, Target.at(local), course, resume=resume, verify=wanted, keep=kept)
    job.owned = not isinstance(source, (Site, str))
    with own():
        done = run(source, job, retry, course)
    return done._replace(attempts=job.attempts, seconds=time.monotonic() - began)


def get_once(ftp, remote, target, course, *, known=None, resume=True, verify="size", keep=("mtime",), sweep=True):
    """One attempt of get() by a client; returns Transferred, whose `attempts` is 1 and whose `seconds` are 0.

    target: a Target. course: a Course. known: the Look of a listing, which then isn't asked for. sweep: whether to
    look for stale parts at the end. Raises BeginAnew and NotWhole, both TransferError, where another attempt may do
    better, and what the client raises.
    """
    job = Download(remote, target, course, resume=resume, verify=Verify.of(verify), keep=keep, known=known, sweep=sweep)
    with own():
        return job.attempt(ftp)


class Download:
    """A download to a path, over all its attempts."""

    advice = "is it there, is it no directory, and may this user read it?"  # where it is refused
    advice_here = "is the directory there, and may this user write into it?"

    def __init__(self, remote, target, course, *, resume, verify, keep, known=None, sweep=True):
        self._remote, self._target, self._course = remote, target, course
        self._resume, self._verify, self._keep, self._known, self._sweep = resume, verify, keep, known, sweep
        self.attempts, self.owned = 0, False
        self._start = 0  # where the present attempt goes on
        self._no_rest = False  # whether the server has refused REST
        self._end = None  # where the last attempt has ended that the server called whole
        self._part = None  # the path of what is there, and how much that is
        self._state = ""

    def attempt(self, ftp):
        """Bring it to its end, or raise."""
        offer = self._verify.offer(ftp)
        before, self._known = settled(ftp, self._remote, self._known, self._verify), None
        if not before.is_file:
            raise IsADirectoryError(errno.EISDIR, "a directory on the server", self._remote)
        self._course.size(before.size)
        may_go_on = self._resume and before.is_known
        identity = (before.size, before.micros, before.unique, before.directory, self._remote, ftp.host, ftp.port)
        name = part_name(self._target.name, *identity) if may_go_on else fresh_part_name(self._target.name)
        if self._part not in (None, name):
            self._target.remove(self._part)  # of what the source was
        self._part = name
        with Part(self._target, name) as part:
            try:
                part.keep_mode()
                return self._bring(ftp, part, before, offer, may_go_on)
            except BaseException as error:
                left = part.length()
                useless = isinstance(error, TransferError) and not isinstance(error, NotWhole)
                if useless or not may_go_on or left <= OVERLAP:
                    part.discard()
                    left = 0
                else:
                    self._course.confirm(left)
                self._note(part, left, before.size)
                raise

    def describe(self, server):
        """What was to be done, and what is there, for an error."""
        return f"getting {self._remote!r} from {server}{self._state}"

    def _note(self, part, left, size):
        kept = f": {left} of {size} bytes are in {part.path!r}, where the next get() goes on"
        self._state = kept if left else ""

    def _bring(self, ftp, part, before, offer, may_go_on):
        start = part.size
        if not may_go_on or self._no_rest or not OVERLAP < start <= before.size:
            start = 0
        self._start = start
        whole = self._fetch(ftp, part, before, start)
        size = part.length()
        if whole and self._verify.how != "none":
            after = look(ftp, self._remote)
            if not before.same(after):
                raise BeginAnew("the file has changed on the server meanwhile: verify='none' takes it as it comes")
            self._check_size(size, before.size)
        digest, verified = self._check_hash(ftp, part, size, before, offer if whole else None)
        self._course.reach(size)  # whoever is told may object, as long as it hasn't got its name
        part.finish(before.micros if "mtime" in self._keep else None)
        if self._sweep:
            self._target.sweep()
        return Transferred(self._target.path, size, self._start, 1, 0.0, digest, verified, before.modified)

    def _fetch(self, ftp, part, before, start):
        """Fetch what is missing; returns False if only the control connection's word for the end is."""
        try:
            self._retrieve(ftp, part, start, before.size)
        except (error_perm, error_temp) as refusal:
            # REST is refused, or RETR is: what else it may be, the next reply tells
            if not start or part.length() != start or not is_refused(refusal):
                raise
            self._no_rest, self._start = True, 0
            ask(ftp, ["REST 0"])
            self._retrieve(ftp, part, 0, before.size)
        except (OSError, EOFError) as error:
            there = before.size is not None and part.length() == before.size and self._verify.how != "hash"
            if not self.owned or not there:
                raise
            _logs.failed("control", error, "reading the reply to RETR %s, of which all bytes have come,", self._remote)
            return False
        return True

    def _retrieve(self, ftp, part, start, size):
        overlap = part.tail(start) if start else b""
        rest, cmd = start - len(overlap), "RETR " + self._remote
        self._course.reach(start)
        most = None if self._verify.how == "none" else size
        with self._course.metered(ftp, cmd, rest, len(overlap), most) as meter:
            writer = Writer(part.file, meter, start, overlap)
            ftp.retrbinary(cmd, writer, self._course.blocksize, rest or None)
            writer.end()

    def _check_size(self, size, told):
        if told is None or size == told:
            return
        if self._end == size:
            raise TransferError(
                f"{size} bytes came, and came again, where the server tells a size of {told}: "
                "use verify='none' if that is wrong"
            )
        self._end = size
        text = f"{size} bytes came of {told}"
        raise (NotWhole if size < told else BeginAnew)(text)

    def _check_hash(self, ftp, part, size, before, offer):
        try:
            digest, verified = self._verify.check(ftp, self._remote, part.file, size, offer)
        except TransferError as error:
            if self._start:
                raise BeginAnew(*error.args) from None
            raise
        return digest, "none" if verified == "size" and before.size is None else verified
