"""A scripted FTP server on loopback that records what the client sends.

    with Server({"PWD": b"257 oops\\r\\n"}) as server:
        ftp.connect(*server.address)

One thread accepts, one thread serves each control connection. What the server says is a table: verb -> action, or a
list of actions of which each occurrence of the verb takes the next (the last one stays). An action is

    bytes       sent as they are
    callable    called with the session
    tuple       several actions, in order
    None        nothing: the client waits

Those of everyday use are in `actions`, those of servers that do wrong in `misbehave`. Every wait ends: when the
block is left, or after LIMIT seconds.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading

from support.actions import DEFAULTS, Stopped
from support.certificates import default_server_context
from support.resources import is_open

LIMIT = 20.0
PIECE = 16384  # no more goes into a TLS record, so that a socket that is writable takes it at once


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
        self.listening = None if server.sessions else server.data_listener
        self.protect = self.mute = False
        self.data_conns = []
        self.uploads = []
        self.saying = threading.Lock()  # a transfer in the background speaks as well
        self.threads = []

    @property
    def data_listener(self):
        """Each has its own, once it needs it: two sessions at once mustn't take each other's connections."""
        if self.listening is None:
            self.listening = self.server.listen()
        return self.listening

    def begin(self, function, *args):
        """In a thread that the end of the server waits for."""
        thread = threading.Thread(target=self.guard, args=(function, *args), daemon=True)
        self.threads.append(thread)
        thread.start()

    def guard(self, function, *args):
        try:
            function(*args)
        except (Stopped, OSError):  # among them ssl.SSLError: the client's doing, and the script compares what it did
            pass
        except Exception as exc:  # a bug of the script: shown by finish()
            self.server.errors.append(exc)
            self.conn.close()

    def run(self):
        self.conn.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, int(self.server.oob_inline))
        self.conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # no 40 ms between 150 and 226
        if self.server.implicit:
            self.wrap_control()
        self.perform(self.server.greeting)
        while True:
            self.line = self.read_line()
            verb, _, self.argument = self.line.partition(" ")
            self.server.lines.append((self.line, self.encrypted))
            self.server.note(verb.upper())
            choices = self.replies.get(verb.upper(), [self.server.unknown])
            self.perform(choices.pop(0) if len(choices) > 1 else choices[0])

    @property
    def encrypted(self):
        return isinstance(self.conn, ssl.SSLSocket)

    def data_address(self):
        """Where the client is sent for its data connections."""
        return self.data_listener.getsockname()[:2]

    def take_leftover(self):
        """Take the data connections that the client made and that no transfer took."""
        self.server.take_leftover(self.data_listener)

    def perform(self, action):
        if self.mute:
            return
        if isinstance(action, bytes):
            self.say(action)
        elif isinstance(action, tuple):
            for step in action:
                self.perform(step)
        elif action is not None:
            action(self)

    def say(self, data):
        with self.saying:
            self.conn.sendall(data)

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

    def wait_for_end(self):
        """Do nothing more until the test lets go; see Server.let_go()."""
        self.server.going_on.wait(LIMIT)

    def send(self, conn, data):
        """Send all without waiting longer than the test lasts."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self.server.wake], [conn], [], LIMIT)
            if readable or not writable:
                raise Stopped
            view = view[conn.send(view[:PIECE] if isinstance(conn, ssl.SSLSocket) else view) :]

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
            self.say(b"501 odd address\r\n")
        else:
            self.say(b"200 active\r\n")

    def accept_data(self):
        """The data connection, before any TLS."""
        if self.active is not None:
            conn = socket.create_connection(self.active, LIMIT)
        else:
            self.wait_readable(self.data_listener)
            conn = self.data_listener.accept()[0]
            conn.settimeout(LIMIT)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data_conns.append(conn)
        self.uploads.append(bytearray())
        return conn

    def open_data(self, tls=None):
        conn = self.accept_data()
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

    session = Session
    unknown = b"500 what?\r\n"

    def __init__(self, replies=None, greeting=b"220 ready\r\n", data=b"one\r\ntwo\r\n", ipv6=False, tls=None,
                 implicit=False, oob_inline=True):  # fmt: skip
        self.replies = {**DEFAULTS, **(replies or {})}
        self.greeting, self.data, self.oob_inline = greeting, data, oob_inline
        self.implicit = implicit
        self.tls = tls or default_server_context()
        self.host = "::1" if ipv6 else "127.0.0.1"
        self.listener, self.data_listener = self.listen(), self.listen()
        self.port = self.listener.getsockname()[1]
        self.address = (self.host, self.port)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        try:
            self.finish(quietly=kind is not None)
        finally:
            self.discard()
            self.close()

    def listen(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return socket.create_server((self.host, 0), family=family)

    def data_address(self):
        """Where the client of the first session is sent for its data connections."""
        return self.data_listener.getsockname()[:2]

    def start(self):
        self.sessions, self.errors, self.leftover = [], [], []
        self.lines = []  # (line, whether it came encrypted), of all sessions
        self.happened, self.changed = [], threading.Condition()
        self.going_on = threading.Event()
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
            session = self.session(self, conn)
            self.sessions.append(session)
            self.note("connected")
            session.begin(session.run)

    def note(self, event):
        """Something that a test may wait for."""
        with self.changed:
            self.happened.append(event)
            self.changed.notify_all()

    def wait_for(self, event, times=1):
        """Wait until a command came ("NOOP"), or "connected", or until an action has noted something."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.happened.count(event) >= times, LIMIT):
                raise AssertionError(f"no {event!r} within {LIMIT} s, only {self.happened}")

    def let_go(self):
        """End all that waits in wait_for_end()."""
        self.going_on.set()

    def leave(self):
        """Be gone: connections end, new ones are refused. Nobody else gets the port before `close`."""
        self.finish()
        for sock in (self.listener, *(session.conn for session in self.sessions)):
            with contextlib.suppress(OSError):  # the client may have ended it
                sock.shutdown(socket.SHUT_RDWR)

    def finish(self, quietly=False):
        """Let the sessions take what has been sent, and end. The connections stay open for `client_closed`."""
        self.let_go()
        self.waker.send(b"x")
        self.thread.join(LIMIT)
        threads = [self.thread, *(thread for session in self.sessions for thread in session.threads)]
        for thread in threads:
            thread.join(LIMIT)
        alive = [thread for thread in threads if thread.is_alive()]
        if not quietly:
            assert not alive, f"the scripted server hangs: {alive}"
            assert not self.errors, self.errors
        for listener in {self.data_listener, *(session.listening for session in self.sessions)} - {None}:
            self.take_leftover(listener)

    def take_leftover(self, listener):
        while select.select([listener], [], [], 0)[0]:
            self.leftover.append(listener.accept()[0])

    def client_closed(self):
        """For each data connection, those never accepted last: has the client closed it?"""
        conns = [conn for session in self.sessions for conn in session.data_conns] + self.leftover
        return [peer_closed(conn) for conn in conns]

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
            if session.listening not in (None, self.data_listener):
                session.listening.close()
        for conn in [*self.leftover, self.wake, self.waker]:
            conn.close()

    def close(self):
        self.listener.close()
        self.data_listener.close()


def peer_closed(conn):
    try:
        conn.setblocking(False)
        while conn.recv(65536):
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError):
        # its end may be behind data that is still to come: the kernel knows
        return not is_open(conn.getpeername()[1], conn.getsockname()[1])
    except OSError:
        return True
