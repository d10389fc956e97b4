"""One large file, by rftplib.transfer: it is resumed where an earlier attempt, or an earlier run, has ended."""

import contextlib
import errno
import os
import tempfile

from .._errors import also
from ..transfer._course import Course
from ..transfer._get import get_once
from ..transfer._part import Target
from ..transfer._put import put_once
from . import _digests, _recheck
from ._jobs import Outcome, failed, untimed
from ._listers import argument
from ._local import FULL, Local, LocalError, local
from ._local_part import ALTERED, check, is_same_version
from ._remote import Remote
from ._tree import seconds


def course(job, here):
    """The Course of all attempts at one. Of a file that is fetched and sent on, only what is fetched is shown."""
    return Course(_Progress(here, isinstance(job.target, Local) or not isinstance(job.source, Remote)), here.rate)


def copy(job, actions, here, course):
    """Yield the Outcome of each. Raises what has to do with a connection."""
    for action in actions:
        try:
            yield (_into if isinstance(job.target, Local) else _onward)(job, action, here, course)
        except LocalError as error:
            yield failed(action, error.error)


def _into(job, action, here, course):
    """From a server to a local target."""
    with job.target.folders() as folders:
        folder, name = folders.place(action.path)
        directory = os.path.dirname(os.path.join(job.target.root, action.path))
        target = _Checked(action, directory, name, folder)
        with local():
            check(action, folder, name)
        modified = _get(job, action, here, target, course).modified
        file, found = folders.read(action.path)
        with file:
            digest = _digests.sha256(file) if job.digests else None
    return Outcome(action.path, found.st_size, modified, digest)


class _Checked(Target):
    """A target in a directory that is open, where nothing is replaced that has changed since the plan was made."""

    def __init__(self, action, directory, name, folder):
        super().__init__(directory, name, dir_fd=folder)
        self._action, self._folder = action, folder

    def replace(self, part):
        with local():
            check(self._action, self._folder, self.name, self.lstat(part))
        super().replace(part)


def _onward(job, action, here, course):
    """To a server, or to what fsspec knows: from a local file, or by way of a temporary one."""
    with contextlib.ExitStack() as opened:
        if isinstance(job.source, Local):
            folders = opened.enter_context(job.source.folders())
            path = folders.real(action.origin or action.path)
            file, found = folders.read(action.origin or action.path)
            modified = found.st_mtime_ns // 1000
        else:
            with _temporary():
                folder = opened.enter_context(tempfile.TemporaryDirectory())
                modified = _spool(job, action, here, Target(folder, "file"))
            path = os.path.join(folder, "file")
            file = open(path, "rb")
        opened.enter_context(file)
        found = os.fstat(file.fileno())
        size, refusals = found.st_size, []
        digest = _digests.sha256(file) if job.digests else None
        _check_still(digest, file, found)
        if isinstance(job.target, Remote):
            seen = _recheck.Copy(action, size, modified if job.target.keeps_times else None)

            def check_target(ftp):
                (refused,) = _recheck.replaceable(ftp, [seen])
                if refused is not None:
                    raise LocalError(OSError(errno.EBUSY, refused))

            with here.borrow(job.target.site) as ftp:
                remote = argument(action.path)
                keep = ("mtime",) if job.target.keeps_times and seconds(modified) is not None else ()
                options = {"verify": job.verify, "keep": keep, "check": check_target, "untimed": refusals.append}
                put_once(ftp, _itself(file, path), remote, course, **options)
        else:
            job.target.put(_itself(file, path), action)
        _check_still(digest, file, found)  # else it may be that of another version than was sent
    if refusals:
        return untimed(action, size, refusals[-1])
    return Outcome(action.path, size, modified, digest)


def _check_still(digest, file, found):
    if digest is not None and not is_same_version(os.fstat(file.fileno()), found):
        raise LocalError(OSError(None, ALTERED))


def _itself(file, path):
    """A path of an open file that leads to no other one, whoever puts a link in its place; `path` if there is none."""
    by_descriptor = f"/proc/self/fd/{file.fileno()}"
    return by_descriptor if os.path.exists(by_descriptor) else path


@contextlib.contextmanager
def _temporary():
    """That a disk is full is told of the directory for temporary files: it is neither side's."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise also(error, f"in {tempfile.gettempdir()}, by way of which it goes; TMPDIR names another one") from None


def _spool(job, action, here, target):
    """Fetch a file that goes on; returns its time."""
    if isinstance(job.source, Remote):
        return _get(job, action, here, target, Course(_Progress(here), here.rate)).modified
    with open(target.path, "wb") as file:
        job.source.get(action.origin or action.path, file, action.size)
    if action.modified is not None:
        os.utime(target.path, ns=(action.modified * 1000,) * 2)
    return action.modified


def _get(job, action, here, target, course):
    with here.borrow(job.source.site) as ftp:
        path = argument(action.origin or action.path)
        done = get_once(ftp, path, target, course, verify=job.verify)
    modified = None if done.modified is None else round(done.modified.timestamp() * 1_000_000)
    return done._replace(modified=modified)


class _Progress:
    """Passes on what is moved; ends the transfer when the run is stopped."""

    def __init__(self, here, counts=True):
        self._here, self._counts = here, counts

    def set_size(self, size):
        self._here.check()

    def relative_update(self, inc=1):
        self._here.check()
        if self._counts:
            self._here.moved(inc)
