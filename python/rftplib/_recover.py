"""A control connection that is in step again: `rftplib.session.recover`."""

import itertools
import socket
import threading
import time

from ._control import UNANSWERED
from ._errors import Error
from ._unread import has_more

# What is asked to find out which reply belongs to which command: PWD has a code of its own, 257 (RFC 959). No end of a
# row is like its beginning, so that only a whole row of other replies could be taken for the answers.
_ROWS = (
    ("PWD", "NOOP", "NOOP", "NOOP"),
    ("PWD", "PWD", "NOOP", "NOOP"),
    ("PWD", "PWD", "PWD", "NOOP"),
)


def recover(ftp, timeout=5.0):
    """Make a client usable again after an exception has come in between, and return whether it is.

    For what leaves replies unread: a callback that raised, a timeout, Ctrl-C, a batch that ended early. True: the next
    command gets its own reply, and a restart marker (REST) that may have been left is undone. False: that can't be had;
    the connection is closed, and the client has to connect() and login() anew. The current directory and the TYPE are
    as they were.

    ftp: a client whose data connection is closed, as the methods of FTP leave it; one by transfercmd() has to be closed
    by the caller. timeout: for how many seconds at most the server is waited for. Raises nothing but what a signal's
    handler does.
    """
    if ftp.sock is None:
        return False
    in_step, limit = False, Limit(ftp.sock, timeout)
    try:
        limit.start()
        in_step = _Recovery(ftp, timeout).run()
    except (_Silence, Error, OSError, EOFError, ValueError, AttributeError, RuntimeError):
        pass  # the connection is lost; or another thread has closed it; or there is no thread to be had
    finally:
        in_step = not limit.stop() and in_step
        if not in_step:
            ftp.close()
    return in_step


def is_undone(code, marked):
    """Whether the reply to REST 0 says that no restart marker is left; marked: one may have been set just now."""
    return code == "350" or (code[:2] == "50" and not marked)  # refused by a server that has no REST


class _Silence(Exception):
    """No reply has come in time."""


class Limit:
    """The end of a connection after so many seconds, whatever its server does.

    A timeout alone is no limit: it begins anew with each byte.
    """

    def __init__(self, sock, seconds):
        self._sock, self._reached, self._stopped = sock, False, False
        self._lock = threading.Lock()
        self._timer = threading.Timer(min(max(seconds, 0), threading.TIMEOUT_MAX), self._end)
        self._timer.daemon = True

    def start(self):
        self._timer.start()

    def stop(self):
        """Returns whether the limit has been reached."""
        with self._lock:
            self._stopped = True
        self._timer.cancel()
        return self._reached

    def _end(self):
        with self._lock:
            if self._stopped:
                return
            self._reached = True
        try:
            # The socket's own method, for that of an SSLSocket is for the thread that reads. It wakes this thread.
            socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
        except (OSError, TypeError):
            pass  # it has ended already


class _Recovery:
    def __init__(self, ftp, timeout):
        self._ftp, self._end = ftp, time.monotonic() + timeout
        # for a single reply: enough for a slow link, and some can be waited for
        self._patience = timeout / 4
        self._restart = False

    def run(self):
        before = self._ftp.sock.gettimeout()
        try:
            if not self._drain():
                return False
            return self._get_in_step() and self._undo_restart()
        finally:
            if self._ftp.sock is not None:
                self._ftp.sock.settimeout(before)

    def _drain(self):
        """Read the replies that are known to come, as far as they do. False after a 421."""
        attributes = getattr(self._ftp, "__dict__", {})
        count = attributes.pop(UNANSWERED, 0)
        last = str(getattr(self._ftp, "lastresp", None) or "")
        self._restart = last == "350"
        if last[:1] == "1":
            count += 1  # that of the transfer
        try:
            while count > 0:
                code = self._reply()
                if code == "421":
                    return False
                count -= code[:1] != "1"
        except _Silence:
            pass  # some servers never say how a transfer has ended
        return True

    def _get_in_step(self):
        """Send rows of probes until two in a row get their own replies, and nothing else comes."""
        import random  # few need it, and its import takes a while

        rows = itertools.cycle(random.sample(_ROWS, len(_ROWS)))
        clean, noop = 0, None
        while clean < 2:
            row, codes = next(rows), []
            try:
                for probe in row:
                    self._ftp.putcmd(probe)
                    codes.append(self._reply())
                while not _are_answers(codes[-len(row) :], row):
                    codes.append(self._reply())  # replies to earlier commands came first: as many are to come
            except _Silence:
                pass
            self._restart |= "350" in codes
            if "421" in codes or time.monotonic() > self._end:
                return False
            exact = _are_answers(codes, row) and not has_more(self._ftp)
            if codes[-1:] != [noop]:  # a reply too many may look like that to the row's only NOOP
                clean = 0
            clean, noop = (clean + 1, codes[-1]) if exact else (0, None)
        return True

    def _undo_restart(self):
        """A marker can't be seen: it may have been set several commands ago."""
        self._ftp.putcmd("REST 0")
        return is_undone(self._reply(), self._restart) and not has_more(self._ftp)

    def _reply(self):
        """The code of the next reply, whatever it is."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise _Silence
        self._resume()
        self._ftp.sock.settimeout(min(self._patience, left))
        try:
            return self._ftp.getresp()[:3]
        except Error as error:
            return str(error.args[0])[:3]
        except UnicodeDecodeError:
            return ""
        except socket.timeout:
            raise _Silence from None
        finally:
            self._resume()

    def _resume(self):
        """Readers refuse to go on after a timeout: ours, and those that `socket.makefile` makes."""
        file = self._ftp.file
        resume = getattr(file, "_resume", None)
        if resume is not None:
            resume()
            return
        raw = getattr(getattr(file, "buffer", None), "raw", None)
        if getattr(raw, "_timeout_occurred", False) is True:
            raw._timeout_occurred = False


def _are_answers(codes, row):
    """Whether these are the codes of the replies to that row of probes, and no others."""
    answers = {probe: {code for asked, code in zip(row, codes) if asked == probe} for probe in row}
    return len(codes) == len(row) and answers["PWD"] == {"257"} != answers["NOOP"] and len(answers["NOOP"]) == 1
