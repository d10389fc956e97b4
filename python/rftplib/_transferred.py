"""What a transfer came to: `rftplib.transfer.Transferred` and `TransferError`."""

from datetime import datetime
from typing import NamedTuple, Optional

from ._errors import Error


class TransferError(Error):
    """A transfer whose outcome can't be believed: another size, another hash, a source that changes again and again."""


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
