"""A server that says what a test tells it to, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import socket
import threading

ANSWERS = {
    "USER": "230 in",
    "TYPE": "200 type",
    "FEAT": "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
    "PWD": '257 "/here" is it',
    "CWD": "250 moved",
    "NOOP": "200 noop",
    "QUIT": "221 bye",
}


class Scripted:
    """answers: {command or verb: reply}. data: {command or verb: what is sent over a data connection}; of a list, one
    after the other."""

    def __init__(self, data=None, **answers):
        self.data = data or {}
        self.answers = {**ANSWERS, **answers}
        self.commands = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self._passive = None
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(30)
        self._listener.close()
        assert not self._thread.is_alive()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def asked(self, *verbs):
        """The commands, of these verbs if any are named."""
        return [command for command in self.commands if not verbs or command.split(" ")[0] in verbs]

    @contextlib.contextmanager
    def client(self, module, **keywords):
        """A client of rftplib or ftplib, logged in; the server ends with it."""
        with self:
            ftp = module.FTP(timeout=30, **keywords)
            try:
                ftp.connect("127.0.0.1", self.port)
                ftp.login()
                self.commands.clear()
                yield ftp
            finally:
                ftp.close()

    def _serve(self):
        with contextlib.suppress(OSError), self._listener.accept()[0] as conn, conn.makefile("rb") as lines:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._say(conn, "220 ready")
            for line in lines:
                self._answer(conn, line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
        if self._passive is not None:
            self._passive.close()

    def _say(self, conn, reply):
        conn.sendall(reply.encode("utf-8", "surrogateescape") + b"\r\n")

    def _answer(self, conn, command):
        self.commands.append(command)
        verb = command.split(" ")[0]
        for known in (command, verb):
            if known in self.data:
                return self._send(conn, self.data[known])
            if known in self.answers:
                return self._say(conn, self.answers[known])
        if verb == "PASV":
            if self._passive is not None:
                self._passive.close()
            self._passive = socket.create_server(("127.0.0.1", 0))
            self._passive.settimeout(30)
            high, low = divmod(self._passive.getsockname()[1], 256)
            return self._say(conn, f"227 Entering Passive Mode (127,0,0,1,{high},{low})")
        return self._say(conn, "500 what?")

    def _send(self, conn, data):
        with self._passive.accept()[0] as far:
            self._say(conn, "150 here it comes")
            with contextlib.suppress(OSError):
                for piece in [data] if isinstance(data, bytes) else data:
                    far.sendall(piece)
        self._say(conn, "226 done")
