"""Processes that are ended by SIGKILL, which no program can prepare for."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time

PATIENCE = 120  # seconds, for what takes less than one on an idle machine


def killed(arguments, look, enough):
    """Run Python with these arguments, call `look()` again and again, and kill it once `enough()` is true."""
    with process(arguments) as child:
        deadline = time.monotonic() + PATIENCE
        while not enough():
            look()
            assert child.poll() is None, "it has ended before"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        kill(child)
    look()


@contextlib.contextmanager
def process(arguments):
    """A process of Python with these arguments, which doesn't outlast the block."""
    child = subprocess.Popen([sys.executable, *map(str, arguments)])
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(PATIENCE)


def kill(child):
    """End it, and wait for that."""
    child.send_signal(signal.SIGKILL)
    assert child.wait(PATIENCE) == -signal.SIGKILL


def whole(path, *contents):
    """Assert that there is no such file, or one with one of these contents. A path that is being replaced is no race:
    what is open stays what it was."""
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        return
    assert found in contents, f"{len(found)} bytes of it"
