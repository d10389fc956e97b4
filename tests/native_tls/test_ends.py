"""How a connection ends: close_notify from both sides, from one, from none."""

from __future__ import annotations

import gc
import socket
import ssl
import threading
import time
import weakref

import pytest
from support.certificates import server_context
from support.tls_server import Relay, Server, Thread, echo, read_all

RESET = b"\x01" + bytes(7)  # struct linger: on, 0 seconds


def ragged(conn):
    """Ends without a close_notify, everything read."""
    conn.sendall(b"some data")
    conn.recv(10)


def broken(conn):
    conn.sendall(b"some data")
    conn.recv(10)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def test_an_upload_with_both_close_notifys(context, connect):
    def handle(conn):
        data = read_all(conn)  # up to the close_notify
        conn.unwrap()
        return data

    with Server(handle, context) as server, connect(server) as conn:
        conn.sendall(b"x" * 100_000)
        assert conn.unwrap() is conn
        assert (conn.version(), conn.pending()) == (None, 0)
        with pytest.raises(ValueError, match="No SSL wrapper"):
            conn.unwrap()
    assert (server.results, server.errors) == ([b"x" * 100_000], [])


def test_a_download_with_both_close_notifys(context, connect):
    def handle(conn):
        conn.sendall(b"x" * 100_000)
        conn.unwrap()  # waits for ours
        return "done"

    with Server(handle, context) as server, connect(server) as conn:
        assert read_all(conn) == b"x" * 100_000
        conn.unwrap()
    assert (server.results, server.errors) == (["done"], [])


def test_clear_text_after_unwrap(context, connect):
    def handle(conn):
        assert conn.recv(100) == b"CCC\r\n"
        conn.sendall(b"200 clear\r\n")
        plain = conn.unwrap()
        assert plain.recv(100) == b"NOOP\r\n"
        plain.sendall(b"200 ok\r\n221 bye\r\n")
        return "done"

    with Server(handle, context) as server, connect(server) as conn:
        with conn.makefile("r", encoding="utf-8") as replies:
            conn.sendall(b"CCC\r\n")
            assert replies.readline() == "200 clear\n"
            sock = conn.unwrap()
            sock.sendall(b"NOOP\r\n")
            assert (replies.readline(), replies.readline()) == ("200 ok\n", "221 bye\n")
            assert (sock.recv(10), sock.version()) == (b"", None)
    assert (server.results, server.errors) == (["done"], [])


def test_a_close_without_unwrap_loses_nothing(context, connect):
    """Session tickets that have come and weren't read must not make the kernel reset the connection."""
    begun = threading.Event()

    def handle(conn):
        begun.set()  # the handshake is over, so the tickets are sent
        return read_all(conn)

    with Server(handle, context) as server:
        conn = connect(server)
        assert begun.wait(20)
        conn.sendall(b"x" * 3_000_000)
        conn.close()
    assert server.errors == []
    assert [len(data) for data in server.results] == [3_000_000]


def test_unwrap_with_a_server_that_never_answers(context, connect):
    stop = threading.Event()

    def handle(conn):
        stop.wait(20)

    with Server(handle, context) as server, connect(server) as conn:
        conn.settimeout(0.15)
        began = time.monotonic()
        with pytest.raises(socket.timeout, match="^timed out$"):
            conn.unwrap()
        assert 0.14 <= time.monotonic() - began < 15
        stop.set()


def test_unwrap_in_the_midst_of_data(context, connect):
    def handle(conn):
        try:
            while True:
                conn.sendall(b"x" * 10_000)
        except OSError:
            return "stopped"

    with Server(handle, context) as server, connect(server) as conn:
        assert conn.recv(10) == b"x" * 10
        with pytest.raises(ssl.SSLError, match="(?i)application data after close notify") as caught:
            conn.unwrap()
        assert caught.value.reason == "APPLICATION_DATA_AFTER_CLOSE_NOTIFY"
        conn.close()
    assert server.results == ["stopped"]


@pytest.mark.parametrize("suppress", [True, False])
def test_an_end_without_close_notify(context, connect, suppress):
    with Server(ragged, context) as server:
        with connect(server, suppress_ragged_eofs=suppress) as conn:
            assert conn.recv(100) == b"some data"
            conn.sendall(b"go")
            if suppress:
                assert (conn.recv(100), conn.recv(100)) == (b"", b"")
            else:
                for _ in range(2):
                    with pytest.raises(ssl.SSLEOFError, match="EOF occurred in violation of protocol") as caught:
                        conn.recv(100)
                assert caught.value.errno == ssl.SSL_ERROR_EOF
            with pytest.raises(ssl.SSLEOFError):
                conn.unwrap()


def test_a_reset(context, connect):
    with Server(broken, context) as server, connect(server) as conn:
        assert conn.recv(100) == b"some data"
        conn.sendall(b"go")
        with pytest.raises(ConnectionResetError):
            conn.recv(100)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            for _ in range(100):
                conn.sendall(b"x" * 100_000)


def cut_application_data(data):
    """The relay's change: records pass whole, but application data of 1000 bytes and more is cut short."""
    if data[:1] == b"\x17" and int.from_bytes(data[3:5], "big") > 1000:
        return data[:500]
    return data


@pytest.mark.parametrize("suppress", [True, False])
def test_an_end_in_the_midst_of_a_record(certs, connect, suppress):
    def handle(conn):
        assert conn.recv(10) == b"go"  # alone in its packet, after the handshake
        conn.sendall(b"x" * 5000)
        conn.recv(10)

    context = server_context(version="1.2")  # 1.3 has application data records in its handshake
    with Server(handle, context) as server, Relay(server.address, cut_application_data) as relay:
        conn = connect(relay, suppress_ragged_eofs=suppress)
        conn.sendall(b"go")
        conn.settimeout(0.3)
        with pytest.raises(socket.timeout):
            conn.recv(100)  # half a record is nothing
        conn.settimeout(20)
        conn.shutdown(socket.SHUT_WR)  # the relay hangs up
        if suppress:
            assert conn.recv(100) == b""
        else:
            with pytest.raises(ssl.SSLEOFError):
                conn.recv(100)
        conn.close()


SPOILT = {
    "garbage": (lambda data: b"HTTP/1.1 400 Bad Request\r\n", ""),
    "changed": (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "(?i)bad record mac"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_record_that_is_spoilt_is_noticed(kind, context, connect):
    change, says = SPOILT[kind]
    spoil = threading.Event()

    def relayed(data):
        return change(data) if spoil.is_set() else data

    with Server(echo, context) as server, Relay(server.address, relayed) as relay:
        with connect(relay) as conn:
            conn.sendall(b"a")
            assert conn.recv(10) == b"a"
            spoil.set()
            conn.sendall(b"b")
            with pytest.raises(ssl.SSLError, match=says) as caught:
                conn.recv(10)
            assert not isinstance(caught.value, ssl.SSLEOFError)
            assert caught.value.reason


def test_shutdown_of_one_direction(context, connect):
    def handle(conn):
        data = read_all(conn)
        conn.sendall(data[::-1])
        conn.unwrap()

    with Server(handle, context) as server, connect(server) as conn:
        conn.sendall(b"abc")
        conn.shutdown(socket.SHUT_WR)
        assert read_all(conn) == b"cba"
        with pytest.raises(BrokenPipeError):
            conn.sendall(b"more")
    assert server.errors == []


def test_detach(context, connect):
    with Server(lambda conn: socket.socket.recv(conn, 10), context) as server:
        conn = connect(server)
        number = conn.fileno()
        assert conn.detach() == number
        assert conn.fileno() == -1
        with pytest.raises(OSError, match="Bad file descriptor"):
            conn.recv(1)
        with socket.socket(fileno=number) as sock:
            sock.sendall(b"clear")
    assert server.errors == [] or "clear" not in str(server.results)


def test_replaced_close_and_unwrap_are_called(context, connect):
    calls = []
    with Server(read_all, context) as server:
        with connect(server) as conn:
            conn.close = lambda: calls.append("close")
            conn.unwrap = lambda: calls.append("unwrap")
            conn.unwrap()
        assert calls == ["unwrap", "close"]
        type(conn).close(conn)


def test_a_forgotten_connection_is_closed(context, connect):
    context.num_tickets = 0  # which would be sent to a client that has gone
    with Server(read_all, context) as server:
        conn = connect(server)
        conn.itself = conn
        gone = weakref.ref(conn)
        with pytest.warns(ResourceWarning, match="unclosed"):
            del conn
            gc.collect()
        gc.collect()  # the warning that was caught had a reference to it
        assert gone() is None
    assert server.errors == []


def test_two_unwraps_at_once(context, connect):
    def handle(conn):
        read_all(conn)
        conn.unwrap()

    with Server(handle, context) as server, connect(server) as conn:
        first, second = Thread(conn.unwrap), Thread(conn.unwrap)
        outcomes = []
        for thread in (first, second):
            try:
                outcomes.append(thread.end())
            except ValueError:  # the other was first
                outcomes.append(None)
        assert conn in outcomes
        assert conn.version() is None
