"""`self.file` of a control connection under TLS: a text file like the one that `sock.makefile("r")` makes, but one that
can be closed, and the connection with it, while another thread waits for a reply.

`io.BufferedReader` keeps a lock for as long as it waits, and close() waits for that lock.
"""

import io
import socket

from ._tls_socket import Sliced, descriptor, is_slice, untouched

# The most that is received at once: as much as BufferedReader does.
CHUNK = io.DEFAULT_BUFFER_SIZE


def open_text(sock, encoding):
    """A text file over what `sock` receives; from its own makefile() where that, or anything it uses, is replaced."""
    if not untouched(sock):
        return sock.makefile(mode="r", encoding=encoding)
    sock._io_refs += 1  # as makefile() does: sock.close() takes effect when the file is closed, too
    file = io.TextIOWrapper(_Unlocked(socket.SocketIO(_Sliced(sock), "r")), encoding=encoding)
    file.mode = "r"
    return file


class _Unlocked(io.BufferedIOBase):
    """What TextIOWrapper needs of a buffered reader, which keeps nothing itself."""

    def __init__(self, raw):
        self.raw = raw

    def read1(self, size=-1):
        room = bytearray(CHUNK if size < 0 else min(size, CHUNK))
        return bytes(room[: self.raw.readinto(room) or 0])

    def close(self):
        self.raw.close()

    @property
    def closed(self):
        return self.raw.closed

    @property
    def name(self):
        return self.raw.name

    def readable(self):
        return True

    def fileno(self):
        return self.raw.fileno()


class _Sliced:
    """What SocketIO needs of a socket; receives in slices."""

    def __init__(self, sock):
        self._sock = sock

    def recv_into(self, room):
        sock = self._sock
        with Sliced(sock) as sliced:
            while True:
                try:
                    count = sock.recv_into(room)
                except socket.timeout as error:
                    if not is_slice(error):
                        raise
                    sliced.idle(error)
                    continue
                except (OSError, ValueError):
                    descriptor(sock)  # a close by another thread has its own error
                    raise
                if not count:
                    descriptor(sock)  # so it has where it looks like the server's
                return count

    def fileno(self):
        return self._sock.fileno()

    def _decref_socketios(self):
        self._sock._decref_socketios()
