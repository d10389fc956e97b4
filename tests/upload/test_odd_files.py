"""Uploads from odd file objects, odd block sizes, and callbacks that misbehave."""

from __future__ import annotations

import io
import os

import pytest
from support import harness
from support.sources import Source, closed, fails, fails_second, stops, temporary


def gives(*values):
    """A read or readline that gives these in turn."""

    def source():
        remaining = iter(values)
        return Source(lambda size: next(remaining))

    return source


def raising(after, exc=ZeroDivisionError):
    def source():
        count = iter(range(100))

        def read(size):
            if next(count) == after:
                raise exc("from the file")
            return b"block\n"

        return Source(read)

    return source


def sought(file, position):
    file.seek(position)
    return file


def in_pipe(buffering=-1):
    reader, writer = os.pipe()
    os.write(writer, b"from\na pipe " * 1500)  # less than a pipe holds
    os.close(writer)
    return open(reader, "rb", buffering)


class ReadOnly(io.RawIOBase):
    """A raw file that gives little at a time, then None (as a non-blocking one), then more."""

    def __init__(self):
        self.parts = [b"ab", b"c", None, b"d"]

    def readable(self):
        return True

    def readinto(self, buffer):
        part = self.parts.pop(0) if self.parts else b""
        if part is None:
            return None
        buffer[: len(part)] = part
        return len(part)


class Shadowed(io.BytesIO):
    """A BytesIO subclass with its own read and readline."""

    def read(self, size=-1):
        return super().read(size).upper()

    def readline(self, size=-1):
        return super().readline(size).upper()


class Iterated:
    def __iter__(self):
        return iter([b"a"])


SOURCES = {
    "bytesio": lambda: io.BytesIO(b"one\r\ntwo\nthree\rfour\n\r\n\nlast"),
    "bytesio-empty": lambda: io.BytesIO(b""),
    "bytesio-from-the-middle": lambda: sought(io.BytesIO(b"one\r\ntwo"), 2),
    "bytesio-past-its-end": lambda: sought(io.BytesIO(b"one"), 10),
    "bytesio-cr-at-end": lambda: io.BytesIO(b"one\r"),
    "bytesio-large": lambda: io.BytesIO((b"0123456789" * 10 + b"\n") * 1300),
    "bytesio-subclass": lambda: Shadowed(b"one\r\ntwo"),
    "stringio": lambda: io.StringIO("one\ntwo\n"),
    "stringio-empty": lambda: io.StringIO(""),
    "file": temporary("rb"),
    "file-unbuffered": temporary("rb", buffering=0),
    "file-update": temporary("r+b"),
    "file-from-the-middle": temporary("rb", seek=4),
    "file-past-its-end": temporary("rb", seek=400),
    "file-large": temporary("rb", content=(b"0123456789" * 80 + b"\n") * 900),
    "file-text": temporary("r"),
    "file-write-only": temporary("wb"),
    "file-closed": closed(temporary("rb")),
    "bytesio-closed": closed(io.BytesIO),
    "pipe": in_pipe,
    "pipe-unbuffered": lambda: in_pipe(0),
    "raw-that-gives-none": ReadOnly,
    "gives-bytes": gives(b"one\n", b"two", b""),
    "gives-bytearray": gives(bytearray(b"one\n"), bytearray(b"two"), bytearray()),
    "gives-memoryview": gives(memoryview(b"one\n"), memoryview(b"two"), b""),
    "gives-str": gives("one\n", ""),
    "gives-str-later": gives(b"one\n", "two", ""),
    "gives-empty-str": gives(""),
    "gives-none": gives(b"one\n", None),
    "gives-none-first": gives(None),
    "gives-zero": gives(0),
    "gives-int": gives(5),
    "gives-list": gives([10, 13]),
    "gives-empty-list": gives([]),
    "gives-false": gives(b"one", False),
    "gives-too-much": gives(b"x" * 50000, b""),
    "gives-a-large-bytearray": gives(bytearray(b"y" * 300_000), b""),
    "gives-a-large-memoryview": gives(memoryview(b"z" * 70_000), b""),
    "gives-ever-more": gives(*[b"y" * n for n in range(1, 2000, 7)], b""),
    "gives-newlines": gives(b"\n", b"\r", b"\r\n", b"\n\r", b"\r\r", b""),
    "gives-two-lines-at-once": gives(b"a\nb\n", b"c\r\nd\r", b""),
    "raises-at-once": raising(0),
    "raises-later": raising(3),
    "raises-eof": raising(2, EOFError),
    "raises-stop": raising(2, StopIteration),
    "raises-keyboard": raising(2, OSError),
    "none": lambda: None,
    "bytes": lambda: b"one\ntwo",
    "str": lambda: "one",
    "int": lambda: 5,
    "iterable": Iterated,
    "class": lambda: io.BytesIO,
}
CALLBACKS = {
    "none": lambda env: None,
    "false": lambda env: 0,
    "notes": lambda env: lambda block: env.note(type(block).__name__, len(block), bytes(block[:40])),
    "raises": lambda env: fails,
    "raises-second": lambda env: fails_second(),
    "not-callable": lambda env: 5,
    "too-few-parameters": lambda env: lambda: None,
    "stops": lambda env: stops,
    "exits": lambda env: exits,
}


class Leave(Exception):
    pass


def exits(block):
    raise Leave


def upload(method, source, callback="none", **kw):
    def script(lib, env):
        ftp = env.ftp()
        fp = SOURCES[source]()
        if hasattr(fp, "close") and not isinstance(fp, type):
            env.close_later(fp)
        env.attempt(getattr(ftp, method), "STOR x", fp, callback=CALLBACKS[callback](env), **kw)
        env.attempt(lambda: fp.tell())
        env.attempt(ftp.sendcmd, "NOOP")

    return script


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
@pytest.mark.parametrize("source", SOURCES)
def test_source(same, source, method):
    def script(run):
        fp = SOURCES[source]()
        with run.upload() as ftp:
            outcome = run.attempt(getattr(ftp, method), "STOR x", fp)
        position = run.attempt(lambda: fp.tell())
        if hasattr(fp, "close") and not isinstance(fp, type):
            fp.close()
        return outcome, position, run.arrived

    same(script)


BLOCKSIZES = [
    0,
    1,
    2,
    8,
    16384,
    -1,
    -8,
    None,
    "8",
    b"8",
    2.5,
    True,
    False,
    1 << 20,
    1 << 31,
    1 << 63,
    -(1 << 63),
    10**30,
]
BLOCKSIZES += [[], 8.0]


@pytest.mark.parametrize("blocksize", BLOCKSIZES, ids=repr)
@pytest.mark.parametrize("source", ["bytesio", "file", "gives-bytes", "file-unbuffered"])
def test_blocksize(plain, source, blocksize):
    def script(run):
        outcomes = []
        for blocks in (None, []):
            fp = SOURCES[source]()
            with run.upload() as ftp:
                callback = None if blocks is None else blocks.append
                outcomes.append(run.attempt(ftp.storbinary, "STOR x", fp, blocksize, callback))
            outcomes.append((run.attempt(lambda fp=fp: fp.tell()), run.arrived, blocks))
        return outcomes

    plain(script)


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
@pytest.mark.parametrize(
    "source", ["bytesio", "file", "bytesio-large", "gives-bytearray", "gives-str-later", "bytesio-empty"]
)
@pytest.mark.parametrize("callback", CALLBACKS)
def test_upload_callback(callback, source, method):
    harness.same(upload(method, source, callback))
