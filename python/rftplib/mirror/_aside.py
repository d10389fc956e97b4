"""A file of the user's, such as a manifest: what was there stays until the new one is whole."""

import contextlib
import errno
import os
import stat

from .._errors import explained
from ..transfer._part import fresh_part_name

# What to do about a file that can't be made or replaced
_ADVICE = {
    FileNotFoundError: "its directory isn't there, and has to be made first",
    NotADirectoryError: "what should be its directory is none",
    PermissionError: "see whether this user may write into its directory",
}


class Aside:
    """A text that is written beside the file which it replaces in the end; a link stays, and leads to the new one.

    private: whether it is readable for its owner alone. Each method but discard() raises OSError with the path; that
    something else than a file is there, such as a device, is told at once.
    """

    def __init__(self, path, private=False):
        self.path = os.fspath(path)
        self._final = _checked(self.path)
        folder, name = os.path.split(self._final)
        self._part = os.path.join(folder, fresh_part_name(name))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
        with self._named():
            descriptor = os.open(self._part, flags, 0o600 if private else 0o666)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="\n")

    def write(self, text):
        with self._named():
            self._file.write(text)

    def commit(self):
        """It is whole, and gets its name."""
        with self._named():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self._part, _checked(self._final))
        self._part = None

    def discard(self):
        """It is gone, unless it has got its name."""
        if self._part is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._part)

    @contextlib.contextmanager
    def _named(self):
        try:
            yield
        except OSError as error:
            error.filename, error.filename2 = self.path, None
            if type(error) not in _ADVICE:
                raise
            raise explained(error, _ADVICE[type(error)]).with_traceback(error.__traceback__) from None


def is_special(path):
    """Whether there is something that is no file, but can be written to: a device, a pipe."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _checked(path):
    """Where a path leads. Raises OSError if there is something else than a file."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if is_special(path):
        raise FileExistsError(errno.EEXIST, "it is no file, but a device, a pipe or the like", path)
    return os.path.realpath(path)
