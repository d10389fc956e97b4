"""Sinks and sources that fail: the exception passes as it is, nothing stays open, the object is as good as ftplib's."""

from __future__ import annotations

import contextlib
import resource

import pytest
from support.actions import recv_data, send_data
from support.harness import differences, run_cleanly
from support.scripted_server import Server

BIG = bytes(range(256)) * 4096  # 1 MiB
FULL = 100_000  # bytes that the disk takes


class Broken(Exception):
    """What nobody but the test raises."""


@contextlib.contextmanager
def disk_of(size):
    """No file can grow beyond `size` bytes: writing fails as on a full disk, half-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def after(count):
    """A sink or source that raises at its `count`th call."""
    calls = []

    def call(*args):
        calls.append(args)
        if len(calls) >= count:
            raise Broken("enough")
        return b"x" * 1000 + b"\n"

    return call


class Source:
    def __init__(self, give):
        self.read = self.readline = give


def finish(env, ftp):
    """If the transfer failed: the reply that it has left unread, and another command."""
    if env.notes[-1] and env.notes[-1][0] == "raised":
        env.attempt(ftp.voidresp)
        env.attempt(ftp.voidcmd, "NOOP")


def type_of(note):
    """The name of the exception that was noted."""
    assert note[0] == "raised", note
    return note[1]["type"].rpartition(".")[2]


def same_everywhere(script, quiet, replies):
    """Run with both libraries, compare all that can be seen, and look for what is left."""
    ours, theirs = run_cleanly(script, Server(replies), quiet)
    assert not differences(ours, theirs), differences(ours, theirs)
    assert all(ours.data_closed), "a data connection is still open"
    return ours


def download(sink_of):
    """A download into what `sink_of(lib)` gives; then the reply that is left, and another command."""

    def script(lib, env):
        ftp = env.ftp()
        with contextlib.ExitStack() as stack:
            env.attempt(ftp.retrbinary, "RETR x", sink_of(stack))
            finish(env, ftp)

    return script


DOWN = {"RETR": (b"150 go\r\n", send_data(BIG), b"226 done\r\n")}
DOWN_LINES = {"RETR": (b"150 go\r\n", send_data(b"line\r\n" * 50_000), b"226 done\r\n")}
UP = {"STOR": (b"150 go\r\n", recv_data, b"226 done\r\n")}


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_sink_that_raises(quiet, count):
    ours = same_everywhere(download(lambda stack: after(count)), quiet, DOWN)
    assert type_of(ours.notes[0]) == "Broken"


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_line_sink_that_raises(quiet, count):
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.retrlines, "RETR x", after(count))
        finish(env, ftp)

    ours = same_everywhere(script, quiet, DOWN_LINES)
    assert type_of(ours.notes[0]) == "Broken"


@pytest.mark.parametrize("mode, buffering", [("wb", 0), ("wb", -1), ("r+b", -1), ("ab", 0), ("ab", -1)])
def test_a_disk_that_fills_up(quiet, tmp_path, mode, buffering):
    path = tmp_path / "file"

    def script(lib, env):
        path.write_bytes(b"old")
        ftp = env.ftp()
        file = open(path, mode, buffering)
        with disk_of(FULL):
            env.attempt(ftp.retrbinary, "RETR x", file.write)
        with contextlib.suppress(OSError):
            file.close()  # what is in Python's buffer, if anything, has a place now
        env.attempt(ftp.voidresp)
        old = 3 if mode == "ab" else 0
        got = path.read_bytes()[old:]
        env.note(len(got) >= FULL - 3, BIG.startswith(got))

    ours = same_everywhere(script, quiet, DOWN)
    assert ours.notes[0][1]["errno"] == 27  # EFBIG
    assert ours.notes[2] == ["tuple", "True", "True"]


def upload(method, source_of, callback=None):
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(getattr(ftp, method), "STOR x", source_of(), callback=callback() if callback else None)
        finish(env, ftp)

    return script


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_source_that_raises(quiet, method, count):
    ours = same_everywhere(upload(method, lambda: Source(after(count))), quiet, UP)
    assert type_of(ours.notes[0]) == "Broken"
    assert ours.uploads[0].replace(b"\r", b"") == (b"x" * 1000 + b"\n") * (count - 1)
