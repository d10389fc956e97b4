"""What methods of FTP do on the control connection, where that is more than a line or two.

Each step that a method stands for is a call of that method, and every name that scripts replace is looked up in the
module when it is needed.
"""

import sys

import rftplib

from . import _lenient, _logs, _options
from ._errors import error_perm, error_proto, error_reply, structured

# Among the client's attributes: how many replies are to come on this connection that nobody has waited for
UNANSWERED = "_rftplib_unanswered"


def connect(ftp, host, port, timeout, source_address):
    """Note what is given, as FTP.connect() does, and return a socket that is connected to the server."""
    if host != "":
        ftp.host = host
    if port > 0:
        ftp.port = port
    if timeout != -999:
        ftp.timeout = timeout
    if ftp.timeout is not None and not ftp.timeout:
        raise ValueError("Non-blocking socket (timeout=0) is not supported")
    if source_address is not None:
        ftp.source_address = source_address
    sys.audit("ftplib.connect", ftp, ftp.host, ftp.port)
    if ftp.skip_redundant_type:
        ftp._type_in_force = None
    getattr(ftp, "__dict__", {}).pop(UNANSWERED, None)
    with _logs.attempt("control", "connecting to %s port %s", ftp.host, ftp.port):
        sock = _options.connect(ftp, (ftp.host, ftp.port))
    try:
        _options.keep_alive(ftp, sock)
    except BaseException:
        sock.close()
        raise
    return sock


def login(ftp, user, passwd, acct):
    """What FTP.login() does."""
    user, passwd = credentials(user, passwd)
    if not acct:
        acct = ""
    resp = ftp.sendcmd("USER " + user)
    if resp[0] == "3":
        resp = ftp.sendcmd("PASS " + passwd)
    if resp[0] == "3":
        resp = ftp.sendcmd("ACCT " + acct)
    if resp[0] != "2":
        raise structured(ftp, error_reply(resp))
    return resp


def credentials(user, passwd):
    """What login() sends as user and password."""
    if not user:
        user = "anonymous"
    if not passwd:
        passwd = ""
    if user == "anonymous" and passwd in {"", "-"}:
        # the custom is to leave an address; this one tells nothing of the user
        passwd = passwd + "anonymous@"
    return user, passwd


def abort(ftp):
    """What FTP.abort() does."""
    line = b"ABOR" + rftplib.B_CRLF
    if ftp.debugging > 1:
        print("*put urgent*", ftp.sanitize(line))
    ftp.sock.sendall(line, rftplib.MSG_OOB)
    return reply_to_abort(ftp)


def reply_to_abort(ftp):
    """Read and return the one reply that abort() reads; raises error_proto for any but 225, 226 and 426."""
    noops = getattr(ftp, "__dict__", {}).get(_options.NOOPS)
    resp = _lenient.reply_to_abort(ftp)
    while noops is not None and noops.passes_over(resp):
        resp = _lenient.reply_to_abort(ftp)
    if resp[:3] not in {"426", "225", "226"}:
        raise structured(ftp, error_proto(resp))
    return resp


def cwd(ftp, dirname):
    """What FTP.cwd() does."""
    if dirname == "..":
        try:
            return ftp.voidcmd("CDUP")
        except error_perm as msg:
            if msg.args[0][:3] != "500":
                raise
    elif dirname == "":
        dirname = "."  # changes nothing, but may be refused
    return ftp.voidcmd("CWD " + dirname)


def directory(resp):
    """The directory of a 257 reply; '' for other replies, which IIS of Windows Server 2003 sends."""
    if not resp.startswith("257"):
        return ""
    return rftplib.parse257(resp)
