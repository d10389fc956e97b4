"""What servers say that ftplib fails at, and that can be understood.

A reply that ftplib takes isn't looked at here, and what scripts have put in the place of a parser has the last word.
"""

import socket

import rftplib

from . import _functions, _rftplib
from ._errors import error_proto, error_reply, structured

# How much is passed over before a reply: lines, or replies
MAX_STRAYS = 100

# For how many seconds the greeting is waited for behind a line that is none, the 150 behind a 226, and the reply that
# says why an upload has failed
PATIENCE, SOON, REASON = 5.0, 1.0, 2.0


def parse_pasv(resp):
    """Return (host, port) of a reply to PASV as parse227() does; the host is '' if the reply names none."""
    try:
        return rftplib.parse227(resp)
    except (error_reply, error_proto):
        found = _find_address(resp)
        if found is None:
            raise
        return found


def parse_epsv(ftp, resp, peer):
    """Return (host, port) of a reply to EPSV as parse229() does: the host is that of `peer`.

    A 227 reply names one itself, which counts if `trust_server_pasv_ipv4_address` is set.
    """
    try:
        return rftplib.parse229(resp, peer)
    except (error_reply, error_proto):
        found = _find_address(resp)
        if found is None:
            raise
        host, port = found
        return (host if host and ftp.trust_server_pasv_ipv4_address else peer[0]), port


def _find_address(resp):
    """(host or '', port) that a reply of another form names; None if it names none, or if a parser isn't ours."""
    ours = rftplib.parse227 is _functions.parse227 and rftplib.parse229 is _functions.parse229
    return _rftplib.find_address(resp) if ours and rftplib._227_re is None else None


def greeting(ftp):
    """Read and return the server's greeting; what comes before it is passed over: 120 replies, and lines of free text.

    Where nothing comes after such a line, within PATIENCE, it was the answer: getresp()'s error_proto is raised.
    """
    stray = None
    for _ in range(MAX_STRAYS):
        try:
            resp = ftp.getresp()
        except error_proto as error:
            stray = stray or error
            if not comes(ftp, PATIENCE):
                break
        except (EOFError, ConnectionError, socket.timeout):
            if stray is None:
                raise
            break
        else:
            if resp[:3] != "120":
                return resp
    if stray is not None:
        raise stray
    return resp


def preliminary(ftp, resp):
    """Return the preliminary reply that is due after a 2xx reply to a transfer's command, which is passed over.

    Some servers answer LIST or STOR with 200 before the 150: against RFC 959, and harmless to skip. Others have nothing
    to send and say so by a 226 (or 250) alone: raises error_reply with that, if no other reply comes within SOON.
    """
    if resp[:3] in {"226", "250"} and comes(ftp, SOON) is False:
        raise structured(ftp, error_reply(resp))
    return ftp.getresp()


def reply_to_abort(ftp):
    """Read and return a reply by getmultiline(), which doesn't pass over what is left of the line end before."""
    for _ in range(MAX_STRAYS):
        resp = ftp.getmultiline()
        if not isinstance(resp, str) or resp[:1] not in {"", "\0"}:
            return resp
        if resp.strip("\0"):
            return resp.lstrip("\0")
    return resp


def comes(ftp, seconds):
    """Whether something more of the server's is there, or comes within so many seconds; its end doesn't count.

    None where that can't be told: for a file or a socket that isn't the engine's, or closed by another thread.
    """
    if not isinstance(ftp.file, _rftplib.Reader):
        return None
    sock = ftp.sock
    if ftp.file._buffered or getattr(sock, "pending", int)():
        return True
    try:
        there = _rftplib.await_end(sock, -1, False, seconds)[0]
        # under TLS: a record, whatever is in it. Not by socket.socket, in whose place PySocks puts a class of its own
        return there and bool(socket.SocketType.recv(sock, 1, socket.MSG_PEEK))
    except (AttributeError, OSError):
        return None


def is_refused(ftp, seconds, noops=None):
    """Whether the reply that comes next is a refusal, if one comes within so many seconds. It isn't read.

    noops: the Noops of the transfer that it belongs to, whose replies don't count.
    """
    for _ in range(3):  # under TLS, what comes may be no reply
        if not comes(ftp, seconds):
            return False
        refuses = (noops or ftp.file)._refuses()
        if refuses is not None:
            return refuses
    return False
