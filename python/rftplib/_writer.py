"""What a download calls with its blocks: `rftplib.transfer` for itself."""

from ._attempts import BeginAnew
from ._loops import count


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
