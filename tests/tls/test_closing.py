"""close() by another thread ends whatever is waited for, a transfer too; and nothing else is changed or disturbed."""

from __future__ import annotations

import ctypes
import errno
import ftplib
import io
import os
import socket
import threading
import time

import pytest
import rftplib
from rftplib.tls import ImplicitFTP_TLS, NativeContext
from support.hostile_ftps import CA_FILE, context
from support.waiting import LIMIT, Waiter

KINDS = ["plain", "ssl", "native"]
NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"


def connect(server, kind, timeout=None, cls=None):
    """A client; its data connections are in clear text, under TLS by `ssl`, or by NativeContext."""
    if kind == "plain":
        ftp = (cls or rftplib.FTP)(timeout=timeout)
    else:
        made = context() if kind == "ssl" else NativeContext(cafile=CA_FILE)
        ftp = (cls or rftplib.FTP_TLS)(context=made, timeout=timeout)
    ftp.connect("localhost", server.address[1])
    ftp.login("user", "secret")
    if kind != "plain":
        ftp.prot_p()
    return ftp


class Endless:
    def read(self, size):
        return b"x" * size

    def readline(self, size=-1):
        return b"x" * 1000 + b"\n"


TRANSFERS = {
    "callback": lambda ftp, path: ftp.retrbinary("RETR x", lambda block: None),
    "list": lambda ftp, path: ftp.retrbinary("RETR x", [].append),
    "file": lambda ftp, path: ftp.retrbinary("RETR x", open(path, "wb").write),
    "memory": lambda ftp, path: ftp.retrbinary("RETR x", io.BytesIO().write),
    "lines": lambda ftp, path: ftp.retrlines("RETR x", lambda line: None),
    "upload": lambda ftp, path: ftp.storbinary("STOR x", Endless()),
    "upload-file": lambda ftp, path: ftp.storbinary("STOR x", sparse(path)),
    "upload-lines": lambda ftp, path: ftp.storlines("STOR x", Endless()),
}
ALL_TRANSFERS = pytest.mark.parametrize("transfer", TRANSFERS)
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)


def sparse(path):
    """A file that is larger than all buffers on the way."""
    with open(path, "wb") as file:
        file.truncate(100_000_000)
    return open(path, "rb")


# In the handshake of the data connection, before the first byte, after some
MOMENTS = [
    (kind, transfer, stall)
    for kind in KINDS
    for transfer in TRANSFERS
    for stall in ("data", "transfer", "half")
    if not (stall == "data" and kind == "plain" or stall == "half" and "upload" in transfer)
]


@pytest.mark.parametrize("kind, transfer, stall", MOMENTS)
def test_close_ends_a_running_transfer(hostile, kind, transfer, stall, tmp_path):
    """The server has answered 150 and stalls."""
    hostile.payload, hostile.stall = b"some line\r\n" * 100, stall
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: TRANSFERS[transfer](ftp, tmp_path / "file"))
    assert waiter.after(ftp.close) < LIMIT
    assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF, repr(waiter.error)
    assert ftp.sock is None


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="Python's own write waits as long as it waits")
def test_close_ends_the_wait_for_a_full_pipe(hostile, kind):
    """It isn't the network that is waited for."""
    hostile.payload = bytes(2_000_000)
    ftp = connect(hostile, kind)
    reading, writing = os.pipe()
    with open(reading, "rb"), open(writing, "wb", 0) as file:
        waiter = Waiter(lambda: ftp.retrbinary("RETR x", file.write))
        assert waiter.after(ftp.close) < LIMIT
        assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF


@ALL_KINDS
def test_close_ends_the_wait_for_the_server_to_connect(hostile, kind):
    """In active mode, after a 150."""
    hostile.replies["PORT"], hostile.replies["RETR"] = b"200 ok\r\n", b"150 coming\r\n"
    ftp = connect(hostile, kind)
    ftp.set_pasv(False)
    waiter = Waiter(lambda: ftp.retrbinary("RETR x", lambda block: None))
    assert waiter.after(ftp.close) < LIMIT
    assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF


def closed(ftp, call):
    """close() while `call` waits: it ends with EBADF."""
    waiter = Waiter(call)
    assert waiter.after(ftp.close) < LIMIT
    assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF, repr(waiter.error)
    assert ftp.sock is None


@pytest.mark.parametrize("kind", ["ssl", "native"])
@pytest.mark.parametrize("implicit", [False, True])
def test_close_ends_the_handshake_of_the_control_connection(hostile, kind, implicit):
    hostile.stall, hostile.implicit = "control", implicit
    made = context() if kind == "ssl" else NativeContext(cafile=CA_FILE)
    ftp = (ImplicitFTP_TLS if implicit else rftplib.FTP_TLS)(context=made, timeout=None)
    if not implicit:
        ftp.connect("localhost", hostile.address[1])
    closed(ftp, lambda: ftp.connect("localhost", hostile.address[1]) if implicit else ftp.auth())


@pytest.mark.parametrize("kind", ["ssl", "native"])
def test_close_ends_the_handshake_of_a_connection_by_hand(hostile, kind):
    hostile.stall = "data"
    ftp = connect(hostile, kind)
    closed(ftp, lambda: ftp.transfercmd("RETR x"))


@ALL_KINDS
def test_close_ends_the_wait_for_a_connection_by_hand(hostile, kind):
    hostile.replies["PORT"], hostile.replies["RETR"] = b"200 ok\r\n", b"150 coming\r\n"
    ftp = connect(hostile, kind)
    ftp.set_pasv(False)
    closed(ftp, lambda: ftp.transfercmd("RETR x"))


@pytest.mark.parametrize("kind", ["ssl", "native"])
def test_close_ends_the_wait_for_the_end_of_tls(hostile, kind):
    """After CCC the server says nothing."""
    hostile.stall = "ccc"
    ftp = connect(hostile, kind)
    closed(ftp, ftp.ccc)


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="without native loops the file is Python's own, with its lock")
def test_close_ends_the_wait_for_the_final_reply(hostile, kind):
    hostile.final = b""
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: ftp.storbinary("STOR x", io.BytesIO(b"data")))
    assert waiter.after(ftp.close) < LIMIT
    assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF


@ALL_KINDS
def test_a_connection_that_the_user_has_stays_open(hostile, kind):
    """transfercmd() has given it away."""
    hostile.payload = b"some data"
    ftp = connect(hostile, kind, timeout=10)
    with ftp.transfercmd("RETR x") as conn:
        closing = threading.Thread(target=ftp.close)
        closing.start()
        closing.join(10)
        received = b""
        while len(received) < len(hostile.payload):
            received += conn.recv(100)
        assert received == hostile.payload


@pytest.mark.parametrize("kind", ["plain", "ssl"])
def test_close_in_a_callback_is_what_it_is_in_ftplib(hostile, kind):
    """The data goes on; then there is no connection for the reply."""
    hostile.payload = bytes(300_000)
    outcomes = []
    for lib in (ftplib, rftplib):
        ftp = connect(hostile, kind, timeout=10, cls=lib.FTP if kind == "plain" else lib.FTP_TLS)
        received = []

        def callback(block, ftp=ftp, received=received):
            ftp.close()
            received.append(len(block))

        with pytest.raises(Exception) as caught:
            ftp.retrbinary("RETR x", callback)
        outcomes.append((sum(received), type(caught.value), str(caught.value)))
    assert outcomes[0] == outcomes[1]


@ALL_KINDS
@pytest.mark.parametrize("setting", [None, 9.0])
@pytest.mark.parametrize("transfer", ["callback", "lines", "upload"])
def test_a_timeout_that_a_callback_sets_blocks_nobody(hostile, kind, setting, transfer):
    """Python puts the socket into blocking mode for None; the server, in this process, could not go on."""

    class Client(rftplib.FTP if kind == "plain" else rftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            self.conn, size = super().ntransfercmd(cmd, rest)
            return self.conn, size

    def pieces():
        for _ in range(3):
            yield b"some line\r\n" * 3000
            hostile.stopping.wait(0.1)

    hostile.payload = pieces()
    ftp = connect(hostile, kind, timeout=10, cls=Client)
    calls = {
        "callback": lambda then: ftp.retrbinary("RETR x", then),
        "lines": lambda then: ftp.retrlines("RETR x", then),
        "upload": lambda then: ftp.storbinary("STOR x", io.BytesIO(bytes(5_000_000)), callback=then),
    }
    assert calls[transfer](lambda block: ftp.conn.settimeout(setting)) == "226 done"
    ftp.close()


# --- two who wait


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="ftplib's own file")
def test_two_threads_that_wait_for_replies_get_them_in_order(hostile, kind):
    """A thread that keeps the connection alive, beside a slow reply."""
    hostile.replies["SITE"] = b""
    ftp = connect(hostile, kind, timeout=10)
    replies = {}
    first = threading.Thread(target=lambda: replies.update(first=ftp.voidcmd("SITE slow")))
    first.start()
    wait_until(lambda: any(line == "SITE slow" for line, _ in hostile.commands))
    # the server answers both at once, when the second has come
    second = threading.Thread(target=lambda: replies.update(second=ftp.voidcmd("NOOP")))
    hostile.sessions[0].replies["NOOP"] = [b"226 the slow one\r\n200 noop\r\n"]
    second.start()
    first.join(10)
    second.join(10)
    assert replies == {"first": "226 the slow one", "second": "200 noop"}
    hostile.sessions[0].replies["NOOP"] = [b"200 next\r\n"]
    assert ftp.voidcmd("NOOP") == "200 next"
    assert ftp.sock.gettimeout() == 10
    ftp.close()


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="ftplib's own file")
def test_a_thread_that_gives_up_leaves_its_place(hostile, kind):
    """One is stopped by the timeout: the other isn't held up by it."""
    hostile.replies["SITE"] = b""
    ftp = connect(hostile, kind, timeout=10)
    waiters = [Waiter(lambda: ftp.voidcmd("SITE one"))]
    # one after the other: `ssl` can't take two writes at once
    wait_until(lambda: any(line == "SITE one" for line, _ in hostile.commands))
    waiters.append(Waiter(lambda: ftp.voidcmd("SITE two")))
    assert waiters[0].after(lambda: ftp.sock.settimeout(0.2)) < 1
    waiters[1].join()
    # as ftplib's file has it: whoever came first is timed out, and after that nothing is read from it any more
    errors = [waiter.error for waiter in waiters]
    first, second = sorted(errors, key=lambda error: not isinstance(error, socket.timeout))
    assert isinstance(first, socket.timeout) and str(second) == "cannot read from timed out object"
    ftp.close()


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- asynchronous exceptions


class Stop(Exception):
    pass


def stop(waiter):
    """Have its thread raise Stop."""
    thread = ctypes.c_ulong(waiter._thread.ident)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Stop)) == 1


@ALL_KINDS
@ALL_TRANSFERS
@pytest.mark.skipif(not NATIVE, reason="Python's own loops wait as long as they wait")
def test_an_asynchronous_exception(hostile, kind, transfer, tmp_path):
    """PyThreadState_SetAsyncExc, by which func_timeout, stopit and IPython stop a thread."""
    hostile.stall = "transfer"
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: TRANSFERS[transfer](ftp, tmp_path / "file"))
    assert waiter.after(lambda: stop(waiter)) < LIMIT
    assert isinstance(waiter.error, Stop)
    ftp.close()


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="Python's own loops wait as long as they wait")
def test_an_asynchronous_exception_ends_the_wait_for_a_reply(hostile, kind):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))
    assert waiter.after(lambda: stop(waiter)) < LIMIT
    assert isinstance(waiter.error, Stop)
    ftp.close()


# --- a frozen clock


@pytest.fixture
def frozen(monkeypatch):
    """What freezegun and time-machine do: time stands still."""
    now, clock = time.time(), time.monotonic()
    monkeypatch.setattr(time, "time", lambda: now)
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    monkeypatch.setattr(time, "perf_counter", lambda: clock)


@ALL_KINDS
@ALL_TRANSFERS
def test_timeouts_under_a_frozen_clock(hostile, kind, transfer, frozen, tmp_path):
    hostile.stall = "transfer"
    ftp = connect(hostile, kind, timeout=0.5)
    with pytest.raises(socket.timeout):
        TRANSFERS[transfer](ftp, tmp_path / "file")
    ftp.close()


@ALL_KINDS
def test_the_wait_for_a_reply_under_a_frozen_clock(hostile, kind, frozen):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind, timeout=0.5)
    with pytest.raises(socket.timeout):
        ftp.voidcmd("NOOP")
    ftp.close()


@pytest.mark.parametrize("kind", ["ssl", "native"])
def test_an_upload_that_is_never_answered_under_a_frozen_clock(hostile, kind, frozen):
    hostile.end, hostile.final_waits = "silent", True
    ftp = connect(hostile, kind, timeout=10)
    ftp.unwrap_timeout = 0.3
    assert ftp.storbinary("STOR x", io.BytesIO(b"data")) == "226 done"
    ftp.close()


# --- a descriptor's number that is somebody else's by now


@ALL_KINDS
def test_nobody_elses_descriptor_is_read(hostile, kind):
    """The data connection is closed in a callback, and its number taken by another connection at once."""
    hostile.payload = bytes(400_000)

    class Client(rftplib.FTP if kind == "plain" else rftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            self.conn, size = super().ntransfercmd(cmd, rest)
            return self.conn, size

    ftp = connect(hostile, kind, timeout=10, cls=Client)
    mine, theirs = socket.socketpair()
    theirs.sendall(b"for somebody else")
    taken = []

    def callback(block):
        if not taken:
            number = ftp.conn.fileno()
            ftp.conn.close()
            os.dup2(mine.fileno(), number)
            taken.append(socket.socket(fileno=number))

    with pytest.raises(OSError):
        ftp.retrbinary("RETR x", callback, 16384)
    with taken[0], mine, theirs:
        taken[0].settimeout(5)
        assert taken[0].recv(100) == b"for somebody else"
        theirs.settimeout(0.2)
        with pytest.raises(socket.timeout):
            theirs.recv(1)  # nor was anything written to it
    ftp.close()


# --- how many descriptors it takes


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@ALL_KINDS
def test_a_control_connection_costs_one_descriptor(hostile, kind):
    before = descriptors()
    clients = [connect(hostile, kind, timeout=10) for _ in range(5)]
    # the server is in this process, too
    assert descriptors() - before <= 2 * 5 + (1 if kind == "native" else 0) * 5
    for ftp in clients:
        ftp.close()


def test_refused_connections_whose_exceptions_are_kept(hostile):
    """No more is left open than by ftplib."""
    hostile.greeting = b"421 too many\r\n"
    counts, kept = [], []
    for lib in (ftplib, rftplib):
        before = descriptors()
        for _ in range(5):
            with pytest.raises(ftplib.error_temp) as caught:
                lib.FTP(timeout=5).connect(*hostile.address)
            kept.append(caught)
        counts.append(descriptors() - before)
    assert counts[0] == counts[1]
