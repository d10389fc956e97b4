"""What is uploaded that is no file."""

from __future__ import annotations


class Source:
    """Whose read() and readline() are the function it is given."""

    def __init__(self, read):
        self.read = self.readline = read
