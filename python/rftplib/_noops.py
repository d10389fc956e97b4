"""NOOPs on the control connection while a transfer goes on: `FTP.noop_interval`.

Some servers answer a NOOP at once, some when the transfer is over, before or after its own reply, some not at all.
Which reply is the transfer's is told by what has come: the one with a code that no NOOP gets, or the one that is left
when as many have come as were to come. Behind it those of the NOOPs are read, up to that of a PWD if some are missing.
"""

import contextlib
import select

from . import _options, _rftplib, _unread
from ._control import UNANSWERED
from ._errors import COMMAND, Error
from ._lingering import LINGERING, stop_lingering

# How many may be unanswered: little enough for the buffers on the way, where the server doesn't read
_MOST = 1000

# How a NOOP may be refused (RFC 959, sections 4.2.1 and 5.4); accepted it is by 2xx
_REFUSALS = {"500", "501", "502", "503", "504", "530"}

# While nothing moves there is no NOOP more often, in seconds
_SHORTEST = 0.1

# A timeout that is over, in seconds: 0 would mean not to wait
_LEAST = 0.001


def start(ftp, meter):
    """Have NOOPs sent while the loop runs that counts in `meter`, as often as the client wants; returns them."""
    interval = _options.seconds(ftp, "noop_interval")
    noops = Noops(ftp, interval)
    meter.each(interval, noops.send)
    return noops


class Noops:
    """Those of one transfer, and the replies that come until it is over."""

    def __init__(self, ftp, interval):
        self._ftp, self._interval = ftp, interval
        self._due = 1  # how many replies are to come, that of the transfer for one
        self._sent, self._lost, self._waited = False, False, 0.0
        self._replies = []  # those that have been read, up to the transfer's: (code, text, exception or None)

    def send(self):
        """Send a NOOP, unless that would have to wait. The loop calls it, between two pieces of the data."""
        self._read_ahead()
        over = self._lost or self._due > _MOST or self._find() is not None
        if over or not _takes_a_line(self._ftp.sock):
            return
        _attributes(self._ftp)[_options.NOOPS] = self
        try:
            self._put("NOOP")
        except OSError:
            self._lost = True  # whoever reads the reply is told

    def _refuses(self):
        """What the reader's method of this name says, of the transfer's reply: those of NOOPs before it are read."""
        self._read_ahead()
        reply = self._find()
        if reply is not None:
            return reply[0][:1] in ("4", "5")  # also where a script's voidresp() raises nothing
        refuses = getattr(self._ftp.file, "_refuses", None)
        return refuses() if refuses is not None and self._due == 1 else None

    def reply(self):
        """Return the transfer's reply, or raise it, as voidresp() does; then none of the others is unread."""
        try:
            while self._due > 0 and self._find() is None:
                with self._patience():
                    self._replies.append(self._read())
            code, text, error = self._find() or _choose(self._replies)
            self._catch_up(code)
            if code and self._sent:
                self._ftp.lastresp = code
        finally:
            self.leave()
            stop_lingering(self._ftp)  # the engine has kept it: a reply could be that of a NOOP
        if error is not None:
            raise error
        return text

    def leave(self):
        """Nothing more is read here. If replies to NOOPs are still to come, recover() has to read them."""
        attributes = _attributes(self._ftp)
        if attributes.pop(_options.NOOPS, None) is not None and self._due > 0:
            known = str(getattr(self._ftp, "lastresp", None) or "")[:1] == "1"  # to recover(), by itself
            attributes[UNANSWERED] = self._due - known
            if self._due > 1:
                getattr(self._ftp.file, "_break_off", lambda: None)()
        self._due = 0

    def passes_over(self, resp):
        """Whether this reply, which abort() has read, is that of a NOOP."""
        if self._due < 2 or not isinstance(resp, str) or resp[:3] == "225" or not _is_for_noop(resp[:3]):
            return False
        self._due -= 1
        return True

    def _find(self):
        """The reply that is the transfer's for sure, if it has been read."""
        return next((reply for reply in self._replies if not _is_for_noop(reply[0])), None)

    def _put(self, command):
        """Send a command that isn't the one which errors are about."""
        attributes = _attributes(self._ftp)
        about = attributes.get(COMMAND)
        self._due += 1
        self._sent = True
        try:
            self._ftp.putcmd(command)
        finally:
            if about is not None:
                attributes[COMMAND] = about

    def _read(self):
        try:
            text, error = self._ftp.voidresp(), None
            code = text[:3] if isinstance(text, str) else ""
        except Error as refusal:
            text, error, code = None, refusal, str(refusal.args[0])[:3]
        except UnicodeError as undecodable:
            text, error, code = None, undecodable, ""
        self._due -= 1
        return code, text, error

    def _read_ahead(self):
        """Read the replies that have come, but for the last one that is due, which reply() reads."""
        refuses = getattr(self._ftp.file, "_refuses", None)
        if refuses is None:
            return
        try:
            while self._due > 1 and self._find() is None and refuses() is not None:
                self._replies.append(self._read())
        except (OSError, EOFError):
            self._lost = True

    @contextlib.contextmanager
    def _patience(self):
        """Wait for a reply, with a NOOP after each interval: then it can be read, or the socket's timeout is over.

        It is over when the transfer's reply has been waited for so long, whatever becomes of the NOOPs.
        """
        ftp, sock = self._ftp, self._ftp.sock
        if not isinstance(ftp.file, _rftplib.Reader):
            yield
            return
        limit = sock.gettimeout()
        left = (float("inf") if limit is None else limit) - self._waited
        while not _unread.has_arrived(ftp):
            slice = max(_LEAST, min(left, max(self._interval, _SHORTEST)))
            there, passed = self._wait(sock, limit, slice)
            self._waited += passed
            left -= passed
            if there or left < _LEAST:
                break
            if passed >= slice:
                self.send()
        try:
            if left < _LEAST:
                sock.settimeout(_LEAST)
            yield
        finally:
            if left < _LEAST and ftp.sock is sock:
                sock.settimeout(limit)

    def _wait(self, sock, limit, seconds):
        """Wait until something comes, at most for so many seconds; returns whether it has, and how many have passed."""
        kept = _attributes(self._ftp).get(LINGERING)
        if kept is None or kept.is_released() or kept.is_open():
            there, unspent = _rftplib.await_end(sock, -1, False, seconds)
            return there, seconds - unspent
        sock.settimeout(seconds)
        try:
            kept.settle(sock, False)  # the server may wait for the end of the data connection before it replies
        finally:
            sock.settimeout(limit)
        there = _unread.has_arrived(self._ftp)
        return there, 0 if there or kept.is_released() else seconds

    def _catch_up(self, code):
        """The transfer's reply, `code`, has come: read the others, as far as they come before the reply to PWD."""
        if code == "421":
            self._due = 0
        if self._due == 0:
            return
        try:
            self._put("PWD")
            while self._due > 0:
                if self._read()[0] == "257":
                    self._due = 0
        except (OSError, EOFError):
            pass  # what comes next finds that out, too


def _choose(replies):
    """The transfer's reply, where each could be a NOOP's: the one that isn't like the others, or a refusal."""
    accepted = [reply for reply in replies if reply[2] is None]
    refused = [reply for reply in replies if reply[2] is not None]
    for one, others in ((refused, accepted), (accepted, refused)):
        if len(one) == 1 and len(others) > 1:
            return one[0]
    completed = [reply for reply in accepted if reply[0] == "250"]
    return (refused or completed or accepted)[-1]


def _is_for_noop(code):
    """Whether it may be the reply to a NOOP, and not only to a transfer."""
    return code in _REFUSALS or (code[:1] == "2" and code != "226")


def _attributes(ftp):
    return getattr(ftp, "__dict__", {})


def _takes_a_line(sock):
    """Whether a line can be sent without waiting."""
    try:
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            return any(events & select.POLLOUT for _, events in poll.poll(0))
        return bool(select.select([], [sock], [], 0)[1])
    except (OSError, ValueError, TypeError):
        return False
