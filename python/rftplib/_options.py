"""The attributes of FTP that are documented in docs/options.md: their values, checked where they are used."""

import codecs
from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _rftplib


def errors(ftp):
    """The name of the error handler; raises TypeError or ValueError for what is none."""
    value = getattr(ftp, "errors", "strict")
    if not isinstance(value, str):
        raise TypeError(f"errors must be a str, not {type(value).__name__}")
    try:
        codecs.lookup_error(value)
    except (LookupError, ValueError):
        raise ValueError(f"errors must name an error handler of Python's codecs, not {value!r}") from None
    return value


def codec(ftp):
    """The arguments of str.encode() and makefile(): ftplib's alone where the others say nothing new."""
    encoding, handler = ftp.encoding, errors(ftp)
    return {"encoding": encoding} if handler == "strict" else {"encoding": encoding, "errors": handler}


def open_reader(ftp, sock, *args, **keywords):
    """A file on `sock` for replies: the engine's or, where that can't be, sock.makefile(*args, **keywords)."""
    given = codec(ftp)
    return _rftplib.open_reader(sock, *given.values()) or sock.makefile(*args, **keywords, **given)


def socket_factory(ftp):
    """What makes connections in the place of socket.create_connection(), or None; raises TypeError."""
    value = getattr(ftp, "socket_factory", None)
    if value is not None and not callable(value):
        raise TypeError(f"socket_factory must be callable or None, not {type(value).__name__}")
    return value


def connect(ftp, address):
    """Return a new connection to `address`, (host, port), by the factory if there is one."""
    factory = socket_factory(ftp)
    if factory is None:
        return rftplib.socket.create_connection(address, ftp.timeout, source_address=ftp.source_address)
    limit = ftp.timeout if ftp.timeout is not _GLOBAL_DEFAULT_TIMEOUT else rftplib.socket.getdefaulttimeout()
    sock = factory(address, limit, source_address=ftp.source_address)
    sock.settimeout(limit)
    return sock


def server_address(ftp):
    """Where the server is, (host, port) at least: by the name that a proxy was told, as the peer may be the proxy."""
    return ftp.sock.getpeername() if socket_factory(ftp) is None else (ftp.host, ftp.port)
