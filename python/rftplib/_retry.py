"""Which failures are worth another attempt, and when: `rftplib.transfer.Retry`."""

import random
from typing import NamedTuple


class Retry(NamedTuple):
    """How often a transfer is tried again, and after which pauses.

    attempts: how many attempts in a row may fail without progress; each new byte sets the count back. base, cap: the
    pause before the n-th of these is a random time between 0 and min(cap, base * 2**(n-1)) seconds ("full jitter"), so
    that many clients don't come back at the same moment.
    """

    attempts: int = 10
    base: float = 1.0
    cap: float = 60.0

    def pause(self, failures):
        """A random pause in seconds, after so many failures in a row."""
        return random.uniform(0, min(self.cap, self.base * 2 ** min(failures - 1, 60)))
