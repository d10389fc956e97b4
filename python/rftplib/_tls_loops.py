"""The loops on a genuine `ssl.SSLSocket`: one TLS record a read, and no wait that can't be interrupted.

An SSL read never gives more than one record, and lets go of the GIL each time, which costs up to 5 ms while another
thread is busy: so it isn't done in smaller pieces.
"""

import io
import os
import socket
import stat
import types

from . import _tls_end
from ._tls_socket import NonBlocking, Wait, descriptor, ignores_eof, ssl

# The most that a record holds (RFC 8446, section 5.1).
RECORD = 16 * 1024

# How many records are gathered, if they are there, before their blocks are handed out.
BATCH = 8

# How much is gathered for a file, and how much is read from one at once.
TO_FILE = 256 * 1024
FROM_FILE = 64 * 1024


class Receiver(io.RawIOBase):
    """What arrives on `conn`: counted, and how it ends noted, in the connection's record (`_tls_end.Incoming`)."""

    def __init__(self, conn):
        super().__init__()
        self._conn, self._known = conn, _tls_end.incoming(conn)
        self._known.count = 0
        self._over = False
        self._kept = None
        self._read = conn._sslobj.read
        self._wait = Wait(conn, "read")

    def readable(self):
        return True

    def readinto(self, buffer):
        """Receive as `recv_into` does."""
        with memoryview(buffer) as room:
            return self._collect(lambda at: self._read(min(RECORD, len(room)), room), 1)

    def blocks(self):
        """Receive some records, as `bytes`; an empty list is the end."""
        blocks = []

        def record(at):
            block = self._read(RECORD)
            if block:
                blocks.append(block)
            return len(block)

        self._collect(record, BATCH)
        return blocks

    def fill(self, room):
        """Receive into `room`, a memoryview, what is there; returns how much. 0 is the end."""
        return self._collect(lambda at: self._read(RECORD, room[at : at + RECORD]), len(room) // RECORD)

    def _collect(self, read, most):
        """Call read(at), which reads one record and returns its length, until there is nothing more, or `most` times.

        Waits for the first. An error after others is raised by the next call, so that nothing received is lost.
        """
        at = 0
        while not at and not self._over:
            if self._kept is not None:
                raise self._kept
            want = None
            try:
                with NonBlocking(self._conn):
                    for _ in range(most):
                        count = read(at)
                        if not count:
                            self._end(None if ignores_eof(self._conn) else True)
                            break
                        at += count
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                want = error
            except OSError as error:
                self._weigh(error, at)
                if self._kept is not None and not at:
                    raise
            if want is not None and not at:
                self._wait.pause(want)
        self._wait.over()
        self._known.count += at
        return at

    def _end(self, clean, error=None):
        self._over = True
        self._known.clean, self._known.error = clean, error

    def _weigh(self, error, at):
        """Is `error` the end of the data? Otherwise it is kept."""
        if self._conn.fileno() == -1:
            self._kept = error
            descriptor(self._conn)
        known, eof = self._known, isinstance(error, ssl.SSLError) and error.args[0] == ssl.SSL_ERROR_EOF
        whole = known.fewest is not None and known.count + at >= known.fewest
        # Python 3.10 and 3.11 report a reset as an EOF, too
        if eof and self._conn.suppress_ragged_eofs and (whole or not _tls_end.was_reset(self._conn)):
            self._end(False, error)
        elif whole and _tls_end.is_ragged(error) and not isinstance(error, socket.timeout):
            self._end(False, error)
        else:
            self._kept = error


def download(conn, callback, blocksize):
    """Call `callback` with all that is received, as `bytes` of at most `blocksize`."""
    receiver = Receiver(conn)
    if _takes_any_size(callback):
        with memoryview(bytearray(TO_FILE)) as room:
            while True:
                count = receiver.fill(room)
                if not count:
                    return
                callback(room[:count])
    while True:
        blocks = receiver.blocks()
        if not blocks:
            return
        for block in blocks:
            if len(block) <= blocksize:
                callback(block)
            else:
                for at in range(0, len(block), blocksize):
                    callback(block[at : at + blocksize])


def recv(conn, blocksize):
    """conn.recv(blocksize) where that is somebody's own, counted; an EOF without close_notify is noted."""
    known = _tls_end.incoming(conn)
    suppressed = getattr(conn, "suppress_ragged_eofs", False)
    if suppressed:
        conn.suppress_ragged_eofs = False
    try:
        data = conn.recv(blocksize)
        known.clean = True if suppressed and not data and not ignores_eof(conn) else None
    except ssl.SSLError as error:
        if not suppressed or error.args[:1] != (ssl.SSL_ERROR_EOF,) or _tls_end.was_reset(conn):
            raise
        data, known.clean, known.error = b"", False, error
    finally:
        if suppressed:
            conn.suppress_ragged_eofs = suppressed
    known.count = (known.count or 0) + len(data)
    return data


def upload(conn, fp, blocksize, callback):
    """Send all that `fp.read` gives, then call `callback`, if there is one, with each block of `blocksize`."""
    send = Sender(conn).send
    if not callback and _gives_any_size(fp):
        blocksize = max(blocksize, FROM_FILE)
    while True:
        block = fp.read(blocksize)
        if not block:
            return
        send(block)
        if callback:
            callback(block)


def open_lines(conn, encoding):
    """A text file over what is received, as `conn.makefile("r", encoding=encoding)` makes it."""
    receiver = Receiver(conn)
    _tls_end.incoming(conn).fewest = None  # sizes in TYPE A are those of the file on disk, with line ends of its own
    return io.TextIOWrapper(io.BufferedReader(receiver, RECORD), encoding=encoding)


class Sender:
    """Sends on `conn`."""

    def __init__(self, conn):
        self._conn = conn
        self._write = conn._sslobj.write
        self._wait = Wait(conn, "write")

    def send(self, data):
        """Send as `sendall` does; the timeout is for each record."""
        with memoryview(data) as view, view.cast("B") as rest:
            at = 0
            while at < len(rest):
                try:
                    with NonBlocking(self._conn):
                        while at < len(rest):
                            at += self._write(rest[at:])
                            self._wait.over()
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as want:
                    self._wait.pause(want)
                except OSError:
                    descriptor(self._conn)  # a close by another thread has its own error
                    raise


def _takes_any_size(callback):
    """Whether `callback` can't tell blocks from their concatenation, and keeps none: `write` of a file, `extend`."""
    if type(callback) is not types.BuiltinMethodType:
        return False
    target, name = callback.__self__, callback.__name__
    if name == "extend":
        return type(target) is bytearray
    return name == "write" and (type(target) is io.BytesIO or _is_file(target, (io.BufferedWriter, io.BufferedRandom)))


def _gives_any_size(fp):
    """Whether reading more of `fp` at once can't be noticed: it is a file on disk or in memory."""
    if type(fp) is io.BytesIO:
        return "read" not in vars(fp)
    if not _is_file(fp, (io.BufferedReader, io.BufferedRandom)) or not vars(fp).keys().isdisjoint({"read"}):
        return False
    try:
        return stat.S_ISREG(os.fstat(fp.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _is_file(target, classes):
    """Whether `target` is exactly one of `classes` over exactly a FileIO."""
    return type(target) in classes and type(target.raw) is io.FileIO and not vars(target.raw)
