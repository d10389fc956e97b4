"""rftplib in ftplib's place for the whole process: whatever imports ftplib from then on gets rftplib."""

from __future__ import annotations

import sys
import threading
from types import ModuleType, TracebackType

import rftplib

_NAME = "ftplib"

# Held while the two below change. Reentrant, for a signal handler may call in between.
_lock = threading.RLock()
# Who wants rftplib there: as long as there is one, it stays.
_wanted: set[Installation] = set()
# What was there before the first; None for nothing.
_before: ModuleType | None = None


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

    Modules that imported ftplib before keep what they have, so call this first. Calling it again changes nothing.
    It lasts until uninstall(). As `with rftplib.install():` it lasts until the end of the block; blocks may be nested
    and may overlap in several threads: the last to end restores what was there.
    """
    installation = Installation()
    with _lock:
        _add(installation)
    return installation


def uninstall() -> None:
    """Undo every install(): `import ftplib` gives what it gave before. Does nothing where nothing is installed."""
    with _lock:
        _remove(set(_wanted))


def _add(installation: Installation) -> None:
    global _before
    if not _wanted:
        _before = sys.modules.get(_NAME)
    _wanted.add(installation)
    sys.modules[_NAME] = rftplib


def _remove(installations: set[Installation]) -> None:
    if not _wanted:
        return
    _wanted.difference_update(installations)
    # What somebody else has put there meanwhile is theirs.
    if _wanted or sys.modules.get(_NAME) is not rftplib:
        return
    if _before is None:
        del sys.modules[_NAME]
    else:
        sys.modules[_NAME] = _before
