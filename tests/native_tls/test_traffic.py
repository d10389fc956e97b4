"""Data in both directions: sizes, kinds of buffers, files, timeouts, other threads."""

from __future__ import annotations

import array
import errno
import hashlib
import io
import os
import select
import socket
import ssl
import threading
import time

import pytest
from support.tls_server import Server, Thread, echo, read_all, silent

BIG = os.urandom(1 << 20) * 10  # more than two sockets hold


def hashed(conn):
    digest = hashlib.sha256(read_all(conn)).digest()
    try:
        conn.unwrap()
    except OSError:
        pass  # the client is gone
    return digest


def test_recv(context, connect):
    def handle(conn):
        conn.sendall(b"x" * 10 + BIG[:100_000])
        conn.unwrap()

    with Server(handle, context) as server, connect(server) as conn:
        assert conn.recv(0) == b""
        assert conn.recv(4) == b"xxxx"
        assert conn.pending() > 0
        assert (conn.recv(6), type(conn.recv(1, 0))) == (b"xxxxxx", bytes)
        rest = conn.recv(1 << 20)
        assert 0 < len(rest) <= 16384
        rest += read_all(conn)
        assert rest == BIG[1:100_000]
        assert (conn.recv(10), conn.recv(10), conn.pending()) == (b"", b"", 0)
        with pytest.raises(ValueError, match="negative buffersize in recv"):
            conn.recv(-1)
        with pytest.raises(ValueError, match="non-zero flags"):
            conn.recv(1, socket.MSG_PEEK)


def test_recv_into(context, connect):
    with Server(echo, context) as server, connect(server) as conn:
        conn.sendall(b"0123456789abcdef")
        with pytest.raises(TypeError, match="writable"):
            conn.recv_into(b"read-only")
        with pytest.raises(ValueError, match="negative buffersize"):
            conn.recv_into(bytearray(2), -1)
        with pytest.raises(ValueError, match="buffer too small"):
            conn.recv_into(bytearray(2), 3)
        with pytest.raises(TypeError, match="bytes-like"):
            conn.recv_into("text")
        with pytest.raises(ValueError, match="non-zero flags"):
            conn.recv_into(bytearray(2), 0, socket.MSG_PEEK)
        whole, words = bytearray(b"......"), array.array("H", [0, 0])
        assert (conn.recv_into(whole, 4), bytes(whole)) == (4, b"0123..")
        assert (conn.recv_into(memoryview(whole)[4:]), bytes(whole)) == (2, b"012345")
        assert (conn.recv_into(words), words.tobytes()) == (4, b"6789")
        assert conn.recv_into(bytearray()) == 0
        assert (conn.recv_into(whole), bytes(whole)) == (6, b"abcdef")


def test_send(context, connect):
    with Server(hashed, context) as server, connect(server) as conn:
        sent = conn.send(BIG)
        assert 16384 <= sent < len(BIG)
        assert conn.send(b"") == 0
        assert conn.send(bytearray(b"ab")) == conn.send(memoryview(b"cd")) == conn.send(array.array("H", [1])) == 2
        with pytest.raises(TypeError, match="bytes-like object is required, not 'str'"):
            conn.send("text")
        with pytest.raises(TypeError, match="bytes-like object is required, not 'int'"):
            conn.sendall(5)
        with pytest.raises(ValueError, match="non-zero flags"):
            conn.send(b"x", socket.MSG_OOB)
        conn.unwrap()
    assert server.results == [hashlib.sha256(BIG[:sent] + b"abcd" + array.array("H", [1]).tobytes()).digest()]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_sendall_of_much(context, connect, kind):
    def handle(conn):
        threading.Event().wait(0.1)  # the buffers fill up meanwhile
        return hashed(conn)

    with Server(handle, context) as server, connect(server) as conn:
        assert conn.sendall(kind(BIG)) is None
        conn.sendall(b"")
        conn.close()
    assert server.results == [hashlib.sha256(BIG).digest()]


def test_makefile(context, connect):
    with Server(echo, context) as server, connect(server) as conn:
        with conn.makefile("rw", encoding="utf-8", newline="\n") as text:
            text.write("grün\nzwei\n")
            text.flush()
            assert (text.readline(), text.readline()) == ("grün\n", "zwei\n")
        with conn.makefile("wb") as out, conn.makefile("rb", buffering=0) as raw:
            assert isinstance(raw, io.RawIOBase)
            out.write(b"binary")
            out.flush()
            assert raw.read(100) == b"binary"
            assert raw.fileno() == conn.fileno()
        with pytest.raises(ValueError, match="invalid mode"):
            conn.makefile("x")


def test_a_file_keeps_the_connection_open(context, connect):
    with Server(echo, context) as server, connect(server) as conn:
        first, second = conn.makefile("rb"), conn.makefile("wb")
        conn.close()
        second.write(b"still here\n")
        second.close()
        assert conn.fileno() >= 0
        assert first.readline() == b"still here\n"
        first.close()
        assert conn.fileno() == -1
        with conn.makefile("rb") as late, pytest.raises(OSError) as caught:
            late.read(1)
        assert caught.value.errno == errno.EBADF


# -- timeouts ----------------------------------------------------------------------------------------------------------


def test_recv_times_out_and_goes_on(context, connect):
    go = threading.Event()

    def handle(conn):
        go.wait(20)
        conn.sendall(b"late")
        read_all(conn)

    with Server(handle, context) as server, connect(server) as conn:
        conn.settimeout(0.12)  # more than a slice
        for receiving in (lambda: conn.recv(10), lambda: conn.recv_into(bytearray(10))):
            began = time.monotonic()
            with pytest.raises(socket.timeout, match="^timed out$"):
                receiving()
            assert 0.11 <= time.monotonic() - began < 15
        conn.settimeout(20)
        go.set()
        assert conn.recv(10) == b"late"


def test_sendall_has_one_timeout_for_all(context, connect):
    stop = threading.Event()

    def handle(conn):
        while not stop.is_set():  # always a little, so that no single wait is long
            conn.recv(2000)
            stop.wait(0.02)

    with Server(handle, context) as server, connect(server) as conn:
        conn.settimeout(0.3)
        began = time.monotonic()
        with pytest.raises(socket.timeout, match="^timed out$"):
            conn.sendall(BIG)
        assert 0.25 <= time.monotonic() - began < 15
        stop.set()


def test_a_timeout_changed_by_another_thread(context, connect):
    with Server(silent, context) as server, connect(server, timeout=None) as conn:
        waiting = Thread(lambda: conn.recv(10))
        conn.settimeout(0.1)
        with pytest.raises(socket.timeout):
            waiting.end()


def test_non_blocking(context, connect):
    start = threading.Event()

    def handle(conn):
        start.wait(20)
        return hashed(conn)

    with Server(handle, context) as server, connect(server) as conn:
        conn.setblocking(False)
        assert (conn.gettimeout(), conn.getblocking()) == (0, False)
        with pytest.raises(ssl.SSLWantReadError, match="did not complete"):
            conn.recv(10)
        position, blocked = 0, 0
        while position < len(BIG):
            try:
                position += conn.send(BIG[position:])
            except ssl.SSLWantWriteError:
                blocked += 1
                start.set()
                assert select.select([], [conn], [], 20)[1]
        assert blocked > 0
        conn.settimeout(20)
        conn.unwrap()
    assert server.results == [hashlib.sha256(BIG).digest()]


def test_a_send_that_is_not_repeated_is_refused(context, connect):
    stop = threading.Event()
    with Server(lambda conn: stop.wait(20), context) as server, connect(server) as conn:
        conn.settimeout(0)
        with pytest.raises(ssl.SSLWantWriteError):
            while True:
                conn.send(BIG)
        with pytest.raises(ssl.SSLError, match="bad length"):
            conn.send(b"something else")
        stop.set()
