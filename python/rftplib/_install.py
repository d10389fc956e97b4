"""rftplib in ftplib's place for the whole process: whatever imports ftplib from then on gets rftplib."""

from __future__ import annotations

import sys
import threading
import warnings
from types import ModuleType, TracebackType

import rftplib

from . import _fsspec

_NAME = "ftplib"

# Held while the two below change. Reentrant, for a signal handler may call in between.
_lock = threading.RLock()
# The installations that haven't been undone: rftplib stays in ftplib's place while there is one.
_wanted: set[Installation] = set()
# What was there before the first; None for nothing.
_before: ModuleType | None = None
# The names of modules that have been looked through for what they have from ftplib
_searched: set[str] = set()


class Installation:
    """What install() returns. In a `with` statement it lasts as long as the block."""

    def __init__(self) -> None:
        self._blocks = 0

    def __enter__(self) -> ModuleType:
        with _lock:
            self._blocks += 1
            _add(self)
        return rftplib

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        with _lock:
            self._blocks -= 1
            if not self._blocks:
                _remove({self})


def install() -> Installation:
    """Put rftplib in ftplib's place: `import ftplib` gives rftplib from now on, in all threads of the process.

    Modules that imported ftplib before keep what they have, so call this first; a RuntimeWarning names them. Calling it
    again changes nothing. It lasts until uninstall(). As `with rftplib.install():` it lasts until the end of the block;
    blocks may be nested and may overlap in several threads: the last to end restores what was there.

    fsspec's ftp:// becomes the filesystem of rftplib.fs, too, with the options of fsspec's own.
    """
    installation = Installation()
    with _lock:
        late = [] if _wanted else _users_of(sys.modules.get(_NAME))
        _add(installation)
    if late:
        text = "ftplib was imported before rftplib.install(), and is still used, by %s: install it first"
        warnings.warn(text % ", ".join(late), RuntimeWarning, stacklevel=2)
    return installation


def uninstall() -> None:
    """Undo every install(): `import ftplib` gives what it gave before. Does nothing where nothing is installed."""
    with _lock:
        _remove(set(_wanted))


def _users_of(ftplib: ModuleType | None) -> list[str]:
    """The names of modules that have ftplib or one of its clients among their global names.

    Each module is looked through once. The exceptions don't count: they are the same objects in rftplib.
    """
    parts = {id(part) for part in (ftplib, getattr(ftplib, "FTP", None), getattr(ftplib, "FTP_TLS", None)) if part}
    names = [name for name in list(sys.modules) if name not in _searched]
    _searched.update(names)
    found, seen = [], set()
    for name in names:
        module = sys.modules.get(name)
        # type(), for what is no module may say that it is one, as the libraries of cffi do
        if module is ftplib or name.partition(".")[0] == "rftplib" or not issubclass(type(module), ModuleType):
            continue
        # not vars(): a module that is loaded lazily would be loaded then
        namespace = object.__getattribute__(module, "__dict__")
        if id(namespace) not in seen and not parts.isdisjoint(map(id, list(namespace.values()))):
            found.append(name)
        seen.add(id(namespace))  # multiprocessing has the program under a second name
    return found


def _add(installation: Installation) -> None:
    global _before
    if not _wanted:
        _before = sys.modules.get(_NAME)
        _fsspec.add()
    _wanted.add(installation)
    sys.modules[_NAME] = rftplib


def _remove(installations: set[Installation]) -> None:
    if not _wanted:
        return
    _wanted.difference_update(installations)
    if not _wanted:
        _fsspec.remove()
    # What somebody else has put there meanwhile is theirs.
    if _wanted or sys.modules.get(_NAME) is not rftplib:
        return
    if _before is None:
        del sys.modules[_NAME]
    else:
        sys.modules[_NAME] = _before
