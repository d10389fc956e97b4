"""Ctrl-C, in a child process, and exceptions that another thread sets, wherever a NativeSocket waits."""

from __future__ import annotations

import ctypes
import itertools
import threading

import pytest
from support.certificates import server_context
from support.tls_server import Server
from support.waiting import Waiter, interrupt

SCRIPT = """
import socket
from rftplib.tls import NativeContext
ftp = type("Client", (), {{"close": lambda self: None, "sock": None, "file": None}})()
context = NativeContext(cafile={ca!r})
sock = socket.create_connection({address!r}, 60)
if {action!r} == "handshake":
    call = lambda: context.wrap_socket(sock, server_hostname="localhost")
else:
    conn = context.wrap_socket(sock, server_hostname="localhost")
    call = {{
        "recv": lambda: conn.recv(10),
        "read": lambda: conn.makefile("rb").read(10),
        "sendall": lambda: conn.sendall(bytes(100_000_000)),
        "unwrap": conn.unwrap,
    }}[{action!r}]
"""


@pytest.mark.parametrize("action", ["handshake", "recv", "read", "sendall", "unwrap"])
def test_ctrl_c(certs, action):
    stop = threading.Event()
    context = None if action == "handshake" else server_context()
    with Server(lambda conn: stop.wait(30), context) as server:
        try:
            interrupt(SCRIPT.format(ca=str(certs / "ca.crt"), address=server.address, action=action))
        finally:
            stop.set()


class Stop(BaseException):
    """What func_timeout, stopit and IPython raise in a thread that takes too long."""


@pytest.mark.parametrize("action", ["handshake", "recv", "sendall", "much", "unwrap", "close"])
def test_an_exception_set_by_another_thread(certs, trusting, action):
    stop, moved = threading.Event(), threading.Event()

    def handle(conn):
        while action == "much" and conn.recv(1 << 20):
            moved.set()  # so that nothing ever has to be waited for
        stop.wait(30)

    actions = {
        "handshake": lambda conn: trusting.wrap_socket(conn, server_hostname="localhost"),
        "recv": lambda conn: conn.recv(10),
        "sendall": lambda conn: conn.sendall(bytes(100_000_000)),
        "much": lambda conn: [conn.sendall(much) for much in itertools.repeat(bytes(1 << 30))],
        "unwrap": lambda conn: conn.unwrap(),
        "close": lambda conn: (conn.sendall(b"x"), conn.close()),
    }
    context = None if action == "handshake" else server_context()
    with Server(handle, context) as server:
        conn = server.connect(timeout=None)
        if context is not None:
            conn = trusting.wrap_socket(conn, server_hostname="localhost")
        waiter = Waiter(lambda: actions[action](conn))
        if action == "much":
            assert moved.wait(20)
        else:
            waiter.until_asleep()
        set_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        assert set_in(ctypes.c_ulong(waiter.thread.ident), ctypes.py_object(Stop)) == 1
        assert isinstance(waiter.join(), Stop)
        if conn.fileno() != -1:
            conn.settimeout(0.1)  # for so long close() waits for the server, too
        conn.close()
        assert conn.fileno() == -1
        stop.set()
