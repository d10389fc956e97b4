"""An FTPS server of ours, in this process, that does to TLS what it is told.

    with Hostile() as server:
        server.payload, server.end = b"data", "eof"
        ftp.connect(*server.address)

Every wait of it ends after LIMIT seconds, or when the `with` block does.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from rftplib._tls import forget_errors
from support.scripted_server import CA_FILE, SERVER_PEM

LIMIT = 10
ALERT = b"\x15\x03\x03\x00\x02\x02\x50"  # a record: fatal, internal error
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: close() sends RST

__all__ = ["CA_FILE", "LIMIT", "Hostile", "context"]


def context(version=None):
    """A client's context that trusts this server."""
    made = ssl.create_default_context(cafile=CA_FILE)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


class Hostile:
    """What it does is told by attributes; what it has seen is in others."""

    def __init__(self) -> None:
        self.show(SERVER_PEM)
        self.implicit = False
        self.greeting = b"220 hello\r\n"
        # verb: bytes to send (or none) instead of what it would do, or a list of those, the last one stays
        self.replies = {}
        self.smuggle = b""  # sent in clear text behind the reply to AUTH
        # "control", "data": no handshake; "transfer": no byte; "half": none after the payload; "ccc": no close_notify
        self.stall = ""
        # downloads, and how the data connection ends: "notify", "eof" (a half-close), "close", "reset", "mid-record"
        # uploads: "notify", "eof", "reset", "chatter", "silent" (never an answer to close_notify), "refuse" (a reset
        # after the first block; the final reply comes after `taken`)
        self.payload = b""  # or an iterable of pieces
        self.announced = b"150 here it comes\r\n"
        self.alerts = 0  # so many data connections get an alert instead of a handshake
        self.lingers = 0  # for so many seconds a reset waits
        self.end = "notify"
        self.final = b"226 done\r\n"  # None: the control connection is closed instead
        self.final_waits = False  # for the client to close the data connection
        self.taken = threading.Event()  # a reset comes after that: what is unread goes with it

        self.commands = []  # (line, whether it came encrypted)
        self.uploaded = bytearray()
        self.resumed = []  # of each data connection: whether it has resumed a session
        self.sessions = []  # a Session for each control connection
        self.stopping = threading.Event()
        self._open = contextlib.ExitStack()

    def show(self, certificate, key=None):
        """Use another certificate from the next connection on."""
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate, key)

    def __enter__(self):
        self.listener = self._open.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.address = self.listener.getsockname()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *args):
        self.stopping.set()
        self.taken.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        for thread in self._threads:
            thread.join(LIMIT + 5)
        self._open.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self):
        while True:
            try:
                conn = self.listener.accept()[0]
            except OSError:
                return
            conn.settimeout(LIMIT)
            self._threads.append(threading.Thread(target=Session(self, conn).run, daemon=True))
            self._threads[-1].start()


class Session:
    """One control connection."""

    def __init__(self, server, conn) -> None:
        self.server, self.conn = server, conn
        server.sessions.append(self)
        self.encrypted = self.protected = False
        self.replies = {
            verb: list(reply) if isinstance(reply, list) else [reply] for verb, reply in server.replies.items()
        }
        self.passive = None

    def run(self):
        try:
            with contextlib.suppress(OSError, ValueError):
                if self.server.implicit:
                    self.secure()
                self.conn.sendall(self.server.greeting)
                while not self.server.stopping.is_set():
                    line = self.line()
                    if not line:
                        break
                    self.server.commands.append((line, self.encrypted))
                    verb, _, argument = line.partition(" ")
                    self.obey(verb.upper(), argument)
        finally:
            self.conn.close()
            if self.passive:
                self.passive.close()

    def line(self):
        """One command, byte by byte, so that what follows it stays in the socket."""
        line = b""
        while not line.endswith(b"\n"):
            byte = self.wait(lambda: self.conn.recv(1))
            if not byte:
                return ""
            line += byte
        return line.decode().rstrip("\r\n")

    def wait(self, receive):
        """Repeat receive() until something comes, or it is over."""
        self.conn.settimeout(0.05)
        for _ in range(int(LIMIT / 0.05)):
            try:
                return receive()
            except socket.timeout:
                if self.server.stopping.is_set():
                    raise OSError("over") from None
            finally:
                self.conn.settimeout(LIMIT)
        raise OSError("the client says nothing")

    def secure(self):
        if self.server.stall == "control":
            self.server.stopping.wait(LIMIT)
        self.conn = self.server.tls.wrap_socket(self.conn, server_side=True)
        self.encrypted = True

    def say(self, reply):
        if reply:
            self.conn.sendall(reply)

    def obey(self, verb, argument):
        if verb in self.replies:
            choices = self.replies[verb]
            self.say(choices.pop(0) if len(choices) > 1 else choices[0])
        elif verb == "AUTH":
            self.say(b"234 go\r\n" + self.server.smuggle)
            self.secure()
        elif verb == "PROT":
            self.protected = argument.upper() == "P"
            self.say(b"200 prot\r\n")
        elif verb == "PASV":
            self.passive = self.passive or socket.create_server(("127.0.0.1", 0))
            port = self.passive.getsockname()[1]
            self.say(f"227 (127,0,0,1,{port >> 8},{port & 255})\r\n".encode())
        elif verb in ("RETR", "NLST", "LIST", "STOR", "APPE"):
            self.transfer(verb in ("STOR", "APPE"))
        elif verb == "REST":
            self.say(b"350 rest\r\n")
        elif verb == "USER":
            self.say(b"331 password\r\n")
        elif verb == "CCC" and self.server.stall == "ccc":
            self.say(b"200 clear\r\n")
            self.server.stopping.wait(LIMIT)
        elif verb == "QUIT":
            self.say(b"221 bye\r\n")
            raise OSError("quit")
        else:
            self.say(b"230 ok\r\n" if verb == "PASS" else b"200 ok\r\n")

    def transfer(self, upload):
        server = self.server
        self.passive.settimeout(LIMIT)
        self.say(server.announced)
        raw = self.passive.accept()[0]
        raw.settimeout(LIMIT)
        data = None
        try:
            if server.stall == "data":
                server.stopping.wait(LIMIT)
            if server.alerts:
                server.alerts -= 1
                raw.recv(65536)
                raw.sendall(ALERT)
                self.say_final()
                return
            try:
                data = server.tls.wrap_socket(raw, server_side=True) if self.protected else raw
            except OSError:
                self.say_final()
                return
            server.resumed.append(getattr(data, "session_reused", None))
            try:
                (self.receive if upload else self.send)(data)
            except OSError:
                forget_errors(data)
            if server.end == "silent" and not server.final_waits:
                self.say_final()  # while the data connection stays open
                self.await_close(data)
                return
            if server.final_waits:
                self.await_close(data)
        finally:
            (data or raw).close()
        if server.end == "refuse":
            server.taken.wait(LIMIT)
        self.say_final()

    def say_final(self):
        if self.server.final is None:
            raise OSError("no reply")
        self.say(self.server.final)

    def send(self, data):
        server = self.server
        if server.stall == "transfer":
            server.stopping.wait(LIMIT)
        for piece in [server.payload] if isinstance(server.payload, bytes) else server.payload:
            data.sendall(piece)
        if server.stall == "half":
            server.stopping.wait(LIMIT)
        if server.end == "mid-record":
            socket.socket.sendall(data, b"\x17\x03\x03\x10\x00half a record")
        self.finish(data)

    def receive(self, data):
        server = self.server
        if server.stall == "transfer":
            server.stopping.wait(LIMIT)
        if server.end == "chatter":
            data.sendall(b"I talk while you upload")
        while True:
            block = data.recv(65536)
            if not block:
                break
            server.uploaded += block
            if server.end == "refuse":
                data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
        server.taken.set()
        if server.end != "silent":
            self.finish(data)

    def finish(self, data):
        """End the data connection as told."""
        if self.server.end == "reset":
            self.server.taken.wait(LIMIT)
            self.server.stopping.wait(self.server.lingers)
            data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        elif self.server.end in ("eof", "mid-record"):
            socket.socket.shutdown(data, socket.SHUT_WR)
            self.await_close(data)
        elif self.server.end == "close":
            socket.socket.close(socket.socket(fileno=data.detach()))
        elif isinstance(data, ssl.SSLSocket):
            data.unwrap()

    def await_close(self, data):
        """Read raw bytes until the client has closed."""
        with contextlib.suppress(OSError):
            while socket.socket.recv(data, 65536):
                pass
