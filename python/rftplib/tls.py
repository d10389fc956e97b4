"""FTP over TLS beyond ftplib's FTP_TLS: implicit TLS, a class that is always safe, and TLS in Rust.

>>> from rftplib.tls import FTPS
>>> with FTPS('ftp.example.org') as ftp:        # certificate and host name verified, everything encrypted
...     ftp.login('user', 'password')
...     ftp.retrlines('LIST')
"""

from socket import _GLOBAL_DEFAULT_TIMEOUT, gaierror
from socket import timeout as TimedOut

import rftplib

from . import _control, _hints, _lenient, _logs, _options, _transfer
from ._errors import NO_GREETING, error_perm, explained
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

# How OpenSSL says that what came was no TLS: a greeting in clear text
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}

_NO_PROT = "the server doesn't encrypt data connections"


class ImplicitFTP_TLS(FTP_TLS):
    """A client for "implicit" FTP over TLS: TLS from the first byte, ordinarily on port 990.

    ImplicitFTP_TLS(host='', user='', passwd='', acct='', ...): the arguments are those of FTP_TLS, and like there the
    default context verifies neither certificate nor host name; FTPS(implicit=True) does. Data connections are
    encrypted from login() on, unless prot_c() is called.

    Beyond FTP_TLS, one attribute for the class, a subclass or an object:
    allow_clear_data: whether login() leaves the data connections in clear text where the server refuses to encrypt
    them, instead of raising error_perm. Names and contents of all files can be read, and changed, on the way then.
    """

    port = FTPS_PORT
    allow_clear_data = False

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        """Connect, secure the connection and read the greeting, which is returned; as FTP.connect() otherwise.

        Raises ssl.SSLError if the handshake or the verification fails: nothing has been sent then.
        """
        self._prot_p = False
        return _connect_secured(self, host, port, timeout, source_address)

    def login(self, user="", passwd="", acct="", secure=True):
        """Log in as FTP.login() does, then have the data connections encrypted by prot_p(); returns the login's reply.

        Raises error_perm if the server refuses that, unless `allow_clear_data` is true. secure: nothing to choose, the
        connection is secured already.
        """
        resp = super().login(user, passwd, acct, secure)
        if not self._prot_p:
            try:
                self.prot_p()
            except error_perm as refusal:
                if not self.allow_clear_data:
                    hint = f"{_NO_PROT}; set allow_clear_data = True to transfer in clear text"
                    raise explained(refusal, hint).with_traceback(refusal.__traceback__) from None
                _logs.clear_data(refusal)
        return resp


class FTPS(FTP_TLS):
    """A client for FTP over TLS that is encrypted and verified, or fails.

    implicit: TLS from the first byte, ordinarily on port 990, instead of AUTH on the ordinary port.
    context: an ssl.SSLContext (or a NativeContext) that verifies certificate and host name, by default
    ssl.create_default_context(). One that doesn't verify is refused by ValueError.
    The other arguments are those of FTP.

    connect() secures the control connection before anything else is sent, and login() has the data connections
    encrypted: no name, no password and no data ever go out in clear text. prot_c(), ccc(), login(secure=False) and
    transfers before prot_p() are refused by ValueError.
    """

    check_size = True
    structured_replies = True
    # a data connection that ends without close_notify is an error, also where Python 3.9 or a script lets it pass
    _strict_end = True

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
        """Connect, secure the control connection, and return the greeting; as FTP.connect() otherwise.

        Raises ssl.SSLError if the handshake or the verification fails, error_perm if the server can't do TLS. The
        connection is closed then, and nothing but AUTH has been sent.
        """
        _check_verifies(self.context)
        self._prot_p = False
        try:
            if self.implicit:
                _connect_secured(self, host, port, timeout, source_address)
            else:
                self._connect_explicit(host, port, timeout, source_address)
        except BaseException as error:
            self.close()
            hint = None
            if isinstance(error, rftplib.ssl.SSLError):
                hint = _hints.of_tls(error)
            elif isinstance(error, gaierror) and str(host or self.host).count(":") == 1:
                hint = _hints.ONLY_HOST
            if hint is None:
                raise
            raise explained(error, hint).with_traceback(error.__traceback__) from None
        return self.welcome

    def login(self, user="", passwd="", acct="", secure=True):
        """Log in as FTP.login() does, then have the data connections encrypted by prot_p(); returns the login's reply.

        Raises ValueError if secure is false; error_perm, the connection closed, if the server doesn't encrypt them.
        """
        if not secure:
            raise ValueError("FTPS never logs in without TLS: secure=False is refused")
        try:
            resp = super().login(user, passwd, acct)
        except rftplib.ssl.SSLError as error:
            hint = _hints.of_tls(error)  # TLS 1.3 tells only now that a certificate is missing
            if hint is None:
                raise
            raise explained(error, hint).with_traceback(error.__traceback__) from None
        if not self._prot_p:
            try:
                self.prot_p()
            except BaseException as error:
                self.close()
                if not isinstance(error, error_perm):
                    raise
                hint = f"{_NO_PROT}, and FTPS never goes on in clear text"
                raise explained(error, hint).with_traceback(error.__traceback__) from None
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
        if self.accept_ragged_end:
            raise ValueError("FTPS takes no end without close_notify: accept_ragged_end is refused; FTP_TLS has it")
        if not self._prot_p:
            raise ValueError("FTPS never transfers in clear text: call login(), or prot_p() after a login by hand")
        return super().ntransfercmd(cmd, rest)

    def _connect_explicit(self, *args):
        before = self.sock
        try:
            super().connect(*args)
        except (TimedOut, EOFError) as error:
            if self.sock is before:  # there is no connection, let alone a greeting
                raise
            raise explained(error, NO_GREETING).with_traceback(error.__traceback__) from None
        try:
            self.auth()
        except error_perm as refusal:
            raise explained(refusal, _hints.NO_AUTH).with_traceback(refusal.__traceback__) from None


def _connect_secured(ftp, host, port, timeout, source_address):
    """What FTP.connect() does, with the TLS handshake before the greeting."""
    sock = _control.connect(ftp, host, port, timeout, source_address)
    try:
        ftp.af = sock.family
        _logs.connected(ftp)
        with _logs.attempt("tls", "securing the control connection"):
            sock = _secured_first(ftp, sock)
    except BaseException:
        sock.close()
        raise
    ftp.sock = sock
    ftp.file = _options.open_reader(ftp, sock, mode="r")
    _logs.secured(sock, "control connection")
    with _logs.attempt("control", "reading the greeting"):
        ftp.welcome = _lenient.greeting(ftp)
    return ftp.welcome


def _secured_first(ftp, sock):
    """`sock` under TLS; where the server's greeting in clear text came instead, the error says so."""
    try:
        with _transfer.starting(ftp, "connect") as waiting:
            return _transfer.secure(ftp, sock, waiting)
    except rftplib.ssl.SSLError as error:
        if getattr(error, "reason", None) not in _NO_TLS:
            raise
        raise explained(error, _hints.NOT_IMPLICIT).with_traceback(error.__traceback__) from None


def _check_verifies(context):
    """Raise ValueError if `context` doesn't verify the certificate and the host name."""
    if getattr(context, "verify_mode", None) != rftplib.ssl.CERT_REQUIRED:
        raise ValueError("FTPS verifies the certificate: context.verify_mode must be ssl.CERT_REQUIRED")
    if not getattr(context, "check_hostname", False):
        raise ValueError("FTPS verifies the host name: context.check_hostname must be true")
