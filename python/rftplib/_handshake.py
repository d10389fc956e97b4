"""The TLS handshake of a data connection, while which the server may refuse the transfer after all."""

from . import _rftplib
from ._errors import error_reply, structured
from ._tls import ssl

# How often the control connection is looked at while nothing comes, in seconds
_SLICE = 0.5


def shake_hands(ftp, conn):
    """Do the handshake on `conn`, a TLS socket that waits; its limit is that of do_handshake().

    Where nothing comes but a refusal on the control connection, that is raised, by getresp().
    """
    timeout = conn.gettimeout()
    if not isinstance(ftp.file, _rftplib.Reader):
        conn.do_handshake()
        return
    left = float("inf") if timeout is None else timeout
    conn.settimeout(0)
    try:
        while left > 0:
            try:
                conn.do_handshake()
                return
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                sending = isinstance(error, ssl.SSLWantWriteError)
            slice = min(left, _SLICE)
            go_on, unspent = _rftplib.await_end(conn, -1, sending, slice)
            left -= slice - unspent
            if not go_on and ftp.file._refuses():
                raise structured(ftp, error_reply(ftp.getresp()))
        conn.settimeout(0.001)
        conn.do_handshake()  # which says that it is too late
    finally:
        if conn.fileno() != -1:
            conn.settimeout(timeout)
