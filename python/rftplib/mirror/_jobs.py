"""What is copied together, and what becomes of it: values that other threads, processes and machines can work on."""

import contextlib
import os
import ssl
import threading
from typing import NamedTuple, Optional, Tuple  # noqa: UP035  (Python 3.9 evaluates them)

from .. import _rftplib
from ..transfer import TransferError
from ..transfer._course import Course
from . import _advice
from ._listers import Unreachable
from ._local import FULL
from ._threads import hang_up, wait_for
from ._values import Action, Failure

# A job has so many small files, and so many bytes; what is larger is a job of its own, and is resumed
MOST_FILES, MOST_BYTES = 50, 1 << 20

# By how many bytes a small file may be longer than it was listed
EXCESS = 1 << 16


class Job(NamedTuple):
    """actions: files to be copied, small ones or one large one. rate: bytes per second, for this job, where it is done
    by another process. digests: whether the SHA-256 of each is wanted. keep: whether connections are kept for the next
    job."""

    source: object
    target: object
    actions: Tuple[Action, ...]  # noqa: UP006
    verify: str = "size"
    rate: Optional[float] = None  # noqa: UP045
    digests: bool = False
    large: bool = False
    keep: bool = True


class Outcome(NamedTuple):
    """What has become of one action: `failure` is None if it was copied. modified: the time that the copy has got.

    fatal: whether the others would fail as well.
    """

    path: str
    size: int = 0
    modified: Optional[int] = None  # noqa: UP045
    digest: Optional[str] = None  # noqa: UP045
    failure: Optional[Failure] = None  # noqa: UP045
    fatal: bool = False


class Stopped(Exception):
    """The run has been ended by the user, or by a failure after which it isn't to go on."""


class Longer(TransferError):
    """More has come of the file of an `action` than is listed."""

    def __init__(self, action):
        super().__init__(f"more than the {action.size:,} bytes came that are listed")
        self.action = action


class Here:
    """What a job has of the process that it is done in: whether to stop, who is told of progress, open connections."""

    def __init__(self, moved=None, rate=None):
        self.stop = threading.Event()
        # shared by all transfers of this process
        self.rate = None if rate is None else _rftplib.Rate(rate)
        self._moved = moved
        self.asides = {}  # {path: the name under which what it replaces waits on the server}
        self.token = os.urandom(8).hex()  # what is written on servers is of this run alone
        self.raised = None  # what the one who is told of progress has raised
        self.threads = []  # that are at work
        self._clients = set()

    def moved(self, size):
        if self._moved is not None:
            try:
                self._moved(size)
            except BaseException as error:
                self.raised = error
                self.stop.set()
                raise Stopped from error

    def check(self):
        if self.stop.is_set():
            raise Stopped

    @contextlib.contextmanager
    def borrow(self, site):
        """A client of the site, which close() ends."""
        self.check()
        with contextlib.ExitStack() as lent:
            try:
                ftp = lent.enter_context(site.borrow())
            except Exception as error:
                self.check()
                raise Unreachable(site.url) from error
            self._clients.add(ftp)
            try:
                self.check()
                yield ftp
            finally:
                self._clients.discard(ftp)

    def metered(self, ftp, command, size):
        """A context for one small transfer: kept to the rate, and ended where far more comes than the `size`."""
        return Course(None, self.rate).metered(ftp, command, 0, most=size)

    def bounded(self, write, action):
        """A callback for a download of a small file: `write`, until much more comes than the size that is listed."""
        if action.size is None:
            return write
        left = action.size + EXCESS

        def bounded(block):
            nonlocal left
            left -= len(block)
            if left < 0:
                raise Longer(action)
            while block:
                block = block[write(block) :]

        return bounded

    def pause(self, seconds):
        if self.stop.wait(seconds):
            raise Stopped

    def close(self):
        """End all that is going on."""
        self.stop.set()
        for ftp in list(self._clients):
            hang_up(ftp)

    def end(self):
        """End all that is going on, and wait for it: then nothing half is left."""
        self.close()
        wait_for(self.threads)


def failed(action, error, fatal=False):
    """The Outcome of an action that `error` has ended."""
    if isinstance(error, Unreachable):
        return Outcome(action.path, failure=Failure(action.kind, action.path, *error.told), fatal=True)
    if isinstance(error, OSError):
        fatal = fatal or error.errno in FULL or isinstance(error, ssl.SSLCertVerificationError)
    failure = Failure(action.kind, action.path, _advice.text(error), _advice.of(action.kind, error))
    return Outcome(action.path, failure=failure, fatal=fatal)


def untimed(action, size, reply):
    """The Outcome of a copy that is whole but for its time, by what the server has said."""
    advice = "compare by size, or the file is copied again each time"
    failure = Failure("touch", action.path, f"the server doesn't set its time: {reply}", advice)
    return Outcome(action.path, size, failure=failure)


def divided(actions, connections, small=MOST_BYTES):
    """The actions in groups that are a job each, as (actions, whether it is a large file), the large ones first.

    The last ones are small, so that all connections are through at about the same time.
    """
    large = [action for action in actions if action.size is None or action.size > small]
    yield from (((action,), True) for action in sorted(large, key=lambda action: -(action.size or 0)))
    rest = [action for action in actions if action.size is not None and action.size <= small]
    group, size, room = [], 0, 0
    for done, action in enumerate(rest):
        if group and (len(group) >= room or size + action.size > MOST_BYTES):
            yield tuple(group), False
            group, size = [], 0
        if not group:
            room = min(MOST_FILES, -(-(len(rest) - done) // (2 * connections)))
        group.append(action)
        size += action.size
    if group:
        yield tuple(group), False
