"""A process that is a copy of the one that made the connection: it takes nothing from the other, and says nothing."""

from __future__ import annotations

import gc
import os
import select
import signal
import threading
import traceback
import warnings

import pytest
from support.tls_server import Server, Thread, read_all


def in_a_child(work):
    """Run work() in a forked child; fails unless it comes to its end within a minute."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there are threads: that is what is tested
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            signal.alarm(60)
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


class Talk:
    """A server that sends 1000 bytes when it has got one, and tells what else comes."""

    def __init__(self):
        self.sent = threading.Event()

    def __call__(self, conn):
        assert conn.recv(1) == b"1"
        conn.sendall(b"M" * 1000)
        self.sent.set()
        rest = read_all(conn)
        conn.unwrap()
        return rest


CLOSE = {
    "close": lambda conns: conns[0].close(),
    "detach": lambda conns: os.close(conns[0].detach()),
    "with": lambda conns: conns[0].__exit__(None, None, None),
    "collected": lambda conns: (conns.clear(), gc.collect()),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("end", sorted(CLOSE))
def test_a_child_that_closes_its_copy(context, trusting, end):
    talk = Talk()
    with Server(talk, context) as server:
        conns = [trusting.wrap_socket(server.connect(), server_hostname="localhost")]
        conns[0].sendall(b"1")
        assert talk.sent.wait(20)  # the answer waits in the kernel
        in_a_child(lambda: CLOSE[end](conns))
        (conn,) = conns
        with conn:
            received = b""
            while len(received) < 1000:
                received += conn.recv(1000)
            assert received == b"M" * 1000
            conn.sendall(b"2")
            conn.unwrap()
    assert (server.results, server.errors) == ([b"2"], [])


def test_a_parent_that_closes_its_own(context, trusting):
    """As a program does that becomes a daemon: the child goes on."""
    talk = Talk()
    with Server(talk, context) as server:
        conn = trusting.wrap_socket(server.connect(), server_hostname="localhost")
        conn.sendall(b"1")
        assert talk.sent.wait(20)
        (begun, begin), (closed, wait) = os.pipe(), os.pipe()

        def go_on():
            os.write(begin, b"x")
            os.read(closed, 1)
            received = b""
            while len(received) < 1000:
                received += conn.recv(1000)
            conn.sendall(b"2")
            conn.unwrap()

        running = Thread(lambda: in_a_child(go_on))
        assert select.select([begun], [], [], 20)[0]
        conn.close()
        os.write(wait, b"x")
        running.end()
        for number in (begun, begin, closed, wait):
            os.close(number)
    assert (server.results, server.errors) == ([b"2"], [])


def count(conn):
    size = len(read_all(conn))
    conn.unwrap()
    return size


def test_a_child_of_a_process_that_is_sending(context, trusting):
    """Wherever the fork finds the sending thread, also with the connection's lock in its hand."""
    stop = threading.Event()
    with Server(count, context) as server:
        conn = trusting.wrap_socket(server.connect(), server_hostname="localhost")
        block = bytes(4_000_000)
        sent = []

        def send():
            while not stop.is_set():
                conn.sendall(block)
                sent.append(len(block))

        sending = Thread(send)
        try:
            for _ in range(12):
                in_a_child(conn.close)
        finally:
            stop.set()
            sending.end()
        conn.unwrap()
        conn.close()
    assert server.results == [sum(sent)]
