"""Downloads into a file object: for `rftplib.transfer.get`."""

import errno

from ._attempts import BeginAnew, NotWhole
from ._errors import Error
from ._look import look
from ._transferred import TransferError, Transferred
from ._writer import Writer


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

    def describe(self):
        """What was to be done, for an error."""
        return f"getting {self._remote!r}"


def _position(file):
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None
