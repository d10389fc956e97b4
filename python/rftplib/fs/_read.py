"""Files and parts of files into memory: for `rftplib.fs`."""

import math

from .._batch import batch
from .._errors import Error, error_perm, error_proto, error_temp, refusal_of
from .._exact import told_size
from .._features import features
from .._rftplib import await_end
from .._tls import forget_errors
from .._unread import has_arrived

# For how many seconds the reply to a transfer is waited for that was broken off; then the connection is given up
PATIENCE = 5.0

# After how many seconds without it the server is asked something else
_SILENCE = 0.25

# How much is asked of a socket at once, in bytes
_BLOCK = 1 << 18

# "not understood", "not implemented" (RFC 959)
_UNKNOWN = ("500", "501", "502", "504")


def read(ftp, path, start=None, end=None, size=None):
    """The bytes of a file from start up to end, as a slice has them; negative ones count from the end.

    size: the file's, if it is known; else the server is asked where it is needed. A transfer ends at `end`, and whether
    the connection can be used again is found out in bounded time: else it is closed. Raises what retrbinary() raises,
    and error_proto if there is less than the size says.
    """
    if not start and end is None:
        return _whole(ftp, path)
    if size is None:
        (reply,) = batch(ftp, ["SIZE " + path])
        size = told_size(reply)
        if size is None and reply.text[:3] in _UNKNOWN:
            return _whole(ftp, path)[start:end]  # the server can't tell it
        if size is None:
            raise error_proto(reply.text) if reply.ok else refusal_of(reply)
    # what has no end is read as far as it goes: the file may be longer by now
    most = math.inf if end is None and start >= 0 else None
    start, end, _ = slice(start, end).indices(size)
    if start >= end:
        return b""
    conn = _begin(ftp, path, start, end, size)
    pieces, missing, most = [], end - start, most or end - start
    try:
        while most:
            piece = conn.recv(min(most, _BLOCK))
            if not piece:
                break
            pieces.append(piece)
            missing, most = missing - len(piece), most - len(piece)
        ended = most or (end == size and not conn.recv(1))
    except BaseException:
        conn.close()
        raise
    close(conn)
    if ended:
        ftp.voidresp()
    else:
        _await_reply(ftp)
    if missing > 0:
        raise error_proto(f"less has come than the size of {size} bytes says: {missing} are missing")
    return b"".join(pieces)


def close(conn, timeout=0):
    """Close a data connection; TLS is told the end first, and the server's answer to it awaited for `timeout` seconds.

    A session can't be resumed any more of which one connection has ended without that, and servers demand that the next
    data connection resumes it.
    """
    if hasattr(conn, "unwrap"):
        try:
            conn.settimeout(timeout)
            conn.unwrap()
        except (OSError, ValueError):
            forget_errors(conn)  # no answer yet, or data that nobody wants any more
    conn.close()


def _whole(ftp, path):
    pieces = []
    ftp.check_size = True  # a file that ends early is an error, in clear text too
    ftp.retrbinary("RETR " + path, pieces.append, _BLOCK)
    return b"".join(pieces)


def _begin(ftp, path, start, end, size):
    """The data connection on which the file comes from `start` on."""
    if end < size and features(ftp).rang:
        try:
            ftp.sendcmd(f"RANG {start} {end - 1}")
        except error_perm as refusal:
            if str(refusal)[:3] not in _UNKNOWN:
                raise
        else:
            try:
                return ftp.transfercmd("RETR " + path)
            except Error:
                ftp.close()  # or the range would be the next file's
                raise
    return ftp.transfercmd("RETR " + path, start or None)


def _await_reply(ftp):
    """Read the reply to a transfer that was broken off, whatever it is; the connection is closed if that takes long.

    Pure-FTPd says nothing now and then, and often 150, which isn't the last word elsewhere. PWD has a code of its own
    (RFC 959): where that comes, nothing else will.
    """
    limit, in_step = ftp.sock.gettimeout(), False
    ftp.sock.settimeout(PATIENCE if limit is None else min(limit, PATIENCE))
    try:
        if has_arrived(ftp) or await_end(ftp.sock, -1, False, _SILENCE)[0]:
            in_step = _code(ftp)[:1] in "245"
        if not in_step:
            ftp.putcmd("PWD")
            in_step = _code(ftp) == "257" or _code(ftp) == "257"  # it may be the second
    except (Error, OSError, EOFError, TypeError, AttributeError):
        in_step = False
    if in_step and ftp.lastresp != "421":
        ftp.sock.settimeout(limit)
    else:
        ftp.close()


def _code(ftp):
    try:
        return ftp.getresp()[:3]
    except (error_temp, error_perm) as refusal:
        return str(refusal)[:3]
