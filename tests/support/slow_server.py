"""An FTP server that takes its time, for tests of waiting: threads, Ctrl-C, close() and settimeout() from elsewhere.

It goes on answering commands during a transfer. What a transfer does is said by the file's name:

RETR stall      1000 bytes, then nothing more        NLST stall      10 lines, then nothing more
RETR steps      20 blocks of 1000 bytes, after each a wait for step() or let_go()
RETR endless    bytes as fast as they are taken      NLST endless    lines as fast as they are taken
STOR stall      never reads                          STOR sink       reads all
Any other command is 200.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from support.scripted_server import LIMIT, Server

BLOCK = bytes(range(256)) * 4
LINES = b"name-of-a-file\r\n" * 4096
STEPS = 20


class SlowServer(Server):
    """`with SlowServer() as server:` connect to server.address; any user and password."""

    steps = BLOCK[:1000] * STEPS  # what `RETR steps` sends

    def __init__(self) -> None:
        super().__init__({"RETR": transfer, "NLST": transfer, "STOR": transfer})
        self.stored = bytearray()  # what a STOR got, its first 16 MiB
        self.allowed = threading.Semaphore(0)

    def step(self):
        """Let `RETR steps` go on with its next block, or behind the last one with its end."""
        self.allowed.release()

    def let_go(self):
        super().let_go()
        self.allowed.release(STEPS)

    @staticmethod
    def unknown(session):
        session.say(f"200 {session.line.partition(' ')[0]}\r\n".encode())


def transfer(session):
    """In the background: other commands are answered meanwhile."""
    verb, _, name = session.line.partition(" ")
    act = {
        ("RETR", "stall"): lambda conn: stall(session, conn, BLOCK[:1000]),
        ("NLST", "stall"): lambda conn: stall(session, conn, LINES[:160]),
        ("STOR", "stall"): lambda conn: stall(session, conn, b""),
        ("RETR", "steps"): lambda conn: steps(session, conn),
        ("RETR", "endless"): lambda conn: endless(session, conn, BLOCK * 64),
        ("NLST", "endless"): lambda conn: endless(session, conn, LINES),
        ("STOR", "sink"): lambda conn: sink(session, conn),
    }[verb, name]
    conn = session.open_data()

    def run():
        session.say(b"150 here it comes\r\n")
        with conn:
            act(conn)
        session.server.note("done")
        session.say(b"226 done\r\n")

    session.begin(run)


def stall(session, conn, data):
    conn.sendall(data)
    session.server.note("stalling")
    session.wait_for_end()


def steps(session, conn):
    for _ in range(STEPS):
        conn.sendall(BLOCK[:1000])
        session.server.allowed.acquire(timeout=LIMIT)


def endless(session, conn, block):
    session.send(conn, block)
    session.server.note("flowing")
    while True:
        session.send(conn, block)


def sink(session, conn):
    session.server.note("flowing")
    while True:
        session.wait_readable(conn)
        if not (block := conn.recv(1 << 20)):
            return
        if len(session.server.stored) < 1 << 24:
            session.server.stored += block


@contextlib.contextmanager
def unanswering_port():
    """(host, port) where connecting neither succeeds nor fails: the listener's queue is full and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.1)
            try:
                filler.connect(address)
            except socket.timeout:  # noqa: UP041 - its own class on Python 3.9
                break
        yield address
