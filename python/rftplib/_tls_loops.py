"""The loops on a genuine `ssl.SSLSocket`: one TLS record a read, and no wait that can't be interrupted.

An SSL read never gives more than one record, and lets go of the GIL each time, which costs up to 5 ms while another
thread is busy: so it isn't done in smaller pieces.
"""

import io
import os
import socket
import stat
import time
import types

from . import _tls_end
from ._tls_socket import SLICE, Sliced, descriptor, ignores_eof, is_slice, ssl

# The most that a record holds (RFC 8446, section 5.1).
RECORD = 16 * 1024

# How much is gathered for a file, and how much is read from one at once.
TO_FILE = 64 * 1024
FROM_FILE = 64 * 1024


class Receiver(io.RawIOBase):
    """What arrives on `conn`: counted, and how it ends noted, in the connection's record (`_tls_end.Incoming`).

    The loops call `read` themselves, for the sake of speed: read(RECORD) returns a record, read(RECORD, room) puts one
    into `room`, and nothing is the end, which has to be reported to ended(), as every OSError has to stopped().
    """

    def __init__(self, conn):
        super().__init__()
        self.read = conn._sslobj.read
        self.sliced = Sliced(conn)
        self._conn, self._known = conn, _tls_end.incoming(conn)
        self._known.count = 0
        self.sliced.__enter__()

    def close(self):
        """Leaves the connection open and as it was before."""
        if not self.closed:
            super().close()
            self.sliced.__exit__()

    def ended(self, count):
        """The end has come, regularly as it seems, after `count` bytes."""
        descriptor(self._conn)  # the peer may have answered a close by another thread
        self._known.count = count
        self._known.clean = None if ignores_eof(self._conn) else True

    def stopped(self, error, count):
        """Whether `error` is the end after `count` bytes; if not, read on. An error that is neither is raised again."""
        known, self._known.count = self._known, count
        if isinstance(error, socket.timeout) and is_slice(error):
            self.sliced.idle(error)
            return False
        descriptor(self._conn)  # a close by another thread has its own error
        eof = isinstance(error, ssl.SSLError) and error.args[0] == ssl.SSL_ERROR_EOF
        # Python 3.10 and 3.11 report a reset as an EOF, too
        ragged = eof and self._conn.suppress_ragged_eofs and not _tls_end.was_reset(self._conn)
        if not ragged and not (known.complete() and _tls_end.is_ragged(error)):
            raise error
        known.clean, known.error = False, error
        return True

    def readable(self):
        return True

    def readinto(self, buffer):
        """Receive as `recv_into` does; for a BufferedReader."""
        with memoryview(buffer) as room:
            while True:
                try:
                    count = self.read(min(RECORD, len(room)), room)
                except OSError as error:
                    if self.stopped(error, self._known.count):
                        return 0
                    continue
                if count:
                    self.sliced.moved()
                    self._known.count += count
                else:
                    self.ended(self._known.count)
                return count


def download(conn, callback, blocksize):
    """Call `callback` with all that is received, as `bytes` of at most `blocksize`; returns the number of bytes."""
    with Receiver(conn) as receiver:
        if _takes_any_size(callback):
            _download_to_file(receiver, callback)
        else:
            _download_blocks(receiver, callback, blocksize)
    return _tls_end.incoming(conn).count


def _download_blocks(receiver, callback, blocksize):
    read, sliced, count = receiver.read, receiver.sliced, 0
    room = memoryview(bytearray(RECORD))
    pieces = [room[at : at + blocksize] for at in range(0, RECORD, blocksize)]
    while True:
        try:
            size = read(RECORD, room)
        except OSError as error:
            if receiver.stopped(error, count):
                return
            continue
        if not size:
            receiver.ended(count)
            return
        if sliced.idled:
            sliced.moved()
        count += size
        if size == RECORD:
            for piece in pieces:
                callback(bytes(piece))
        else:
            for at in range(0, size, blocksize):
                callback(bytes(room[at : min(at + blocksize, size)]))


def _download_to_file(receiver, write):
    """Gather what comes within a slice, then write it at once. What was received before an error is written, too."""
    read, sliced, clock, full = receiver.read, receiver.sliced, time.monotonic, TO_FILE - RECORD
    count, at, due = 0, 0, clock() + SLICE
    with memoryview(bytearray(TO_FILE)) as room:
        while True:
            try:
                got = read(RECORD, room[at : at + RECORD])
            except OSError as error:
                gathered, at = at, 0
                if gathered:
                    write(room[:gathered])
                if receiver.stopped(error, count):
                    return
                continue
            if not got:
                if at:
                    write(room[:at])
                receiver.ended(count)
                return
            if sliced.idled:
                sliced.moved()
            count += got
            at += got
            if at > full or clock() > due:
                gathered, at = at, 0
                write(room[:gathered])
                due = clock() + SLICE


def recv(conn, blocksize):
    """conn.recv(blocksize) where that is somebody's own, counted; an EOF without close_notify is noted."""
    known = _tls_end.incoming(conn)
    suppressed = getattr(conn, "suppress_ragged_eofs", False)
    if suppressed:
        conn.suppress_ragged_eofs = False
    try:
        data = conn.recv(blocksize)
        known.clean = True if suppressed and not data and blocksize and not ignores_eof(conn) else None
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
    """Send all that `fp.read` gives and call `callback`, if any, with each block; returns the number of bytes."""
    if not callback and _gives_any_size(fp):
        blocksize = max(blocksize, FROM_FILE)
    count = 0
    with Sender(conn) as sender:
        while True:
            block = fp.read(blocksize)
            if not block:
                return count
            sender.send(block)
            count += len(block)
            if callback:
                callback(block)


def open_lines(conn, encoding):
    """A text file over what is received, as `conn.makefile("r", encoding=encoding)` makes it."""
    _tls_end.incoming(conn).fewest = None  # sizes in TYPE A are those of the file on disk, with line ends of its own
    return io.TextIOWrapper(io.BufferedReader(Receiver(conn), RECORD), encoding=encoding)


class Sender:
    """Sends on `conn` within a `with` block."""

    def __init__(self, conn):
        self._conn, self._write, self._sliced = conn, conn._sslobj.write, Sliced(conn)
        self._gathered = bytearray()

    def __enter__(self):
        self._sliced.__enter__()
        return self

    def __exit__(self, kind, *args):
        try:
            if kind is None or issubclass(kind, Exception):  # whoever presses Ctrl-C waits for nothing more
                self.flush()
        finally:
            self._sliced.__exit__()
        if kind is None:
            try:
                # The last piece, and the close_notify behind it, would each wait for the server's delayed
                # acknowledgement. From the beginning on it would cost a packet for each record.
                self._conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                pass  # reset already, or no TCP: the end will tell

    def gather(self, data):
        """Send it, with what comes before and after it in one record."""
        self._gathered += data
        if len(self._gathered) >= RECORD:
            self.flush()

    def flush(self):
        """Send what gather() still has."""
        data, self._gathered = self._gathered, bytearray()
        self.send(data)

    def send(self, data):
        """Send as `sendall` does; the timeout is for each record."""
        write, sliced, at = self._write, self._sliced, 0
        with memoryview(data) as view, view.cast("B") as rest:
            size = len(rest)
            while at < size:
                try:
                    at += write(rest[at:])  # one record
                except socket.timeout as error:
                    if not is_slice(error):
                        raise
                    sliced.idle(error)
                except OSError:
                    descriptor(self._conn)
                    raise
                else:
                    if sliced.idled:
                        sliced.moved()


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
