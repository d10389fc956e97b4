"""What a download calls with its blocks, and downloads into file objects."""

import errno
import functools
import io
import operator
import os
import stat

from .._errors import Error
from .._loops import count
from ._course import foreign
from ._look import look, settled
from ._values import BeginAnew, TransferError, Transferred


class Writer:
    """Compares what comes first with the end of the part, then writes.

    After that the loop is told to call the file itself, or what sees to it that it takes all. A loop that isn't
    rftplib's goes on calling here: then nobody else counts.
    """

    def __init__(self, file, meter, position=0, overlap=b"", truncate=True):
        self._write = file.write if _takes_all(file) else functools.partial(write_whole, file)
        self._file, self._meter = file, meter
        self._position, self._overlap, self._truncate = position, memoryview(overlap), truncate
        self._foreign = self._begun = False

    def __call__(self, block):
        """Take a block."""
        if self._foreign or (block and not self._meter.moved):
            self._foreign = True
            count(self._meter, len(block))
        if self._overlap:
            size = min(len(block), len(self._overlap))
            if block[:size] != self._overlap[:size]:
                raise BeginAnew("what the server sends isn't what an earlier attempt has left")
            self._overlap, block = self._overlap[size:], block[size:]
            if self._overlap:
                return
        self._begin()
        self._write(block)
        if not self._foreign:
            self._meter.hand_over(self._write)

    def end(self):
        """The transfer is over. Raises BeginAnew if less has come than is there already."""
        if self._overlap:
            raise BeginAnew("the server sends less than an earlier attempt has left")
        self._begin()

    def _begin(self):
        """Only now what is in the file from there on is given up."""
        if not self._begun:
            self._begun = True
            if self._truncate:
                self._file.seek(self._position)
                self._file.truncate()


# Their write() takes all or raises, or the loops in Rust write to their descriptors
_WHOLE = (io.BytesIO, io.BufferedWriter, io.BufferedRandom, io.FileIO)


def _takes_all(file):
    """Whether the loops may call the file's write() and needn't look at what it returns."""
    if type(file) not in _WHOLE or getattr(file.write, "__self__", None) is not file:
        return False
    return not isinstance(file, io.FileIO) or stat.S_ISREG(os.fstat(file.fileno()).st_mode)


def write_whole(file, block):
    """Write a block to an object, whose write() may take less than all of it, as those of `io.RawIOBase` do.

    None for an answer is "nothing: it would block" of one of those, and of others, as most have it, "all of it".
    """
    rest = block
    while len(rest):
        with foreign():
            written = file.write(rest)
            if written is None and not isinstance(file, io.RawIOBase):
                return
            if not written:
                text = "the file object's write() takes no more, and doesn't wait until it can"
                raise BlockingIOError(errno.EAGAIN, text)
        try:
            rest = memoryview(rest)[max(operator.index(written), 0) :]
        except TypeError:
            text = f"the file object's write() has to return how many bytes it has taken, not {written!r}"
            raise TypeError(text) from None


_HALF = "%s bytes are in a file object that can't seek and truncate, so that it can't be begun anew"


class ToObject:
    """A download into an object's write(), from its present position on. Only one that can seek is begun anew."""

    advice = "is it there, is it no directory, and may this user read it?"  # where it is refused
    advice_here = None

    def __init__(self, remote, file, verify, course):
        if verify.how in ("hash", "known"):
            raise ValueError("a file object is verified by its size: for a hash give a path")
        if isinstance(file, io.TextIOBase):
            raise TypeError("the file object is one for text: open it in binary mode ('wb')")
        if isinstance(file, (io.FileIO, io.BufferedReader, io.BufferedWriter)) and not file.writable():
            raise io.UnsupportedOperation("the file object isn't open for writing")
        self._remote, self._file, self._verify, self._course = remote, file, verify, course
        self._position = _position(file)
        self._written = 0  # by attempts that have failed
        self.attempts, self.owned = 0, False

    def attempt(self, ftp):
        """Bring it to its end, or raise."""
        before = settled(ftp, self._remote, None, self._verify)
        if not before.is_file:
            raise IsADirectoryError(errno.EISDIR, "a directory on the server", self._remote)
        self._course.size(before.size)
        self._course.reach(0)
        if self._written:
            self._begin_anew()
        meter, most = None, None if self._verify.how == "none" else before.size
        try:
            cmd = "RETR " + self._remote
            with self._course.metered(ftp, cmd, 0, most=most) as meter:
                writer = Writer(self._file, meter, truncate=False)
                ftp.retrbinary(cmd, writer, self._course.blocksize)
                writer.end()
            size, verified = meter.moved, self._verified(ftp, before, meter.moved)
        except (Error, OSError, EOFError) as error:
            moved = 0 if meter is None else meter.moved
            self._written = max(self._written, moved)
            if moved and self._position is None:
                raise TransferError(f"{_HALF % moved}: {error}") from error
            raise
        self._course.reach(size)
        return Transferred(None, size, 0, 1, 0.0, None, verified, before.modified)

    def _begin_anew(self):
        try:
            self._file.seek(self._position)
            self._file.truncate()
        except (OSError, ValueError) as error:
            raise TransferError(f"{_HALF % self._written}: {error}") from error

    def _verified(self, ftp, before, size):
        if self._verify.how == "none" or before.size is None:
            return "none"
        if not before.same(look(ftp, self._remote)):
            raise BeginAnew("the file has changed on the server meanwhile")
        if size != before.size:
            raise BeginAnew(f"{size} bytes of {before.size}")
        return "size"

    def describe(self, server):
        """What was to be done, for an error."""
        return f"getting {self._remote!r} from {server}"


def _position(file):
    """From where on it is written, if it can be begun anew."""
    if not hasattr(file, "truncate"):
        return None
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
