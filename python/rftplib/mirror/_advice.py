"""What an error says, and what to do about it."""

import errno
import socket
import ssl

from .._errors import Error, bare, hint_of, places_of
from .._hints import UNTRUSTED_URL
from ..transfer._attempts import FULL, is_full
from ..transfer._course import MAY_BE_FULL
from ._values import NOT_MADE

_OF_SERVERS = {
    "421": "the server ends connections: use fewer, and run it again",
    "425": "no data connection: see to the firewall, or use fewer connections, and run it again",
    "426": "the connection was lost: run it again, it goes on where it was",
    "450": "the file is in use: run it again later",
    "451": "the server has failed: run it again, and look into its log",
    "530": "the server wants another login: see to user and password",
    "532": "the server wants an account to store files",
    "550": "it isn't there, or the server doesn't allow it: see to its permissions, or exclude it",
    "553": "the server doesn't take the name or the place: see to its permissions, or exclude it",
}
_OF_DISKS = {
    errno.ENOSPC: "the disk is full: make room",
    errno.EDQUOT: "the quota is used up: make room",
    errno.EROFS: "the disk can't be written to",
    errno.ENOENT: "it isn't there: see whether its path is right",
    errno.EACCES: "see to its permissions, or exclude it",
    errno.EPERM: "see to its permissions, or exclude it",
    errno.ELOOP: "a link is in the way: remove it, or exclude it",
    errno.ENOTDIR: "something that is no directory is in the way: remove it, or exclude it",
    errno.EISDIR: "a directory is in the way: remove it, or exclude it",
    errno.EBUSY: "see which one is to stay, and plan again",
    errno.EEXIST: "something is in the way: remove it, or exclude it",
    errno.ENOTEMPTY: "there is something in it that isn't part of the plan: plan again",
    errno.ENAMETOOLONG: "the name is too long for this disk: exclude it",
}
_OF_NETWORKS = frozenset(
    getattr(errno, name)
    for name in (
        "ECONNABORTED ECONNRESET EHOSTDOWN EHOSTUNREACH ENETDOWN ENETRESET ENETUNREACH ENOBUFS ENOTCONN EPIPE ETIMEDOUT"
    ).split()
    if hasattr(errno, name)
)
_UNREACHED = "see whether the server, its port and the kind of TLS are right, and run it again"
_NO_ROOT = "see whether its path is right, and a directory's, and whether this user may enter it"
_NOT_ALLOWED = "see whether this user may write there"
_LOST = "the connection was lost: run it again, it goes on where it was"
_OTHER = "see to it, and run it again"


def text(error):
    """What has gone wrong, the server's reply if it is one."""
    if isinstance(error, OSError) and error.strerror:
        found = error.strerror
    else:
        closed = isinstance(error, EOFError) and not error.args
        found = "the server has closed the connection" if closed else bare(error).replace("\n", " ")
    if is_not_made(error):
        return f"{NOT_MADE}: {found}"
    where = "; ".join(places_of(error))
    return f"{found} ({where})" if found and where else found or where or type(error).__name__


def is_not_made(error):
    """Whether it is about a root that can't be made."""
    return NOT_MADE in places_of(error)


def of(kind, error):
    """What to do about it. kind: of an action, or 'connect' for what comes before."""
    if is_not_made(error) and getattr(error, "errno", None) in (None, errno.EACCES, errno.EPERM):
        return _NOT_ALLOWED
    if hint_of(error) is not None:
        return hint_of(error)
    if is_full(error):
        return FULL
    if any(MAY_BE_FULL in place for place in places_of(error)):
        return "make room on the server"
    if isinstance(error, Error):
        reply = str(error.args[0])[:3] if error.args else ""
        if kind == "connect" and reply == "550":
            return _NO_ROOT
        if reply in _OF_SERVERS:
            return _OF_SERVERS[reply]
        if kind == "list":
            return "exclude it, or report it with the line" if getattr(error, "line", None) else "exclude it"
        return "look into the server's log"
    if isinstance(error, ssl.SSLCertVerificationError):
        return UNTRUSTED_URL
    if isinstance(error, (EOFError, OSError)):
        return _of_system(kind, error)
    if isinstance(error, RuntimeError):
        return "see to the executor and its workers, and run it again"
    if isinstance(error, ValueError):
        return "rename it, or exclude it"
    return _OTHER


def _of_system(kind, error):
    if isinstance(error, (ConnectionRefusedError, socket.gaierror)):
        return _UNREACHED
    lost = isinstance(error, (EOFError, ssl.SSLError, ConnectionError, socket.timeout, TimeoutError))
    if lost or error.errno in _OF_NETWORKS:
        return _UNREACHED if kind == "connect" else _LOST
    return _OF_DISKS.get(error.errno, _OTHER)
