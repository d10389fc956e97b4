"""The class FTP_TLS: FTP over TLS on the interpreter's own `ssl` module (RFC 4217)."""

import sys
import time
import warnings
from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _control, _lingering, _logs, _options, _rftplib, _transfer, ssl
from ._errors import Error, error_perm
from ._ftp import FTP
from ._handshake import shake_hands
from ._tls import forget_errors, is_native
from ._transfer import UNWRAP_TIMEOUT

# The sessions that control connections had when they were last looked at, and when that was. Kept for after CCC, and
# because CPython (3.10 and later) loses some memory each time that `SSLSocket.session` is read.
_sessions = None  # a WeakKeyDictionary, once there is one

# For how many seconds a session is offered before it is looked at again: servers renew their tickets now and then.
_RENEWAL = 300


class FTP_TLS(FTP):
    """A client for FTP over TLS (RFC 4217): explicit TLS, begun by AUTH on the ordinary port.

    context: the ssl.SSLContext to use; the default one verifies neither certificate nor host name, as in ftplib.
    keyfile, certfile: PEM files of a client certificate, instead of a context (deprecated: use a context).
    The other arguments are those of FTP. login() secures the control connection first; data connections are in clear
    text until prot_p() is called.

    Beyond ftplib, three attributes for the class, a subclass or an object:
    reuse_session: whether data connections offer to resume the TLS session of the control connection; servers that
    demand it (vsftpd, ProFTPD, FileZilla Server as they come) refuse all others.
    unwrap_timeout: for how many seconds at most the end of an upload waits for the server's close_notify (never longer
    than the timeout, nor than for the final reply), None for as long as the timeout.
    handshake_delay: for how many seconds the reply to a transfer's command is awaited before TLS is begun on the data
    connection, which some servers wait for; 0 saves a round trip, None is ftplib's order: never before the reply.
    accept_ragged_end: whether a download may end without the server's close_notify where no size was announced. Then
    somebody on the way can cut it short, and the final reply is believed.
    """

    __module__ = "rftplib"

    # the protocol of the context that is made where none is given
    ssl_version = ssl.PROTOCOL_TLS_CLIENT
    keyfile = None
    certfile = None

    reuse_session = True
    unwrap_timeout = UNWRAP_TIMEOUT
    handshake_delay = 1.0
    accept_ragged_end = False

    def __init__(
        self,
        host="",
        user="",
        passwd="",
        acct="",
        keyfile=None,
        certfile=None,
        context=None,
        timeout=_GLOBAL_DEFAULT_TIMEOUT,
        source_address=None,
        *,
        encoding="utf-8",
    ):
        """Connect, secure the control connection and log in, as far as host and user are given."""
        if context is not None:
            _refuse("keyfile", keyfile)
            _refuse("certfile", certfile)
        if keyfile is not None or certfile is not None:
            warnings.warn(
                "keyfile and certfile are deprecated, use a custom context instead", DeprecationWarning, stacklevel=2
            )
        if sys.version_info < (3, 12) or keyfile is not None or certfile is not None:
            self.keyfile = keyfile
            self.certfile = certfile
        if context is None:
            context = rftplib.ssl._create_stdlib_context(self.ssl_version, certfile=certfile, keyfile=keyfile)
        self.context = context
        self._prot_p = False
        super().__init__(host, user, passwd, acct, timeout, source_address, encoding=encoding)

    def login(self, user="", passwd="", acct="", secure=True):
        """Log in as FTP.login() does; if secure is true and the control connection isn't secured yet, auth() first."""
        if secure and not _secured(self.sock):
            self.auth()
        return super().login(user, passwd, acct)

    def auth(self):
        """Secure the control connection by AUTH TLS (RFC 4217, section 4), or AUTH SSL; returns the reply.

        Raises ValueError if it is secured already, ssl.SSLError if the handshake or the verification fails.
        """
        ssl = rftplib.ssl
        if _secured(self.sock):
            raise ValueError("Already using TLS")
        protocol = self.ssl_version if sys.version_info < (3, 12) else self.context.protocol
        if protocol >= ssl.PROTOCOL_TLS:
            resp = _ask_for_tls(self)
        else:
            resp = self.voidcmd("AUTH SSL")
        # What the old file has buffered came before the handshake: in clear text, from anyone. It goes with it.
        with _transfer.starting(self, "AUTH") as waiting, _logs.attempt("tls", "securing the control connection"):
            self.sock = _transfer.secure(self, self.sock, waiting)
        self.file = _options.open_reader(self, self.sock, mode="r")
        _logs.secured(self.sock, "control connection")
        return resp

    def ccc(self):
        """Go back to clear text on the control connection by CCC (RFC 4217, section 6); returns the reply.

        Raises ValueError if it isn't secured.
        """
        if not _secured(self.sock):
            raise ValueError("not using TLS")
        resp = self.voidcmd("CCC")
        _session(self)  # the last look at it
        with _transfer.starting(self, "CCC") as waiting:
            waiting.watch(self.sock)
            clear = self.sock.unwrap()
            try:
                waiting.check_open()
            except OSError:
                clear.close()
                raise
            self.sock = clear
        return resp

    def prot_p(self):
        """Secure the data connections from now on, by PBSZ 0 and PROT P (RFC 4217, section 9); returns the reply."""
        try:
            self.voidcmd("PBSZ 0")
        except error_perm:
            pass  # it says nothing over TLS, and some servers don't know it: PROT P is what counts
        resp = self.voidcmd("PROT P")
        self._prot_p = True
        return resp

    def prot_c(self):
        """Leave the data connections in clear text from now on, by PROT C; returns the reply."""
        resp = self.voidcmd("PROT C")
        self._prot_p = False
        return resp

    def ntransfercmd(self, cmd, rest=None):
        """Start a transfer as FTP.ntransfercmd() does; the data connection is an ssl.SSLSocket after prot_p().

        It resumes the control connection's TLS session, if there is one and `reuse_session` is true.
        """
        start = super().ntransfercmd
        with _transfer.starting(self, cmd) as waiting:
            early = None
            if getattr(self, "_prot_p", False):
                from . import _early

                early = waiting.early = _early.prepare(self, waiting, start, lambda: _offered(self), _BORN)
            conn, size = start(cmd, rest)
            waiting.early = None
        if not self._prot_p:
            return conn, size
        if early is None or not early.begun:
            early, session = None, _offered(self)
        else:
            session = early.session
        try:
            conn = _secure(self, conn, session, early)
        except (OSError, ValueError) as error:
            again = session is not None and _may_be_the_session(error) and _repeat(self, cmd, rest, error)
            if not again:
                raise
            conn, size = again
        _logs.secured(conn, "data connection")
        if cmd[:4].upper() in _UPLOADS:
            _lingering.linger(self, conn)
        return conn, size

    def abort(self):
        """Send ABOR and return the one reply that is read then, as FTP.abort() does; TLS has no urgent data."""
        line = b"ABOR" + rftplib.B_CRLF
        sock = self.sock
        _rftplib.send_in_turn(sock, sock.sendall, line)
        return _control.reply_to_abort(self)


# For how many seconds the reply to a transfer is waited for whose data connection has failed
ANSWER = 5.0

# As they were born: scripts patch the class, too
_BORN = FTP.sendcmd, FTP.ntransfercmd

# Commands whose data connection goes from us to the server
_UPLOADS = ("STOR", "APPE", "STOU")


def _ask_for_tls(ftp):
    """AUTH TLS or, where the server doesn't know that, AUTH SSL, which is what old servers call it; returns the reply.

    What follows is the same. Where both are refused, the first refusal is raised.
    """
    try:
        return ftp.voidcmd("AUTH TLS")
    except error_perm as error:
        if str(error)[:3] not in {"500", "504"}:
            raise
        refusal = error
    try:
        return ftp.voidcmd("AUTH SSL")
    except error_perm:
        pass
    raise refusal


def _offered(ftp):
    """The session that a data connection offers to resume, or None.

    Taken when it is needed: in TLS 1.3 it comes some time after the handshake, and the server may send a newer one.
    """
    return _session(ftp) if ftp.reuse_session else None


def _secure(ftp, conn, session, early=None):
    """The TLS connection on `conn`, after its handshake; `session` is offered unless it is None. Closes what fails.

    early: the handshake that has begun on `conn` already.
    """
    options = {} if session is None else {"session": session}
    try:
        with _transfer.starting(ftp, "") as waiting, _logs.attempt("tls", "securing the data connection"):
            if early is not None:
                waiting.watch(conn)
                return early.finish(conn)
            return _transfer.secure(ftp, conn, waiting, shake_hands, **options)
    except BaseException:
        conn.close()
        forget_errors(ftp.sock)
        raise


def _may_be_the_session(error):
    """Whether a handshake may have failed because a session was offered: an alert came, or `ssl` refused it."""
    return isinstance(error, ValueError) or "ALERT" in (getattr(error, "reason", None) or "")


def _repeat(ftp, cmd, rest, error):
    """Start a transfer once more, without offering a session: (connection, size), or None if that can't be done.

    Some servers can't take a session that they themselves have given out: those that ask for client certificates and
    have set no session id context, above all. No byte of the file has moved yet.
    """
    try:
        if cmd[:4].upper() == "STOU" or not _has_answered(ftp):
            raise EOFError
        ftp.getresp()  # of the transfer that came to nothing
    except Error:
        pass
    except (OSError, EOFError):
        _add_text(error, " (it may be the session that was offered: see FTP_TLS.reuse_session)")
        return None
    try:
        conn, size = super(FTP_TLS, ftp).ntransfercmd(cmd, rest)
        conn = _secure(ftp, conn, None)
    except (Error, OSError, EOFError):
        return None  # it wasn't the session: the first error tells more
    ftp.reuse_session = False
    text = "the server can't take the session that it has given out (%s): reuse_session is False from now on"
    _logs.event("tls", _logs.WARNING, text, error)
    return conn, size


def _has_answered(ftp):
    """Whether the reply to the failed transfer is there, or comes within a short time; it may not come at all."""
    try:
        return getattr(ftp.file, "_buffered", False) or _rftplib.await_end(ftp.sock, -1, False, ANSWER)[0]
    except (AttributeError, TypeError, OSError):
        return False  # the connection is closed, or none that can be waited for


def _add_text(error, text):
    if isinstance(error, OSError) and error.strerror:
        error.strerror += text
    else:
        error.args = (*error.args[:-1], f"{error.args[-1]}{text}") if error.args else (text,)


def _secured(sock):
    """Whether `sock` is under TLS already: Python's or ours."""
    return isinstance(sock, rftplib.ssl.SSLSocket) or is_native(sock)


def _session(ftp):
    """The TLS session of the control connection, if data connections can resume it: only within one context."""
    ssl, sock, context = rftplib.ssl, ftp.sock, ftp.context
    if is_native(sock):
        same = sock.context is context and sock.server_hostname == ftp.host
        return sock.session if same and _takes_session(context) else None
    if not isinstance(sock, ssl.SSLSocket) or not _takes_session(context):
        return None
    if type(context) is type(sock.context) and sock.context is not context:
        return None  # a session of another context is refused; a context that wraps another one may take it
    sessions = _all_sessions()
    kept, since = sessions.get(sock, (None, 0))
    if kept is not None and time.monotonic() - since < _RENEWAL:
        return kept
    session = sock.session or kept
    # in TLS 1.3 there is nothing to resume by before the first ticket
    if session is not None and (session.has_ticket or (session.id and sock.version() != "TLSv1.3")):
        sessions[sock] = session, time.monotonic()
    return session


def _all_sessions():
    global _sessions
    if _sessions is None:
        import weakref  # plain FTP goes without

        _sessions = weakref.WeakKeyDictionary()
    return _sessions


def _takes_session(context):
    """Whether `context.wrap_socket` has the parameter `session`, where a subclass has replaced it."""
    wrap = context.wrap_socket
    if getattr(wrap, "__func__", None) is rftplib.ssl.SSLContext.wrap_socket:
        return True
    if wrap.__module__ == "rftplib._native_context":
        return True
    import inspect  # takes longer to import than all of this package

    try:
        parameters = inspect.signature(wrap).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(parameter.name == "session" or parameter.kind == parameter.VAR_KEYWORD for parameter in parameters)


def _refuse(name, value):
    """Raise what the running interpreter's ftplib raises for `value` beside a context."""
    if value is not None:
        if sys.version_info < (3, 12):
            raise ValueError(f"context and {name} arguments are mutually exclusive")
        raise TypeError(f"FTP_TLS.__init__() got an unexpected keyword argument '{name}'")
