import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, overload

from .. import FTP
from ..session import Site
from ..tls import NativeContext

__all__ = ["FTPESFileSystem", "FTPFileSystem", "FTPSFileSystem"]

_Path = str | os.PathLike[str]

# What is fsspec's: it has no types of its own.
class _AbstractFileSystem:
    def __getattr__(self, name: str) -> Any: ...

class FTPFileSystem(_AbstractFileSystem):
    protocol: str
    site: Site
    def __init__(
        self,
        host: str,
        port: int | None = None,
        username: str | None = None,
        password: str | Callable[[], str] | None = None,
        *,
        timeouts: tuple[float | None, float | None, float | None] | float | None = ...,
        encoding: str = "utf-8",
        errors: str = "surrogateescape",
        connections: int = 8,
        block_size: int | None = None,
        auto_mkdir: bool = False,
        factory: Callable[[Site], FTP] | None = None,
        keepalive: float | None = 60,
        cafile: _Path | None = None,
        context: ssl.SSLContext | NativeContext | None = None,
        implicit: bool | None = None,
        **options: Any,
    ) -> None: ...
    def unstrip_protocol(self, name: str) -> str: ...
    def info(self, path: _Path, **kwargs: Any) -> dict[str, Any]: ...
    @overload
    def ls(self, path: _Path, detail: Literal[True] = True, **kwargs: Any) -> list[dict[str, Any]]: ...
    @overload
    def ls(self, path: _Path, detail: Literal[False], **kwargs: Any) -> list[str]: ...
    def walk(
        self,
        path: _Path,
        maxdepth: int | None = None,
        topdown: bool = True,
        on_error: Literal["raise", "omit"] | Callable[[OSError], object] = "raise",
        **kwargs: Any,
    ) -> Iterator[tuple[str, Any, Any]]: ...
    def expand_path(
        self,
        path: _Path | Iterable[_Path],
        recursive: bool = False,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> list[str]: ...
    @overload
    def find(
        self,
        path: _Path,
        maxdepth: int | None = None,
        withdirs: bool = False,
        detail: Literal[False] = False,
        **kwargs: Any,
    ) -> list[str]: ...
    @overload
    def find(
        self,
        path: _Path,
        maxdepth: int | None = None,
        withdirs: bool = False,
        *,
        detail: Literal[True],
        **kwargs: Any,
    ) -> dict[str, dict[str, Any]]: ...
    def du(
        self,
        path: _Path,
        total: bool = True,
        maxdepth: int | None = None,
        withdirs: bool = False,
        **kwargs: Any,
    ) -> int | dict[str, int]: ...
    def exists(self, path: _Path, **kwargs: Any) -> bool: ...
    def isdir(self, path: _Path) -> bool: ...
    def isfile(self, path: _Path) -> bool: ...
    def lexists(self, path: _Path, **kwargs: Any) -> bool: ...
    def modified(self, path: _Path) -> datetime: ...
    def created(self, path: _Path) -> datetime: ...
    def checksum(self, path: _Path) -> int: ...
    def ukey(self, path: _Path) -> str: ...
    def cat_file(self, path: _Path, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes: ...
    def cat(
        self,
        path: _Path | Sequence[_Path],
        recursive: bool = False,
        on_error: Literal["raise", "omit", "return"] = "raise",
        **kwargs: Any,
    ) -> Any: ...
    def cat_ranges(
        self,
        paths: list[str],
        starts: int | None | list[int | None] | list[int],
        ends: int | None | list[int | None] | list[int],
        max_gap: None = None,
        on_error: Literal["return", "raise"] = "return",
        **kwargs: Any,
    ) -> list[Any]: ...
    def open(
        self,
        path: _Path,
        mode: str = "rb",
        block_size: int | None = None,
        cache_options: dict[str, Any] | None = None,
        compression: str | None = None,
        **kwargs: Any,
    ) -> Any: ...
    def get(
        self,
        rpath: Any,
        lpath: Any,
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def put(
        self,
        lpath: Any,
        rpath: Any,
        recursive: bool = False,
        callback: Any = ...,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def copy(
        self,
        path1: Any,
        path2: Any,
        recursive: bool = False,
        maxdepth: int | None = None,
        on_error: str | None = None,
        **kwargs: Any,
    ) -> None: ...
    def get_file(self, rpath: _Path, lpath: Any, callback: Any = ..., outfile: Any = None, **kwargs: Any) -> None: ...
    def put_file(
        self,
        lpath: _Path,
        rpath: _Path,
        callback: Any = ...,
        mode: Literal["overwrite", "create"] = "overwrite",
        **kwargs: Any,
    ) -> None: ...
    def cp_file(self, path1: _Path, path2: _Path, **kwargs: Any) -> None: ...
    def rm_file(self, path: _Path) -> None: ...
    def rm(self, path: _Path | Iterable[_Path], recursive: bool = False, maxdepth: int | None = None) -> None: ...
    def mv(
        self,
        path1: _Path | list[str],
        path2: _Path | list[str],
        recursive: bool = False,
        maxdepth: int | None = None,
        **kwargs: Any,
    ) -> None: ...
    def mkdir(self, path: _Path, create_parents: bool = True, **kwargs: Any) -> None: ...
    def makedirs(self, path: _Path, exist_ok: bool = False) -> None: ...
    def rmdir(self, path: _Path) -> None: ...
    def touch(self, path: _Path, truncate: bool = True, **kwargs: Any) -> None: ...

class FTPSFileSystem(FTPFileSystem): ...
class FTPESFileSystem(FTPSFileSystem): ...
