"""A connection of a pool: whether it can be lent again.

What its borrower may have changed is put back at once, and the replies to that are read when it is lent next: who gives
it back doesn't wait for them, and who gets it knows that it lives and is in step.
"""

import os
import time

from ._batch import UNANSWERED
from ._errors import Error, error_perm
from ._recover import is_readable

# What is put back, and the codes that the replies have to have (RFC 959)
_TYPE, _CWD = "TYPE I", "CWD %s"
_CODES = (("200",), ("250", "200"))

# After how many seconds those replies must have come
_OVERDUE = 5.0


class Lent:
    """A connection, and the directory that it begins in; None for the latter if the server doesn't tell."""

    def __init__(self, ftp, home):
        self.ftp, self._home = ftp, home
        self.process, self.lender = os.getpid(), None
        self.since = 0.0  # when it has become idle

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
        try:
            ftp.putcmd(_TYPE)
            ftp.putcmd(_CWD % self._home)
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
            if time.monotonic() - self.since > _OVERDUE and not self._has_more():
                return False
            for codes in _CODES:
                if ftp.getresp()[:3] not in codes:
                    return False
            if self._has_more():
                return False  # a farewell, such as 421, or the end
        except (Error, OSError, EOFError, ValueError, AttributeError):
            return False
        if hasattr(ftp, "_type_in_force"):
            ftp._type_in_force = _TYPE
        return True

    def close(self):
        """Close it without a word."""
        try:
            self.ftp.close()
        except OSError:
            pass  # it had ended already

    def _has_more(self):
        return bool(getattr(self.ftp.file, "_buffered", False)) or is_readable(self.ftp.sock)
