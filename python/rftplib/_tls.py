"""What the package has to know of TLS sockets: whose they are, how they have ended."""

import socket
import sys

from . import _rftplib

try:
    import ssl
except ImportError:
    ssl = None

# How OpenSSL says that the peer has ended the connection in another way than by a close_notify
DATA_AFTER_END = "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
_REASONS = {"UNEXPECTED_EOF_WHILE_READING", "SHUTDOWN_WHILE_IN_INIT", DATA_AFTER_END}

# The option of a context under which an EOF without close_notify passes for a regular end. Python 3.9 sets it and has
# no name for it; early patch levels of 3.10 and 3.11 set it, too, that of Debian 12 among them
_IGNORE_UNEXPECTED_EOF = 0x80


def is_native(conn):
    """Whether `conn` is one of our own TLS sockets."""
    module = sys.modules.get("rftplib._native_socket")  # imported by whoever makes one
    return module is not None and isinstance(conn, module.NativeSocket)


def is_tls(conn):
    """Whether `conn` is a TLS socket, Python's or ours; a mock of one is none."""
    return (ssl is not None and issubclass(type(conn), ssl.SSLSocket)) or is_native(conn)


def has_own_unwrap(conn):
    """Whether `conn.unwrap` is the one that its class was born with, and nobody's replacement."""
    if ssl is not None and issubclass(type(conn), ssl.SSLSocket):
        unwrap = ssl.SSLSocket.unwrap
        return unwrap.__module__ == "ssl" and getattr(conn.unwrap, "__func__", None) is unwrap
    if not is_native(conn):
        return False
    from ._native_socket import NativeSocket

    return type(conn).unwrap is NativeSocket.unwrap and "unwrap" not in getattr(conn, "__dict__", ())


def has_ended_regularly(conn):
    """Whether the peer has ended TLS on `conn` by a close_notify; None where that can't be told."""
    if is_native(conn):
        return conn._link.clean
    return getattr(_rftplib, "has_ended_regularly", lambda conn: None)(conn)


def hides_ragged_end(conn):
    """Whether Python takes an EOF without close_notify on `conn` for a regular end: old ones do, with OpenSSL 3."""
    context = getattr(conn, "context", None)
    return bool(
        ssl is not None
        and ssl.OPENSSL_VERSION_INFO >= (3,)
        and isinstance(context, ssl.SSLContext)
        and context.options & _IGNORE_UNEXPECTED_EOF
    )


def is_ragged(error):
    """Whether `error` only says that the peer has ended the connection without close_notify, or doesn't answer ours."""
    if isinstance(error, (ConnectionError, socket.timeout)):
        return True
    if ssl is not None and isinstance(error, ssl.SSLError):
        reason = getattr(error, "reason", None)  # one made by hand has none
        return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) or reason in _REASONS
    return error.errno == 0  # how Python passes on an EOF that OpenSSL 1.1 reports without an errno


def unexpected_eof(text="EOF occurred in violation of protocol"):
    """The exception for an EOF without close_notify, as `ssl` has it."""
    error = ssl.SSLEOFError(ssl.SSL_ERROR_EOF, f"[SSL: UNEXPECTED_EOF_WHILE_READING] {text}")
    error.library, error.reason = "SSL", "UNEXPECTED_EOF_WHILE_READING"
    return error


def forget_errors(conn):
    """Empty this thread's queue of OpenSSL errors, after something has failed on `conn`, any connection under TLS.

    OpenSSL since 3.6 leaves there that the kernel has refused a write, and CPython (seen up to 3.15) leaves it, too:
    whichever connection of the thread waits next fails by that error.
    """
    if ssl is None or not issubclass(type(conn), ssl.SSLSocket) or _rftplib.forget_tls_errors():
        return
    try:
        # where the library can't be reached: a new SSL object begins with an empty queue
        ssl.SSLContext.wrap_bio(conn.context, ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=conn.server_hostname)
    except (AttributeError, TypeError, ValueError, OSError):
        pass  # no socket after all; the error that brought us here is the one to tell
