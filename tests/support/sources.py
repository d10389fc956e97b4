"""Odd sources of uploads, and callbacks that fail."""

from __future__ import annotations

import os
import tempfile


class Source:
    """Whose read() and readline() are the function it is given."""

    def __init__(self, read):
        self.read = self.readline = read


def temporary(mode, content=b"one\r\ntwo\nthree", seek=0, **kw):
    """A real file, opened as users do."""

    def source():
        fd, path = tempfile.mkstemp()
        os.write(fd, content)
        os.close(fd)
        file = open(path, mode, **kw)
        os.unlink(path)
        file.seek(seek)
        return file

    return source


def closed(make):
    def source():
        file = make()
        file.close()
        return file

    return source


def fails(block):
    raise ZeroDivisionError("from the callback")


def stops(block):
    raise StopIteration


def fails_second():
    count = iter(range(100))

    def callback(block):
        if next(count) == 1:
            raise ZeroDivisionError("from the callback")

    return callback
