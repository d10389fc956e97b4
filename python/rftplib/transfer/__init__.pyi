import os
from collections.abc import Iterable
from datetime import datetime
from ftplib import FTP as _FTP
from ftplib import Error
from typing import BinaryIO, NamedTuple, Protocol

from .. import FTP
from ..session import Site

__all__ = ["Retry", "TransferError", "Transferred", "get", "put"]

class _Progress(Protocol):
    def set_size(self, size: int, /) -> object: ...
    def relative_update(self, inc: int, /) -> object: ...

class TransferError(Error): ...

class Retry(NamedTuple):
    attempts: int = 10
    base: float = 1.0
    cap: float = 60.0
    def pause(self, failures: int) -> float: ...

class Transferred(NamedTuple):
    path: str | None
    size: int
    resumed_at: int
    attempts: int
    seconds: float
    digest: str | None
    verified: str
    modified: datetime | None

def get(
    source: FTP | _FTP | Site | str,
    remote: str,
    local: str | os.PathLike[str] | BinaryIO,
    *,
    resume: bool = True,
    verify: str = "size",
    keep: Iterable[str] = ("mtime",),
    retry: Retry = ...,
    rate: float | None = None,
    progress: _Progress | None = None,
) -> Transferred: ...
def put(
    target: FTP | _FTP | Site | str,
    local: str | os.PathLike[str] | BinaryIO,
    remote: str,
    *,
    overwrite: bool = True,
    temporary: bool = True,
    resume: bool = True,
    verify: str = "size",
    keep: Iterable[str] = ("mtime",),
    retry: Retry = ...,
    rate: float | None = None,
    progress: _Progress | None = None,
) -> Transferred: ...
