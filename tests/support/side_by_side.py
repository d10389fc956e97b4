"""Threads that do the same side by side."""

from __future__ import annotations

import threading
import time

PATIENCE = 60  # seconds that nothing here takes


def in_threads(count, work):
    """Run work(number) in that many threads; raises what one of them has raised."""
    errors = []

    def run(number):
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, errors


def end(threads, errors):
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    if errors:
        raise errors[0]


def each(cases, check):
    """check(case) of all of them at once: of those that wait, each for a time of its own."""
    cases = list(cases)

    def run(number):
        try:
            check(cases[number])
        except BaseException as error:
            raise AssertionError(f"{cases[number]}: {error!r}") from error

    end(*in_threads(len(cases), run))
