"""Ctrl-C, other signals, and exceptions that another thread sets, while rftplib waits or works.

KeyboardInterrupt comes at once, and the object can be closed. ftplib waits on where Python's sockets do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading

import pytest
from support.clients import CHOSEN, TRANSFERS, connect
from support.kinds import ALL_KINDS, PAIRS
from support.slow_server import SlowServer, unanswering_port
from support.waiting import LIMIT, Waiter, interrupt, interrupt_main_thread, until

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"
needs_loops = pytest.mark.skipif(not NATIVE, reason="Python's own loops wait as long as they wait")
SCRIPT = """\
from support.clients import TRANSFERS, connect, unconnected
class server:
    address = {address!r}
"""
CONNECTED = SCRIPT + "ftp = connect(server, {kind!r}, {timeout})\n"


def script(server, kind, timeout, call):
    return CONNECTED.format(address=server.address, kind=kind, timeout=timeout) + f"call = lambda: {call}\n"


# --- Ctrl-C, in processes of their own


@pytest.mark.parametrize("timeout", [None, 60])
def test_while_connecting(timeout):
    with unanswering_port() as address:
        call = "call = lambda: ftp.connect(*server.address)\n"
        interrupt(f"{SCRIPT.format(address=address)}ftp = unconnected('plain', {timeout})\n{call}")


@pytest.mark.parametrize("timeout", [None, 60])
def test_ctrl_c_while_waiting_for_the_greeting(hostile, timeout):
    hostile.greeting = None
    call = "call = lambda: ftp.connect(*server.address)\n"
    prepare = f"{SCRIPT.format(address=hostile.address)}ftp = unconnected('plain', {timeout})\n"
    interrupt(prepare + call, lambda: hostile.wait_for("connected"))


@ALL_KINDS
def test_ctrl_c_while_waiting_for_a_reply(hostile, kind):
    hostile.replies["NOOP"] = b""
    timeout = 60 if kind == "ssl" else None
    interrupt(script(hostile, kind, timeout, 'ftp.voidcmd("NOOP")'), lambda: hostile.wait_for("NOOP"))


@pytest.mark.parametrize("kind, transfer", [(kind, transfer) for kind in CHOSEN for transfer in CHOSEN[kind]])
def test_while_a_transfer_stalls(hostile, kind, transfer):
    hostile.payload, hostile.stall = b"some line\r\n" * 100, "transfer" if "upload" in transfer else "half"
    timeout = 60 if transfer in ("callback", "lines", "upload-file") else None
    call = f"TRANSFERS[{transfer!r}](ftp)"
    interrupt(script(hostile, kind, timeout, call), lambda: hostile.wait_for("stalling"))


FLOWS = ["callback", "file", "lines", "upload", "upload-file", "upload-lines"]


@pytest.mark.parametrize("transfer", FLOWS)
def test_while_a_transfer_flows(transfer):
    """No loop is so busy that it forgets to look."""
    name = "sink" if "upload" in transfer else "endless"
    with SlowServer() as server:
        call = script(server, "plain", 60, f"TRANSFERS[{transfer!r}](ftp, {name!r})")
        interrupt(call, lambda: server.wait_for("flowing"), asleep=False)


def test_while_a_transfer_flows_into_a_device():
    with SlowServer() as server:
        call = script(server, "plain", 60, 'ftp.retrbinary("RETR endless", open("/dev/null", "wb").write)')
        interrupt(call, lambda: server.wait_for("flowing"), asleep=False)


# --- signals, in this process


class Alarm(Exception):
    pass


@pytest.fixture
def alarm():
    """alarm(function): what SIGALRM calls."""
    before = signal.getsignal(signal.SIGALRM)
    yield lambda function: signal.signal(signal.SIGALRM, lambda number, frame: function())
    signal.signal(signal.SIGALRM, before)


def test_a_handler_that_raises_its_own(hostile, alarm):
    """Any exception from a signal handler comes out as it is."""

    def handler():
        raise Alarm

    alarm(handler)
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, "plain", LIMIT)

    def ring():
        hostile.wait_for("NOOP")
        interrupt_main_thread(signal.SIGALRM)

    ringing = Waiter(ring)
    with pytest.raises(Alarm):
        ftp.voidcmd("NOOP")
    assert ringing.join() is None
    ftp.close()


def test_ctrl_c_reaches_the_main_thread_while_others_transfer():
    """Transfers in other threads don't hold the main thread up."""
    stop = threading.Event()

    def until_stopped(block):
        if stop.is_set():
            raise Alarm

    with SlowServer() as server:
        ftp = connect(server, "plain", LIMIT)
        transfer = Waiter(lambda: ftp.retrbinary("RETR endless", until_stopped))
        server.wait_for("flowing")
        old = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGINT)
                until(lambda: False)
        finally:
            signal.signal(signal.SIGINT, old)
            stop.set()
        assert isinstance(transfer.join(), Alarm)
        ftp.close()


# --- exceptions that another thread sets


def stop_it(waiter):
    """PyThreadState_SetAsyncExc, by which func_timeout, stopit and IPython stop a thread."""
    thread = ctypes.c_ulong(waiter.thread.ident)
    assert ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Alarm)) == 1


@needs_loops
@PAIRS
def test_an_asynchronous_exception(hostile, kind, transfer):
    hostile.stall = "transfer"
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: TRANSFERS[transfer](ftp))
    hostile.wait_for("stalling")
    assert isinstance(waiter.ended_by(lambda: stop_it(waiter)), Alarm)
    ftp.close()


@needs_loops
@ALL_KINDS
def test_an_asynchronous_exception_while_waiting_for_a_reply(hostile, kind):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, kind)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))
    hostile.wait_for("NOOP")
    assert isinstance(waiter.ended_by(lambda: stop_it(waiter)), Alarm)
    ftp.close()
