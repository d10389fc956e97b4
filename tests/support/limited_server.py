"""An FTP server that takes a limited number of sessions and says so to all others, in one thread of its own.

It knows what a session needs, and STAT, which tells the number of the session.
"""

from __future__ import annotations

import selectors
import socket
import threading

from rftplib.session import Timeouts

SHORT = Timeouts(2, 20, 20)

REPLIES = {
    "USER": b"331 password\r\n",
    "PASS": b"230 in\r\n",
    "TYPE": b"200 type\r\n",
    "FEAT": b"211-x\r\n SIZE\r\n211 end\r\n",
    "CWD": b"250 cwd\r\n",
    "PWD": b'257 "/home"\r\n',
    "NOOP": b"200 noop\r\n",
    "SIZE": b"550 no\r\n",
    "QUIT": b"221 bye\r\n",
}


class LimitedServer:
    """`with LimitedServer(limit) as server:`

    limit: how many sessions it takes; may be changed. text: what it says to others. at: "greeting", or "PASS" for a
    refusal of the login.
    """

    def __init__(self, limit, text="421 Too many connections", at="greeting"):
        self.limit, self.text, self.at = limit, text.encode() + b"\r\n", at
        self.most = self.refused = self.accepted = 0
        self.greeting = b"220 ready\r\n"
        self.commands = []
        self.counting = []  # the sockets of the sessions that count
        self._numbers = {}
        self._buffers = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.port = self._listener.getsockname()[1]
        self.url = f"ftp://user:secret@127.0.0.1:{self.port}"
        self._wake, self._waker = socket.socketpair()
        self._tasks = []
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._waker.send(b"x")
        self._thread.join(10)
        assert not self._thread.is_alive()
        for sock in [*self._buffers, self._listener, self._wake, self._waker]:
            sock.close()
        self._selector.close()

    def do(self, task):
        """Run task() in the server's thread, and wait until it has been."""
        done = threading.Event()
        self._tasks.append(lambda: (task(), done.set()))
        self._waker.send(b"t")
        assert done.wait(10)

    def end_all(self, farewell=b""):
        """Close all sessions, after a farewell."""

        def end():
            for sock in list(self._buffers):
                sock.send(farewell)
                self._end(sock)

        self.do(end)

    def _run(self):
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._wake:
                    if b"x" in self._wake.recv(100):
                        return
                    while self._tasks:
                        self._tasks.pop(0)()
                elif key.fileobj in self._buffers:
                    self._receive(key.fileobj)

    def _accept(self):
        sock, _ = self._listener.accept()
        self._buffers[sock] = b""
        self._numbers[sock] = len(self._numbers)
        self._selector.register(sock, selectors.EVENT_READ)
        if self.at == "greeting" and not self._admit(sock):
            return
        sock.send(self.greeting)

    def _admit(self, sock):
        if len(self.counting) >= self.limit:
            self.refused += 1
            sock.send(self.text)
            self._end(sock)
            return False
        self.accepted += 1
        self.counting.append(sock)
        self.most = max(self.most, len(self.counting))
        return True

    def _end(self, sock):
        self._selector.unregister(sock)
        del self._buffers[sock]
        if sock in self.counting:
            self.counting.remove(sock)
        sock.close()

    def _receive(self, sock):
        try:
            data = sock.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._end(sock)
            return
        *lines, self._buffers[sock] = (self._buffers[sock] + data).split(b"\r\n")
        replies = b""
        for line in lines:
            text = line.decode()
            verb = text.partition(" ")[0]
            self.commands.append(text)
            if verb == "PASS" and self.at == "PASS" and not self._admit(sock):
                return
            if verb == "STAT":
                replies += f"211 session {self._numbers[sock]}\r\n".encode()
            else:
                replies += REPLIES.get(verb, b"502 no\r\n")
        try:
            sock.send(replies)
        except OSError:
            pass  # its end comes next


def session_of(ftp):
    """The number of the session that a client is in."""
    return ftp.sendcmd("STAT")
