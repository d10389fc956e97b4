"""Ctrl-C, in a child process, and exceptions that another thread sets, wherever a NativeSocket waits."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
import time

import pytest
from support.certificates import server_context
from support.tls_server import Server, Thread

CHILD = """
import socket, sys
from rftplib.tls import NativeContext
host, port, ca, action = sys.argv[1:]
sock = socket.create_connection((host, int(port)), 60)
context = NativeContext(cafile=ca)
try:
    if action == "handshake":
        print("waiting", flush=True)
        context.wrap_socket(sock, server_hostname="localhost")
    conn = context.wrap_socket(sock, server_hostname="localhost")
    print("waiting", flush=True)
    if action == "recv":
        conn.recv(10)
    if action == "read":
        conn.makefile("rb").read(10)
    if action == "sendall":
        conn.sendall(bytes(100_000_000))
    if action == "unwrap":
        conn.unwrap()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("action", ["handshake", "recv", "read", "sendall", "unwrap"])
def test_ctrl_c(certs, action):
    stop = threading.Event()

    def handle(conn):
        stop.wait(30)

    context = None if action == "handshake" else server_context()
    with Server(handle, context) as server:
        command = [sys.executable, "-c", CHILD, *map(str, server.address), str(certs / "ca.crt"), action]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdout.readline() == "waiting\n"
                time.sleep(0.3)  # let it come to wait; if it hasn't, the signal finds it a little earlier
                began = time.monotonic()
                child.send_signal(signal.SIGINT)
                assert child.stdout.readline() == "interrupted\n"
                assert time.monotonic() - began < 2
                assert child.wait(20) == 0
            finally:
                child.kill()
                stop.set()


class Stop(BaseException):
    """What func_timeout, stopit and IPython raise in a thread that takes too long."""


@pytest.mark.parametrize("action", ["handshake", "recv", "sendall", "much", "unwrap", "close"])
def test_an_exception_set_by_another_thread(certs, trusting, action):
    stop = threading.Event()

    def handle(conn):
        while action == "much" and conn.recv(1 << 20):
            pass  # so that nothing ever has to be waited for
        stop.wait(30)

    actions = {
        "handshake": lambda conn: trusting.wrap_socket(conn, server_hostname="localhost"),
        "recv": lambda conn: conn.recv(10),
        "sendall": lambda conn: conn.sendall(bytes(100_000_000)),
        "much": lambda conn: conn.sendall(bytes(1 << 30)),
        "unwrap": lambda conn: conn.unwrap(),
        "close": lambda conn: (conn.sendall(b"x"), conn.close()),
    }
    context = None if action == "handshake" else server_context()
    with Server(handle, context) as server:
        conn = server.connect(timeout=None)
        if context is not None:
            conn = trusting.wrap_socket(conn, server_hostname="localhost")
        waiting = Thread(lambda: actions[action](conn))
        waiting.join(0.3)
        assert waiting.is_alive()
        began = time.monotonic()
        set_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        assert set_in(ctypes.c_ulong(waiting.ident), ctypes.py_object(Stop)) == 1
        with pytest.raises(Stop):
            waiting.end()
        assert time.monotonic() - began < 1
        conn.close()
        assert conn.fileno() == -1
        stop.set()
