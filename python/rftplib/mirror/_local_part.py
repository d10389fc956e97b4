"""A file of a local target that is being written: ours alone, and in nobody's place but that which was planned."""

import contextlib
import errno
import os
import stat

from .. import _logs
from .._locks import is_still, lock
from . import _names

NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

CHANGED, COME = "it has changed since the plan was made", "it has come since the plan was made"
ALTERED = "it has changed while it was sent"


def is_same_version(found, other):
    """Whether two stats of an open file tell that it hasn't been written to in between."""
    return (found.st_size, found.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def kind_of(found, name):
    """The kind of a Node."""
    if stat.S_ISREG(found.st_mode):
        return "part" if _names.is_part(name) else "file"
    if stat.S_ISDIR(found.st_mode):
        return "dir"
    return "link" if stat.S_ISLNK(found.st_mode) else "other"


class Part:
    """A file that is being written; `modified`, in microseconds, is the time that it gets.

    action: where there is one, what it replaces has to be what was there when that was planned.
    """

    def __init__(self, folders, path, name, file, modified):
        self.file, self.modified, self.action = file, modified, None
        self._folders, self._path, self._name = folders, path, name

    def write_out(self):
        """It has all that it is to have: have the disk keep it, before its name is the final one."""
        if self.modified is not None:
            try:
                os.utime(self.file.fileno(), ns=(self.modified * 1000,) * 2)
            except (OSError, OverflowError) as error:  # file systems have their limits
                _logs.event("data", _logs.WARNING, "%s can't have its time: %s", self._path, error)
        os.fsync(self.file.fileno())

    def finish(self):
        """It gets its name."""
        folder, name = self._folders.of(self._path)
        if not is_still(self.file.fileno(), self._name, dir_fd=folder):
            raise OSError(errno.EBUSY, "another program has taken away what was being written")
        if self.action is not None:
            check(self.action, folder, name, os.fstat(self.file.fileno()))
        os.replace(self._name, name, src_dir_fd=folder, dst_dir_fd=folder)
        self.file.close()

    def discard(self):
        """It is gone, unless it has got its name."""
        if self.file.closed:
            return
        with contextlib.suppress(OSError, ValueError):
            folder, _ = self._folders.of(self._path)
            if is_still(self.file.fileno(), self._name, dir_fd=folder):
                os.unlink(self._name, dir_fd=folder)
        self.file.close()


def check(action, folder, name, own=None):
    """Raise OSError unless what has that name may be replaced: it is what it was when the action was planned, or the
    same as the file that is to get it: another run has been quicker. own: the stat of that file, once it is there."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    size = action.size if own is None else own.st_size
    modified = action.modified if own is None else own.st_mtime_ns // 1000
    if stat.S_ISREG(found.st_mode) and found.st_size == size:
        if action.modified is None or found.st_mtime_ns // 1000 == modified:
            return
    if action.reason == "missing":
        raise OSError(errno.EBUSY, COME)
    if action.there is not None:
        check_unchanged(action.there, found, name)


def check_unchanged(there, found, name):
    """Raise OSError unless what was `found` is what was there when that was planned, as far as that is known."""
    kind, size, modified = there
    if kind != kind_of(found, name) or size not in (None, found.st_size):
        raise OSError(errno.EBUSY, CHANGED)
    if modified not in (None, found.st_mtime_ns // 1000):
        raise OSError(errno.EBUSY, CHANGED)


def new_part(folder, name, identity):
    """A new file that is ours alone, locked: its descriptor and its name.

    The name is that of the source's version, so that what a run has left that was killed is found, and taken away: the
    lock tells that nobody writes it. Where somebody does, or no lock can tell, it is a name of its own.
    """
    from ..transfer._part import fresh_part_name, part_name  # a plan alone doesn't need it

    part = part_name(name, *identity)
    _sweep(folder, part)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
    while True:
        try:
            descriptor = os.open(part, flags, 0o666, dir_fd=folder)
        except FileExistsError:
            part = fresh_part_name(name)
            continue
        if lock(descriptor) is not False and is_still(descriptor, part, dir_fd=folder):
            return descriptor, part
        os.close(descriptor)  # another run has swept it away before it was locked
        part = fresh_part_name(name)


def _sweep(folder, part):
    """Remove a part that nobody writes any more."""
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_NONBLOCK | NOFOLLOW, dir_fd=folder)
    except OSError:
        return
    try:
        ours = stat.S_ISREG(os.fstat(descriptor).st_mode) and lock(descriptor)
        if ours and is_still(descriptor, part, dir_fd=folder):
            os.unlink(part, dir_fd=folder)
    except OSError:
        pass
    finally:
        os.close(descriptor)
