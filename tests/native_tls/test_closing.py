"""A connection that is closed, unwrapped or given away: nothing that was sent is lost, and nothing is read that belongs
to somebody else.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time

import pytest
from support.certificates import server_context
from support.tls_server import Server, Thread, read_all

RESET = b"\x01" + bytes(7)  # struct linger: on, 0 seconds


# -- clear text behind a close_notify ----------------------------------------------------------------------------------


def answered(conn):
    """Answers a close_notify, and goes on in clear text at once."""
    assert conn.recv(1) == b"x"
    conn.unwrap().sendall(b"200 in clear text\r\n")


def unasked(conn):
    """Ends TLS by itself, and goes on in clear text at once."""
    assert conn.recv(1) == b"x"
    conn.settimeout(0)
    with contextlib.suppress(ssl.SSLWantReadError):
        conn.unwrap()
    with socket.socket(fileno=conn.detach()) as plain:
        plain.setblocking(True)
        plain.sendall(b"200 in clear text\r\n")
        return read_all(plain)


def arrived(conn, size):
    """Wait until so many bytes are there to be read, of whatever kind."""
    with socket.socket(fileno=socket.dup(conn.fileno())) as plain:
        plain.setblocking(True)
        there = b""
        while len(there) < size:
            there = plain.recv(size, socket.MSG_PEEK | socket.MSG_WAITALL)


@pytest.mark.parametrize("handle", [answered, unasked])
def test_unwrap_keeps_clear_text(context, connect, handle):
    with Server(handle, context) as server, connect(server) as conn:
        conn.sendall(b"x")
        assert conn.unwrap().recv(100) == b"200 in clear text\r\n"
    assert server.errors == []


@pytest.mark.parametrize("end", ["unwrap", "detach", "read"])
def test_what_has_arrived_behind_the_close_notify_stays(certs, connect, end):
    # TLS 1.2, for there the whole is known: an alert of a record's head and 26 bytes, then clear text
    context = server_context(version="1.2")
    with Server(unasked, context) as server, connect(server) as conn:
        conn.sendall(b"x")
        arrived(conn, 5 + 26 + 19)
        if end != "detach":
            if end == "read":
                assert conn.recv(100) == b""
            assert conn.unwrap().recv(100) == b"200 in clear text\r\n"
        else:
            assert conn.recv(100) == b""
            with socket.socket(fileno=conn.detach()) as plain:
                assert plain.recv(100) == b"200 in clear text\r\n"
    assert server.errors == []


# -- session tickets that nobody reads ---------------------------------------------------------------------------------


class Late:
    """A server that does the handshake, keeps its tickets back until it is told, and only then reads."""

    def __init__(self, context):
        self.context, self.go, self.asked = context, threading.Event(), threading.Event()
        self.ended = None  # when it was through, in whatever way

    def __call__(self, conn):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_side=True)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                conn.sendall(outgoing.read())
                incoming.write(conn.recv(100))
        self.asked.set()
        assert self.go.wait(20)
        try:
            conn.sendall(outgoing.read())
            return self.read(tls, incoming, conn)
        finally:
            self.ended = time.monotonic()

    @staticmethod
    def read(tls, incoming, conn):
        size = 0
        while True:
            try:
                data = tls.read(65536)
            except ssl.SSLWantReadError:
                received = conn.recv(65536)
                if not received:
                    return size
                incoming.write(received)
            else:
                size += len(data)
                if not data:
                    return size  # a close_notify


SOON = 1.5  # seconds: a close waits two for the server


def take_turns(attempt):
    """Call attempt() until it returns true: False says that the machine has held it up, which it won't ten times."""
    assert any(attempt() for _ in range(10))


@pytest.mark.parametrize("end", ["close", "with", "shutdown"])
def test_tickets_that_come_after_the_close_lose_nothing(certs, trusting, end):
    """Those of a server that is in time; of another one nothing is asked here."""
    take_turns(lambda: tickets_after_the_close(trusting, end))


def tickets_after_the_close(trusting, end):
    """Whether the server has ended in time; then it has got all."""
    server_side = Late(server_context(version="1.3"))
    with Server(server_side) as server:
        sock = server.connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        conn = trusting.wrap_socket(sock, server_hostname="localhost")
        assert server_side.asked.wait(20)
        conn.sendall(bytes(200_000))  # more than the server's kernel takes before the server reads

        def close():
            if end == "shutdown":
                conn.shutdown(socket.SHUT_WR)
            if end == "with":
                with conn:
                    pass
            conn.close()

        began = time.monotonic()
        closing = Thread(close)
        closing.join(0.1)
        server_side.go.set()
        closing.end()
        assert conn.fileno() == -1
    if server_side.ended - began > SOON:
        return False
    assert (server.results, server.errors) == ([200_000], [])
    return True


def test_a_close_waits_only_where_something_may_be_lost(certs, trusting):
    def stall(conn):
        conn.sendall(b"x" * 1000)
        stall.stop.wait(20)

    def read(conn):
        conn.sendall(b"y")
        assert conn.recv(10) == b"x" * 10

    def be_silent(conn):
        pass

    def time_out(conn):
        conn.settimeout(0.1)
        with pytest.raises(socket.timeout):
            conn.sendall(bytes(20_000_000))

    def say_goodbye(conn):
        conn.sendall(b"y")
        with pytest.raises(ssl.SSLError):  # data comes
            conn.unwrap()

    def is_quick(use):
        stall.stop = threading.Event()
        with Server(stall, server_context(version="1.3")) as server:
            conn = trusting.wrap_socket(server.connect(), server_hostname="localhost")
            use(conn)
            began = time.monotonic()
            conn.close()
            took = time.monotonic() - began
            stall.stop.set()
        return took < SOON

    for use in (read, be_silent, time_out, say_goodbye):
        take_turns(lambda use=use: is_quick(use))


def test_an_exception_is_not_held_up_by_the_close(certs, trusting):
    def is_quick():
        stop = threading.Event()
        with Server(lambda conn: stop.wait(20), server_context(version="1.3")) as server:
            conn = trusting.wrap_socket(server.connect(), server_hostname="localhost")
            began = time.monotonic()
            with pytest.raises(KeyError):
                with conn:
                    conn.sendall(b"x")
                    raise KeyError
            took = time.monotonic() - began
            assert conn.fileno() == -1
            stop.set()
        return took < SOON

    take_turns(is_quick)


def test_a_close_waits_for_a_bounded_time(certs, trusting):
    stop = threading.Event()
    with Server(lambda conn: stop.wait(20), server_context(version="1.3")) as server:
        conn = trusting.wrap_socket(server.connect(timeout=None), server_hostname="localhost")
        conn.sendall(b"x")
        began = time.monotonic()
        conn.close()
        assert time.monotonic() - began < 15
        stop.set()


# -- data, then an error -----------------------------------------------------------------------------------------------


def test_what_came_before_a_reset_is_handed_out_first(context, connect):
    def handle(conn):
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or the last of it may still be here, and is lost
        for _ in range(3):
            conn.sendall(b"x" * 10_000)
        assert conn.recv(1) == b"y"
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    with Server(handle, context) as server, connect(server) as conn:
        assert conn.recv(1) == b"x"  # past the tickets
        conn.sendall(b"y")
        server.thread.join(0.1)
        received = 1
        with pytest.raises(ConnectionResetError):
            while True:
                received += len(conn.recv(65536))
        assert received == 30_000
