"""A canned FTP server for measuring clients: it does as little as it can, so that the client is what is timed.

    python server.py [--port N] [--tls CERT KEY] [--delay MS]

It prints its port, then serves until its stdin is closed.

RETR zero-N sends N zero bytes. STOR and APPE take everything and throw it away; the reply tells how many bytes came.
MLSD, LIST and NLST n-N send N made-up entries, baked once. SIZE zero-N answers N. Any user and password will do.
Data connections are passive only (PASV, EPSV). --tls: AUTH and PROT work. --delay: every command is answered so much
later, as over a long line.
"""

from __future__ import annotations

import argparse
import functools
import os
import socket
import ssl
import sys
import threading
import time

BLOCK = 1 << 20
ZEROS = memoryview(bytes(BLOCK))
# On Linux TCP throws away what is asked for with MSG_TRUNC, without copying it
DISCARD = socket.MSG_TRUNC if sys.platform == "linux" else 0

FIXED = {
    b"NOOP": b"200 ok\r\n",
    b"TYPE": b"200 ok\r\n",
    b"PBSZ": b"200 ok\r\n",
    b"OPTS": b"200 ok\r\n",
    b"CWD": b"250 ok\r\n",
    b"USER": b"331 password?\r\n",
    b"PASS": b"230 in\r\n",
    b"PWD": b'257 "/"\r\n',
    b"REST": b"350 ok\r\n",
    b"SYST": b"215 UNIX Type: L8\r\n",
}


@functools.cache
def listing(kind: bytes, count: int) -> bytes:
    if kind == b"MLSD":
        rows = (
            f"type=file;size={i * 37};modify=20260{1 + i % 9}{10 + i % 18}101112;perm=adfrw;"
            f"unix.mode=0644;unix.uid=1000;unique=fd00g{i:x}; file-{i:07d}.dat"
            for i in range(count)
        )
    elif kind == b"NLST":
        rows = (f"file-{i:07d}.dat" for i in range(count))
    else:
        rows = (
            f"-rw-r--r--   1 ftp      ftp      {i * 37:>12} Jan {1 + i % 28:02d}  2026 file-{i:07d}.dat"
            for i in range(count)
        )
    return "".join(row + "\r\n" for row in rows).encode()


def send_zeros(sock: socket.socket, count: int) -> None:
    # Not sendfile: its pages of 4 KiB cost the receiving end more than what a buffer is copied into.
    while count > 0:
        sock.sendall(ZEROS[:count])
        count -= BLOCK


def take_all(sock: socket.socket) -> int:
    total, into = 0, bytearray(BLOCK)
    flags = 0 if isinstance(sock, ssl.SSLSocket) else DISCARD
    while True:
        count = sock.recv_into(into, BLOCK, flags)
        if not count:
            return total
        total += count


class Session(threading.Thread):
    def __init__(self, control: socket.socket, delay: float, context: ssl.SSLContext | None):
        super().__init__(daemon=True)
        self.control, self.delay, self.context = control, delay, context
        self.listener: socket.socket | None = None
        self.protected = False
        self.gone = False

    def run(self) -> None:
        self.control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.control.sendall(b"220 ready\r\n")
            rest = b""
            while not self.gone:
                received = self.control.recv(4096)
                if not received:
                    return
                *lines, rest = (rest + received).split(b"\r\n")
                for line in lines:
                    if self.delay:
                        time.sleep(self.delay)
                    self.answer(line)
        except (OSError, ValueError) as exc:
            if not isinstance(exc, (ConnectionError, ssl.SSLError)):
                print("server:", repr(exc), file=sys.stderr)
        finally:
            self.control.close()
            if self.listener:
                self.listener.close()

    def say(self, text: str) -> None:
        self.control.sendall(text.encode() + b"\r\n")

    def answer(self, line: bytes) -> None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        reply = FIXED.get(verb)
        if reply is not None:
            self.control.sendall(reply)
        elif verb in (b"PASV", b"EPSV"):
            self.listen(verb)
        elif verb == b"RETR":
            self.transfer(lambda sock: send_zeros(sock, number(argument)), f"150 here ({number(argument)} bytes)")
        elif verb in (b"STOR", b"APPE"):
            self.transfer(take_all, "150 go")
        elif verb in (b"MLSD", b"LIST", b"NLST"):
            body = listing(verb, number(argument))
            self.transfer(lambda sock: sock.sendall(body), "150 here")
        elif verb == b"SIZE":
            self.say(f"213 {number(argument)}")
        elif verb == b"AUTH" and self.context:
            self.say("234 go")
            self.control = self.context.wrap_socket(self.control, server_side=True)
        elif verb == b"PROT" and self.context:
            self.protected = argument.upper() == b"P"
            self.say("200 ok")
        elif verb == b"QUIT":
            self.say("221 bye")
            self.gone = True
        else:
            self.say("502 no")

    def listen(self, verb: bytes) -> None:
        # One for the whole session: a port for each of thousands of small files would soon be one too many.
        if self.listener is None:
            self.listener = socket.create_server(("127.0.0.1", 0))
        port = self.listener.getsockname()[1]
        self.say(f"229 ok (|||{port}|)" if verb == b"EPSV" else f"227 ok (127,0,0,1,{port >> 8},{port & 255})")

    def transfer(self, work, preliminary: str) -> None:
        if self.listener is None:
            return self.say("425 PASV first")
        self.say(preliminary)
        sock, _ = self.listener.accept()
        if self.protected:
            sock = self.context.wrap_socket(sock, server_side=True)
        with sock:
            total = work(sock)
            if self.protected:
                sock = sock.unwrap()
                sock.close()
        self.say("226 done" if total is None else f"226 done {total}")


def number(argument: bytes) -> int:
    return int(argument.rpartition(b"-")[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--delay", type=float, default=0, metavar="MS")
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
    print(listener.getsockname()[1], flush=True)
    # whoever started it need only go away
    threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
    while True:
        control, _ = listener.accept()
        Session(control, options.delay / 1000, context).start()


if __name__ == "__main__":
    main()
