"""Uploads from odd file objects, odd block sizes, and callbacks that misbehave."""

from __future__ import annotations

import io
import os
import sys
import tempfile

import pytest
from support import harness
from support.actions import recv_data, send_data
from support.clients import keeping
from support.sources import Source

DONE = b"226 done\r\n"


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


def sought(file, position):
    file.seek(position)
    return file


def in_pipe(buffering=-1):
    reader, writer = os.pipe()
    os.write(writer, b"from\na pipe " * 5000)  # less than a pipe holds
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
    "bytesio-large": lambda: io.BytesIO(b"0123456789abcdef\n" * 8000),
    "bytesio-subclass": lambda: Shadowed(b"one\r\ntwo"),
    "stringio": lambda: io.StringIO("one\ntwo\n"),
    "stringio-empty": lambda: io.StringIO(""),
    "file": temporary("rb"),
    "file-unbuffered": temporary("rb", buffering=0),
    "file-update": temporary("r+b"),
    "file-from-the-middle": temporary("rb", seek=4),
    "file-past-its-end": temporary("rb", seek=400),
    "file-large": temporary("rb", content=b"0123456789abcdef\n" * 40000),
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


def fails(block):
    raise ZeroDivisionError("from the callback")


def stops(block):
    raise StopIteration


class Leave(Exception):
    pass


def exits(block):
    raise Leave


def fails_second():
    count = iter(range(100))

    def callback(block):
        if next(count) == 1:
            raise ZeroDivisionError("from the callback")

    return callback


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


class Written:
    """A sink that answers what no file does."""

    def __init__(self, answer):
        self.answer, self.blocks = answer, []

    def write(self, block):
        self.blocks.append(block)
        return self.answer


DOWNLOAD_CALLBACKS = {
    "raises": lambda env: fails,
    "raises-second": lambda env: fails_second(),
    "stops": lambda env: stops,
    "none": lambda env: None,
    "not-callable": lambda env: 5,
    "no-parameters": lambda env: lambda: None,
    "closed-bytesio": lambda env: closed(io.BytesIO)().write,
    "closed-file": lambda env: closed(temporary("wb"))().write,
    "read-only-file": lambda env: env.close_later(temporary("rb")()).write,
    "text-file": lambda env: env.close_later(temporary("w")()).write,
    "stringio": lambda env: io.StringIO().write,
    "odd-answer": lambda env: Written("?").write,
    "set.add": lambda env: set().add,
    "list.extend": lambda env: [].extend,
    "frozen-list": lambda env: ().count,
    "class": lambda env: bytes,
    "full-device": lambda env: env.close_later(open("/dev/full", "wb", buffering=0)).write,
}


@pytest.mark.parametrize("callback", DOWNLOAD_CALLBACKS)
@pytest.mark.parametrize("method", ["retrbinary", "retrlines"])
def test_download_callback(method, callback):
    def script(lib, env):
        ftp = env.ftp()
        with_print = io.StringIO()
        sys.stdout, kept = with_print, sys.stdout
        try:
            env.attempt(getattr(ftp, method), "RETR x", DOWNLOAD_CALLBACKS[callback](env))
        finally:
            sys.stdout = kept
        env.note(with_print.getvalue())
        env.attempt(ftp.getresp)
        env.attempt(ftp.sendcmd, "NOOP")

    harness.same(script, data=b"one\r\ntwo\r\n", replies={"RETR": (b"150 ok\r\n", send_data(), DONE, b"226 spare\r\n")})


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
@pytest.mark.parametrize("exc", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_callback_raises_what_is_no_exception(method, exc):
    def script(lib, env):
        ftp = env.ftp()

        def callback(block):
            raise exc("stop")

        try:
            if method.startswith("retr"):
                getattr(ftp, method)("RETR x", callback)
            else:
                getattr(ftp, method)("STOR x", io.BytesIO(b"one\ntwo\n"), callback=callback)
        except exc as caught:
            env.note(caught)
        env.attempt(ftp.voidresp)

    harness.same(script, {"STOR": (b"150 ok\r\n", recv_data, DONE)})


def test_the_callback_of_an_upload_gets_the_very_block():
    def script(lib, env):
        ftp = env.ftp()
        blocks = [bytearray(b"one"), b"two", memoryview(b"three"), b""]
        remaining, seen = iter(blocks), []
        ftp.storbinary("STOR x", Source(lambda size: next(remaining)), callback=seen.append)
        return [a is b for a, b in zip(seen, blocks)]

    assert harness.same(script).result == ["list", "True", "True", "True"]


CLOSED = [
    (method, what)
    for method in ("retrbinary", "retrlines", "storbinary", "storlines")
    for what in ("sock", "file", "ftp", "conn")
]
CLOSED.remove(("retrlines", "conn"))  # see test_deviations


@pytest.mark.parametrize(("method", "close_what"), CLOSED)
def test_callback_closes_things(method, close_what):
    def script(lib, env):
        ftp = env.ftp(keeping(lib.FTP))

        def callback(block):
            (ftp if close_what == "ftp" else getattr(ftp, close_what)).close()
            if close_what == "ftp":
                env.note(ftp.sock)

        if method.startswith("retr"):
            env.attempt(getattr(ftp, method), "RETR x", callback)
        else:
            env.attempt(getattr(ftp, method), "STOR x", io.BytesIO(b"one\n" * 10), callback=callback)
        env.note(ftp.conn, ftp.sock)
        del ftp.conn

    harness.same(script, data=b"one\r\n")


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
def test_callback_talks_to_the_server(method):
    """The reply comes out of turn, as ftplib's users know: the 226 is already there."""

    def script(lib, env):
        ftp = env.ftp()

        def callback(block):
            env.attempt(ftp.sendcmd, "NOOP")

        if method.startswith("retr"):
            env.attempt(getattr(ftp, method), "RETR x", callback)
        else:
            env.attempt(getattr(ftp, method), "STOR x", io.BytesIO(b"one\n"), callback=callback)
        return ftp.sendcmd("NOOP")

    replies = {"RETR": (b"150 ok\r\n", send_data(), DONE), "STOR": (b"150 ok\r\n", recv_data, DONE)}
    if method.startswith("stor"):
        replies["STOR"] = (b"150 ok\r\n200 ahead\r\n", recv_data, DONE)
    harness.same(script, replies, data=b"one\r\n")
