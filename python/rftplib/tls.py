"""FTP over TLS beyond ftplib's FTP_TLS: implicit TLS, a class that is always safe, and TLS in Rust.

>>> from rftplib.tls import FTPS
>>> with FTPS('ftp.example.org') as ftp:        # certificate and host name verified, everything encrypted
...     ftp.login('user', 'password')
...     ftp.retrlines('LIST')
"""

import sys
from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _tls_file
from ._errors import Error
from ._ftp_tls import FTP_TLS

__all__ = ["FTPS", "FTPS_PORT", "ImplicitFTP_TLS"]

try:
    from ._native_context import NativeContext
    from ._native_socket import NativeSocket
    from ._rftplib import NativeSession
except ImportError:  # an engine without TLS of its own
    pass
else:
    __all__ += ["NativeContext", "NativeSession", "NativeSocket"]

# Where servers wait for TLS from the first byte (by custom; RFC 4217 knows AUTH only)
FTPS_PORT = 990

# Replies by which a server asks for a login first (RFC 959): the order of PROT and USER is no rule of RFC 4217's
_LOGIN_FIRST = ("503", "530")


class ImplicitFTP_TLS(FTP_TLS):
    """A client for "implicit" FTP over TLS: TLS from the first byte, ordinarily on port 990.

    ImplicitFTP_TLS(host='', user='', passwd='', acct='', ...): the arguments are those of FTP_TLS, and like there the
    default context verifies neither certificate nor host name; FTPS(implicit=True) does. Data connections are
    encrypted from login() on, unless prot_c() is called.
    """

    port = FTPS_PORT

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        """Connect, secure the connection and read the greeting, which is returned; as FTP.connect() otherwise.

        Raises ssl.SSLError if the handshake or the verification fails: nothing has been sent then.
        """
        self._prot_p = False
        return _connect_secured(self, host, port, timeout, source_address)

    def login(self, user="", passwd="", acct="", secure=True):
        """Log in as FTP.login() does, then have the data connections encrypted by prot_p(); returns the login's reply.

        Raises error_perm if the server refuses that. secure: nothing to choose, the connection is secured already.
        """
        resp = super().login(user, passwd, acct, secure)
        if not self._prot_p:
            self.prot_p()
        return resp


class FTPS(FTP_TLS):
    """A client for FTP over TLS that is encrypted and verified, or fails.

    FTPS(host='', user='', passwd='', acct='', *, implicit=False, context=None, timeout=..., source_address=None,
    encoding='utf-8')

    implicit: TLS from the first byte, ordinarily on port 990, instead of AUTH on the ordinary port.
    context: an ssl.SSLContext (or a NativeContext) that verifies certificate and host name, by default
    ssl.create_default_context(). One that doesn't verify is refused by ValueError.
    The other arguments are those of FTP.

    connect() secures the control connection and has the data connections encrypted before anything else is sent: no
    name and no password ever goes out in clear text. prot_c(), ccc() and login(secure=False) are refused by ValueError.
    """

    def __init__(
        self,
        host="",
        user="",
        passwd="",
        acct="",
        *,
        implicit=False,
        context=None,
        timeout=_GLOBAL_DEFAULT_TIMEOUT,
        source_address=None,
        encoding="utf-8",
    ):
        """Connect and log in, as far as host and user are given."""
        if context is None:
            context = rftplib.ssl.create_default_context()
        _check_verifies(context)
        self.implicit = implicit
        if implicit:
            self.port = FTPS_PORT
        super().__init__(
            host, user, passwd, acct, context=context, timeout=timeout, source_address=source_address, encoding=encoding
        )

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        """Connect, secure control and data connections, and return the greeting; as FTP.connect() otherwise.

        Raises ssl.SSLError if the handshake or the verification fails, error_perm if the server can't do TLS. The
        connection is closed then, and nothing but AUTH, PBSZ and PROT has been sent.
        """
        _check_verifies(self.context)
        self._prot_p = False
        try:
            if self.implicit:
                _connect_secured(self, host, port, timeout, source_address)
            else:
                super().connect(host, port, timeout, source_address)
                self.auth()
            self._protect()
        except BaseException:
            self.close()
            raise
        return self.welcome

    def login(self, user="", passwd="", acct="", secure=True):
        """Log in as FTP.login() does; returns the reply. Raises ValueError if secure is false."""
        if not secure:
            raise ValueError("FTPS never logs in without TLS: secure=False is refused")
        resp = super().login(user, passwd, acct)
        if not self._prot_p:
            try:
                self.prot_p()
            except BaseException:
                self.close()
                raise
        return resp

    def auth(self):
        """Secure the control connection by AUTH TLS, which connect() has done already; returns the reply."""
        _check_verifies(self.context)
        return super().auth()

    def ccc(self):
        """Refused by ValueError: the control connection stays encrypted."""
        raise ValueError("FTPS never goes back to clear text: ccc() is refused")

    def prot_c(self):
        """Refused by ValueError: data connections stay encrypted."""
        raise ValueError("FTPS never transfers in clear text: prot_c() is refused")

    def ntransfercmd(self, cmd, rest=None):
        """Start a transfer as FTP_TLS.ntransfercmd() does. Raises ValueError if the data would not be encrypted."""
        _check_verifies(self.context)
        if not self._prot_p:
            raise ValueError("FTPS never transfers in clear text: call login() first, which this server asks for")
        return super().ntransfercmd(cmd, rest)

    def _protect(self):
        """Have the data connections encrypted before the login, where the server lets us."""
        try:
            self.prot_p()
        except Error as refusal:
            if str(refusal)[:3] not in _LOGIN_FIRST:
                raise


def _connect_secured(ftp, host, port, timeout, source_address):
    """What FTP.connect() does, with the TLS handshake before the greeting."""
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
    sock = rftplib.socket.create_connection((ftp.host, ftp.port), ftp.timeout, source_address=ftp.source_address)
    try:
        ftp.af = sock.family
        sock = ftp.context.wrap_socket(sock, server_hostname=ftp.host)
    except BaseException:
        sock.close()
        raise
    ftp.sock = sock
    ftp.file = _tls_file.open_text(sock, ftp.encoding)
    ftp.welcome = ftp.getresp()
    return ftp.welcome


def _check_verifies(context):
    """Raise ValueError if `context` doesn't verify the certificate and the host name."""
    if getattr(context, "verify_mode", None) != rftplib.ssl.CERT_REQUIRED:
        raise ValueError("FTPS verifies the certificate: context.verify_mode must be ssl.CERT_REQUIRED")
    if not getattr(context, "check_hostname", False):
        raise ValueError("FTPS verifies the host name: context.check_hostname must be true")
