"""One connection, several threads: reading beside writing, writing in turns, closing under those who wait."""

from __future__ import annotations

import errno
import os
import socket
import threading

import pytest
from support.tls_server import Server, Thread, echo, read_all, receive, silent
from support.waiting import Waiter

BIG = os.urandom(1 << 20) * 20


def test_one_thread_reads_while_another_writes(context, connect):
    with Server(echo, context) as server, connect(server) as conn:
        writing = Thread(lambda: conn.sendall(BIG))
        back = receive(conn, len(BIG))
        writing.end()
        assert back == BIG
        conn.unwrap()
    assert server.errors == []


def test_writers_take_turns(context, connect):
    size, times = 10_000, 100

    with Server(read_all, context) as server, connect(server) as conn:

        def write(letter):
            for _ in range(times):
                conn.sendall(letter * size)

        letters = [b"a", b"b", b"c", b"d"]
        for writing in [Thread(lambda letter=letter: write(letter)) for letter in letters]:
            writing.end()
        conn.close()
    (data,) = server.results
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    assert sorted(blocks) == sorted(letter * size for letter in letters for _ in range(times))


@pytest.mark.parametrize("action", ["recv", "sendall", "unwrap", "file"])
def test_a_close_by_another_thread(context, connect, action):
    stop = threading.Event()
    with Server(lambda conn: stop.wait(20), context) as server, connect(server, timeout=None) as conn:
        actions = {
            "recv": lambda: conn.recv(10),
            "sendall": lambda: conn.sendall(BIG),
            "unwrap": conn.unwrap,
            "file": lambda: socket.SocketIO(conn, "r").read(10),
        }
        error = Waiter(actions[action]).ended_by(conn.close)
        assert isinstance(error, OSError) and error.errno == errno.EBADF, error
        assert conn.fileno() == -1
        stop.set()


def test_everything_on_a_closed_socket_is_ebadf(context, connect):
    context.num_tickets = 0  # which would be sent to a client that has gone
    with Server(silent, context) as server, connect(server) as conn:
        conn.close()
        conn.close()
        calls = [lambda: conn.recv(1), lambda: conn.recv_into(bytearray(1)), lambda: conn.send(b"x")]
        calls += [lambda: conn.sendall(b"x"), conn.unwrap, conn.getpeername, conn.do_handshake]
        calls += [lambda: conn.getpeercert(True), lambda: conn.shutdown(socket.SHUT_WR)]
        for call in calls:
            with pytest.raises(OSError) as caught:
                call()
            assert caught.value.errno == errno.EBADF
        assert (conn.fileno(), conn.pending(), conn.version(), conn.cipher()) == (-1, 0, None, None)
        assert conn.selected_alpn_protocol() is None
    assert server.results == [0]
