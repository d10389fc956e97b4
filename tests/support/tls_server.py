"""A TLS server in a thread, and what the tests need to watch it."""

from __future__ import annotations

import socket
import threading

LIMIT = 20.0  # seconds that anything here may take


class Server:
    """Accepts one connection after the other and gives each to `handle(conn)`, a TLS one where there is a context.

    What handle() returned is in `results`, what it raised in `errors`; leaving the block waits for it.
    """

    def __init__(self, handle, context=None, family=socket.AF_INET):
        self.handle, self.context, self.family = handle, context, family
        self.results, self.errors = [], []
        self._accepted = threading.Semaphore(0)

    def __enter__(self):
        host = "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
        self.listener = socket.create_server((host, 0), family=self.family)
        self.listener.settimeout(LIMIT)
        self.address = self.listener.getsockname()[:2]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self):
        try:
            while True:
                conn = self.listener.accept()[0]
                self._accepted.release()
                with conn:
                    self._serve(conn)
        except OSError:
            pass  # the listener was shut

    def _serve(self, conn):
        conn.settimeout(LIMIT)
        try:
            if self.context is not None:
                conn = self.context.wrap_socket(conn, server_side=True)
            with conn:
                self.results.append(self.handle(conn))
        except Exception as error:
            self.errors.append(error)

    def __exit__(self, *args):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.thread.join(LIMIT)
        self.listener.close()  # not before: the number could be another listener's by now
        assert not self.thread.is_alive(), "the server's thread is stuck"

    def connect(self, timeout=LIMIT):
        """A connection that the server has accepted; it has one at a time."""
        sock = socket.create_connection(self.address, timeout)
        assert self._accepted.acquire(timeout=LIMIT)
        return sock


def read_all(conn):
    """Everything up to the end."""
    parts = []
    while True:
        part = conn.recv(65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def receive(conn, count):
    """Exactly so many bytes."""
    parts = bytearray()
    while len(parts) < count:
        part = conn.recv(count - len(parts))
        assert part, "the end came too early"
        parts += part
    return bytes(parts)


def silent(conn):
    """A server that reads only; how many bytes there were."""
    return len(read_all(conn))


def echo(conn):
    """Sends back what comes, until the peer's close_notify."""
    while True:
        data = conn.recv(65536)
        if not data:
            conn.unwrap()
            return "closed"
        conn.sendall(data)


class Thread(threading.Thread):
    """A thread whose outcome is looked at: join() raises what it raised, and fails when it is stuck."""

    def __init__(self, run):
        super().__init__(daemon=True)
        self._outcome, self._run_it = None, run
        self.result = None
        self.start()

    def run(self):
        try:
            self.result = self._run_it()
        except BaseException as error:
            self._outcome = error

    def end(self, timeout=LIMIT):
        self.join(timeout)
        assert not self.is_alive(), "the thread is stuck"
        if self._outcome is not None:
            raise self._outcome
        return self.result


class Relay:
    """Between a client and a server: what the server sends goes through `change(data)`; None cuts both connections.

    With step=1 the client gets single bytes, each in a packet of its own.
    """

    def __init__(self, address, change=lambda data: data, step=65536):
        self._target, self._change, self._step = address, change, step

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(LIMIT)
        self.address = self._listener.getsockname()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def _run(self):
        near = self._listener.accept()[0]
        far = socket.create_connection(self._target, LIMIT)
        near.settimeout(LIMIT)
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        up = threading.Thread(target=self._copy, args=(near, far, lambda data: data, 65536), daemon=True)
        up.start()
        self._copy(far, near, self._change, self._step)
        up.join(LIMIT)
        near.close()
        far.close()

    def _copy(self, source, sink, change, step):
        try:
            while True:
                data = source.recv(65536)
                changed = change(data) if data else None
                if changed is None:
                    break
                for start in range(0, len(changed), step):
                    sink.sendall(changed[start : start + step])
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __exit__(self, *args):
        self._listener.close()
        self._thread.join(LIMIT)
        assert not self._thread.is_alive(), "the relay is stuck"

    def connect(self, timeout=LIMIT):
        return socket.create_connection(self.address, timeout)
