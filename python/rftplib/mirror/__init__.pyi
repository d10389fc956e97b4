import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from typing import Literal, NamedTuple, Protocol, final

from .. import Error
from ..session import Site

__all__ = ["Action", "Failure", "Plan", "Refused", "Report", "mirror", "plan"]

class _Progress(Protocol):
    def set_size(self, size: int, /) -> object: ...
    def relative_update(self, inc: int, /) -> object: ...

class Refused(Error): ...

class Action(NamedTuple):
    kind: Literal["mkdir", "copy", "touch", "delete", "rmdir"]
    path: str
    size: int | None = None
    reason: str = ""
    modified: int | None = None
    origin: str | None = None
    target: str | None = None
    there: tuple[str, int | None, int | None] | None = None

class Failure(NamedTuple):
    kind: str
    path: str
    error: str
    advice: str

class Report(NamedTuple):
    copied: int = 0
    touched: int = 0
    made: int = 0
    deleted: int = 0
    bytes: int = 0
    seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    withheld: str | None = None
    stopped: bool = False
    skipped: int = 0
    @property
    def ok(self) -> bool: ...

@final
class Plan:
    source: object
    target: object
    failures: tuple[Failure, ...]
    refusal: str | None
    skipped: int
    def __init__(
        self,
        source: object,
        target: object,
        actions: Iterable[Action],
        failures: Iterable[Failure] = (),
        refusal: str | None = None,
        creates: bool = False,
        unchanged: Iterable[Action] = (),
        skipped: int = 0,
    ) -> None: ...
    def __iter__(self) -> Iterator[Action]: ...
    def __len__(self) -> int: ...
    @property
    def size(self) -> int: ...
    def run(
        self,
        *,
        connections: int = 8,
        executor: Executor | None = None,
        verify: Literal["none", "size", "auto", "hash"] = "size",
        rate: float | None = None,
        progress: _Progress | None = None,
        keep_going: bool = True,
        manifest: str | os.PathLike[str] | None = None,
    ) -> Report: ...
    def save(self, path: str | os.PathLike[str]) -> None: ...
    @classmethod
    def load(
        cls, path: str | os.PathLike[str], source: Site | str | os.PathLike[str], target: Site | str | os.PathLike[str]
    ) -> Plan: ...

def plan(
    source: Site | str | os.PathLike[str],
    target: Site | str | os.PathLike[str],
    *,
    compare: Literal["auto", "size", "hash", "newer"] = "auto",
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    newer_only: bool = False,
    delete: bool = False,
    max_delete: float | None = 0.5,
    links: Literal["skip", "follow", "copy"] = "skip",
    names: Literal["refuse", "skip", "quote"] = "refuse",
    connections: int = 8,
    manifest: str | os.PathLike[str] | None = None,
) -> Plan: ...
def mirror(
    source: Site | str | os.PathLike[str],
    target: Site | str | os.PathLike[str],
    *,
    compare: Literal["auto", "size", "hash", "newer"] = "auto",
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    newer_only: bool = False,
    delete: bool = False,
    max_delete: float | None = 0.5,
    links: Literal["skip", "follow", "copy"] = "skip",
    names: Literal["refuse", "skip", "quote"] = "refuse",
    connections: int = 8,
    executor: Executor | None = None,
    verify: Literal["none", "size", "auto", "hash"] = "size",
    rate: float | None = None,
    progress: _Progress | None = None,
    keep_going: bool = True,
    manifest: str | os.PathLike[str] | None = None,
) -> Report: ...
