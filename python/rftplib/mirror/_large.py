"""One large file, by rftplib.transfer: it is resumed where an earlier attempt, or an earlier run, has ended."""

import contextlib
import os
import tempfile

from .. import transfer
from . import _digests
from ._jobs import Outcome, failed
from ._local import Local, LocalError
from ._remote import Remote, argument

_ONCE = transfer.Retry(attempts=1)  # the job itself tries again, by another connection


def copy(job, actions, here, works):
    """Yield the Outcome of each. Raises what has to do with a connection."""
    for action in actions:
        try:
            yield _one(job, action, here)
        except LocalError as error:
            yield failed(action, error.error)


def _one(job, action, here):
    options = {"verify": job.verify, "retry": _ONCE, "rate": job.rate, "progress": _Progress(here)}
    origin = action.origin or action.path
    with contextlib.ExitStack() as opened:
        if isinstance(job.source, Local):
            folders = opened.enter_context(job.source.folders())
            file, found = folders.read(origin)
            with file:
                digest = _digests.sha256(file) if job.digests else None
            path, modified, size = folders.real(origin), found.st_mtime_ns // 1000, found.st_size
        elif isinstance(job.target, Local):
            folders = opened.enter_context(job.target.folders())
            return _fetched(job, action, here, folders, options)
        else:
            path = os.path.join(opened.enter_context(tempfile.TemporaryDirectory()), "file")
            modified, size = _spooled(job, action, here, path, options)
            with open(path, "rb") as file:
                digest = _digests.sha256(file) if job.digests else None
            options["progress"] = None
        if isinstance(job.target, Remote):
            with here.borrow(job.target.site) as ftp:
                transfer.put(ftp, path, argument(action.path), **options)
        else:
            job.target.put(path, action.path)
    return Outcome(action.path, size, modified, digest)


def _fetched(job, action, here, folders, options):
    path = folders.real(action.path)
    if isinstance(job.source, Remote):
        with here.borrow(job.source.site) as ftp:
            done = transfer.get(ftp, argument(action.origin or action.path), path, **options)
        modified = None if done.modified is None else _micros(done.modified)
    else:
        with folders.part(action.path, action.modified, action.size, action.modified, action.path) as part:
            job.source.get(action.origin or action.path, part.file)
        modified = action.modified
    file, found = folders.read(action.path)
    with file:
        digest = _digests.sha256(file) if job.digests else None
    return Outcome(action.path, found.st_size, modified, digest)


def _spooled(job, action, here, path, options):
    """Fetch a file that goes on to another server; returns its time and its size."""
    origin = action.origin or action.path
    if not isinstance(job.source, Remote):
        with open(path, "wb") as file:
            job.source.get(origin, file)
        if action.modified is not None:
            os.utime(path, ns=(action.modified * 1000,) * 2)
        return action.modified, os.path.getsize(path)
    with here.borrow(job.source.site) as ftp:
        done = transfer.get(ftp, argument(origin), path, **options)
    return (None if done.modified is None else _micros(done.modified)), done.size


def _micros(modified):
    return round(modified.timestamp() * 1_000_000)


class _Progress:
    """Passes on what is moved; ends the transfer when the run is stopped."""

    def __init__(self, here):
        self._here = here

    def set_size(self, size):
        self._here.check()

    def relative_update(self, inc=1):
        self._here.check()
        self._here.moved(inc)
