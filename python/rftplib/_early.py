"""A data connection's TLS handshake before the reply to the transfer's command.

In ftplib's order the handshake comes after the reply. Some servers shake hands first and answer then: each side waits
for the other. So where no reply comes for `handshake_delay` seconds the handshake is begun. Whatever comes of it, the
reply decides what happens next, as in ftplib.
"""

import socket

from . import _lenient, _rftplib, _transfer
from ._handshake import shake_hands
from ._tls import forget_errors, ssl


class Early:
    """The one attempt of a transfer: called in the place of sendcmd(), with the transfer's command."""

    def __init__(self, ftp, waiting, session):
        self._ftp, self._waiting, self._session = ftp, waiting, session
        self.begun, self.session, self._error = False, None, None

    def __call__(self, cmd):
        ftp, delay = self._ftp, self._ftp.handshake_delay
        ftp.putcmd(cmd)
        timeout = limit = self._waiting.conn.gettimeout()
        if getattr(ftp, "data_timeout", None) is not None:
            limit = ftp.sock.gettimeout()  # it is the reply that is waited for
        if _lenient.comes(ftp, delay if limit is None else min(delay, limit / 2)) is False:
            self._begin(timeout, limit)
        return ftp.getresp()

    def finish(self, conn):
        """Complete the handshake and return the connection; raises what it has failed with."""
        if self._error is not None:
            raise self._error
        return _transfer.in_time(self._ftp, conn, lambda: shake_hands(self._ftp, conn) or conn)

    def _begin(self, timeout, limit):
        """Shake hands until that is done, has failed, or a reply comes; raises socket.timeout if nothing happens."""
        ftp = self._ftp
        self.begun, self.session = True, self._session()
        options = {} if self.session is None else {"session": self.session}
        try:
            conn = ftp.context.wrap_socket(
                self._waiting.conn, server_hostname=ftp.host, do_handshake_on_connect=False, **options
            )
        except (OSError, ValueError) as error:
            self._error = error
            return
        self._waiting.watch(conn)
        left = float("inf") if limit is None else limit
        conn.settimeout(0)
        try:
            while True:
                try:
                    conn.do_handshake()
                    return
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                    sending = isinstance(error, ssl.SSLWantWriteError)
                except (OSError, ValueError) as error:
                    forget_errors(conn)
                    self._error = error
                    return
                go_on, left = _rftplib.await_end(conn, ftp.sock.fileno(), sending, left)
                if not go_on and left > 0:
                    return
                if not go_on:
                    raise socket.timeout("timed out")
        finally:
            if conn.fileno() != -1:
                conn.settimeout(timeout)


def prepare(ftp, waiting, start, session, born):
    """What sends the command of the transfer `waiting` in the place of sendcmd(); None where that stays ftplib's.

    start: the ntransfercmd() that makes the connection. session: called for the TLS session to offer, or None. born:
    FTP's sendcmd() and ntransfercmd(). Where scripts have something of their own on the way (one of the two methods, or
    the context's wrap_socket()), ftplib's order is theirs.
    """
    methods = getattr(ftp.sendcmd, "__func__", None), getattr(start, "__func__", None)
    plain = methods == born and _transfer.wraps_itself(ftp.context)
    return Early(ftp, waiting, session) if plain and ftp.handshake_delay is not None else None
