"""What is uploaded: a file here, or a file object."""

import contextlib
import errno
import io
import os
import stat

from ._course import foreign
from ._values import TransferError
from ._verify import local_hash


class LocalFile:
    """A file by its path. In a `with` statement it is open, as `file`."""

    can_resume = True

    def __init__(self, path):
        self.path = os.fsdecode(os.fspath(path))
        self.position = 0
        self.file = self._told = None

    @contextlib.contextmanager
    def opened(self):
        """A context in which it is open."""
        mode = os.stat(self.path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # to open a pipe could take for ever
            raise OSError(errno.EINVAL, "no regular file: give an open file object", self.path)
        with open(self.path, "rb") as self.file:
            self._told = os.fstat(self.file.fileno())
            yield

    @property
    def size(self):
        """How many bytes there are to be sent; None: nobody knows."""
        return self._told.st_size

    @property
    def seconds(self):
        """The modification time, since 1970; None: nobody knows."""
        return self._told.st_mtime

    @property
    def identity(self):
        """What tells that it is the same."""
        told = self._told
        return told.st_size, told.st_mtime_ns, told.st_dev, told.st_ino, os.path.realpath(self.path)

    def has_changed(self):
        """Whether it isn't what it was when it was opened."""
        now = os.fstat(self.file.fileno())
        return (now.st_size, now.st_mtime_ns) != (self._told.st_size, self._told.st_mtime_ns)

    def rewind(self, position):
        """Go there, to send from there on."""
        self.file.seek(position)

    def check(self, digest):
        """Raise TransferError if it hasn't got this SHA-256."""
        made = local_hash(self.file, "sha256")
        if made != digest:
            raise TransferError(f"the sha256 of {self.path!r} is {made}, and should be {digest}")


def _is_regular(file):
    """Whether the loops may read it by themselves, or by its read()."""
    if type(file) not in (io.FileIO, io.BufferedReader, io.BufferedRandom):
        return type(file) is io.BytesIO
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


class FileObject:
    """What an object's read() gives, from its present position on. Only one that can seek is sent again."""

    can_resume = False
    seconds = None

    def __init__(self, file):
        self.file, self.path = file, getattr(file, "name", None) or "a file object"
        self.position = self.size = None
        with contextlib.suppress(AttributeError, OSError, ValueError):
            if file.seekable():
                self.position = file.tell()
                self.size = max(file.seek(0, os.SEEK_END) - self.position, 0)
                file.seek(self.position)
        self._sent = False
        if isinstance(file, io.TextIOBase):
            raise TypeError("the file object is one for text: open it in binary mode ('rb')")
        if isinstance(file, (io.FileIO, io.BufferedReader, io.BufferedWriter)) and not file.readable():
            raise io.UnsupportedOperation("the file object isn't open for reading")
        if not _is_regular(file):
            self.file = self
        self._read = file.read
        self._seek = getattr(file, "seek", None)

    def read(self, size=-1):
        """A block for the loops, which take None for the end, and an error for the connection's."""
        with foreign():
            block = self._read(size)
            if block is None:
                text = "the file object's read() has nothing, and doesn't wait until it has"
                raise BlockingIOError(errno.EAGAIN, text)
        if isinstance(block, str):
            raise TypeError("the file object's read() gives text: open it in binary mode ('rb')")
        return block

    @contextlib.contextmanager
    def opened(self):
        """A context in which it can be read."""
        yield

    @property
    def identity(self):
        """Nobody can tell."""
        return ()

    def has_changed(self):
        """Nobody can tell."""
        return False

    def rewind(self, position):
        """Go back to where it was at first, if it isn't there."""
        if self._sent:
            if self.position is None:
                raise TransferError("a file object that can't seek can't be sent again")
            with foreign():
                self._seek(self.position)
        self._sent = True
