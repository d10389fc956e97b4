"""One record of one transfer: its data connection, the size that was announced, how much was moved, how it ended.

A transfer is begun by retrbinary() and its three siblings, and is the running one until its final reply has been read.
A connection that transfercmd() gives to the user has no record: it is the user's.

How a data connection may end, and what that means, is in one table in docs/ftps.md; it is `_judge` here. What was
received decides, and never when.
"""

import errno
import os
import socket
from _thread import get_ident

import rftplib

from . import _lenient, _lingering, _logs, _loops, _options, _rftplib, _tls
from ._tls import ssl

# What says how it ends by itself: the peer's FIN is the end, and there is nothing more to say
_PLAIN = socket.socket

# Where it is kept among the client's attributes, for as long as it goes on
_RUNNING = "_rftplib_transfer"

# The command of the transfer that is about to begin, and its meter: for rftplib.transfer
METERED = "_rftplib_metered"

# For how many seconds an upload waits for the server's close_notify where the client has no `unwrap_timeout`
UNWRAP_TIMEOUT = 5.0

# The same where a script suppresses unwrap()
GRACE = 0.5


class Transfer:
    """A transfer of `ftp`, from its command to its final reply. In a `with` statement it is the running one."""

    # what most transfers never change
    conn = None
    fewest = None  # how many bytes a file has at least, if the server has announced a size
    error = None  # an irregular end that is the reply's to judge, or that no reply can mend
    _settled = False  # whether `error` is raised whatever the reply
    starting = True  # until it has its data connection
    early = None  # in FTP_TLS: what sends the command, see _early
    _closed = False
    _log = _noops = None

    def __init__(self, ftp, cmd, rest=None, sent=False, text=False):
        attributes = getattr(ftp, "__dict__", None)
        kept = attributes.get(METERED) if attributes else None
        self.cmd, self.meter = cmd, _rftplib.Meter() if kept is None else _kept_meter(kept, cmd)
        self._ftp, self._rest, self._sent, self._text = ftp, rest, sent, text
        self._thread, self._outer = get_ident(), []

    def __enter__(self):
        attributes = getattr(self._ftp, "__dict__", {})
        self._outer.append(attributes.get(_RUNNING))
        attributes[_RUNNING] = self
        return self

    def __exit__(self, kind, error, traceback):
        attributes, outer = getattr(self._ftp, "__dict__", {}), self._outer.pop()
        if outer is None:
            attributes.pop(_RUNNING, None)
        else:
            attributes[_RUNNING] = outer
        if self._noops is not None:
            self._noops.leave()
        if self._closed and outer is not self and kind is not None and issubclass(kind, Exception):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from error

    def watch(self, conn):
        """`conn` is what is waited for from now on: close() by another thread ends it."""
        self.conn = conn
        if self._closed:
            self.close()

    def expect(self, size):
        """Note the size that a 150 reply has announced.

        Some servers announce the size of the file then, others what is left of it after REST: what must arrive is the
        lesser. Sizes in TYPE A are those of the file on the server's disk, with line ends of its own: they say nothing.
        """
        if self._text or size is None:
            return
        try:
            self.fewest = int(size) - int(self._rest or 0)
        except (TypeError, ValueError, OverflowError):
            pass  # an override's idea of a size, or a restart marker that is no offset

    def close(self):
        """Another thread closes the client: end this transfer, which is waiting, with EBADF."""
        self._closed = True
        self.meter.stop()
        try:
            # TLS isn't told: SSLSocket.shutdown() would take the connection away from under the thread that uses it
            socket.socket.shutdown(self.conn, socket.SHUT_RDWR)
        except (OSError, TypeError):
            pass  # it has ended already, there is none yet, or it is none of Python's

    def run(self, conn, loop, *args):
        """Move the data by the loop of that name in Rust or, where it can't run, by the one in Python; then end TLS."""
        self.conn, self.starting = conn, False
        if self._closed:
            self.check_open()
        if _rftplib.log_wanted("data", _logs.INFO):
            self._log = _logs.Log(self.cmd, conn)
        if self._sent:
            _lingering.linger(self._ftp, conn)
        if getattr(self._ftp, "noop_interval", None) is not None:
            from . import _noops  # only who wants them waits for it

            self._noops = _noops.start(self._ftp, self.meter)
        control = getattr(self._ftp, "file", None)
        if isinstance(control, _rftplib.Reader):
            self.meter.watch(self._noops or control)
        try:
            in_rust = getattr(_rftplib, loop)(self.meter, *args)
            if self._log is not None:
                self._log.way(in_rust)
            if not in_rust:
                getattr(_loops, loop)(self.meter, *args)
        except OSError as error:
            _tls.forget_errors(conn)
            # under TLS, all that was announced may have come before the connection failed
            ended = _tls.is_tls(conn) and (self.meter.broken or self.meter.ragged) and _tls.is_ragged(error)
            if not (ended and self._complete()):
                _logs.failed("data", error, "%s", self.cmd)
                if not self._is_refused():
                    raise
                # the reply says why; should a script make something else of it, the file isn't whole all the same
                self._doubt(error, settled=True)
                return
            self._doubt(error)
        if self._closed:
            self.check_open()
        ssl_socket = rftplib._SSLSocket
        if type(conn) is not _PLAIN or (ssl_socket is not None and isinstance(conn, ssl_socket)):
            self._judge(ssl_socket)
        if self.fewest is not None and self.meter.moved < self.fewest:
            self._check_size()

    def _is_refused(self):
        """Whether the server has refused a transfer that has failed or stands still, by a reply that is to be read."""
        failed = self._sent and not self._closed and (self.meter.broken or self.meter.ragged)
        return self.meter.refused or (failed and _lenient.is_refused(self._ftp, _lenient.REASON, self._noops))

    def check_open(self):
        """Raise OSError (EBADF) if another thread has closed the client meanwhile."""
        if self._closed:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    def reply(self):
        """Read and return the final reply, which decides what an irregular end means.

        Raises what voidresp() raises for a reply that isn't 2xx; where none comes, the error at the end of the data.
        """
        try:
            resp = (self._noops.reply if self._noops else self._ftp.voidresp)()
        except (OSError, EOFError) as error:
            _logs.failed("data", error, "reading the final reply")
            if self.error is None:
                raise
            raise self.error  # noqa: B904  (its context tells that there was no reply)
        if self._settled:
            raise self.error
        if self._log is not None:
            self._log.done(self.meter.moved)
        return resp

    def _check_size(self):
        """Where the client asks for it: a file that is shorter than was announced is an error, also after a 226."""
        if self.error is None and getattr(self._ftp, "check_size", False) and self._missing():
            text = self._shortfall()
            self._doubt(_tls.unexpected_eof(text) if _tls.is_tls(self.conn) else EOFError(text), settled=True)

    def _complete(self):
        """Whether all that was announced has been received."""
        return not self._sent and self.fewest is not None and self.meter.moved >= self.fewest

    def _missing(self):
        """Whether some of what was announced hasn't been received."""
        return not self._sent and self.fewest is not None and self.meter.moved < self.fewest

    def _shortfall(self):
        return f"{self.meter.moved} bytes received of at least {self.fewest} announced"

    def _doubt(self, error, settled=False):
        self.error, self._settled = error, settled

    def _judge(self, ssl_socket):
        """End TLS on the data connection, and note what an end without close_notify means.

        Scripts suppress the exchange of close_notify by setting `_SSLSocket` to None, by replacing `conn.unwrap` or
        the connection's class. Then nothing vouches for the end but the size, as in ftplib.
        """
        conn, real = self.conn, _tls.is_tls(self.conn)
        regular = self.meter.regular
        if real and not self._sent and not regular and not self.meter.ragged:
            # a loop in Python, which can't tell
            regular = _tls.has_ended_regularly(conn)
        wanted = ssl_socket is not None and (isinstance(conn, ssl_socket) or _tls.is_native(conn))
        own = real and _tls.has_own_unwrap(conn)
        if wanted and self.error is None:
            if not (own and self.meter.ragged):
                self._unwrap(real, own, regular)
            elif not _tls.hides_ragged_end(conn):
                self._excuse(_tls.unexpected_eof(), regular)  # what unwrap() would raise now; 3.9 has it pass
        if real and not self._sent and not self._complete():
            if (self.meter.ragged or regular is False) and getattr(self._ftp, "_strict_end", False):
                self._doubt(_tls.unexpected_eof(), settled=True)  # where a script or Python lets it pass, FTPS doesn't
            if not regular and self._missing():
                self._doubt(_tls.unexpected_eof(f"EOF without close_notify: {self._shortfall()}"), settled=True)
        if self._sent and real and not (wanted and own) and isinstance(conn, ssl.SSLSocket):
            self._end_unasked()
        if self.error is not None:
            _logs.ragged_end(self.error)

    def _end_unasked(self):
        """A script has suppressed unwrap() after an upload: in TLS 1.3 tell the server the end all the same.

        What is unread when the connection is closed, such as session tickets, would reset it, and the server lose data.
        Nothing is said of the server's answer.
        """
        if self.conn.version() == "TLSv1.3":
            try:
                self._await_close_notify(lambda: ssl.SSLSocket.unwrap(self.conn), GRACE)
            except (OSError, ValueError):
                _tls.forget_errors(self.conn)

    def _unwrap(self, real, own, regular):
        try:
            if self._sent and own:
                self._await_close_notify(self.conn.unwrap, getattr(self._ftp, "unwrap_timeout", UNWRAP_TIMEOUT))
            else:
                self.conn.unwrap()
        except OSError as error:
            _tls.forget_errors(self.conn)
            if not real:
                raise
            self._excuse(error, regular)
        except ValueError:
            if real and self.conn.fileno() == -1:  # another thread has closed it meanwhile
                raise OSError(errno.EBADF, os.strerror(errno.EBADF)) from None
            raise

    def _excuse(self, error, regular):
        """Raise what unwrap() has raised again, unless it says only that the peer has ended without close_notify."""
        if not _tls.is_ragged(error):
            raise error
        if not self._sent and not regular and not self._complete():
            # a reset may have taken received data with it; or a loop of somebody's own has left some unread
            if isinstance(error, ConnectionError) or getattr(error, "reason", None) == _tls.DATA_AFTER_END:
                raise error
            if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
                cause, error = error, _tls.unexpected_eof()  # as OpenSSL calls it where the loops are Python's
                error.__cause__ = cause
            self._doubt(error, settled=not getattr(self._ftp, "accept_ragged_end", False))
            return
        self._doubt(error)

    def _await_close_notify(self, unwrap, patience):
        """After an upload: send a close_notify and wait for the server's, or for its reply, whichever comes first.

        The wait is bounded by `patience`, seconds or None: some servers never answer. Python's own unwrap() does it, in
        non-blocking mode, so that both connections can be waited for.
        """
        conn, ftp = self.conn, self._ftp
        try:
            # The last piece, and the close_notify behind it, would each wait for the server's delayed acknowledgement.
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            pass  # reset already, or no TCP: the end will tell
        timeout = conn.gettimeout()
        left = {True: float("inf") if timeout is None else timeout}
        left[False] = left[True] if patience is None else min(patience, left[True])
        conn.settimeout(0)
        try:
            while True:
                try:
                    unwrap()
                    return
                except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
                    sending = isinstance(error, ssl.SSLWantWriteError)
                if getattr(ftp.file, "_buffered", False):
                    return
                go_on, left[sending] = _rftplib.await_end(conn, _number(ftp.sock), sending, left[sending])
                if not go_on and left[sending] > 0:
                    return  # the reply is there: nothing is waited for any more
                if not go_on:
                    raise socket.timeout("The read operation timed out")
        finally:
            if conn.fileno() != -1:
                conn.settimeout(timeout)


def _kept_meter(kept, cmd):
    """The meter that is kept, if it is for this transfer, or a new one. kept: (a command, a meter)."""
    return kept[1] if kept[1] is not None and kept[0] == cmd else _rftplib.Meter()


def running(ftp):
    """The transfer of `ftp` for which a connection is made now, by this thread; None if the user makes one by hand."""
    transfer = getattr(ftp, "__dict__", {}).get(_RUNNING)
    own = transfer is not None and transfer.starting and transfer._thread == get_ident()
    return transfer if own else None


def starting(ftp, cmd):
    """A context in which this thread waits for a connection of `ftp`: the running transfer, or one of its own.

    It has one of its own where the user calls transfercmd(), and where the control connection is secured.
    """
    return running(ftp) or Transfer(ftp, cmd)


def secure(ftp, conn, waiting, shake_hands=None, **options):
    """`conn` under TLS by the client's context, after the handshake, which `waiting`, a Transfer, watches.

    shake_hands: called with (ftp, conn) in the place of conn.do_handshake(), if the context is Python's own, or ours.
    """
    return in_time(ftp, conn, lambda: _secured(ftp, conn, waiting, shake_hands, options))


def in_time(ftp, conn, handshake):
    """What `handshake` returns, the connection after it; its limit is `connect_timeout`, where the client has one."""
    limit = _options.seconds(ftp, "connect_timeout")
    if limit is None or conn.gettimeout() == 0:
        return handshake()
    in_use = conn.gettimeout()
    conn.settimeout(limit)
    conn = handshake()
    conn.settimeout(in_use)
    return conn


def _secured(ftp, conn, waiting, shake_hands, options):
    """What secure() returns.

    The handshake comes after the socket has been made, where that is Python's own: only then close() reaches it.
    """
    context = ftp.context
    own = ssl is not None and getattr(context.wrap_socket, "__func__", None) is ssl.SSLContext.wrap_socket
    apart = (own or (shake_hands and wraps_itself(context))) and conn.gettimeout() != 0
    if apart:
        options["do_handshake_on_connect"] = False
    waiting.watch(conn)
    conn = context.wrap_socket(conn, server_hostname=ftp.host, **options)
    try:
        if apart and getattr(conn, "_connected", True):
            waiting.watch(conn)
            shake_hands(ftp, conn) if shake_hands else conn.do_handshake()
        waiting.check_open()
    except BaseException:
        conn.close()
        raise
    return conn


def wraps_itself(context):
    """Whether `context.wrap_socket` is Python's own, or ours."""
    wrap = context.wrap_socket
    if ssl is not None and getattr(wrap, "__func__", None) is ssl.SSLContext.wrap_socket:
        return True
    return getattr(wrap, "__module__", None) == "rftplib._native_context"


def close_running(ftp):
    """End the transfer of `ftp` that another thread of this process is in the middle of.

    In a callback of the transfer's there is nothing to end, and what a fork has copied goes on in the parent.
    """
    transfer = getattr(ftp, "__dict__", {}).get(_RUNNING)
    if transfer is not None and transfer._thread != get_ident() and not transfer.meter.inherited:
        transfer.close()


def _number(sock):
    """The descriptor of the control connection; -1 if there is none to wait for."""
    try:
        return sock.fileno()
    except (AttributeError, OSError, TypeError):
        return -1
