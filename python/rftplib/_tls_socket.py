"""TLS sockets as the loops see them: which ones are real, which are as `ssl` has made them, and how to wait on those.

A genuine `ssl.SSLSocket` can be read and written without blocking for a moment, with the waiting outside: then Ctrl-C,
close() and settimeout() from another thread take effect at once, where a wait inside of `ssl` would hold them up.
"""

import errno
import os
import select
import socket
import time

from . import _rftplib

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
NativeSocket = getattr(_rftplib, "NativeSocket", None)

# Whoever replaces one of these gets it called.
_NAMES = "recv recv_into read send sendall write pending unwrap makefile settimeout gettimeout fileno".split()
_GENUINE = {}
if ssl is not None and (ssl.SSLSocket.__module__, ssl.SSLSocket.__base__.__module__) == ("ssl", "socket"):
    _GENUINE = {name: getattr(ssl.SSLSocket, name) for name in _NAMES}


def is_native(conn):
    """Whether `conn` is one of our own TLS sockets."""
    return NativeSocket is not None and isinstance(conn, NativeSocket)


def is_tls(conn):
    """Whether `conn` is a TLS socket: Python's or ours."""
    return (ssl is not None and isinstance(conn, ssl.SSLSocket)) or is_native(conn)


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


class NonBlocking:
    """Within the `with` block `conn` doesn't block. A timeout that another thread sets meanwhile stays."""

    def __init__(self, conn):
        self.conn = conn

    def __enter__(self):
        self.timeout = self.conn.gettimeout()
        self.conn.settimeout(0)

    def __exit__(self, *args):
        if self.conn.gettimeout() == 0 and self.conn.fileno() != -1:
            self.conn.settimeout(self.timeout)


class Wait:
    """The waiting of one operation on `conn`: its timeout, as it is at the moment, counts from the first wait on."""

    began = None

    def __init__(self, conn, operation):
        self.conn, self.operation = conn, operation

    def over(self):
        """The operation has got somewhere: the next one has the whole timeout again."""
        self.began = None

    def pause(self, error):
        """Wait one slice for what the ssl.SSLWantReadError or SSLWantWriteError asks for."""
        now = time.monotonic()
        if self.began is None:
            self.began = now
        timeout = self.conn.gettimeout()
        left = SLICE if timeout is None else min(SLICE, self.began + timeout - now)
        if left <= 0:
            raise socket.timeout(f"The {self.operation} operation timed out")
        _poll(descriptor(self.conn), isinstance(error, ssl.SSLWantWriteError), left)
        descriptor(self.conn)


def descriptor(conn):
    """The descriptor of `conn`; EBADF once another thread has closed it."""
    fd = conn.fileno()
    if fd == -1:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return fd


def _poll(fd, writing, seconds):
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(fd, select.POLLOUT if writing else select.POLLIN)
        poll.poll(seconds * 1000)
    else:
        select.select([] if writing else [fd], [fd] if writing else [], [], seconds)
