"""The end of a data connection under TLS, and what it says about the transfer.

TLS ends by a close_notify from each side (RFC 5246, section 7.2.1; RFC 8446, section 6.1). Many servers leave theirs
out, reset the connection, or never answer ours, with nothing lost: whether a transfer has succeeded, the reply on the
control connection tells. So an irregular end is a doubt that is kept until the reply has been read.
"""

import errno
import select
import socket
import time
import weakref

import rftplib

from . import _logs, _tls_socket
from ._tls_socket import SLICE, ssl

# How long an upload waits for the server's close_notify where the client has no `unwrap_timeout`; see FTP_TLS.
UNWRAP_TIMEOUT = 5.0

# How long it is still waited for when the reply has come: the data has arrived then.
GRACE = 0.5

# How OpenSSL says that the peer has ended the connection in another way than by a close_notify.
_DATA_AFTER_END = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
_REASONS = {"UNEXPECTED_EOF_WHILE_READING", "SHUTDOWN_WHILE_IN_INIT", _DATA_AFTER_END}

_incoming = weakref.WeakKeyDictionary()


class Incoming:
    """What is known of a data connection from which a file is received."""

    fewest = None  # how many bytes the file has at least, if the server has told
    count = None  # how many have been received, if they were counted
    clean = None  # whether it has ended by a close_notify: True, False, or None if that can't be told
    error = None  # what came instead of it

    def complete(self):
        """Whether all that was announced has been received."""
        return self.fewest is not None and self.count is not None and self.count >= self.fewest

    def truncated(self):
        """Whether part of what was announced is missing, and no close_notify vouches for that being the end."""
        return not self.clean and self.fewest is not None and self.count is not None and self.count < self.fewest


class Doubt:
    """An irregular end; `settled` if no reply can mend it."""

    def __init__(self, error, settled=False):
        self.error, self.settled = error, settled


def incoming(conn):
    """The record of `conn`, which is a TLS socket."""
    return _incoming.setdefault(conn, Incoming())


def expect(transfer, rest):
    """Note the size that a 150 reply has announced: `transfer` is what ntransfercmd() returned, `rest` REST's argument.

    Some servers announce the size of the file then, others what is left of it: what must arrive is the lesser.
    """
    conn = transfer[0]
    if _tls_socket.is_tls(conn):
        try:
            incoming(conn).fewest = int(transfer[1]) - int(rest or 0)
        except (IndexError, TypeError, ValueError):
            pass  # no size, or a restart marker that is no offset


def finish(ftp, conn, sent=False):
    """End the TLS of a data connection when all data has been received, or `sent`. Returns a Doubt or None.

    Scripts suppress the exchange of close_notify by setting `_SSLSocket` to None or by replacing `conn.unwrap`.
    """
    ssl_socket = rftplib._SSLSocket
    real = _tls_socket.is_tls(conn)
    known = _incoming.pop(conn, None) if real else None
    error = None
    if known is not None and _tls_socket.is_native(conn):
        known.count, known.clean = conn._received, conn._clean
    if ssl_socket is not None and (isinstance(conn, ssl_socket) or _tls_socket.is_native(conn)):
        try:
            _unwrap(ftp, conn) if real else conn.unwrap()
        except OSError as fault:
            if known is None or known.error is None:
                _tolerate(fault, sent, known)
            error = fault
    if sent:
        if real and error is None and ssl is not None:
            _unwrap_unasked(ftp, conn)
    elif known is not None:
        if known.truncated():
            text = f"EOF without close_notify: {known.count} bytes received of at least {known.fewest} announced"
            return Doubt(ssl.SSLEOFError(ssl.SSL_ERROR_EOF, text), settled=True)
        error = known.error or error
    if error is None:
        return None
    _logs.ragged_end(error)
    return Doubt(error)


def last_reply(ftp, conn, doubt):
    """Read and return the final reply of a transfer on `conn`, after finish() has returned `doubt`."""
    return ftp.voidresp() if doubt is None else reply(ftp, doubt)


def reply(ftp, doubt):
    """Read and return the final reply after an irregular end: it decides.

    Raises what voidresp() raises for a reply that isn't 2xx; where none comes, the error at the end of the data.
    """
    try:
        resp = ftp.voidresp()
    except (OSError, EOFError):
        raise doubt.error  # noqa: B904  (its context tells that there was no reply)
    if doubt.settled:
        raise doubt.error
    return resp


def is_ragged(error):
    """Whether `error` only says that the peer has ended the connection without close_notify, or doesn't answer ours."""
    if isinstance(error, (ConnectionError, socket.timeout)):
        return True
    if ssl is not None and isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None)  # one made by hand has none
        return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or reason in _REASONS
    return error.errno == 0  # how Python passes on an EOF that OpenSSL 1.1 reports without an errno


def was_reset(conn):
    """Whether the peer has reset the connection: received data may have gone with it."""
    try:
        conn.getpeername()
    except OSError as error:
        return error.errno == errno.ENOTCONN
    return False


def _tolerate(error, sent, known):
    """Raise `error` again unless the reply shall decide."""
    if not is_ragged(error):
        raise error
    if sent or known and (known.clean or known.complete()):
        return
    # a reset may have taken received data with it; or a loop of somebody's own has left some unread
    if isinstance(error, ConnectionError) or getattr(error, "reason", None) == _DATA_AFTER_END:
        raise error


class _Patience:
    """How long the server's close_notify is waited for."""

    def __init__(self, ftp, conn, most=None):
        self._ftp, self._conn = ftp, conn
        limits = [getattr(ftp, "unwrap_timeout", UNWRAP_TIMEOUT), conn.gettimeout(), most]
        # 0 would be the non-blocking mode, in which nothing is waited for and nothing told
        self.seconds = min((max(limit, 0.001) for limit in limits if limit is not None), default=None)
        self._deadline = None if self.seconds is None else time.monotonic() + self.seconds
        self._unsent = _unsent(conn)
        self._answered = False

    def slice(self):
        """How long to wait now."""
        return SLICE if self._deadline is None else min(SLICE, max(self._deadline - time.monotonic(), 0.001))

    def exhausted(self):
        """Whether to give up, after a slice in which nothing came."""
        now, before, self._unsent = time.monotonic(), self._unsent, _unsent(self._conn)
        if self._unsent < before and self.seconds is not None:
            self._deadline = now + self.seconds  # the server still takes data: the wait for its answer has not begun
        elif not self._answered and self._unsent == 0 and _readable(self._ftp.sock):
            self._answered = True
            self._deadline = now + GRACE if self._deadline is None else min(self._deadline, now + GRACE)
        return self._deadline is not None and now >= self._deadline


def _unwrap(ftp, conn):
    """Call `conn.unwrap()`, for a bounded time."""
    _wait_for_end(_Patience(ftp, conn), conn, lambda: conn.unwrap(), _tls_socket.untouched(conn))


def _unwrap_unasked(ftp, conn):
    """After an upload in TLS 1.3, where a script suppresses unwrap(): let no unread bytes spoil it.

    To close with unread bytes, such as the session tickets that come by themselves in TLS 1.3, makes the kernel reset
    the connection, and the server lose data that it hasn't read. So the server is told the end and gets a moment to
    take it in; nothing is said of its answer.
    """
    if not isinstance(conn, ssl.SSLSocket) or conn.version() != "TLSv1.3":
        return
    try:
        _wait_for_end(_Patience(ftp, conn, GRACE), conn, lambda: ssl.SSLSocket.unwrap(conn), True)
    except (OSError, ValueError):
        pass


def _wait_for_end(patience, conn, unwrap, in_slices):
    """Call unwrap() once, or in slices, as it may be called again on a real SSLSocket until the peer's end has come."""
    timeout = conn.gettimeout()
    try:
        while True:
            conn.settimeout(patience.slice() if in_slices else patience.seconds)
            try:
                unwrap()
                return
            except socket.timeout as error:
                if not in_slices or not _tls_socket.is_slice(error) or patience.exhausted():
                    raise
    except OSError:
        _tls_socket.forget_errors(conn)
        raise
    finally:
        if conn.fileno() != -1:
            conn.settimeout(timeout)


def _unsent(conn):
    """How many bytes the kernel still has to send, or to send again; 0 where it doesn't tell."""
    try:
        import fcntl
        import struct
        import termios

        return struct.unpack("i", fcntl.ioctl(conn.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]
    except (ImportError, AttributeError, OSError):
        return 0


def _readable(sock):
    """Whether something waits to be read from `sock`, as far as that can be told."""
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError, TypeError):
        return False
