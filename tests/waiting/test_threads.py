"""Several threads, one object or many; and callbacks that use the object they were called from."""

from __future__ import annotations

import errno
import ftplib
import io
import threading
import time

import pytest
import rftplib
from support.real import content
from support.slow_server import SlowServer

PATIENCE = 20  # seconds until a test gives up


@pytest.fixture
def server():
    with SlowServer() as slow:
        yield slow


@pytest.fixture(params=[rftplib, ftplib], ids=["rftplib", "ftplib"])
def ftp(request, server):
    """Both libraries: what a test here asks, ftplib does too."""
    with request.param.FTP(timeout=PATIENCE) as client:
        client.connect(*server.address)
        client.login("user", "password")
        yield client


def in_thread(call) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread


def finish(*threads: threading.Thread) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


# --- callbacks


def test_callback_sends_a_command(server, ftp):
    """The control connection is free during the transfer, for servers that answer then."""
    received: list[bytes] = []
    replies: list[str] = []

    def callback(block):
        received.append(block)
        replies.append(ftp.voidcmd("NOOP") if len(replies) % 2 else ftp.sendcmd("STAT"))
        server.step()

    assert ftp.retrbinary("RETR steps", callback) == "226 done"
    assert b"".join(received) == server.steps
    assert set(replies) == {"200 noop", "200 STAT"}


def test_callback_sets_attributes(server, ftp):
    received: list[bytes] = []

    def callback(block):
        received.append(block)
        ftp.timeout, ftp.encoding, ftp.maxline, ftp.passiveserver = 5, "latin-1", 100, False
        ftp.extra = len(received)
        ftp.set_debuglevel(0)
        server.step()

    ftp.retrbinary("RETR steps", callback)
    assert b"".join(received) == server.steps
    assert (ftp.timeout, ftp.encoding, ftp.maxline, ftp.passiveserver) == (5, "latin-1", 100, False)
    assert ftp.extra == len(received)


def test_callback_sets_the_control_timeout(server, ftp):
    received: list[bytes] = []

    def callback(block):
        received.append(block)
        ftp.sock.settimeout(7)
        server.step()

    ftp.retrbinary("RETR steps", callback)
    assert b"".join(received) == server.steps
    assert ftp.sock.gettimeout() == 7


def test_upload_callback_sends_a_command(server, ftp):
    data = content(100_000)
    replies: list[str] = []
    ftp.storbinary("STOR sink", io.BytesIO(data), callback=lambda block: replies.append(ftp.voidcmd("NOOP")))
    assert server.stored == data
    assert replies == ["200 noop"] * 13


# --- other threads


def test_noop_from_another_thread(server, ftp):
    """As scripts keep a control connection alive through a long transfer."""
    received: list[bytes] = []
    replies: list[str] = []

    def keep_alive():
        for _ in range(5):
            replies.append(ftp.voidcmd("NOOP"))

    def callback(block):
        if not received:
            finish(in_thread(keep_alive))
            server.let_go()
        received.append(block)

    assert ftp.retrbinary("RETR steps", callback) == "226 done"
    assert b"".join(received) == server.steps
    assert replies == ["200 noop"] * 5


def test_noop_beside_a_transfer_to_a_file(server, ftp, tmp_path):
    """A loop that needs no Python leaves the object to other threads as well."""
    replies: list[str] = []
    with open(tmp_path / "down", "wb", buffering=0) as file:

        def keep_alive():
            while not (tmp_path / "down").stat().st_size:  # until it flows
                time.sleep(0.001)
            for _ in range(5):
                replies.append(ftp.voidcmd("NOOP"))
            server.let_go()

        thread = in_thread(keep_alive)
        assert ftp.retrbinary("RETR steps", file.write) == "226 done"
    finish(thread)
    assert (tmp_path / "down").read_bytes() == server.steps
    assert replies == ["200 noop"] * 5


def test_close_from_another_thread_in_a_transfer(server, ftp):
    """In ftplib what flows goes on, then there is nobody to read the reply from. In rftplib it ends the transfer."""
    received: list[bytes] = []

    def callback(block):
        if not received:
            finish(in_thread(ftp.close))
            server.let_go()
        received.append(block)

    if isinstance(ftp, rftplib.FTP):
        with pytest.raises(OSError) as caught:
            ftp.retrbinary("RETR steps", callback)
        assert caught.value.errno == errno.EBADF
        assert server.steps.startswith(b"".join(received))
    else:
        with pytest.raises(AttributeError, match="readline"):
            ftp.retrbinary("RETR steps", callback)
        assert b"".join(received) == server.steps
    assert ftp.sock is None


def test_other_threads_run_during_a_transfer(server, ftp, tmp_path):
    """A transfer without a callback in Python doesn't keep the interpreter to itself."""
    ticks = 0

    def tick():
        nonlocal ticks
        server.wait_for("RETR")
        while ticks < 10:
            time.sleep(0.005)
            ticks += 1
        server.let_go()

    thread = in_thread(tick)
    with open(tmp_path / "down", "wb") as file:
        ftp.retrbinary("RETR steps", file.write)
    assert ticks == 10  # else it got to its end only after
    finish(thread)
    assert (tmp_path / "down").read_bytes() == server.steps


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)
def test_eight_threads_with_a_connection_each(endpoint, work):
    """Each with a connection of its own, up and down at the same time."""
    failures: list[BaseException] = []
    together = threading.Barrier(8)

    def transfer(number: int) -> None:
        try:
            data = content(1_000_000 + number)
            with endpoint.login() as ftp:
                ftp.cwd(f"{work.name}/new")
                together.wait(PATIENCE)
                for turn in range(3):
                    ftp.storbinary(f"STOR file-{number}-{turn}", io.BytesIO(data))
                    received: list[bytes] = []
                    ftp.retrbinary(f"RETR file-{number}-{turn}", received.append)
                    assert b"".join(received) == data
                    assert f"file-{number}-{turn}" in {name.rpartition("/")[2] for name in listing(ftp)}
        except BaseException as error:
            failures.append(error)
            together.abort()

    def listing(ftp) -> list[str]:
        lines: list[str] = []
        ftp.retrlines("LIST", lines.append)
        return [line.split()[-1] for line in lines if line.strip()]

    finish(*[in_thread(lambda number=number: transfer(number)) for number in range(8)])
    assert not failures
    for number in range(8):
        for turn in range(3):
            stored = work.path / "new" / f"file-{number}-{turn}"
            assert stored.read_bytes() == content(1_000_000 + number)
