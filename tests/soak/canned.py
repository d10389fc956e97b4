"""A plain FTP server in a process of its own, for long runs: what it needs must not count as the client's.

python canned.py            listens on loopback, prints the port, ends when its standard input does
"""

from __future__ import annotations

import contextlib
import os
import random
import socket
import ssl
import subprocess
import sys
import threading
import time

PEM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support", "server.pem")
DATA = bytes(range(256)) * 4
LINES = b"a line of text\r\n" * 60
ENTRIES = b"type=file;size=12; a file\r\n" * 40
ANSWERS = {
    "USER": "331 password",
    "PASS": "230 in",
    "TYPE": "200 type",
    "NOOP": "200 noop",
    "PWD": '257 "/" is it',
    "SIZE": "213 1024",
    "CWD": "250 moved",
    "PBSZ": "200 size",
    "OPTS": "200 opts",
}


class Session:
    def __init__(self, conn, tls):
        self.conn, self.tls, self.protected = conn, tls, False
        self.data = socket.create_server(("127.0.0.1", 0))

    def run(self):
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ValueError), self.data:
            self.say("220 ready")
            while self.command():
                pass
        self.conn.close()

    def say(self, text):
        self.conn.sendall(text.encode() + b"\r\n")

    def command(self):
        if not (line := self.read_line()):
            return False
        verb, _, argument = line.decode("latin-1").partition(" ")
        if verb in ANSWERS:
            self.say(ANSWERS[verb])
        elif verb == "PASV":
            high, low = divmod(self.data.getsockname()[1], 256)
            self.say(f"227 Entering Passive Mode (127,0,0,1,{high},{low})")
        elif verb in ("RETR", "NLST", "LIST", "MLSD"):
            self.send(verb, argument)
        elif verb in ("STOR", "APPE"):
            self.take()
        elif verb == "AUTH":
            self.say("234 go")
            self.conn = self.tls.wrap_socket(self.conn, server_side=True)
        elif verb == "PROT":
            self.protected = argument == "P"
            self.say("200 prot")
        elif verb == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("500 what?")
        return True

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            block = self.conn.recv(4096)
            if not block:
                return b""
            line += block
        return line.rstrip(b"\r\n")

    def open_data(self):
        self.say("150 go")
        self.data.settimeout(5)
        conn = self.data.accept()[0]
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.settimeout(30)
        return self.tls.wrap_socket(conn, server_side=True) if self.protected else conn

    def end_data(self, conn):
        with contextlib.suppress(OSError), conn:
            if self.protected:
                conn.unwrap()
        self.say("226 done")

    def send(self, verb, argument):
        """`slow`: in pieces, with pauses of a few milliseconds; `big`: 4 MiB; else a small file."""
        conn = self.open_data()
        with contextlib.suppress(OSError):
            if argument == "slow":
                for at in range(0, len(DATA), 32):
                    conn.sendall(DATA[at : at + 32])
                    time.sleep(random.random() / 200)
            elif argument == "big":
                conn.sendall(DATA * 4096)
            else:
                conn.sendall({"RETR": DATA, "MLSD": ENTRIES}.get(verb, LINES))
        self.end_data(conn)

    def take(self):
        conn = self.open_data()
        with contextlib.suppress(OSError):
            while conn.recv(1 << 20):
                pass
        self.end_data(conn)


def serve():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(PEM)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1000)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    while True:
        conn = listener.accept()[0]
        threading.Thread(target=Session(conn, tls).run, daemon=True).start()


@contextlib.contextmanager
def running():
    """The server's port; the server ends with the block, or with this process, however that ends."""
    command = [sys.executable, "-E", os.path.abspath(__file__)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


if __name__ == "__main__":
    serve()
