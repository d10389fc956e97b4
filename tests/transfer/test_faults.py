"""Each fault of the table: the exception is ftplib's, in time, and nothing is left behind."""

from __future__ import annotations

import ftplib
import os
import time

import pytest
import rftplib
from rftplib import _lenient
from support.clients import brief_from
from support.fault_rows import BRIEF, ROWS, STEADY, drips
from support.harness import differences, run
from support.resources import descriptors, forget_peak, memory, peak, threads_end
from support.scripted_server import Server
from support.side_by_side import each

GRACE = 15.0  # a busy machine's delay on top of a timeout
GROWTH = 48 << 20  # bytes that no fault may cost; the largest upload of the table has 32 MiB


def play(row, clock):
    """The client's part: connect, log in, act; then what the object is still good for."""

    def script(lib, env):
        ftp = env.unconnected(timeout=BRIEF if row.brief == "connect" else row.timeout, encoding=row.encoding)
        if row.brief.isupper():
            brief_from(ftp, row.brief, BRIEF)
        steps = {
            "connect": lambda: ftp.connect(env.host, env.port),
            "login": lambda: ftp.login("user", "secret"),
            "act": lambda: row.act(ftp),
        }
        for name, step in steps.items():
            if name == "act" and row.brief == "data":
                ftp.timeout = BRIEF
            elif name == row.brief and ftp.sock:
                ftp.sock.settimeout(BRIEF)
            began = time.monotonic()
            failed = len(env.notes)
            env.attempt(step)
            clock.append(time.monotonic() - began)
            if env.notes[failed] and env.notes[failed][0] == "raised":
                env.note("failed at step", name)
                break
        inode = os.readlink(f"/proc/self/fd/{ftp.sock.fileno()}") if ftp.sock else None
        env.attempt(ftp.voidcmd, "NOOP")
        env.attempt(ftp.close)
        assert inode not in descriptors().values(), "close() has left a descriptor"
        env.attempt(ftp.close)
        env.note(ftp.sock, ftp.file)
        env.attempt(ftp.voidcmd, "NOOP")

    return script


def exception_of(outcome):
    """The name of what the act raised; "" if it went well."""
    for note in outcome.notes[:3]:
        if note[0] == "raised":
            return note[1]["type"].rpartition(".")[2].replace("TimeoutError", "timeout")
    return ""


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=str(row), marks=[pytest.mark.long] if row.long else []) for row in ROWS]
)
def test_fault(row, quiet, monkeypatch):
    monkeypatch.setattr(_lenient, "PATIENCE", 0.1)  # no row has what it is for
    server = Server(row.replies, greeting=row.greeting)
    try:
        theirs = run(ftplib, play(row, []), server)
        before = descriptors()
        forget_peak()
        memory_before, clock = memory(), []
        ours = run(rftplib, play(row, clock), server)
        grown = peak() - memory_before
        assert descriptors().items() <= before.items()
        assert threads_end(quiet), "a thread is left"
    finally:
        server.close()
    assert not differences(ours, theirs), differences(ours, theirs)
    if row.raises is not None:
        assert exception_of(ours) == row.raises
    assert all(ours.data_closed), "a data connection is still open"
    assert max(clock) < row.timeout + GRACE
    if row.raises == "timeout":
        assert max(clock) >= (BRIEF if row.brief else row.timeout)
    assert grown < GROWTH, f"{grown >> 20} MiB"


def test_what_drips_slowly_is_in_time():
    """The timeout counts from the last byte that came: each of these takes longer than it."""

    def check(row):
        with Server(row.replies, greeting=row.greeting) as server:
            ftp = rftplib.FTP(timeout=row.timeout)
            began = time.monotonic()
            ftp.connect(*server.address)
            ftp.login("user", "secret")
            row.act(ftp)
            assert time.monotonic() - began > row.timeout
            assert ftp.voidcmd("NOOP") == "200 noop"
            ftp.close()

    each(drips(0.6, STEADY), check)
