"""Log records of connections and transfers, for the loggers rftplib.control, rftplib.data and rftplib.tls.

The records go through the engine (`_rftplib.log_event`), which asks the loggers first: while nobody listens, next to
nothing is done. Commands and replies are logged by the engine itself.
"""

import time

from . import _rftplib
from ._tls import is_tls

DEBUG, INFO, WARNING = 10, 20, 30


def connected(ftp):
    """The control connection stands."""
    _rftplib.log_event("control", INFO, "connected to %s port %s", ftp.host, ftp.port)


def secured(sock, what):
    """A TLS handshake has succeeded; what: "control connection" or "data connection"."""
    if _rftplib.log_wanted("tls", INFO):
        _rftplib.log_event("tls", INFO, "%s: %s", what, _protection(sock))


def refused(error):
    """A data connection couldn't be secured."""
    _rftplib.log_event("tls", WARNING, "data connection: the handshake failed: %s", error)


def ragged_end(error):
    """A data connection has ended otherwise than TLS wants it to; the reply decides what that means."""
    _rftplib.log_event("tls", WARNING, "data connection ended without close_notify: %s", error)


def stalled(cmd, moved):
    """A transfer has come to a stop: its timeout has passed."""
    _rftplib.log_event("data", WARNING, "%s: timed out after %d bytes", cmd, moved)


def way(cmd, in_rust):
    """Which loop has moved the data: for bug reports."""
    _rftplib.log_event("data", DEBUG, "%s: moved by the loop in %s", cmd, "Rust" if in_rust else "Python")


class Log:
    """One transfer, from its data connection to its reply; None in its place while nobody listens."""

    def __init__(self, cmd, conn):
        self._cmd = cmd
        self._began = time.monotonic()
        self._where = _place(conn)
        self._protection = ", " + _protection(conn) if is_tls(conn) else ""

    def done(self, count):
        """It is complete: so many bytes."""
        seconds = time.monotonic() - self._began
        text = "%s: %d bytes in %.3f s, data connection with %s%s"
        _rftplib.log_event("data", INFO, text, self._cmd, count, seconds, self._where, self._protection)


def begin(cmd, conn):
    """A Log, or None if nobody wants to know."""
    return Log(cmd, conn) if _rftplib.log_wanted("data", INFO) else None


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
