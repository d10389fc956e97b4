"""Files that come about on a server: under a temporary name, renamed when they are whole. For `rftplib.fs`."""

import errno
import io
import os
import secrets

from .._batch import batch
from .._errors import Error, error_proto, error_reply
from .._pool import says_too_many
from ._kinds import type_of, what_it_says
from ._read import PATIENCE, close, refusal, told_size

# Of the name that a file shall have, so many bytes are in its temporary one: names have at most 255
_MOST = 200


class NotRenamed(OSError):
    """A file has lost its place to one that can't take it."""


def temporary(path):
    """A name that nobody has, in the same directory; and longer than those of rftplib.transfer, which tidies up."""
    above, _, name = path.rpartition("/")
    begin = name.encode("utf-8", "surrogateescape")[:_MOST].decode("utf-8", "ignore")
    return f"{above}/.{begin}.{secrets.token_hex(8)}.part"


def store(ftp, path, data):
    """Send all of a file at once; raises what storbinary() raises, and error_proto if less of it has arrived."""
    ftp.storbinary("STOR " + path, io.BytesIO(data), 1 << 18)
    verify(ftp, path, len(data))


def verify(ftp, path, size):
    """Raise error_proto if the server tells another size of a file."""
    (reply,) = batch(ftp, ["SIZE " + path])
    told = told_size(reply)
    if told not in (None, size):
        raise error_proto(f"{size} bytes were sent, and the server has {told}")


def publish(ftp, name, path, replace=True):
    """Rename a file that is whole; what has that name is replaced. Raises FileExistsError if it shall not be.

    Where the server says that it renames to no name that is taken, that is freed first: for a moment there is no such
    file. Raises NotRenamed if it isn't renamed then either.
    """
    if not replace and type_of(ftp, path) is not None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    rename = ["RNFR " + name, "RNTO " + path]
    replies = batch(ftp, rename)
    if replies[0].ok and what_it_says(replies[1].text, path) == errno.EEXIST and type_of(ftp, path) == "file":
        freed, *replies = batch(ftp, ["DELE " + path, *rename])
        if freed.ok and not replies[1].ok:
            raise NotRenamed(errno.EIO, f"{replies[1].text}: it is whole, but named {name}", path)
    for reply in replies:
        if not reply.ok:
            raise refusal(reply)


def discard(ftp, name):
    """Delete a file that nobody has seen."""
    batch(ftp, ["DELE " + name])


class Upload:
    """A file that is sent by parts, on a connection of its own: a pool's would be missing elsewhere meanwhile."""

    def __init__(self, site, command):
        """Begin by `command`, such as 'STOR name'. Raises what open() and transfercmd() raise."""
        self._ftp = _open(site)
        self.sent = 0
        try:
            self._conn = self._ftp.transfercmd(command)
        except BaseException:
            self._ftp.close()
            raise

    def send(self, data):
        """Send one part. Raises the server's refusal if it has said one, else OSError."""
        try:
            self._conn.sendall(data)
        except OSError:
            said = self._said()
            self.abort()
            if said is None:
                raise
            raise said from None
        self.sent += len(data)

    def finish(self, path=None):
        """End the file; path: where it is, if its size is to be verified. Raises what voidresp() and verify() raise."""
        try:
            close(self._conn, PATIENCE)
            self._ftp.voidresp()
            if path is not None:
                verify(self._ftp, path, self.sent)
        finally:
            self._ftp.close()

    def abort(self):
        """Break off. What has been sent may be on the server, under the name that it was sent to."""
        self._ftp.close()
        self._conn.close()

    def _said(self):
        ftp = self._ftp
        try:
            ftp.sock.settimeout(PATIENCE)
            return error_reply(ftp.getresp())
        except Error as error:
            return error
        except (OSError, EOFError, AttributeError):
            return None


def _open(site):
    """A client of its own. If the server says that there are too many, the pool's idle ones go first."""
    try:
        return site.open()
    except Error as error:
        if not says_too_many(error):
            raise
    site.close()
    return site.open()
