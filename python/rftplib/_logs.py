"""Log records of connections and transfers, for the loggers rftplib.control, rftplib.data and rftplib.tls.

The records go through the engine (`_rftplib.log_event`), which asks the loggers first: while nobody listens, next to
nothing is done. Commands and replies are logged by the engine itself.
"""

import errno
import socket
import time

from . import _rftplib
from ._tls import is_tls

DEBUG, INFO, WARNING = 10, 20, 30


def connected(ftp):
    """The control connection stands."""
    event("control", INFO, "connected to %s port %s", ftp.host, ftp.port)


def secured(sock, what):
    """A TLS handshake has succeeded; what: "control connection" or "data connection"."""
    if _rftplib.log_wanted("tls", INFO):
        event("tls", INFO, "%s: %s", what, _protection(sock))


def ragged_end(error):
    """A data connection has ended otherwise than TLS wants it to; the reply decides what that means."""
    event("tls", WARNING, "data connection ended without close_notify: %s", error)


def refused_peer(address, server):
    """In active mode somebody else than the server has connected."""
    text = "data connection from %s refused, as the server is %s: see accept_any_active_peer"
    event("data", WARNING, text, address, server)


def clear_data(refusal):
    """The server doesn't encrypt data connections, and the client goes on nevertheless."""
    text = "data connections are in clear text, as allow_clear_data is set: %s"
    event("tls", WARNING, text, refusal)


def failed(channel, error, what, *args, hint=""):
    """Something has failed by `error`; what: such as "connecting to %s port %s", with its args. hint: what to try."""
    # EBADF is the program's own close()
    if getattr(error, "errno", None) != errno.EBADF:
        text = str(error) or type(error).__name__
        if hint:
            text = f"{text} ({hint})"
        event(channel, WARNING, what + " failed: %s", *args, text)


class attempt:
    """A `with` block whose failure for the network's or the server's sake is logged as by failed().

    hint: what to try if nothing came; from Python 3.11 on it is also a note of the exception.
    """

    def __init__(self, channel, what, *args, hint=""):
        self._channel, self._what, self._args, self._hint = channel, what, args, hint

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if not isinstance(error, (OSError, EOFError)):
            return
        hint = self._hint if isinstance(error, (socket.timeout, EOFError)) else ""
        if hint and hasattr(error, "add_note"):
            error.add_note(hint)
        failed(self._channel, error, self._what, *self._args, hint=hint)


class Log:
    """One transfer, from its data connection to its reply; made where somebody listens."""

    def __init__(self, cmd, conn):
        self._cmd = cmd
        self._began = time.monotonic()
        self._where = _place(conn)
        self._protection = ", " + _protection(conn) if is_tls(conn) else ""

    def way(self, in_rust):
        """Which loop has moved the data: for bug reports."""
        event("data", DEBUG, "%s: moved by the loop in %s", self._cmd, "Rust" if in_rust else "Python")

    def done(self, count):
        """It is complete: so many bytes."""
        seconds = time.monotonic() - self._began
        text = "%s: %d bytes in %.3f s, data connection with %s%s"
        event("data", INFO, text, self._cmd, count, seconds, self._where, self._protection)


def event(channel, level, text, *args):
    """A record of `text % args`, if anybody wants it."""
    if _rftplib.log_wanted(channel, level):
        _rftplib.log_event(channel, level, text % args)


def _place(conn):
    try:
        host, port = conn.getpeername()[:2]
    except (OSError, AttributeError, TypeError, ValueError):
        return "an unknown address"
    return f"{host} port {port}"


def _protection(sock):
    """The version of TLS and whether the session was resumed, as far as the socket tells."""
    version = getattr(sock, "version", lambda: None)() or "TLS"
    resumed = getattr(sock, "session_reused", None)
    return version if resumed is None else f"{version}, session {'resumed' if resumed else 'new'}"
