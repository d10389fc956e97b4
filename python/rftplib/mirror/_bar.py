"""How far a run has come, for people: a bar by tqdm on a terminal, else a line a second."""

import os
import sys
import time

from ._values import people


def bar():
    """What run() takes as `progress`, with close()."""
    if sys.stderr is not None and sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            pass
        else:
            return _Tqdm(tqdm)
    return _Lines()


class _Tqdm:
    def __init__(self, tqdm):
        self._tqdm, self._bar = tqdm, None

    def set_size(self, size):
        try:
            columns, lines = os.get_terminal_size(sys.stderr.fileno())
        except (OSError, ValueError):  # it has gone
            columns = lines = 0
        # some tell neither, and tqdm would show nothing
        shape = {"ncols": columns or 80, "nrows": lines or 24}
        self._bar = self._tqdm(total=size, unit="B", unit_scale=True, **shape)

    def relative_update(self, inc=1):
        self._bar.update(inc)

    def close(self):
        if self._bar is not None:
            self._bar.close()


class _Lines:
    """At most one line a second."""

    def __init__(self):
        self._size = self._moved = 0
        self._told = self._began = time.monotonic()

    def set_size(self, size):
        self._size = size

    def relative_update(self, inc=1):
        self._moved += inc
        now = time.monotonic()
        if now - self._told >= 1 and sys.stderr is not None:
            self._told = now
            rate = people(int(self._moved / (now - self._began)))
            print(f"{people(self._moved)} of {people(self._size)}, {rate}/s", file=sys.stderr, flush=True)

    def close(self):
        pass
