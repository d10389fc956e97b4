"""What a download calls with its blocks, and downloads into file objects."""

import errno

from .._errors import Error
from .._loops import count
from ._look import look
from ._values import BeginAnew, NotWhole, TransferError, Transferred


class Writer:
    """Compares what comes first with the end of the part, then writes.

    After that the loop is told to call the file itself. A loop that isn't rftplib's goes on calling here: then nobody
    else counts.
    """

    def __init__(self, file, meter, position=0, overlap=b"", truncate=True):
        self._write, self._file, self._meter = file.write, file, meter
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
        write_whole(self._write, block)
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


def write_whole(write, block):
    """Write a block, by a method that may take less than all of it."""
    rest = memoryview(block)
    while rest:
        written = write(rest)
        if not isinstance(written, int) or written >= len(rest):
            return
        rest = rest[written:]


class ToObject:
    """A download into an object's write(), from its present position on. Only one that can seek is begun anew."""

    def __init__(self, remote, file, verify, course):
        if verify.how in ("hash", "known"):
            raise ValueError("a file object is verified by its size: for a hash give a path")
        self._remote, self._file, self._verify, self._course = remote, file, verify, course
        self._position = _position(file)
        self._written = 0  # by attempts that have failed
        self.attempts, self.owned = 0, False

    def attempt(self, ftp):
        """Bring it to its end, or raise."""
        before = look(ftp, self._remote)
        if not before.is_file:
            raise IsADirectoryError(errno.EISDIR, "a directory on the server", self._remote)
        self._course.size(before.size)
        self._course.reach(0)
        cmd = "RETR " + self._remote
        if self._written:
            self._file.seek(self._position)
        with self._course.metered(ftp, cmd, 0) as meter:
            writer = Writer(self._file, meter, self._position, truncate=bool(self._written))
            try:
                ftp.retrbinary(cmd, writer, self._course.blocksize)
            except (Error, OSError, EOFError) as error:
                self._written = max(self._written, meter.moved)
                if error is not self._course.raised and meter.moved and self._position is None:
                    text = f"{meter.moved} bytes are in a file object that can't seek, so that it can't be begun anew"
                    raise TransferError(f"{text}: {error}") from error
                raise
            writer.end()
        self._written, size = meter.moved, meter.moved
        verified = "none" if self._verify.how == "none" or before.size is None else "size"
        if verified == "size":
            changed = not before.same(look(ftp, self._remote))
            if changed or size != before.size:
                text = "the file has changed on the server meanwhile" if changed else f"{size} bytes of {before.size}"
                raise (NotWhole if self._position is None else BeginAnew)(text)
        self._course.reach(size)
        return Transferred(None, size, 0, 1, 0.0, None, verified, before.modified)

    def describe(self, server):
        """What was to be done, for an error."""
        return f"getting {self._remote!r} from {server}"


def _position(file):
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
