"""Many small files by one connection, with fewer round trips: the next data connection is asked for early.

In ftplib's order a file costs five round trips: TYPE, PASV, the connection, RETR, and the final reply. Here EPSV (RFC
2428) is sent when all data of a download has come, before the final reply is read, and both replies come together: that
leaves three. It isn't sent any earlier, with RETR: pyftpdlib ends the running transfer then.

When all of an upload has been sent the server may still be reading, and EPSV waits for the final reply: pyftpdlib ends
the transfer for it, Pure-FTPd misreads it, ProFTPD may refuse it. vsftpd reads no command before it is through. Where
its greeting says that it is that, EPSV goes out at once; the uploads are to temporary names, and their sizes are looked
at before they are renamed.
"""

import contextlib

from .. import _lenient, _options, _scan
from .._batch import exchange, late_reply
from .._control import UNANSWERED
from .._data import READY
from .._errors import Error, error_perm, error_proto, error_reply, error_temp
from .._exact import window
from .._features import features
from .._ftp import FTP
from .._lent import UNDO
from .._prepare import ALONG

_EPSV = "EPSV"

_IS_VSFTPD = "(vsFTPd"

# The facts of MLSD that a mirror looks at
_NEEDED = ("type", "size", "modify", "unique")

# Among a client's attributes: whether EPSV is refused, or leads nowhere
_NO_EPSV = "_rftplib_mirror_no_epsv"


class Ahead:
    """`with Ahead(ftp) as ahead:` retrbinary() and storbinary() in the block make use of it; `ahead.more` is set to
    whether there is another transfer. Other commands only after settle(). patient: whether EPSV waits for the final
    reply."""

    def __init__(self, ftp, patient=False, works=True):
        self.more = False
        self._ftp, self._patient = ftp, patient
        self._works = works and ftp.passiveserver and not ftp.__dict__.get(_NO_EPSV)
        self._armed = self._asked = False
        self._address = None

    def __enter__(self):
        ftp = self._ftp
        self._makepasv, self._voidresp = ftp.makepasv, ftp.voidresp
        if self._works:
            ftp.makepasv, ftp.voidresp = self._next, self._reply
        if hasattr(ftp, "handshake_delay"):
            # the handshake doesn't wait for the reply: that is a round trip, too
            self._delay, ftp.handshake_delay = ftp.handshake_delay, 0
        return self

    def __exit__(self, kind, error, traceback):
        own = vars(self._ftp)
        for name in ("makepasv", "voidresp"):
            if own.get(name) in (self._next, self._reply):
                del own[name]
        if hasattr(self, "_delay"):
            self._ftp.handshake_delay = self._delay
        if kind is None:
            self.settle()

    def settle(self):
        """Read the reply that may be outstanding; what it says is for the next transfer."""
        self._armed = False
        if self._asked:
            self._asked = False
            self._address = self._read()

    def _next(self):
        """In the place of makepasv()."""
        self._armed = False
        self.settle()
        if self._works and self._address is None:
            self._ftp.putcmd(_EPSV)
            self._address = self._read()
        address, self._address = self._address or self._makepasv(), None
        self._armed = self._works
        return address

    def _reply(self):
        """In the place of voidresp(), which reads the final reply of a transfer."""
        armed, self._armed = self._armed and self.more, False
        if armed and not self._patient:
            self._ask()
        self._through()
        reply = self._voidresp()
        if reply[:3] == "229":
            raise EOFError("the server has ended the transfer for the next one")
        if armed and self._patient:
            self._ask()
        return reply

    def _through(self):
        """The data of a transfer has come, or gone; its final reply is still to be read."""

    def _ask(self):
        self._ftp.putcmd(_EPSV)
        self._asked = True

    def _read(self):
        try:
            text = self._ftp.getresp()
        except (error_perm, error_temp, error_proto) as refusal:
            text = str(refusal.args[0])
            if text[:3] == "421":
                raise
        return self._understood(text)

    def _understood(self, reply):
        """The address in a reply to EPSV; None if there is none, and from then on."""
        try:
            return _lenient.parse_epsv(self._ftp, reply, _options.server_address(self._ftp))
        except (error_reply, error_proto):
            self._works = False
            vars(self._ftp)[_NO_EPSV] = True
            return None


class Listings(Ahead):
    """The same for MLSD, with other commands in between: the reply to EPSV is read together with the final one.

    more(): whether there is another listing. arrived(lines): called when all lines of one have come, before its final
    reply is read: that takes a round trip, if only for the reply to EPSV. MLSD lists the same in any TYPE (RFC 3659,
    section 7.2): none is sent.

    Of the facts only those are asked for that a mirror looks at: an entry of ProFTPD's has 70 bytes in the place of
    170, and a listing of a hundred comes in one flight in the place of two. The pool has the others again (UNDO). The
    first data connection is made before there is something to list. Where there is no MLSD nothing is done.
    """

    more = property(lambda self: self._more(), lambda self, value: None)

    def __init__(self, ftp, more, arrived):
        super().__init__(ftp)
        self._more, self._arrived, self._type, self._off = more, arrived, None, False

    def __enter__(self):
        with contextlib.ExitStack() as undo:
            conn = self._first_connection(undo)
            undo.pop_all()
        self._off = "MLST" not in features(self._ftp)
        if self._off:
            if conn is not None:
                conn.close()
            return self
        if conn is not None:
            vars(self._ftp)[READY] = conn
        self._type = vars(self._ftp).get("_type_in_force")
        if self._type is not None:
            self._ftp._type_in_force = "TYPE A"
        return super().__enter__()

    def _first_connection(self, undo):
        """The first data connection, None where there is none yet, all replies to what has been sent along are read."""
        ftp = self._ftp
        replies = vars(ftp).pop(ALONG, None)
        if replies is None:
            if not self._works or not self.more:  # who waits for a listing doesn't wait for this as well
                return None
            replies = exchange(ftp, along(ftp, features(ftp)), window(ftp))
        options = _opts(_NEEDED)
        if len(replies) == 1 and UNANSWERED not in vars(ftp):
            needed, given = _facts(features(ftp))
            options = _opts(needed)
            if needed != given:
                ftp.putcmd(options)
                vars(ftp)[UNANSWERED] = 1
        if replies and self._works:
            self._address = self._understood(replies[0].text)
        conn = None
        if self._address and isinstance(ftp, FTP):  # others make their own
            conn = _options.connect(ftp, self._address, "data_timeout")
            undo.callback(conn.close)
        features(ftp)  # they may have been on their way meanwhile, and the reply to OPTS behind them
        if UNANSWERED in vars(ftp):
            replies = [*replies, late_reply(ftp, options)]
        for reply in replies[1:]:
            if reply.code == 200 and "MLST" in features(ftp):
                self._leave_out(reply)
        return conn

    def __exit__(self, *raised):
        if self._off:
            return
        unused = vars(self._ftp).pop(READY, None)
        if unused is not None:
            unused.close()
        if self._type is not None:
            self._ftp._type_in_force = self._type
        if self._ftp.sock is None:
            self._asked = False  # nothing will come any more
        super().__exit__(*raised)

    def _through(self):
        server = _scan.server_of(self._ftp)
        lines, server.lines = server.lines, None
        if lines is not None:
            self._arrived(lines)

    def _leave_out(self, reply):
        """See that the reply to OPTS names what is needed (RFC 3659, section 7.9), else have all facts again."""
        needed, given = _facts(features(self._ftp))
        undo = [_opts(given)]
        if {fact.lower() for fact in needed} <= set(reply.text.lower().split(" ")[-1].split(";")):
            vars(self._ftp)[UNDO] = undo
        else:
            exchange(self._ftp, undo, 1)

    def _reply(self):
        try:
            reply = super()._reply()
        except Error:
            self.settle()
            raise
        self.settle()
        return reply


def along(ftp, found):
    """What is sent before the first listing, where there is MLSD, or where that isn't known yet: see Site._open()."""
    if found is None:
        return [] if _IS_VSFTPD in (ftp.welcome or "") else [_EPSV, _opts(_NEEDED)]  # which has no MLSD
    if "MLST" not in found:
        return []
    needed, given = _facts(found)
    return [_EPSV, *([_opts(needed)] if needed != given else [])]


def _facts(found):
    """The facts that are needed, of those that MLSD gives, and all that it gives."""
    given = [fact[:-1] for fact in found._listed("MLST") if fact.endswith("*")]
    return [fact for fact in given if fact.lower() in _NEEDED], given


def _opts(facts):
    return "OPTS MLST " + "".join(f"{fact};" for fact in facts)
