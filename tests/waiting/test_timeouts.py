"""Timeouts: set by another thread or a callback while somebody waits, under a frozen clock, and on a slow stream."""

from __future__ import annotations

import ftplib
import io
import os
import socket
import time

import pytest
import rftplib
from support.clients import TRANSFERS, connect
from support.hostile_ftps import Hostile
from support.kinds import ALL_KINDS, PAIRS, TLS_KINDS
from support.side_by_side import each
from support.waiting import LIMIT, Waiter, until

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"
needs_loops = pytest.mark.skipif(not NATIVE, reason="without the native loops rftplib waits as ftplib does")
SECONDS = 6.0  # of a timeout that mustn't pass, and that all of the test is longer than


# --- from another thread


@needs_loops
@ALL_KINDS
@pytest.mark.parametrize("timeout", [None, 60], ids=["no-timeout", "60-s"])
def test_a_shorter_one_while_waiting_for_a_reply(hostile, kind, timeout):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind, timeout)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))
    hostile.wait_for("NOOP")
    assert isinstance(waiter.ended_by(lambda: ftp.sock.settimeout(0.05)), socket.timeout)
    assert ftp.sock.gettimeout() == 0.05
    ftp.close()


@needs_loops
def test_a_longer_one_while_waiting_for_a_reply(hostile):
    """It takes effect as well: the reply may now come later."""
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, "plain", timeout=LIMIT)
    ftp.sock.settimeout(SECONDS)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))
    waiter.until_asleep()
    began = time.monotonic()
    ftp.sock.settimeout(60)
    until(lambda: time.monotonic() > began + SECONDS + 0.5)
    hostile.sessions[0].say(b"200 at last\r\n")
    assert waiter.join() is None and waiter.result == "200 at last"
    ftp.close()


@needs_loops
@PAIRS
def test_a_shorter_one_for_the_data_connection(hostile, kind, transfer):
    hostile.payload, hostile.stall = b"some line\r\n" * 100, "transfer" if "upload" in transfer else "half"
    ftp = connect(hostile, kind, 60 if transfer in ("memory", "upload") else None)
    waiter = Waiter(lambda: TRANSFERS[transfer](ftp))
    hostile.wait_for("stalling")
    error = waiter.ended_by(lambda: ftp.data.settimeout(0.05))
    assert isinstance(error, socket.timeout)
    if kind == "ssl":
        assert str(error) == f"The {'write' if 'upload' in transfer else 'read'} operation timed out"
    ftp.close()


# --- from a callback


@ALL_KINDS
@pytest.mark.parametrize("setting", [None, 9.0])
@pytest.mark.parametrize("transfer", ["callback", "lines", "upload"])
def test_one_that_a_callback_sets_blocks_nobody(hostile, kind, setting, transfer):
    """Python puts the socket into blocking mode for None; the server, in this process, could not go on."""

    def pieces():
        for _ in range(3):
            yield b"some line\r\n" * 3000
            hostile.going_on.wait(0.02)

    hostile.payload = pieces()
    ftp = connect(hostile, kind, timeout=10)
    calls = {
        "callback": lambda then: ftp.retrbinary("RETR x", then),
        "lines": lambda then: ftp.retrlines("RETR x", then),
        "upload": lambda then: ftp.storbinary("STOR x", io.BytesIO(bytes(5_000_000)), callback=then),
    }
    assert calls[transfer](lambda block: ftp.data.settimeout(setting)) == "226 done"
    ftp.close()


# --- as they come


@ALL_KINDS
def test_in_a_transfer(hostile, kind):
    """No sooner than it says."""
    hostile.stall = "transfer"

    def check(transfer):
        ftp = connect(hostile, kind, timeout=10)
        ftp.timeout = 0.15
        began = time.monotonic()
        with pytest.raises(socket.timeout):
            TRANSFERS[transfer](ftp)
        assert time.monotonic() - began >= 0.14
        ftp.close()

    each(TRANSFERS, check)


@pytest.mark.parametrize("timeout", [0.05, 0.35])
def test_for_a_reply_is_that_of_ftplib(hostile, timeout):
    """And so is what comes after it."""
    hostile.replies["NOOP"] = b""
    seen = []
    for module in (ftplib, rftplib):
        ftp = connect(hostile, "ssl", 10, module)
        ftp.sock.settimeout(timeout)
        errors = []
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(OSError) as caught:
                ftp.voidcmd("NOOP")
            errors.append((type(caught.value), str(caught.value)))
            assert time.monotonic() - began >= timeout - 0.01 or len(errors) == 2
        seen.append((errors, ftp.sock.gettimeout()))
        ftp.close()
    assert seen[0] == seen[1]
    assert seen[0][0][1] == (OSError, "cannot read from timed out object")


def test_a_slow_stream_is_none(no_descriptor_left):
    """The timeout counts from the last progress."""

    def check(kind):
        def slowly():
            for _ in range(11):
                server.going_on.wait(SECONDS / 10)
                yield b"line\r\n"

        with Hostile() as server:
            server.payload = slowly()
            ftp = connect(server, kind, LIMIT)
            ftp.timeout = SECONDS
            got = []
            assert ftp.retrlines("RETR x", got.append) == "226 done"
            assert got == ["line"] * 11
            ftp.close()

    each(["ssl", "native"], check)


# --- a frozen clock


@pytest.fixture
def frozen(monkeypatch):
    """What freezegun and time-machine do: time stands still."""
    now, clock = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    monkeypatch.setattr(time, "perf_counter", lambda: clock)


@ALL_KINDS
def test_timeouts_under_a_frozen_clock(hostile, kind, frozen):
    hostile.stall = "transfer"

    def check(transfer):
        ftp = connect(hostile, kind, timeout=10)
        ftp.timeout = 0.1
        with pytest.raises(socket.timeout):
            TRANSFERS[transfer](ftp)
        ftp.close()

    each(["callback", "file", "lines", "upload", "upload-file"], check)


@ALL_KINDS
def test_for_a_reply_under_a_frozen_clock(hostile, kind, frozen):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind, timeout=10)
    ftp.sock.settimeout(0.1)
    with pytest.raises(socket.timeout):
        ftp.voidcmd("NOOP")
    ftp.close()


@TLS_KINDS
def test_an_upload_that_is_never_answered_under_a_frozen_clock(hostile, kind, frozen):
    hostile.end, hostile.final_waits = "silent", True
    ftp = connect(hostile, kind, timeout=10)
    ftp.unwrap_timeout = 0.3
    assert ftp.storbinary("STOR x", io.BytesIO(b"data")) == "226 done"
    ftp.close()
