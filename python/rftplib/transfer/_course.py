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

# How often the same may be on the server after more was sent: some hang up where their disks are full
_IN_VAIN = 2

MAY_BE_FULL = "the server's disk or your quota may be full"


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


def check_progress(progress):
    """Return `progress` if it is None or can be told how far a transfer is; raises TypeError."""
    for name in () if progress is None else ("set_size", "relative_update"):
        if not callable(getattr(progress, name, None)):
            kind = type(progress).__name__
            raise TypeError(
                "progress is an object with set_size(n) and relative_update(n), such as fsspec's TqdmCallback(): "
                f"{kind} has no {name}()"
            )
    return progress


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
    """How far a transfer has come, over all its attempts, and how many of these have come to nothing.

    progress: told by set_size(n) and relative_update(n), in bytes, as fsspec's callbacks are; None: nobody. rate: bytes
    per second, or a `_rftplib.Rate` that several transfers share; None for no limit.
    """

    def __init__(self, progress=None, rate=None):
        self._progress = check_progress(progress)
        self.rate = rate if rate is None or isinstance(rate, _rftplib.Rate) else _rftplib.Rate(check_rate(rate))
        self.moved = 0  # how many bytes have gone over the network
        self.failures = 0  # how many attempts in a row have come to nothing
        self._shown = self._confirmed = self._best = self._anew = 0
        self._place = self._there = None
        self._sent = self._in_vain = 0

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

    def found(self, place, there):
        """An attempt at an upload begins: so many bytes are at that place, which is the source's; None: no file."""
        sent, self._sent = self.moved > self._sent, self.moved
        self._in_vain = self._in_vain + 1 if sent and (place, there) == (self._place, self._there) else 0
        self._place, self._there = place, there

    @property
    def stuck(self):
        """Why another attempt is of no use; None if it isn't."""
        return f"each attempt ended at {self._there or 0} bytes: {MAY_BE_FULL}" if self._in_vain >= _IN_VAIN else None

    def failed(self, error):
        """An attempt has failed. Returns how many have, in a row, after which no more was confirmed than before.

        Where the error is BeginAnew, what is there is of no use. So whatever comes now is progress, but the file can't
        be begun anew more often than an attempt may fail.
        """
        self.failures = 1 if self._confirmed > self._best else self.failures + 1
        self._best = max(self._confirmed, self._best)
        if isinstance(error, BeginAnew):
            self._anew += 1
            self._confirmed = self._best = 0
        return max(self.failures, self._anew)

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
