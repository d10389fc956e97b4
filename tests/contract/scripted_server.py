"""A scripted FTP server on loopback that records what the client sends.

One thread accepts, one thread serves each control connection. What the server says is a table: verb -> action, or a
list of actions of which each occurrence of the verb takes the next (the last one stays). An action is

    bytes       sent as they are
    callable    called with the session
    tuple       several actions, in order
    None        nothing: the client waits

Every wait ends: when the script is over (`Server.finish`), or after LIMIT seconds.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import select
import socket
import ssl
import threading

LIMIT = 20.0
HERE = os.path.dirname(os.path.abspath(__file__))
CA_FILE = os.path.join(HERE, "ca.pem")
SERVER_PEM = os.path.join(HERE, "server.pem")


class Stopped(Exception):
    """The script is over, or the client is gone: this session has nothing more to do."""


def server_tls_context(**settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(SERVER_PEM)
    for name, value in settings.items():
        setattr(context, name, value)
    return context


@functools.lru_cache(None)
def default_tls_context():
    return server_tls_context()


def fall_silent(session):
    """Read and say nothing more; the connection stays open."""
    raise Stopped


def close(session):
    """Close the control connection in the ordinary way (FIN)."""
    session.conn.close()
    raise Stopped


def reset(session):
    """Close the control connection with a RST."""
    session.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    close(session)


def half_close(session):
    """Send FIN, go on reading: what the client sends afterwards arrives, and is not answered."""
    session.mute = True
    socket.socket.shutdown(session.conn, socket.SHUT_WR)  # SSLSocket's own would end TLS in both directions


def pieces(data, size=1):
    """Send `data` in many small segments."""

    def action(session):
        for i in range(0, len(data), size):
            session.conn.sendall(data[i : i + size])

    return action


def send_data(data=None, tls=None):
    """Open the data connection, send (the script's data by default), end it."""

    def action(session):
        conn = session.open_data(tls)
        payload = session.server.data if data is None else data
        try:
            conn.sendall(payload)
            session.end_data()
        except (OSError, ValueError):
            pass  # the client closed first: the probe at the end tells

    return action


def recv_data(session):
    """Open the data connection and take all that the client uploads."""
    conn = session.open_data()
    while True:
        session.wait_readable(conn)
        try:
            block = conn.recv(65536)
        except OSError:
            return
        if not block:
            break
        session.uploads[-1] += block
    session.end_data()


def open_data(session):
    """Open the data connection and leave it open."""
    session.open_data()


def end_data(session):
    session.end_data()


def auth_tls(session):
    session.conn.sendall(b"234 go\r\n")
    session.wrap_control()


def prot(session):
    session.protect = session.argument.upper() == "P"
    session.conn.sendall(b"200 prot\r\n")


def ccc(session):
    session.conn.sendall(b"200 clear\r\n")
    session.wait_readable(session.conn)
    session.conn = session.conn.unwrap()


def pasv(session):
    session.active = None
    session.server.take_leftover()  # a connection that no transfer has used mustn't serve the next one
    host, port = session.server.data_address()
    fields = host.split(".") + [str(port // 256), str(port % 256)]
    session.conn.sendall(f"227 Entering Passive Mode ({','.join(fields)})\r\n".encode())


def epsv(session):
    session.active = None
    session.server.take_leftover()
    session.conn.sendall(f"229 Extended Passive Mode (|||{session.server.data_address()[1]}|)\r\n".encode())


def port(session):
    fields = session.argument.split(",")
    session.set_active(lambda: (".".join(fields[:4]), int(fields[4]) * 256 + int(fields[5])))


def eprt(session):
    fields = session.argument.split("|")
    session.set_active(lambda: (fields[2], int(fields[3])))


def made(session):
    quoted = session.argument.replace('"', '""')
    session.conn.sendall(f'257 "{quoted}" created\r\n'.encode())


DOWNLOAD = (b"150 here it comes\r\n", send_data(), b"226 done\r\n")
UPLOAD = (b"150 send it\r\n", recv_data, b"226 stored\r\n")
DEFAULTS = {
    "USER": b"331 password\r\n",
    "PASS": b"230 logged in\r\n",
    "ACCT": b"230 account\r\n",
    "TYPE": b"200 type\r\n",
    "PASV": pasv,
    "EPSV": epsv,
    "PORT": port,
    "EPRT": eprt,
    "RETR": DOWNLOAD,
    "LIST": DOWNLOAD,
    "NLST": DOWNLOAD,
    "MLSD": DOWNLOAD,
    "STOR": UPLOAD,
    "APPE": UPLOAD,
    "STOU": UPLOAD,
    "REST": b"350 restart\r\n",
    "RNFR": b"350 from\r\n",
    "RNTO": b"250 renamed\r\n",
    "DELE": b"250 deleted\r\n",
    "CWD": b"250 cwd\r\n",
    "CDUP": b"250 cdup\r\n",
    "MKD": made,
    "RMD": b"250 removed\r\n",
    "PWD": b'257 "/home" is it\r\n',
    "SIZE": b"213 1234\r\n",
    "NOOP": b"200 noop\r\n",
    "OPTS": b"200 opts\r\n",
    "ABOR": b"226 aborted\r\n",
    "QUIT": (b"221 bye\r\n", close),
    "AUTH": auth_tls,
    "PBSZ": b"200 pbsz\r\n",
    "PROT": prot,
    "CCC": ccc,
}


class Session:
    """One control connection, as the server saw it."""

    def __init__(self, server, conn):
        self.server = server
        self.conn = conn
        self.received = bytearray()
        self.pending = bytearray()
        self.replies = {verb: list(r) if isinstance(r, list) else [r] for verb, r in server.replies.items()}
        self.line = self.argument = ""
        self.active = None
        self.protect = self.mute = False
        self.data_conns = []
        self.uploads = []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        try:
            self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, int(self.server.oob_inline))
            self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # no 40 ms between 150 and 226
            if self.server.implicit_tls:
                self.wrap_control()
            self.perform(self.server.greeting)
            while True:
                self.line = self.read_line()
                verb, _, self.argument = self.line.partition(" ")
                choices = self.replies.get(verb.upper())
                if choices is None:
                    self.perform(b"500 what?\r\n")
                else:
                    self.perform(choices.pop(0) if len(choices) > 1 else choices[0])
        except (Stopped, OSError):  # among them ssl.SSLError: the client's doing, and the script compares what it did
            pass
        except Exception as exc:  # a bug of the script: shown by finish()
            self.server.errors.append(exc)
            self.conn.close()

    def perform(self, action):
        if self.mute:
            return
        if isinstance(action, bytes):
            self.conn.sendall(action)
        elif isinstance(action, tuple):
            for step in action:
                self.perform(step)
        elif action is not None:
            action(self)

    def read_line(self):
        while b"\n" not in self.pending:
            self.wait_readable(self.conn)
            block = self.conn.recv(65536)
            if not block:
                raise Stopped
            self.received += block
            self.pending += block
        line, _, rest = bytes(self.pending).partition(b"\n")
        self.pending = bytearray(rest)
        return line.rstrip(b"\r").decode("latin-1")

    def wait_readable(self, sock):
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            return
        readable, _, _ = select.select([sock, self.server.wake], [], [], LIMIT)
        if sock not in readable:
            raise Stopped

    def wrap_control(self):
        self.wait_readable(self.conn)
        self.conn = self.server.tls.wrap_socket(self.conn, server_side=True)

    def set_active(self, address):
        """For PORT and EPRT; never a host beyond this machine."""
        try:
            self.active = address()
        except (ValueError, IndexError):
            self.active = None
        if self.active is None or self.active[0] not in ("127.0.0.1", "::1"):
            self.active = ("127.0.0.1", 1)
            self.conn.sendall(b"501 odd address\r\n")
        else:
            self.conn.sendall(b"200 active\r\n")

    def open_data(self, tls=None):
        if self.active is not None:
            conn = socket.create_connection(self.active, LIMIT)
        else:
            self.wait_readable(self.server.data_listener)
            conn = self.server.data_listener.accept()[0]
            conn.settimeout(LIMIT)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data_conns.append(conn)
        self.uploads.append(bytearray())
        if self.protect if tls is None else tls:
            self.wait_readable(conn)
            conn = self.data_conns[-1] = self.server.tls.wrap_socket(conn, server_side=True)
        return conn

    def end_data(self):
        """End the data connection but keep the descriptor, so that the client's close can be seen later."""
        conn = self.data_conns[-1]
        if isinstance(conn, ssl.SSLSocket):
            try:
                conn = self.data_conns[-1] = conn.unwrap()
            except OSError:
                pass  # the client closed without a close_notify
        try:
            conn.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Server:
    """Listens until `close`; serves the scripts one after another, each between `start` and `finish`."""

    def __init__(self, replies=None, greeting=b"220 ready\r\n", data=b"one\r\ntwo\r\n", ipv6=False, tls=None,
                 implicit_tls=False, oob_inline=True):  # fmt: skip
        self.replies = {**DEFAULTS, **(replies or {})}
        self.greeting, self.data, self.oob_inline = greeting, data, oob_inline
        self.implicit_tls = implicit_tls
        self.tls = tls or default_tls_context()
        self.host = "::1" if ipv6 else "127.0.0.1"
        family = socket.AF_INET6 if ipv6 else socket.AF_INET
        self.listener = socket.create_server((self.host, 0), family=family)
        self.data_listener = socket.create_server((self.host, 0), family=family)
        self.port = self.listener.getsockname()[1]

    def data_address(self):
        return self.data_listener.getsockname()[:2]

    def start(self):
        self.sessions, self.errors, self.leftover = [], [], []
        self.wake, self.waker = socket.socketpair()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while True:
            readable, _, _ = select.select([self.listener, self.wake], [], [])
            if self.listener not in readable:
                return
            conn = self.listener.accept()[0]
            conn.settimeout(LIMIT)
            session = Session(self, conn)
            self.sessions.append(session)
            session.thread.start()

    def finish(self):
        """Let the sessions take what has been sent, and end. The connections stay open for `client_closed`."""
        self.waker.send(b"x")
        self.thread.join(LIMIT)
        for session in self.sessions:
            session.thread.join(LIMIT)
        alive = [t for t in [self.thread, *(s.thread for s in self.sessions)] if t.is_alive()]
        assert not alive, f"the scripted server hangs: {alive}"
        assert not self.errors, self.errors
        self.take_leftover()

    def take_leftover(self):
        """Data connections that the client made and that no transfer took."""
        while select.select([self.data_listener], [], [], 0)[0]:
            self.leftover.append(self.data_listener.accept()[0])

    def client_closed(self):
        """For each data connection, those never accepted last: has the client closed it?"""
        conns = [conn for session in self.sessions for conn in session.data_conns] + self.leftover
        return [_peer_closed(conn) for conn in conns]

    def commands(self, session=0):
        """The lines that a session has received; the ports of active connections are left out."""
        text = bytes(self.sessions[session].received).decode("latin-1")
        text = re.sub(r"(PORT (?:\d+,){4})\d+,\d+|(EPRT .*\|)\d+\|", r"\1\2...", text)
        return text.replace("\r\n", "\n").splitlines()

    def discard(self):
        """Close what the last script left."""
        for session in self.sessions:
            session.conn.close()
            for conn in session.data_conns:
                conn.close()
        for conn in [*self.leftover, self.wake, self.waker]:
            conn.close()

    def close(self):
        self.listener.close()
        self.data_listener.close()


@contextlib.contextmanager
def serving(replies=None, **settings):
    """A server for one script that is written as users write it; at the end all of its wire has been recorded."""
    server = Server(replies, **settings)
    server.start()
    try:
        yield server
        server.finish()
    finally:
        server.discard()
        server.close()


def _peer_closed(conn):
    try:
        conn.setblocking(False)
        while conn.recv(65536):
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
