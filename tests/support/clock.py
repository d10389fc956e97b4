"""A clock for tests that stands in the place of a module's `time`."""

from __future__ import annotations


class Clock:
    """Time that goes by where it is waited for, or when the test says so."""

    def __init__(self, now=0.0):
        self.now = now

    def time(self):
        return self.now

    monotonic = time

    def sleep(self, seconds):
        self.now += seconds
