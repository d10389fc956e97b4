"""Start and stop the servers. Several test runs may share them.

Two locks among processes: "lock" is held while servers are started or stopped; "users" is held, shared, by each test
run as long as it lasts, so that nobody stops a server under it. Whoever asks whether "users" is free holds "lock".
"""

from __future__ import annotations

import contextlib
import fcntl
import signal
import subprocess
import time
from collections.abc import Iterable

from . import accounts, fetch
from .catalogue import CATALOGUE
from .layout import locked, locked_ports
from .process import GREETING_SECONDS, Process


def start(names: Iterable[str] = ()) -> dict[str, str]:
    """Start what isn't up and wait for each greeting. Returns the failures: {name: reason}."""
    with locked():
        return _start(names or CATALOGUE, "user")


def stop(names: Iterable[str] = ()) -> tuple[list[str], list[str]]:
    """Stop what is up. Returns the names, and the names of those left to the test runs that use them."""
    return _stop([name for name in CATALOGUE if not names or name in names])


def status() -> dict[str, int | None]:
    """{name: process id, or None if it isn't up}"""
    return {name: Process(server).pid for name, server in CATALOGUE.items()}


def outdated(names: Iterable[str] = ()) -> list[str]:
    """Those that run with an older configuration: what a test run uses is left alone."""
    processes = [Process(CATALOGUE[name]) for name in (names or CATALOGUE)]
    return [process.server.name for process in processes if process.state and process.outdated()]


class Session:
    """For a test run: what it starts is stopped by the last run that ends; what the user started stays."""

    def __init__(self, names: Iterable[str], setup: bool) -> None:
        self._names, self._setup = list(names), setup
        self._using = contextlib.ExitStack()

    def open(self) -> dict[str, str]:
        """Returns why a server can't be had: {name: reason}."""
        lacking = {}
        if self._setup and not all(Process(CATALOGUE[name]).state for name in self._names):
            lacking = fetch.setup()
        with locked():
            failed = _start(self._names, "tests")
            self._using.enter_context(locked("users", shared=True))
        for name in failed:
            for part in CATALOGUE[name].needs:
                failed[name] = lacking.get(part, failed[name])
        return failed

    def close(self) -> None:
        self._using.close()
        _stop([name for name in self._names if (Process(CATALOGUE[name]).state or {}).get("owner") == "tests"])


def _in_use() -> bool:
    with locked("users", shared=True) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def _start(names: Iterable[str], owner: str) -> dict[str, str]:
    with locked_ports():
        return _start_locked(names, owner)


def _start_locked(names: Iterable[str], owner: str) -> dict[str, str]:
    failed: dict[str, str] = {}
    lacking: dict[str, str] | None = None
    fresh = []
    in_use = _in_use()
    for process in [Process(CATALOGUE[name]) for name in names]:
        state = process.state
        # A server with an older configuration is replaced, unless somebody uses it.
        if state and (in_use or not process.outdated()):
            if owner == "user":
                process.hand_over(owner)
            continue
        if lacking is None:
            lacking = fetch.lacking()
            accounts.make() if "daemons" not in lacking else accounts.roots()
        with _noting(process, failed):
            for part in process.server.needs:
                if part in lacking:
                    raise fetch.Unavailable(lacking[part])
            if state:
                process.signal(signal.SIGTERM)
                process.finish()
            process.launch(owner)
            fresh.append(process)
    deadline = time.monotonic() + GREETING_SECONDS
    for process in fresh:
        with _noting(process, failed):
            process.await_greeting(deadline)
    return failed


def _stop(names: list[str]) -> tuple[list[str], list[str]]:
    with locked():
        running = [process for process in (Process(CATALOGUE[name]) for name in names) if process.state]
        running_names = [process.server.name for process in running]
        if running and _in_use():
            for process in running:
                process.hand_over("tests")
            return [], running_names
        for process in running:
            process.signal(signal.SIGTERM)
        for process in running:
            process.finish()
        return running_names, []


@contextlib.contextmanager
def _noting(process: Process, failed: dict[str, str]):
    try:
        yield
    except fetch.Unavailable as reason:
        failed[process.server.name] = str(reason)
    except (OSError, subprocess.SubprocessError) as error:
        failed[process.server.name] = f"did not start: {error}"
