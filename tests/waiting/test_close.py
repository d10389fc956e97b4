"""close() by another thread ends whatever is waited for, a transfer too; and nothing else is changed or disturbed.

ftplib goes on waiting here, for ever or until its timeout: these tests are for what rftplib does better.
"""

from __future__ import annotations

import errno
import ftplib
import io
import os
import socket
import threading
import time

import pytest
import rftplib
from rftplib.tls import ImplicitFTP_TLS
from support.clients import CHOSEN, KINDS, TRANSFERS, connect, context, unconnected
from support.kinds import ALL_KINDS, ALL_TRANSFERS, PAIRS, TLS_KINDS
from support.slow_server import SlowServer
from support.trouble import is_full
from support.waiting import LIMIT, Waiter, until

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"
needs_loops = pytest.mark.skipif(not NATIVE, reason="without the native loops rftplib waits as ftplib does")
TIMEOUTS = pytest.mark.parametrize("timeout", [None, 60], ids=["no-timeout", "60-s"])


def closed(ftp, call, until_it_waits=lambda: None):
    """close() while `call` waits: it ends with EBADF.

    until_it_waits(): for what it would also wait for before, if the server were slow.
    """
    waiter = Waiter(call)
    until_it_waits()
    error = waiter.ended_by(ftp.close)
    assert isinstance(error, OSError) and error.errno == errno.EBADF, repr(error)
    assert ftp.sock is None and ftp.file is None


# --- the control connection


@needs_loops
@ALL_KINDS
@TIMEOUTS
def test_close_while_waiting_for_a_reply(hostile, kind, timeout):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind, timeout)
    closed(ftp, lambda: ftp.voidcmd("NOOP"))


@needs_loops
def test_at_once(hostile):
    """Within a slice of 200 ms. One of many tries is enough: the machine may be busy, the client may not."""
    hostile.replies["NOOP"] = b""
    for _ in range(20):
        ftp = connect(hostile, "plain")
        waiter = Waiter(lambda ftp=ftp: ftp.voidcmd("NOOP"))
        waiter.until_asleep()
        began = time.monotonic()
        ftp.close()
        waiter.join()
        if time.monotonic() - began < 0.3:
            return
    pytest.fail("it takes longer")


@needs_loops
def test_while_waiting_for_a_reply_of_an_implicit_server(hostile):
    hostile.implicit, hostile.replies["NOOP"] = True, b""
    ftp = ImplicitFTP_TLS(context=context("ssl"), timeout=60)
    ftp.connect(*hostile.address)
    closed(ftp, lambda: ftp.voidcmd("NOOP"))


@needs_loops
def test_close_while_waiting_for_the_greeting(hostile):
    hostile.greeting = None
    ftp = unconnected("plain")
    waiter = Waiter(lambda: ftp.connect(*hostile.address))
    hostile.wait_for("connected")
    error = waiter.ended_by(ftp.close)
    assert isinstance(error, rftplib.all_errors)


@TLS_KINDS
@pytest.mark.parametrize("implicit", [False, True])
def test_in_the_handshake_of_the_control_connection(hostile, kind, implicit):
    hostile.stall, hostile.implicit = "control", implicit
    ftp = (ImplicitFTP_TLS if implicit else rftplib.FTP_TLS)(context=context(kind), timeout=None)
    if not implicit:
        ftp.connect("localhost", hostile.address[1])
    call = (lambda: ftp.connect("localhost", hostile.address[1])) if implicit else ftp.auth
    closed(ftp, call, lambda: hostile.wait_for("stalling"))


@TLS_KINDS
def test_while_waiting_for_the_end_of_tls(hostile, kind):
    """After CCC the server says nothing."""
    hostile.stall = "ccc"
    ftp = connect(hostile, kind)
    closed(ftp, ftp.ccc, lambda: hostile.wait_for("stalling"))


# --- transfers

# In the handshake of the data connection, before the first byte, after some
MOMENTS = [
    pytest.param(kind, transfer, stall, marks=[pytest.mark.long] if transfer not in chosen else [])
    for kind in KINDS
    for transfer in TRANSFERS
    for stall, chosen in (("data", ["callback", "names", "upload"]), ("transfer", CHOSEN[kind]), ("half", CHOSEN[kind]))
    if not (stall == "data" and kind == "plain" or stall == "half" and "upload" in transfer)
]


@pytest.mark.parametrize("kind, transfer, stall", MOMENTS)
def test_close_ends_a_running_transfer(hostile, kind, transfer, stall):
    """The server has answered 150 and stalls."""
    hostile.payload, hostile.stall = b"some line\r\n" * 100, stall
    ftp = connect(hostile, kind)
    closed(ftp, lambda: TRANSFERS[transfer](ftp), lambda: hostile.wait_for("stalling"))


@ALL_KINDS
@pytest.mark.parametrize("blocksize", [8192, 100, None], ids=["blocks", "little-blocks", "lines"])
def test_between_two_blocks(hostile, kind, blocksize):
    """What has been received by then isn't handed out any more, however slow the callback is."""
    hostile.payload = b"some line\r\n" * 20_000
    ftp = connect(hostile, kind)
    blocks = []

    def callback(block):
        blocks.append(block)
        if len(blocks) == 3:
            thread = threading.Thread(target=ftp.close)
            thread.start()
            thread.join()

    with pytest.raises(OSError) as raised:
        if blocksize is None:
            ftp.retrlines("NLST", callback)
        else:
            ftp.retrbinary("RETR x", callback, blocksize)
    assert (raised.value.errno, len(blocks)) == (errno.EBADF, 3)


@needs_loops
@PAIRS
def test_of_the_data_connection_alone(hostile, kind, transfer):
    """A script that has kept it closes it, to cancel the transfer."""
    hostile.payload, hostile.stall = b"some line\r\n" * 100, "transfer" if "upload" in transfer else "half"
    ftp = connect(hostile, kind, 60 if transfer in ("memory", "upload") else None)
    waiter = Waiter(lambda: TRANSFERS[transfer](ftp))
    hostile.wait_for("stalling")
    assert isinstance(waiter.ended_by(lambda: ftp.data.close()), (OSError, ValueError))
    ftp.close()


@needs_loops
@ALL_TRANSFERS
def test_the_object_works_on_after_a_cancelled_transfer(transfer):
    if transfer == "list":
        return  # "callback" has it
    with SlowServer() as server:
        ftp = connect(server, "plain", timeout=60)
        waiter = Waiter(lambda: TRANSFERS[transfer](ftp, "stall"))
        server.wait_for("stalling")
        waiter.ended_by(lambda: ftp.data.close())
        assert ftp.voidcmd("NOOP") == "200 noop"
        ftp.close()


@needs_loops
@ALL_KINDS
def test_while_a_full_pipe_is_waited_for(hostile, kind):
    """It isn't the network that is waited for."""
    hostile.payload = bytes(2_000_000)
    ftp = connect(hostile, kind)
    reading, writing = os.pipe()
    with open(reading, "rb"), open(writing, "wb", 0) as file:
        closed(ftp, lambda: ftp.retrbinary("RETR x", file.write), lambda: until(lambda: is_full(writing)))


@ALL_KINDS
@pytest.mark.parametrize("how", ["retrbinary", "transfercmd"])
def test_while_the_server_is_to_connect(hostile, kind, how):
    """In active mode, after a 150."""
    hostile.replies["PORT"] = b"200 ok\r\n"
    hostile.replies["RETR"] = b"150 coming\r\n", lambda session: session.server.note("coming")
    ftp = connect(hostile, kind)
    ftp.set_pasv(False)
    call = (lambda: ftp.transfercmd("RETR x")) if how == "transfercmd" else lambda: TRANSFERS["callback"](ftp)
    closed(ftp, call, lambda: hostile.wait_for("coming"))


@TLS_KINDS
def test_in_the_handshake_of_a_connection_by_hand(hostile, kind):
    hostile.stall = "data"
    ftp = connect(hostile, kind)
    closed(ftp, lambda: ftp.transfercmd("RETR x"), lambda: hostile.wait_for("stalling"))


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="without native loops the file is Python's own, with its lock")
def test_while_waiting_for_the_final_reply(hostile, kind):
    hostile.final = b""
    ftp = connect(hostile, kind)
    closed(ftp, lambda: ftp.storbinary("STOR x", io.BytesIO(b"data")), lambda: hostile.wait_for("over"))


@ALL_KINDS
def test_a_connection_that_the_user_has_stays_open(hostile, kind):
    """transfercmd() has given it away."""
    hostile.payload = b"some data"
    ftp = connect(hostile, kind, timeout=10)
    with ftp.transfercmd("RETR x") as conn:
        closing = Waiter(ftp.close)
        assert closing.join() is None
        received = b""
        while len(received) < len(hostile.payload):
            received += conn.recv(100)
        assert received == hostile.payload


@pytest.mark.parametrize("kind", ["plain", "ssl"])
def test_in_a_callback_is_what_it_is_in_ftplib(hostile, kind):
    """The data goes on; then there is no connection for the reply."""
    hostile.payload = bytes(300_000)
    outcomes = []
    for module in (ftplib, rftplib):
        ftp = connect(hostile, kind, 10, module)
        received = []

        def callback(block, ftp=ftp, received=received):
            ftp.close()
            received.append(len(block))

        with pytest.raises(Exception) as caught:
            ftp.retrbinary("RETR x", callback)
        outcomes.append((sum(received), type(caught.value), str(caught.value)))
    assert outcomes[0] == outcomes[1]


# --- two who wait


@ALL_KINDS
@pytest.mark.skipif(not NATIVE, reason="ftplib's own file")
def test_two_threads_that_wait_for_replies_get_them_in_order(hostile, kind):
    """A thread that keeps the connection alive, beside a slow reply."""
    hostile.replies["SITE"] = b""
    ftp = connect(hostile, kind, timeout=10)
    first = Waiter(lambda: ftp.voidcmd("SITE slow"))
    hostile.wait_for("SITE")
    first.until_asleep()  # it has its place before the second comes
    # the server answers both at once, when the second has come
    hostile.sessions[0].replies["NOOP"] = [b"226 the slow one\r\n200 noop\r\n"]
    second = Waiter(lambda: ftp.voidcmd("NOOP"))
    assert (first.join(), second.join()) == (None, None)
    assert (first.result, second.result) == ("226 the slow one", "200 noop")
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
    ftp.putcmd("SITE one")  # by one thread: `ssl` can't take two writes at once
    ftp.putcmd("SITE two")
    waiters = [Waiter(ftp.voidresp), Waiter(ftp.voidresp)]
    waiters[1].until_asleep()
    waiters[0].ended_by(lambda: ftp.sock.settimeout(0.2))
    waiters[1].join()
    # as ftplib's file has it: whoever came first is timed out, and after that nothing is read from it any more
    errors = [waiter.error for waiter in waiters]
    first, second = sorted(errors, key=lambda error: not isinstance(error, socket.timeout))
    assert isinstance(first, socket.timeout) and str(second) == "cannot read from timed out object"
    ftp.close()


# --- a descriptor's number that is somebody else's by now


@ALL_KINDS
def test_nobody_elses_descriptor_is_read(hostile, kind):
    """The data connection is closed in a callback, and its number taken by another connection at once."""
    hostile.payload = bytes(400_000)
    ftp = connect(hostile, kind, timeout=10)
    mine, theirs = socket.socketpair()
    theirs.sendall(b"for somebody else")
    taken = []

    def callback(block):
        if not taken:
            number = ftp.data.fileno()
            ftp.data.close()
            os.dup2(mine.fileno(), number)
            taken.append(socket.socket(fileno=number))

    with pytest.raises(OSError):
        ftp.retrbinary("RETR x", callback, 16384)
    with taken[0], mine, theirs:
        taken[0].settimeout(5)
        assert taken[0].recv(100) == b"for somebody else"
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
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
                lib.FTP(timeout=LIMIT).connect(*hostile.address)
            kept.append(caught)
        counts.append(descriptors() - before)
    assert counts[0] == counts[1]
