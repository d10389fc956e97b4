"""The scripted server in a process of its own, for long runs: what it needs must not count as the client's.

python -m soak.canned       listens on loopback, prints the port, ends when its standard input does
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import subprocess
import sys
import time

from support import certificates
from support.scripted_server import Server, Session

DATA = bytes(range(256)) * 4
LINES = b"a line of text\r\n" * 60
ENTRIES = b"type=file;size=12; a file\r\n" * 40


def send(session):
    """`slow`: in pieces, with pauses of a few milliseconds; `big`: 4 MiB; else a small file."""
    verb, _, name = session.line.partition(" ")
    session.say(b"150 go\r\n")
    conn = session.open_data()
    with contextlib.suppress(OSError):
        if name == "slow":
            for at in range(0, len(DATA), 32):
                conn.sendall(DATA[at : at + 32])
                time.sleep(random.random() / 200)
        elif name == "big":
            conn.sendall(DATA * 4096)
        else:
            conn.sendall({"RETR": DATA, "MLSD": ENTRIES}.get(verb, LINES))
    end(session)


def take(session):
    session.say(b"150 go\r\n")
    conn = session.open_data()
    with contextlib.suppress(OSError):
        while conn.recv(1 << 20):
            pass
    end(session)


def end(session):
    """Nothing is kept: there are many thousands."""
    session.end_data()
    session.data_conns.pop().close()
    session.uploads.pop()
    session.say(b"226 done\r\n")


class Passing(Session):
    """One of many thousands, often several at once: with a listener of its own, and closed when it ends."""

    def __init__(self, server, conn):
        super().__init__(server, conn)
        self.listening = server.listen()

    def run(self):
        try:
            super().run()
        finally:
            self.conn.close()
            self.listening.close()
            self.server.sessions.remove(self)


class Canned(Server):
    session = Passing

    def note(self, event):
        """Nobody waits for it."""
        del self.lines[:]


def serve():
    moves = {verb: send for verb in ("RETR", "NLST", "LIST", "MLSD")}
    server = Canned({**moves, "STOR": take, "APPE": take})
    server.listener.listen(1000)
    server.start()
    print(server.port, flush=True)
    sys.stdin.read()
    os._exit(0)


@contextlib.contextmanager
def running():
    """The server's port; the server ends with the block, or with this process, however that ends."""
    tests = str(pathlib.Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": tests, certificates.WHERE: str(certificates.folder())}
    command = [sys.executable, "-m", "soak.canned"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    serve()
