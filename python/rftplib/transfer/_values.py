"""The values of `rftplib.transfer`: Retry, Transferred and TransferError."""

from datetime import datetime
from typing import NamedTuple, Optional

from .._errors import Error


class TransferError(Error):
    """A transfer whose outcome can't be believed: another size, another hash, a source that changes again and again."""


class BeginAnew(TransferError):
    """What is there doesn't belong to what comes: the source has changed, or the rest of it doesn't fit."""


class NotWhole(TransferError):
    """The end has come too early, and what is there can be continued."""


class Retry(NamedTuple):
    """How often a transfer is tried again, and after which pauses.

    attempts: how many attempts in a row may fail without progress; each new byte sets the count back. A server whose
    first connection is refused, or gets no answer, is given up after three. base, cap: the
    pause before the n-th of these is a random time between 0 and min(cap, base * 2**(n-1)) seconds ("full jitter"), so
    that many clients don't come back at the same moment.
    """

    attempts: int = 10
    base: float = 1.0
    cap: float = 60.0

    def pause(self, failures):
        """Return a random pause in seconds, for after so many failures in a row."""
        import random  # few have to wait, and its import takes a while

        return random.uniform(0, min(self.cap, self.base * 2 ** min(max(failures, 1) - 1, 60)))


class Transferred(NamedTuple):
    """A transfer that is done: an immutable value.

    path: what was written: the local path of a download (None for a file object), the remote one of an upload. size: in
    bytes. resumed_at: how many bytes an earlier attempt or run had left, which weren't moved again; 0 for none.
    attempts: how many it took. seconds: how long. digest: such as 'sha256:9f86...' where a hash was made, else None.
    verified: what has been compared in the end: 'none', 'size', or the hash, such as 'sha256'. modified: the source's
    modification time, aware, in UTC; None where it is unknown.
    """

    path: Optional[str]  # noqa: UP045  (Python 3.9 evaluates it)
    size: int
    resumed_at: int
    attempts: int
    seconds: float
    digest: Optional[str]  # noqa: UP045
    verified: str
    modified: Optional[datetime]  # noqa: UP045


def check_keep(keep):
    """The names of what is to be kept, as a set."""
    kept = {keep} if isinstance(keep, str) else set(keep)
    if kept - {"mtime"}:
        raise ValueError(f"keep knows 'mtime', not {', '.join(map(repr, sorted(kept - {'mtime'})))}")
    return kept


def check_remote(remote):
    """Raise unless that may be the name of a file on a server."""
    if not isinstance(remote, str):
        raise TypeError(f"the remote path is a str, not {type(remote).__name__}")
    if remote.rpartition("/")[2] in ("", ".", ".."):
        raise ValueError(f"the remote path names a file: {remote!r} doesn't")
    if "\r" in remote or "\n" in remote:
        raise ValueError("an illegal newline character should not be contained")
