"""The attributes of FTP that are documented in docs/options.md: their values, checked where they are used."""

import codecs
import socket
from _thread import TIMEOUT_MAX
from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _rftplib

# How many seconds Linux takes at most, and after how many unanswered probes a connection is lost
_LONGEST, _PROBES = 32767, 4

# Among the client's attributes: the Noops of a transfer while replies to them are to come
NOOPS = "_rftplib_noops"


def errors(ftp):
    """The name of the error handler; raises ValueError for a str that names none.

    What is no str is a script's own: a list or a number of errors, in a subclass that is older than this attribute.
    """
    value = getattr(ftp, "errors", "strict")
    if not isinstance(value, str):
        return "strict"
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
    if not 0 < value <= TIMEOUT_MAX:
        raise ValueError(f"{name} must be more than 0 seconds, and no more than can be waited for, not {value!r}")
    return value


def timeout(ftp, name):
    """connect_timeout or data_timeout, or `timeout` where that is None."""
    value = seconds(ftp, name)
    return ftp.timeout if value is None else value


def connect(ftp, address, name=None):
    """Return a new connection to `address`, (host, port), by the factory if there is one.

    name: the attribute that has its timeout once it is there, where that isn't `timeout`.
    """
    usual = getattr(ftp, "socket_factory", None) is None and getattr(ftp, "connect_timeout", None) is None
    if usual and (name is None or getattr(ftp, name, None) is None):
        return rftplib.socket.create_connection(address, ftp.timeout, source_address=ftp.source_address)
    factory, limit = socket_factory(ftp), timeout(ftp, "connect_timeout")
    in_use = ftp.timeout if name is None else timeout(ftp, name)
    if factory is None:
        sock = rftplib.socket.create_connection(address, limit, source_address=ftp.source_address)
        if limit is not in_use:
            sock.settimeout(_default(in_use))
        return sock
    sock = factory(address, _default(limit), source_address=ftp.source_address)
    if sock is None:
        raise TypeError("socket_factory returned None, not a connected socket")
    sock.settimeout(_default(in_use))
    return sock


def keep_alive(ftp, sock):
    """Have the system look whether the server is still there, after so many silent seconds as tcp_keepalive says."""
    interval = seconds(ftp, "tcp_keepalive")
    if interval is None:
        return
    whole = max(1, min(round(interval), _LONGEST))
    options = [(socket.SOL_SOCKET, "SO_KEEPALIVE", 1)]
    # the first is called TCP_KEEPALIVE on macOS, where TCP_KEEPIDLE is none
    options += [(socket.IPPROTO_TCP, name, whole) for name in ("TCP_KEEPIDLE", "TCP_KEEPALIVE", "TCP_KEEPINTVL")]
    options += [(socket.IPPROTO_TCP, "TCP_KEEPCNT", _PROBES)]
    for level, name, value in options:
        if hasattr(socket, name):
            try:
                sock.setsockopt(level, getattr(socket, name), value)
            except OSError:
                pass  # no TCP, or a system that has it only by name


def _default(limit):
    return rftplib.socket.getdefaulttimeout() if limit is _GLOBAL_DEFAULT_TIMEOUT else limit


def server_address(ftp):
    """Where the server is, (host, port) at least: by the name that a proxy was told, as the peer may be the proxy."""
    return ftp.sock.getpeername() if socket_factory(ftp) is None else (ftp.host, ftp.port)
