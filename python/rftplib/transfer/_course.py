"""How far a transfer has come, and how fast it may go: what `rftplib.transfer` tells and sets.

The bytes are counted by the loops, in a meter (`_rftplib.Meter`) that is made here and taken by the record of the
transfer. The data itself doesn't come by.
"""

import contextlib
import math

from .. import _rftplib
from .._errors import Error
from .._transfer import METERED
from ._values import BeginAnew

# In what blocks a loop in Python moves data, in bytes
BLOCK = 128 * 1024

# By how many bytes a file may be longer than its size, before the transfer is ended for that
EXCESS = 1 << 20


def check_rate(rate):
    """Return a rate, in bytes per second, as a float, None for None; raises ValueError or TypeError."""
    if rate is None:
        return None
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise TypeError(f"rate is a number of bytes per second, not {type(rate).__name__}")
    try:
        found = float(rate)
    except OverflowError:  # 10**400
        found = math.inf
    if not 0 < found < math.inf:
        raise ValueError("rate is more than 0 bytes per second, and finite; None stands for no limit")
    return found


class Stopped(Exception):
    """Carries what the user's code has raised past whoever would take it for the connection's error."""

    def __init__(self, error):
        super().__init__(error)
        self.error = error


@contextlib.contextmanager
def foreign():
    """A context for the user's code: what it raises won't be taken for anything else, see own()."""
    try:
        yield
    except (Error, OSError, EOFError) as error:
        raise Stopped(error) from None


@contextlib.contextmanager
def own():
    """A context out of which what foreign() has been told comes as it was."""
    try:
        yield
    except Stopped as stopped:
        error = stopped.error
        raise error from error.__cause__


class Course:
    """How far a transfer has come, over all its attempts.

    progress: told by set_size(n) and relative_update(n), in bytes, as fsspec's callbacks are; None: nobody. rate: bytes
    per second, or a `_rftplib.Rate` that several transfers share; None for no limit.
    """

    def __init__(self, progress=None, rate=None):
        self._progress = progress
        self.rate = rate if rate is None or isinstance(rate, _rftplib.Rate) else _rftplib.Rate(check_rate(rate))
        self.moved = 0  # how many bytes have gone over the network
        self._shown = self._confirmed = self._best = 0

    @property
    def blocksize(self):
        """In what blocks a loop in Python moves the data: the rate is kept between them."""
        return BLOCK if self.rate is None else min(self.rate.grain, BLOCK)

    def size(self, size):
        """The size is known."""
        if size is not None:
            self._tell("set_size", size)

    def reach(self, position):
        """The transfer is there: so many bytes of the file; fewer than before where it is begun anew."""
        change, self._shown = position - self._shown, position
        if change:
            self._tell("relative_update", change)

    def confirm(self, position):
        """So many bytes of the file are where they belong."""
        self._confirmed = max(self._confirmed, position)

    def begin_anew(self):
        """What is there is of no use: whatever comes now is progress."""
        self._confirmed = self._best = 0

    def has_progressed(self):
        """Whether more is confirmed than when this was last asked."""
        progressed, self._best = self._confirmed > self._best, max(self._confirmed, self._best)
        return progressed

    @contextlib.contextmanager
    def metered(self, ftp, cmd, position, overlap=0, most=None):
        """A context for the transfer of `ftp` by `cmd`; gives its meter.

        position: where in the file it begins. overlap: how many bytes are there already, and are moved once more. most:
        the size; where far more comes, the transfer is ended by BeginAnew.
        """

        def tick(moved):
            if most is not None and position + moved > most + EXCESS:
                raise BeginAnew(f"more than {position + moved} bytes came of {most}")
            self.reach(position + max(moved, overlap))

        meter = _rftplib.Meter(tick, self.rate)
        attributes = getattr(ftp, "__dict__", {})
        attributes[METERED] = (cmd, meter)
        try:
            yield meter
        finally:
            attributes.pop(METERED, None)
            self.moved += meter.moved

    def _tell(self, name, number):
        if self._progress is None:
            return
        with foreign():
            getattr(self._progress, name)(number)
