"""retrbinary into what isn't on disk: pipes, FIFOs, sockets, terminals, devices. They may have to be waited for."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time

import pytest
from support.transfers import DONE, LIMIT, NATIVE, Run
from support.waiting import until

pytest.importorskip("fcntl")

import tty  # noqa: E402

from support.trouble import BRIEF, is_full, stalled  # noqa: E402

DATA = b"".join(b"%07d." % number for number in range(25_000))
WAITED_FOR = ["pipe", "fifo", "socket"]
KINDS = [*WAITED_FOR, "terminal"]  # which says that it is ready when it has room for one byte, and then blocks
buffered_or_not = pytest.mark.parametrize("buffering", [-1, 0])
native_only = pytest.mark.skipif(not NATIVE, reason="what native loops do better")


@contextlib.contextmanager
def channel(run, kind, buffering):
    """The descriptor to read from, and the file to write to."""
    if kind == "pipe":
        reading, writing = os.pipe()
    elif kind == "fifo":
        path = run.path("fifo")
        os.mkfifo(path)
        reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        writing = os.open(path, os.O_WRONLY)
        os.set_blocking(reading, True)
    elif kind == "socket":
        reading, writing = (end.detach() for end in socket.socketpair())
    else:
        reading, writing = os.openpty()
        tty.setraw(writing)
    try:
        with open(writing, "wb", buffering) as fp:
            yield reading, fp
    finally:
        with contextlib.suppress(OSError):
            os.close(reading)


class Reader(threading.Thread):
    """Reads so many bytes, when it may begin."""

    def __init__(self, reading, size, may_begin=lambda: True):
        super().__init__(daemon=True)
        self.reading, self.size, self.may_begin, self.got = reading, size, may_begin, b""
        self.start()

    def run(self):
        until(self.may_begin)
        while len(self.got) < self.size:
            block = os.read(self.reading, 1 << 16)
            if not block:
                return
            self.got += block

    def result(self):
        self.join(LIMIT)
        return self.got


@buffered_or_not
@pytest.mark.parametrize("kind", KINDS)
def test_all_arrives(same, kind, buffering):
    def script(run):
        with channel(run, kind, buffering) as (reading, fp):
            reader = Reader(reading, len(DATA))
            with run.download(DATA[:5], DATA[5:]) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            fp.flush()
            return result, reader.result()

    assert same(script) == (DONE, DATA)


@buffered_or_not
@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_reader_is_waited_for(plain, kind, buffering):
    """However long: the timeout is the connection's, which has nothing to do with it."""

    def script(run):
        with channel(run, kind, buffering) as (reading, fp):
            began = []

            def after_the_timeout():
                if not began and is_full(fp.fileno()):
                    began.append(time.monotonic())
                return began and time.monotonic() > began[0] + 2 * BRIEF

            reader = Reader(reading, len(DATA), after_the_timeout)
            with stalled(run, DATA, end=True) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            fp.flush()
            return result, reader.result()

    assert plain(script) == (DONE, DATA)


PIECES = (b"first", b"second", DATA[:3000], b"last")


def piece_by_piece(run, fp, reading):
    """The next piece is sent when the last one has been read."""
    seen = []

    def peer(far):
        for piece in PIECES:
            far.sendall(piece)
            seen.append(Reader(reading, len(piece)).result())

    with run.against(peer) as ftp:
        return run.attempt(ftp.retrbinary, "RETR x", fp.write), seen


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_come_is_not_held_back(same, kind):
    def script(run):
        with channel(run, kind, 0) as (reading, fp):
            return piece_by_piece(run, fp, reading)

    assert same(script) == (DONE, list(PIECES))


@native_only
@pytest.mark.parametrize("kind", WAITED_FOR)
def test_nor_in_the_buffer_of_the_object(tmp_path, kind):
    run = Run("native", tmp_path)
    with channel(run, kind, -1) as (reading, fp):
        assert piece_by_piece(run, fp, reading) == (DONE, list(PIECES))


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("kind", ["pipe", "fifo"])
def test_a_reader_that_leaves(plain, kind, when):
    def script(run):
        with channel(run, kind, 0) as (reading, fp):

            def leave():
                if when == "meanwhile":
                    until(lambda: is_full(fp.fileno()))
                os.close(reading)

            leaving = threading.Thread(target=leave)
            leaving.start()
            if when == "before":
                leaving.join(LIMIT)
            with run.download(DATA) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            leaving.join(LIMIT)
            return result[:3]

    assert plain(script) == ("raised", BrokenPipeError, (errno.EPIPE, os.strerror(errno.EPIPE)))


@native_only
@buffered_or_not
@pytest.mark.parametrize("kind", WAITED_FOR)
def test_in_non_blocking_mode_nothing_is_lost(tmp_path, kind, buffering):
    """ftplib raises BlockingIOError there, or loses blocks where the file has no buffer."""
    run = Run("native", tmp_path)
    with channel(run, kind, buffering) as (reading, fp):
        os.set_blocking(fp.fileno(), False)
        reader = Reader(reading, len(DATA), lambda: is_full(fp.fileno()))
        with run.download(DATA) as ftp:
            assert run.attempt(ftp.retrbinary, "RETR x", fp.write) == DONE
        assert reader.result() == DATA
        assert not os.get_blocking(fp.fileno())


@native_only
@buffered_or_not
@pytest.mark.parametrize("kind", WAITED_FOR)
def test_a_close_from_another_thread_ends_the_wait(tmp_path, kind, buffering):
    run = Run("native", tmp_path)
    with channel(run, kind, buffering) as (reading, fp), stalled(run, DATA, timeout=None) as ftp:
        closed = []

        def close():
            until(lambda: is_full(fp.fileno()))
            closed.append(time.monotonic())
            ftp.transfercmd("").close()

        closing = threading.Thread(target=close)
        closing.start()
        result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
        assert time.monotonic() - closed[0] < 15
        closing.join(LIMIT)
    assert result[:3] == ("raised", OSError, (errno.EBADF, os.strerror(errno.EBADF)))


@pytest.mark.parametrize("kind", KINDS)
def test_the_mode_is_left_alone(plain, kind):
    def script(run):
        with channel(run, kind, 0) as (reading, fp):
            reader = Reader(reading, len(DATA))
            with run.download(DATA) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            return result, os.get_blocking(fp.fileno()), reader.result()

    assert plain(script) == (DONE, True, DATA)


# ---------------------------------------------------------------------------------- devices


@pytest.mark.parametrize("data", [DATA, b"short"], ids=["long", "short"])
@buffered_or_not
def test_a_full_device(plain, buffering, data):
    """The error is told once; ftplib may leave it to close(), or tell it there again."""

    def script(run):
        fp = open("/dev/full", "wb", buffering)
        with run.download(data) as ftp:
            received = run.attempt(ftp.retrbinary, "RETR x", fp.write)
        closed = run.attempt(fp.close)
        if run.way == "native" and NATIVE:
            assert (received[0], closed) == ("raised", ("returned", None))
        return (received if received[0] == "raised" else closed)[:3]

    if not os.path.exists("/dev/full"):
        pytest.skip("only Linux has one")
    assert plain(script) == ("raised", OSError, (errno.ENOSPC, os.strerror(errno.ENOSPC)))


@pytest.mark.parametrize("mode", ["wb", "ab", "r+b"])
@buffered_or_not
def test_a_device_that_takes_all(same, mode, buffering):
    def script(run):
        with open(os.devnull, mode, buffering) as fp:
            with run.download(DATA) as ftp:
                return run.attempt(ftp.retrbinary, "RETR x", fp.write)

    assert same(script) == DONE
