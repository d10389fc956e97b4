"""Log records of connections and transfers, for the loggers rftplib.control, rftplib.data and rftplib.tls.

The records go through the engine (`_rftplib.log_event`), which asks the loggers first: while nobody listens, next to
nothing is done. Commands and replies are logged by the engine itself.
"""

import time

from . import _rftplib
from ._tls_socket import is_tls

INFO, WARNING = 20, 30


def connected(ftp):
    """The control connection stands."""
    _event("control", INFO, "connected to %s port %s", ftp.host, ftp.port)


def secured(sock, what):
    """A TLS handshake has succeeded; what: "control connection" or "data connection"."""
    if _rftplib.log_wanted("tls", INFO):
        _event("tls", INFO, "%s: %s", what, _protection(sock))


def ragged_end(error):
    """A data connection has ended otherwise than TLS wants it to; the reply decides what that means."""
    _event("tls", WARNING, "data connection ended without close_notify: %s", error)


class Transfer:
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
        _event("data", INFO, text, self._cmd, count, seconds, self._where, self._protection)


def begin(cmd, conn):
    """A Transfer, or None if nobody wants to know."""
    return Transfer(cmd, conn) if _rftplib.log_wanted("data", INFO) else None


def _event(channel, level, text, *args):
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
