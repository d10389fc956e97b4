"""Ctrl-C, in a child process, wherever a NativeSocket waits."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from .support import Server, server_context

CHILD = """
import socket, sys
from rftplib._rftplib import NativeContext
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

    context = None if action == "handshake" else server_context(certs)
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
