"""Ctrl-C while rftplib waits or works: KeyboardInterrupt comes at once, and the object can be closed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import rftplib
from support.real import wait_until_asleep
from support.slow_server import SlowServer, unanswering_port

PROGRAM = str(Path(__file__).with_name("interrupted_child.py"))
LIMIT = 0.5  # seconds from the signal to the exception; promised are 0.2, the rest is for a busy machine
PATIENCE = 20  # seconds until a test gives up

STALLS = [
    "download-callback-stall",
    "download-file-stall",
    "download-memory-stall",
    "download-lines-stall",
    "names-stall",
    "upload-file-stall",
    "upload-memory-stall",
    "upload-lines-stall",
]
FLOWS = [
    "download-callback-endless",
    "download-file-endless",
    "download-device-endless",
    "download-lines-endless",
    "upload-file-endless",
    "upload-source-endless",
    "upload-lines-endless",
]
timeouts = pytest.mark.parametrize("timeout", ["None", "60"])


@contextlib.contextmanager
def child(scenario: str, address: tuple[str, int], timeout: str):
    command = [sys.executable, PROGRAM, scenario, address[0], str(address[1]), timeout]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "begun\n", process.stderr.read()
            yield process
        finally:
            process.kill()


def interrupt(process) -> None:
    sent = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert output, errors
    result = json.loads(output)
    assert result["raised"] == "KeyboardInterrupt"
    assert result["when"] - sent < LIMIT
    assert result["closed"]
    assert (process.returncode, errors) == (0, "")


@timeouts
def test_while_connecting(timeout):
    with unanswering_port() as address, child("connecting", address, timeout) as process:
        wait_until_asleep(process.pid)
        interrupt(process)


@timeouts
def test_while_waiting_for_the_greeting(timeout):
    with SlowServer(greets=False) as server, child("greeting", server.address, timeout) as process:
        server.wait_for("connected")
        wait_until_asleep(process.pid)
        interrupt(process)


@timeouts
def test_while_waiting_for_a_reply(timeout):
    with SlowServer() as server, child("reply", server.address, timeout) as process:
        server.wait_for("HANG")
        wait_until_asleep(process.pid)
        interrupt(process)


@timeouts
@pytest.mark.parametrize("scenario", STALLS)
def test_while_a_transfer_stalls(scenario, timeout):
    with SlowServer() as server, child(scenario, server.address, timeout) as process:
        server.wait_for("stalling")
        wait_until_asleep(process.pid)
        interrupt(process)


@pytest.mark.parametrize("scenario", FLOWS)
def test_while_a_transfer_flows(scenario):
    """No loop is so busy that it forgets to look."""
    with SlowServer() as server, child(scenario, server.address, "60") as process:
        server.wait_for("flowing")
        interrupt(process)


def test_a_handler_that_raises_its_own():
    """Any exception from a signal handler comes out as it is. Here in this process, with a timer."""

    class Alarm(Exception):
        pass

    def handler(number, frame):
        raise Alarm

    old = signal.signal(signal.SIGALRM, handler)
    try:
        with SlowServer() as server, rftplib.FTP(timeout=PATIENCE) as ftp:
            ftp.connect(*server.address)
            began = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(Alarm):
                ftp.voidcmd("HANG")
            assert time.monotonic() - began < 0.1 + LIMIT
            ftp.close()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_handler_that_returns(direction):
    """Interrupted waits go on (PEP 475): signals that are handled lose no byte and raise nothing."""
    count = 0

    def handler(number, frame):
        nonlocal count
        count += 1

    old = signal.signal(signal.SIGALRM, handler)
    try:
        with SlowServer() as server, rftplib.FTP(timeout=PATIENCE) as ftp:
            ftp.connect(*server.address)
            signal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)
            if direction == "down":
                received: list[bytes] = []
                ftp.retrbinary("RETR steps", received.append)
                assert b"".join(received) == server.steps
            else:
                data = bytes(range(251)) * 32_000  # more than the kernel takes at once
                ftp.storbinary("STOR slowly", Source(data))
                assert bytes(server.stored) == data
            signal.setitimer(signal.ITIMER_REAL, 0)
            assert count > 10
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


class Source:
    """A source that isn't a file, read in blocks."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def read(self, size: int) -> bytes:
        block, self._data = bytes(self._data[:size]), self._data[size:]
        return block


def test_ctrl_c_reaches_the_main_thread_while_others_transfer():
    """Transfers in other threads don't hold the main thread up."""
    with SlowServer() as server:
        stop = threading.Event()

        class Enough(Exception):
            pass

        def until_stopped(block):
            if stop.is_set():
                raise Enough

        def transfer():
            ftp = rftplib.FTP(timeout=PATIENCE)
            ftp.connect(*server.address)
            with contextlib.suppress(Enough):
                ftp.retrbinary("RETR endless", until_stopped)
            ftp.close()

        thread = threading.Thread(target=transfer, daemon=True)
        thread.start()
        server.wait_for("flowing")
        old = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            sent = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(PATIENCE)
            assert time.monotonic() - sent < LIMIT
        finally:
            signal.signal(signal.SIGINT, old)
            stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
