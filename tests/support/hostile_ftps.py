"""The scripted server in TLS, with data connections that begin and end as they are told to.

with Hostile() as server:
    server.payload, server.end = b"data", "eof"
    ftp.connect(*server.address)
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

from rftplib._tls import forget_errors
from support import actions
from support.actions import Stopped
from support.certificates import server_context
from support.scripted_server import LIMIT, Server, Session

ALERT = b"\x15\x03\x03\x00\x02\x02\x50"  # a record: fatal, internal error
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: close() sends RST

# Python 3.9, and early patch levels of 3.10 and 3.11 (Debian 12 has 3.11.2), ask OpenSSL 3 to pass off an EOF without
# close_notify as a regular end, by an option of each context.
OP_IGNORE_UNEXPECTED_EOF = 1 << 7
TELLS_EOF = not ssl.create_default_context().options & OP_IGNORE_UNEXPECTED_EOF or ssl.OPENSSL_VERSION_INFO < (3,)


class Stalling(Session):
    def wrap_control(self):
        if self.server.stall == "control":
            stall(self)
        super().wrap_control()


class Hostile(Server):
    """What it does is told by attributes; what it has seen is in others."""

    session = Stalling
    unknown = b"200 ok\r\n"

    def __init__(self) -> None:
        transfers = {"RETR": send, "NLST": send, "LIST": send, "STOR": receive, "APPE": receive, "STOU": receive}
        super().__init__({"AUTH": auth, "CCC": ccc, **transfers}, tls=server_context())
        self.smuggle = b""  # sent in clear text behind the reply to AUTH
        # "control", "data": no handshake; "transfer": no byte; "half": none after the payload; "ccc": no close_notify
        self.stall = ""
        # downloads, and how the data connection ends: "notify", "eof" (a half-close), "close", "reset", "mid-record"
        # uploads: "notify", "eof", "reset", "chatter", "silent" (never an answer to close_notify), "refuse" (a reset
        # after the first block; the final reply comes after `taken`)
        self.payload = b""  # or an iterable of pieces
        self.announced = b"150 here it comes\r\n"
        self.alerts = 0  # so many data connections get an alert instead of a handshake
        self.refusal = None  # the final reply then, if it is another one
        self.lingers = 0  # for so many seconds a reset waits
        self.end = "notify"
        self.final = b"226 done\r\n"  # None: the control connection is closed instead
        self.final_waits = False  # for the client to close the data connection
        self.taken = threading.Event()  # a reset comes after that: what is unread goes with it
        self.uploaded = bytearray()
        self.resumed = []  # of each data connection: whether it has resumed a session

    def let_go(self):
        super().let_go()
        self.taken.set()


def auth(session):
    session.say(b"234 go\r\n" + session.server.smuggle)
    session.wrap_control()


def ccc(session):
    if session.server.stall == "ccc":
        session.say(b"200 clear\r\n")
        stall(session)
    else:
        actions.ccc(session)


def stall(session):
    session.server.note("stalling")
    session.wait_for_end()


def send(session):
    """A download or a listing."""
    transfer(session, give)


def receive(session):
    transfer(session, take)


def transfer(session, move):
    server = session.server
    session.say(server.announced)
    conn = session.accept_data()
    try:
        if server.stall == "data":
            stall(session)
        if server.alerts:
            server.alerts -= 1
            conn.recv(65536)
            conn.sendall(ALERT)
            return finally_say(session, server.refusal)
        if session.protect:
            try:
                conn = session.data_conns[-1] = server.tls.wrap_socket(conn, server_side=True)
            except OSError:
                return finally_say(session)
        server.resumed.append(getattr(conn, "session_reused", None))
        server.note("secured")
        try:
            move(session, conn)
        except OSError:
            forget_errors(conn)
        if server.end == "silent" and not server.final_waits:
            finally_say(session)  # while the data connection stays open
            return await_close(conn)
        if server.final_waits:
            await_close(conn)
    finally:
        conn.close()
    if server.end == "refuse":
        server.taken.wait(LIMIT)
    finally_say(session)


def finally_say(session, reply=None):
    session.server.note("over")  # of the data connection
    reply = reply or session.server.final
    if reply is None:
        session.conn.close()
        raise Stopped
    session.say(reply)


def give(session, conn):
    server = session.server
    if server.stall == "transfer":
        stall(session)
    for piece in [server.payload] if isinstance(server.payload, bytes) else server.payload:
        conn.sendall(piece)
    if server.stall == "half":
        stall(session)
    if server.end == "mid-record":
        socket.socket.sendall(conn, b"\x17\x03\x03\x10\x00half a record")
    finish(server, conn)


def take(session, conn):
    server = session.server
    if server.stall == "transfer":
        stall(session)
    if server.end == "chatter":
        conn.sendall(b"I talk while you upload")
    while True:
        block = conn.recv(65536)
        if not block:
            break
        server.uploaded += block
        if server.end == "refuse":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            return
    server.taken.set()
    if server.end != "silent":
        finish(server, conn)


def finish(server, conn):
    """End the data connection as told."""
    if server.end == "reset":
        server.taken.wait(LIMIT)
        server.going_on.wait(server.lingers)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    elif server.end in ("eof", "mid-record"):
        socket.socket.shutdown(conn, socket.SHUT_WR)
        await_close(conn)
    elif server.end == "close":
        socket.socket.close(socket.socket(fileno=conn.detach()))
    elif isinstance(conn, ssl.SSLSocket):
        conn.unwrap()


def await_close(conn):
    """Read raw bytes until the client has closed."""
    with contextlib.suppress(OSError):
        while socket.socket.recv(conn, 65536):
            pass
