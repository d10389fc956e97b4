"""TLS sockets as the loops see them: which ones are real, which are as `ssl` has made them, and how to wait on those.

A genuine `ssl.SSLSocket` can be made to wait in slices, so that close() and settimeout() from another thread take
effect at once, where a wait inside of `ssl` would hold them up.
"""

import errno
import os
import time

try:
    import ssl
except ImportError:
    ssl = None

# The longest wait in one piece.
SLICE = 0.1

# The option of a context under which an EOF without close_notify passes for a regular end; Python 3.9 sets it and has
# no name for it.
_IGNORE_UNEXPECTED_EOF = 0x80

# Our own TLS sockets, which bring everything with them.
try:
    from ._native_socket import NativeSocket
except ImportError:  # no TLS at all, or an engine without it
    NativeSocket = None

# Whoever replaces one of these gets it called.
_NAMES = "recv recv_into read send sendall write pending unwrap makefile settimeout gettimeout fileno".split()
_GENUINE = {}
if ssl is not None and (ssl.SSLSocket.__module__, ssl.SSLSocket.__base__.__module__) == ("ssl", "socket"):
    _GENUINE = {name: getattr(ssl.SSLSocket, name) for name in _NAMES}


def is_native(conn):
    """Whether `conn` is one of our own TLS sockets."""
    return NativeSocket is not None and isinstance(conn, NativeSocket)


def is_tls(conn):
    """Whether `conn` is a TLS socket, Python's or ours; a mock of one is none."""
    return (ssl is not None and issubclass(type(conn), ssl.SSLSocket)) or is_native(conn)


def untouched(conn):
    """Whether `conn` is exactly an SSLSocket, under TLS, with none of its methods replaced."""
    if not _GENUINE or type(conn) is not ssl.SSLSocket or getattr(conn, "_sslobj", None) is None:
        return False
    if not vars(conn).keys().isdisjoint(_GENUINE):
        return False
    return all(getattr(ssl.SSLSocket, name) is method for name, method in _GENUINE.items())


def ignores_eof(conn):
    """Whether `conn`, an SSLSocket, passes off an EOF without close_notify as a regular end."""
    return ssl.OPENSSL_VERSION_INFO >= (3,) and bool(conn.context.options & _IGNORE_UNEXPECTED_EOF)


def forget_errors(conn):
    """Empty this thread's queue of OpenSSL errors, after a write has failed; `conn` is any connection under TLS.

    OpenSSL since 3.6 leaves there that the kernel has refused it, and CPython (seen up to 3.15) leaves it, too:
    whichever connection of the thread waits next fails by that error. A new SSL object begins with an empty queue.
    """
    if ssl is None or not issubclass(type(conn), ssl.SSLSocket):
        return
    try:
        ssl.SSLContext.wrap_bio(conn.context, ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=conn.server_hostname)
    except (AttributeError, TypeError, ValueError, OSError):
        pass  # no socket after all; the error that brought us here is the one to tell


def is_slice(error):
    """Whether a socket.timeout is that of the socket object, and not the ETIMEDOUT of the network."""
    return error.errno is None


class Sliced:
    """Within the `with` block `conn` waits for a slice at most, then idle() has to be called.

    Its real timeout is kept here meanwhile, for all who ask for it or set it, from whichever thread.
    """

    def __init__(self, conn):
        self._conn = conn
        self.idled = False  # if so, moved() has to be called when something has come, or gone

    def __enter__(self):
        conn = self._conn
        self._timeout, self._arm = conn.gettimeout(), conn.settimeout
        self._arm(self._slice(self._timeout))
        conn.gettimeout, conn.settimeout = self._get, self._set
        return self

    def __exit__(self, *args):
        conn = self._conn
        for name in ("gettimeout", "settimeout"):
            vars(conn).pop(name, None)  # two threads that wait for replies at once take away each other's
        if conn.fileno() != -1:
            conn.settimeout(self._timeout)

    def idle(self, error):
        """Nothing has come, or gone, for a slice, says `error`: raised when the whole timeout is over.

        Raises OSError if the connection has been closed.
        """
        descriptor(self._conn)
        now, timeout = time.monotonic(), self._timeout
        if not self.idled:
            self.idled, self._since = True, now - self._slice(timeout)
        if timeout is not None:
            left = self._since + timeout - now
            if left <= 0:
                raise error
            self._arm(self._slice(left))

    def moved(self):
        """Something has come, or gone: from here on the whole timeout counts again."""
        if self.idled:
            self.idled = False
            self._arm(self._slice(self._timeout))

    def _get(self):
        return self._timeout

    def _set(self, value):
        self._arm(value)
        self._timeout = type(self._conn).gettimeout(self._conn)
        self._arm(self._slice(self._timeout))

    @staticmethod
    def _slice(timeout):
        return SLICE if timeout is None else min(SLICE, timeout)


def descriptor(conn):
    """The descriptor of `conn`; EBADF once another thread has closed it."""
    fd = conn.fileno()
    if fd == -1:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return fd
