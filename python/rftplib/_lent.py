"""A connection of a pool: whether it can be lent again.

What its borrower may have changed is put back at once, and the replies to that are read when it is lent next: who gives
it back doesn't wait for them, and who gets it knows that it lives and is in step.

The directory of the Site is entered when the connection is lent: meanwhile it may have been renamed, and another one
may have got its name. The replies to that are read with the others.
"""

import os
import time

from ._control import UNANSWERED
from ._errors import Error, error_perm
from ._recover import is_undone
from ._unread import has_arrived, has_more

# What is put back (RFC 959, 3659). The codes of the replies tell whether they are these and no others: with one, two or
# three replies in front that nobody has read, REST or PWD, whose codes are their own, seems to get that of another one.
_TYPE, _REST, _CWD, _PWD = "TYPE I", "REST 0", "CWD %s", "PWD"

# Among a client's attributes: the commands that put back what its borrower has changed besides; each is answered by 200
UNDO = "_rftplib_undo"

# After how many seconds those replies must have come
_OVERDUE = 5.0


class Lent:
    """A connection.

    home: the directory of the login; None if the server doesn't tell. directory: the Site's, as it is named there.
    """

    def __init__(self, ftp, home, directory=""):
        self.ftp, self._home, self._directory = ftp, home, directory
        self._places = [directory] if directory[:1] == "/" else [home, directory] if directory else [home]
        self.process, self.lender = os.getpid(), None
        self.since = 0.0  # when it has become idle
        self._marked = False  # whether the last reply may have been to a REST
        self._undo = ()

    def clean_up(self, error):
        """The borrower is through. Begin to put back what has changed; returns False if that can't be done."""
        ftp = self.ftp
        if ftp.sock is None or self._home is None or getattr(ftp, "__dict__", {}).get(UNANSWERED):
            return False
        last = str(getattr(ftp, "lastresp", None) or "")
        if last[:1] == "1":
            return False  # in the middle of a transfer
        if error is not None and not (isinstance(error, error_perm) and str(error.args[0])[:3] == last):
            return False  # only a refusal leaves nothing unread, for sure
        self._marked = last == "350"
        try:
            if has_more(ftp):
                return False  # a reply that nobody has read
            self._undo = vars(ftp).pop(UNDO, ())
            for command in (*self._undo, _TYPE, _REST):
                ftp.putcmd(command)
            if not self._directory:
                self._go_back()
        except (Error, OSError, ValueError, AttributeError):
            return False
        self.since = time.monotonic()
        return True

    def is_fit(self, timeouts):
        """Whether it can be lent: it lives, is in step and as it was at the beginning."""
        ftp = self.ftp
        try:
            ftp.sock.settimeout(timeouts.reply)
            ftp.timeout = timeouts.idle
            if time.monotonic() - self.since > _OVERDUE and not has_arrived(ftp):
                return False
            if self._directory:
                self._go_back()
            if any(self._code() != "200" for _ in (*self._undo, _TYPE)) or not is_undone(self._code(), self._marked):
                return False  # the last one is of REST
            if any(self._code() not in ("250", "200") for _ in self._places) or self._code() != "257":
                return False  # of CWD and PWD
            if has_more(ftp):
                return False  # a farewell, such as 421, or the end
        except (Error, OSError, EOFError, ValueError, AttributeError):
            return False
        if hasattr(ftp, "_type_in_force"):
            ftp._type_in_force = _TYPE
        return True

    def _go_back(self):
        """Ask for where it begins."""
        for place in self._places:
            self.ftp.putcmd(_CWD % place)
        self.ftp.putcmd(_PWD)

    def close(self):
        """Close it without a word."""
        try:
            self.ftp.close()
        except OSError:
            pass  # it had ended already

    def _code(self):
        try:
            return self.ftp.getresp()[:3]
        except error_perm as refusal:
            return str(refusal.args[0])[:3]
