"""The attributes of FTP that are documented in docs/options.md: their values, checked where they are used."""

import codecs
import threading
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


def seconds(ftp, name):
    """The attribute of that name, a number of seconds or None; raises TypeError or ValueError for anything else."""
    value = getattr(ftp, name, None)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number of seconds or None, not {type(value).__name__}")
    if not 0 < value <= threading.TIMEOUT_MAX:
        raise ValueError(f"{name} must be more than 0 seconds, and no more than can be waited for, not {value!r}")
    return value


def timeout(ftp, name):
    """connect_timeout or data_timeout, or `timeout` where that is None."""
    value = seconds(ftp, name)
    return ftp.timeout if value is None else value


def connect(ftp, address, in_use):
    """Return a new connection to `address`, (host, port), by the factory if there is one.

    in_use: its timeout once it is there.
    """
    factory, limit = socket_factory(ftp), timeout(ftp, "connect_timeout")
    if factory is None:
        sock = rftplib.socket.create_connection(address, limit, source_address=ftp.source_address)
        if limit is not in_use:
            sock.settimeout(_default(in_use))
        return sock
    sock = factory(address, _default(limit), source_address=ftp.source_address)
    sock.settimeout(_default(in_use))
    return sock


def _default(limit):
    return rftplib.socket.getdefaulttimeout() if limit is _GLOBAL_DEFAULT_TIMEOUT else limit


def server_address(ftp):
    """Where the server is, (host, port) at least: by the name that a proxy was told, as the peer may be the proxy."""
    return ftp.sock.getpeername() if socket_factory(ftp) is None else (ftp.host, ftp.port)
