"""close() and settimeout() from another thread take effect on whoever waits, at once.

ftplib goes on waiting here, for ever or until its old timeout: these tests are for what rftplib does better.
"""

from __future__ import annotations

import io
import os
import socket
import tempfile
import threading
import time

import pytest
import rftplib
from support.real import wait_until_asleep
from support.slow_server import SlowServer

LIMIT = 0.5  # seconds until it takes effect; promised are 0.2, the rest is for a busy machine
PATIENCE = 10  # seconds until a test gives up

pytestmark = pytest.mark.skipif(
    os.environ.get("RFTPLIB_NATIVE") == "0", reason="without the native loops rftplib waits as ftplib does"
)
timeouts = pytest.mark.parametrize("timeout", [None, 60], ids=["no-timeout", "60-s"])


@pytest.fixture
def server():
    with SlowServer() as slow:
        yield slow


class Remembering(rftplib.FTP):
    """Keeps the data connection at hand, as a script would that wants to cancel it."""

    data = None

    def ntransfercmd(self, cmd, rest=None):
        self.data, size = super().ntransfercmd(cmd, rest)
        return self.data, size


@pytest.fixture
def ftp(server):
    client = Remembering(timeout=PATIENCE)
    client.connect(*server.address)
    yield client
    client.close()
    if client.data is not None:
        client.data.close()


class Waiter:
    """Runs a call in a thread; tells which exception it ended with, and when."""

    def __init__(self, call) -> None:
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def until_asleep(self) -> None:
        wait_until_asleep(self._thread.native_id)

    def _run(self) -> None:
        self.raised: BaseException | None = None
        try:
            self._call()
        except BaseException as error:
            self.raised = error
        self.when = time.monotonic()

    def ended(self, since: float, server: SlowServer) -> BaseException | None:
        """The exception, which must have come within LIMIT."""
        self._thread.join(LIMIT)
        late = self._thread.is_alive()
        if late:
            server.__exit__()  # its end is the call's end, whatever goes wrong
            self._thread.join(PATIENCE)
        assert not late, "it still waits"
        assert self.when - since < LIMIT
        return self.raised


def close(ftp) -> None:
    """In a thread: ftplib's close() waits for the one that reads."""
    threading.Thread(target=ftp.close, daemon=True).start()


def stalled_upload(ftp):
    with tempfile.TemporaryFile() as source:
        source.truncate(1 << 40)
        ftp.storbinary("STOR stall", source)


class Lines:
    def readline(self, size):
        return b"a line\n"


def to_file(ftp):
    with tempfile.TemporaryFile() as sink:
        ftp.retrbinary("RETR stall", sink.write)


TRANSFERS = {
    "to-a-callback": lambda ftp: ftp.retrbinary("RETR stall", lambda block: None),
    "to-a-file": to_file,
    "to-memory": lambda ftp: ftp.retrbinary("RETR stall", io.BytesIO().write),
    "lines": lambda ftp: ftp.retrlines("NLST stall", lambda line: None),
    "names": lambda ftp: ftp.nlst("stall"),
    "upload-of-a-file": stalled_upload,
    "upload-from-memory": lambda ftp: ftp.storbinary("STOR stall", io.BytesIO(bytes(1 << 26))),
    "upload-of-lines": lambda ftp: ftp.storlines("STOR stall", Lines()),
}
transfers = pytest.mark.parametrize("transfer", TRANSFERS.values(), ids=TRANSFERS)


@timeouts
def test_close_while_waiting_for_a_reply(server, ftp, timeout):
    ftp.sock.settimeout(timeout)
    waiter = Waiter(lambda: ftp.voidcmd("HANG"))
    server.wait_for("HANG")
    waiter.until_asleep()
    since = time.monotonic()
    close(ftp)
    assert isinstance(waiter.ended(since, server), rftplib.all_errors)
    assert ftp.sock is None


@timeouts
def test_settimeout_while_waiting_for_a_reply(server, ftp, timeout):
    ftp.sock.settimeout(timeout)
    waiter = Waiter(lambda: ftp.voidcmd("HANG"))
    server.wait_for("HANG")
    waiter.until_asleep()
    since = time.monotonic()
    ftp.sock.settimeout(0.05)
    assert isinstance(waiter.ended(since, server), socket.timeout)


def test_a_longer_timeout_while_waiting_for_a_reply(server, ftp):
    """It takes effect as well: the reply may now come later."""
    ftp.sock.settimeout(0.3)
    waiter = Waiter(lambda: ftp.voidcmd("HANG"))
    server.wait_for("HANG")
    waiter.until_asleep()
    ftp.sock.settimeout(PATIENCE)
    time.sleep(0.6)
    server.answer("200 at last")
    waiter.ended(time.monotonic(), server)
    assert waiter.raised is None


@timeouts
@transfers
def test_closing_the_data_connection(server, ftp, transfer, timeout):
    waiter = begin(server, ftp, transfer, timeout)
    since = time.monotonic()
    ftp.data.close()
    assert isinstance(waiter.ended(since, server), OSError)


@timeouts
@transfers
def test_a_timeout_for_the_data_connection(server, ftp, transfer, timeout):
    waiter = begin(server, ftp, transfer, timeout)
    since = time.monotonic()
    ftp.data.settimeout(0.05)
    assert isinstance(waiter.ended(since, server), socket.timeout)


@transfers
def test_the_object_works_on_after_a_cancelled_transfer(server, ftp, transfer):
    waiter = begin(server, ftp, transfer, PATIENCE)
    since = time.monotonic()
    ftp.data.close()
    waiter.ended(since, server)
    assert ftp.voidcmd("NOOP") == "200 NOOP"


def begin(server, ftp, transfer, timeout) -> Waiter:
    ftp.timeout = timeout
    waiter = Waiter(lambda: transfer(ftp))
    server.wait_for("stalling")
    waiter.until_asleep()
    return waiter


@timeouts
def test_close_while_waiting_for_the_greeting(timeout):
    with SlowServer(greets=False) as server:
        ftp = rftplib.FTP(timeout=timeout)
        waiter = Waiter(lambda: ftp.connect(*server.address))
        server.wait_for("connected")
        waiter.until_asleep()
        since = time.monotonic()
        close(ftp)
        assert isinstance(waiter.ended(since, server), rftplib.all_errors)
