"""When a transfer fails half-way: the same exception, and what has come or gone is where ftplib leaves it."""

from __future__ import annotations

import contextlib
import io
import os
import queue
import socket
import subprocess
import sys
import threading
import time

import pytest
from support.scripted_server import Server
from support.transfers import DONE, LIMIT, NATIVE, Run
from support.waiting import interrupt_main_thread, until

pytest.importorskip("resource")

from support.trouble import RESET, descriptors_left, handler, room, stalled, unread  # noqa: E402

DATA = b"".join(b"%07d." % number for number in range(40_000))

# ---------------------------------------------------------------------------------- no room left


def at_once(run, data):
    """A client for whom all of it has come before the first byte is received, and the end behind it."""
    connections = queue.Queue()
    come = threading.Event()

    def peer(far):
        near = connections.get(timeout=LIMIT)
        far.sendall(data)
        until(lambda: unread(near) == len(data))
        come.set()

    @contextlib.contextmanager
    def client():
        with run.against(peer) as ftp:
            connections.put(ftp.transfercmd(""))
            assert come.wait(LIMIT)
            yield ftp

    return client()


FULL = ("raised", OSError, (27, "File too large"))
SIZES = [0, 1, 5000, 8192, 200_001, len(DATA) - 10]


@pytest.mark.parametrize("length, size", [(5000, 0), (5000, 4999), *((len(DATA), size) for size in SIZES)])
@pytest.mark.parametrize("buffering", [-1, 10, 1 << 20])
def test_no_room_for_a_buffered_file(plain, buffering, length, size):
    """ftplib learns of it when the object's buffer is full: perhaps only from close(), or twice. What fits is there."""
    data = DATA[:length]

    def script(run):
        path = run.path()
        with room(size):
            fp = open(path, "wb", buffering)
            with run.download(data) as ftp:
                received = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            closed = run.attempt(fp.close)
        if run.way == "native" and NATIVE:
            assert (received[0], closed) == ("raised", ("returned", None)), "at once, and only once"
        error = received if received[0] == "raised" else closed
        return error[:3], path.read_bytes()

    assert plain(script) == (FULL, data[:size])


@pytest.mark.parametrize("size", SIZES[:-1])
def test_no_room_for_an_unbuffered_file(plain, size):
    def script(run):
        path = run.path()
        with room(size), open(path, "wb", 0) as fp, run.download(DATA) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", fp.write)[:3], fp.tell(), path.read_bytes()

    assert plain(script) == (FULL, size, DATA[:size])


@pytest.mark.parametrize("descriptors", ["enough", "none"])
@pytest.mark.parametrize("data", [DATA[:50_000], DATA[:5000], DATA[:11]], ids=len)
def test_no_room_for_the_last_bytes_of_an_unbuffered_file(tmp_path, data, descriptors):
    """ftplib doesn't look at what write() returns and takes the file for whole; native loops write all or raise: also
    when all comes in one block, and when there is no descriptor for a loop on the file."""
    run = Run("native", tmp_path)
    none_left = descriptors_left(1) if descriptors == "none" else contextlib.nullcontext()  # that for the connection
    with room(len(data) - 10), open(run.path(), "wb", 0) as fp, at_once(run, data) as ftp, none_left:
        outcome = run.attempt(ftp.retrbinary, "RETR x", fp.write)
        position = fp.tell()
    assert outcome[:3] == (FULL if NATIVE else DONE)
    assert (run.path().read_bytes(), position) == (data[:-10], len(data) - 10)


# ---------------------------------------------------------------------------------- no descriptor left


@pytest.mark.parametrize("left", [1, 2])
@pytest.mark.parametrize("buffering", [-1, 0])
def test_transfers_with_hardly_a_descriptor_left(plain, buffering, left):
    """Whatever a native loop wants to have twice, it can do without."""

    data = DATA[:100_000]

    def script(run):
        path = run.path(content=data)
        with open(run.path("down"), "wb", buffering) as down, open(path, "rb", buffering) as up:
            with run.download(data) as ftp, descriptors_left(left):
                outcomes = [run.attempt(ftp.retrbinary, "RETR x", down.write)]
            for method in ("storbinary", "storlines"):
                up.seek(0)
                with run.upload(maxline=len(data)) as ftp, descriptors_left(left):
                    outcomes.append(run.attempt(getattr(ftp, method), "STOR x", up))
                outcomes.append(run.arrived == data + b"\r\n" * (method == "storlines"))
        return outcomes, run.path("down").read_bytes() == data

    assert plain(script) == ([DONE, DONE, True, DONE, True], True)


MODULES = """
import io, sys
import rftplib
ftp = rftplib.FTP(timeout=20)
ftp.connect("127.0.0.1", int(sys.argv[1]))
ftp.login()
before = set(sys.modules)
ftp.retrbinary("RETR x", lambda block: None)
ftp.retrlines("RETR x", lambda line: None)
ftp.storbinary("STOR x", io.BytesIO(b"data"))
ftp.storlines("STOR x", io.BytesIO(b"data"))
ftp.nlst()
print(sorted(set(sys.modules) - before - {"rftplib._native_socket"}))  # the engine does without, where it must
ftp.quit()
"""


@pytest.mark.parametrize("native", ["0", "1"])
def test_a_transfer_imports_nothing(native):
    """There may be no descriptor left to open a module's file with."""
    with Server() as server:
        command = [sys.executable, "-c", MODULES, str(server.port)]
        environment = {**os.environ, "RFTPLIB_NATIVE": native}
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# ---------------------------------------------------------------------------------- the server falls silent or resets


@pytest.mark.parametrize("lines", [b"a\r\nb\r\n", b"a\r\nb\r\nunfinished", b"a\r\nb\r"])
def test_a_listing_that_falls_silent(plain, lines):
    def script(run):
        got = []
        for callback in (got.append, lambda line: got.append(line)):
            with stalled(run, lines) as ftp:
                got.append(run.attempt(ftp.retrlines, "LIST", callback)[1])
        return got

    complete = ["a"] if lines.endswith(b"b\r") else ["a", "b"]
    assert plain(script) == (complete + [socket.timeout]) * 2


@pytest.mark.parametrize("source", ["file", "memory", "lines"])
def test_a_server_that_resets_an_upload(plain, source):
    def peer(far):
        far.recv(1000)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def script(run):
        path = run.path(content=(b"x" * 99 + b"\n") * 200_000)
        with open(path, "rb") as fp, run.against(peer) as ftp:
            call = ftp.storlines if source == "lines" else ftp.storbinary
            outcome = run.attempt(call, "STOR x", fp if source != "memory" else io.BytesIO(path.read_bytes()))
        assert outcome[1] in (ConnectionResetError, BrokenPipeError)  # either, by chance
        assert outcome[2] == (outcome[2][0], os.strerror(outcome[2][0]))
        return outcome[0]

    assert plain(script) == "raised"


# ---------------------------------------------------------------------------------- the file changes under way


BIG = 24 << 20  # more than two sockets hold, so that the upload has begun and can't have ended


def first_byte_then(change):
    def before(far):
        first = far.recv(1)
        change()
        return first

    return before


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_file_that_grows_while_it_is_sent(plain, buffering):
    def script(run):
        path = run.path(content=b"")
        os.truncate(path, BIG)

        def grow():
            with open(path, "ab") as other:
                other.write(DATA)

        with open(path, "rb", buffering) as fp, run.upload(first_byte_then(grow)) as ftp:
            outcome = run.attempt(ftp.storbinary, "STOR x", fp)
            position = fp.tell()
        return outcome, position, len(run.arrived), run.arrived[BIG:] == DATA

    assert plain(script) == (DONE, BIG + len(DATA), BIG + len(DATA), True)


@pytest.mark.parametrize("buffering", [-1, 0])
def test_a_file_that_shrinks_while_it_is_sent(plain, buffering):
    def script(run):
        path = run.path(content=b"")
        os.truncate(path, BIG)
        with open(path, "rb", buffering) as fp:
            with run.upload(first_byte_then(lambda: os.truncate(path, 5))) as ftp:
                outcome = run.attempt(ftp.storbinary, "STOR x", fp)
                position = fp.tell()
        # how much had gone by then is chance; that it is counted is not
        return outcome, position == len(run.arrived), 5 < position < BIG

    assert plain(script) == (DONE, True, True)


def test_a_file_closed_while_it_is_written(plain):
    def script(run):
        with open(run.path(content=b""), "wb", 0) as fp:

            def peer(far):
                far.sendall(DATA)
                until(lambda: run.path().stat().st_size == len(DATA))
                fp.close()
                with contextlib.suppress(OSError):
                    while True:  # until the client has had enough
                        far.sendall(b"more")
                        time.sleep(0.001)

            with run.against(peer) as ftp:
                return run.attempt(ftp.retrbinary, "RETR x", fp.write), run.path().read_bytes()[: len(DATA)]

    (outcome, content) = plain(script)
    assert (outcome[1], content) == (ValueError, DATA)


# ---------------------------------------------------------------------------------- signals


def test_a_signals_handler_that_returns(plain):
    def script(run):
        calls = []

        def peer(far):
            for number in range(3):
                far.sendall(DATA)
                until(lambda number=number: run.path().stat().st_size == len(DATA) * (number + 1))
                interrupt_main_thread()
                until(lambda number=number: len(calls) > number)

        with handler(lambda *args: calls.append(1)), open(run.path(content=b""), "wb", 0) as fp:
            with run.against(peer) as ftp:
                return run.attempt(ftp.retrbinary, "RETR x", fp.write), run.path().read_bytes(), len(calls)

    assert plain(script) == (DONE, DATA * 3, 3)


def test_a_signal_while_sending(plain):
    def script(run):
        calls = []
        path = run.path(content=DATA * 60)

        def interrupt(far):
            first = far.recv(1)
            interrupt_main_thread()
            until(lambda: calls)
            return first

        with handler(lambda *args: calls.append(1)), open(path, "rb") as fp, run.upload(interrupt) as ftp:
            outcome = run.attempt(ftp.storbinary, "STOR x", fp)
            position = fp.tell()
        return outcome, position, run.arrived == DATA * 60, calls

    assert plain(script) == (DONE, len(DATA) * 60, True, [1])
