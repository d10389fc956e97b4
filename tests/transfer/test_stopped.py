"""What a transfer leaves behind that was stopped half-way: the bytes, positions and exceptions that ftplib does."""

from __future__ import annotations

import ctypes
import errno
import io
import mmap
import os
import signal
import socket
import threading

import pytest
from support.transfers import NATIVE, Run
from support.waiting import interrupt_main_thread, until, until_main_thread_asleep

pytest.importorskip("resource")

from support.trouble import OLD, RESET, SINKS, handler, stalled  # noqa: E402

DATA = b"".join(b"%07d." % number for number in range(5000))  # less than a socket takes unread
TIMED_OUT = ("raised", socket.timeout, ("timed out",), "timed out")


class Interrupted(OSError):
    """What handlers raise most, and what is easily taken for the file's or the connection's."""


def interrupt(number, frame):
    raise Interrupted("enough")


# ---------------------------------------------------------------------------------- downloads


def silence(run, sink):
    return stalled(run, DATA)


def reset(run, sink):
    def peer(far):
        far.sendall(DATA)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    return run.against(peer)


def signalled(run, sink):
    expected = sink.position() + len(DATA)

    def peer(far):
        far.sendall(DATA)
        until(lambda: sink.position() == expected)
        interrupt_main_thread()
        far.recv(1)

    return run.against(peer)


@pytest.mark.parametrize("name", SINKS)
@pytest.mark.parametrize(
    "end, error",
    [
        (silence, TIMED_OUT[1:3]),
        (reset, (ConnectionResetError, (errno.ECONNRESET, os.strerror(errno.ECONNRESET)))),
        (signalled, (Interrupted, ("enough",))),
    ],
    ids=["silence", "reset", "signal"],
)
def test_what_was_received_is_in_the_sink(plain, name, end, error):
    make, before = SINKS[name]

    def script(run):
        sink = make(run)
        with handler(interrupt), end(run, sink) as ftp:
            outcome = run.attempt(ftp.retrbinary, "RETR x", sink.callback)
        position = sink.position()
        return outcome[1:3], position, run.attempt(sink.close), sink.content()

    left = before + DATA
    assert plain(script) == (error, len(left), ("returned", None), left + OLD[len(left) :] * (before == OLD[:100]))


# ---------------------------------------------------------------------------------- uploads

LINES = b"".join(b"%d" % number * (number % 9) + (b"\n", b"\r\n")[number % 2] for number in range(200_000))
ENDS = [0]  # where each line of it ends
for _line in io.BytesIO(LINES):
    ENDS.append(ENDS[-1] + len(_line))


def source(run, kind):
    if kind == "BytesIO":
        fp = io.BytesIO(b"head\n" + LINES)
    else:
        fp = open(run.path(content=b"head\n" + LINES), *kind)
    assert fp.readline() == b"head\n"
    return fp


FILES = [("rb",), ("r+b",), ("rb", 10), ("rb", 0)]
every_source = pytest.mark.parametrize("kind", ["BytesIO", *FILES], ids=str)


def small_buffers(ftp):
    ftp.transfercmd("").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
    return ftp


@every_source
def test_storlines_leaves_the_file_behind_the_line_that_was_being_sent(plain, kind):
    def script(run):
        taken = bytearray()
        with source(run, kind) as fp:
            with stalled(run, taken=taken) as ftp:
                outcome = run.attempt(small_buffers(ftp).storlines, "STOR x", fp)
            position = fp.tell() - 5
        assert taken and LINES.replace(b"\r\n", b"\n").startswith(taken.replace(b"\r\n", b"\n").rstrip(b"\r"))
        return outcome, position - ENDS[taken.count(b"\n") + 1]

    assert plain(script) == (TIMED_OUT, 0)


@every_source
def test_storlines_stopped_by_a_signal(plain, kind):
    """No line is half sent then, and the file stands behind the last one, or behind the next."""

    def script(run):
        def peer(far):
            taken.extend(far.recv(1))
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)
            until_main_thread_asleep()
            if not over:  # the signal came right before Python's own wait for room
                interrupt_main_thread()
            until(lambda: over)  # the client may wait until somebody takes what it has sent, or not
            while taken.extend(far.recv(1 << 20)) or not taken.endswith(b"\0"):
                pass

        taken, over = bytearray(), []
        with source(run, kind) as fp, handler(interrupt), run.against(peer) as ftp:
            conn = small_buffers(ftp).transfercmd("").dup()
            outcome = run.attempt(ftp.storlines, "STOR x", fp)
            position = fp.tell() - 5
            over.append(True)
            with conn:
                conn.settimeout(30)
                conn.sendall(b"\0")
        lines = taken[:-1].count(b"\n")
        return outcome[1], position in ENDS[lines : lines + 2]

    assert plain(script) == (Interrupted, True)


@pytest.mark.skipif(not NATIVE, reason="native loops only")
@pytest.mark.parametrize("kind", FILES, ids=str)
def test_storbinary_leaves_the_file_behind_what_was_sent(tmp_path, kind):
    """ftplib leaves it behind the block of which that was a part."""
    run, taken = Run("native", tmp_path), bytearray()
    with source(run, kind) as fp:
        with stalled(run, taken=taken) as ftp:
            assert run.attempt(small_buffers(ftp).storbinary, "STOR x", fp) == TIMED_OUT
        assert fp.tell() - 5 == len(taken) > 0
        assert LINES.startswith(taken)


def test_a_timeout_set_meanwhile_is_kept(plain):
    """sendfile needs the connection in non-blocking mode, and so do timeouts."""

    def script(run):
        with open(run.path(content=LINES * 5), "rb") as fp:

            def before(far):
                first = far.recv(1)
                ftp.transfercmd("").settimeout(30)
                return first

            with run.upload(before) as ftp:
                conn = ftp.transfercmd("STOR x")
                conn.settimeout(None)
                shared = os.dup(conn.fileno())
                outcome = run.attempt(ftp.storbinary, "STOR x", fp)
                blocking = os.get_blocking(shared)
                os.close(shared)
        return outcome[0], run.arrived == LINES * 5, blocking

    assert plain(script) == ("returned", True, False)


# ---------------------------------------------------------------------------------- files with a bad spot

SIZE = 80 * 1024  # more than storlines reads at once


@pytest.fixture
def unreadable():
    """A function that opens a file of SIZE bytes whose next one is an input/output error: this process's memory, with a
    hole. Linux only."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/mem", "rb"):
            pass
    except (OSError, TypeError):
        pytest.skip("no /proc/self/mem")
    libc.mmap.restype, none = ctypes.c_void_p, -1
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    page = mmap.PAGESIZE
    size = SIZE + 2 * page  # with a page behind the hole, so that nobody has much use for it
    protection, flags = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    start = libc.mmap(None, size, protection, flags, none, 0)
    ctypes.memmove(start, LINES, SIZE)
    assert libc.munmap(start + SIZE, page) == 0

    def opened(buffering):
        fp = open("/proc/self/mem", "rb", buffering)
        fp.seek(start)
        return start, fp

    yield opened
    libc.munmap(start, SIZE)
    libc.munmap(start + SIZE + page, page)


@pytest.mark.parametrize("buffering", [-1, 0])
@pytest.mark.parametrize("method", ["storbinary", "storlines"])
def test_a_file_that_cannot_be_read_to_its_end(plain, unreadable, method, buffering):
    """What comes before the bad spot is sent; the error is the file's."""

    def script(run):
        start, fp = unreadable(buffering)
        with fp:
            with run.upload() as ftp:
                outcome = run.attempt(getattr(ftp, method), "STOR x", fp)
            return outcome[:3], run.arrived, (fp.tell() - start if method == "storbinary" else None)

    outcome, arrived, _ = plain(script)
    assert outcome == ("raised", OSError, (errno.EIO, os.strerror(errno.EIO)))
    sent = LINES[:SIZE] if method == "storbinary" else LINES[: LINES.rindex(b"\n", 0, SIZE) + 1]
    assert arrived.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n")
