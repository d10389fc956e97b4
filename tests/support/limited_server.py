"""A scripted server that takes so many sessions and says so to all others; STAT tells the number of a session."""

from __future__ import annotations

import contextlib
import socket
import threading

from rftplib.session import Timeouts
from support.actions import close
from support.scripted_server import Server, Session

LIMITS = Timeouts(20, 20, 20)


class Counted(Session):
    def run(self):
        try:
            if self.server.at == "greeting":
                self.server.admit(self)
            super().run()
        finally:
            self.server.release(self)
            self.conn.close()


def password(session):
    if session.server.at == "PASS":
        session.server.admit(session)
    session.say(b"230 in\r\n")


def stat(session):
    session.say(f"211 session {session.server.sessions.index(session)}\r\n".encode())


def quit(session):
    session.server.release(session)  # before the client knows
    session.say(b"221 bye\r\n")
    close(session)


REPLIES = {
    "PASS": password,
    "STAT": stat,
    "FEAT": b"211-x\r\n SIZE\r\n211 end\r\n",
    "SIZE": b"550 no\r\n",
    "QUIT": quit,
}


class LimitedServer(Server):
    """limit: how many sessions it takes; may be changed. text: what it says to others. at: "greeting", or "PASS" for a
    refusal of the login. accepted, refused: how many were; most: how many there were at once.
    """

    session = Counted

    def __init__(self, limit, text="421 Too many connections", at="greeting"):
        super().__init__(REPLIES)
        self.limit, self.text, self.at = limit, text.encode() + b"\r\n", at
        self.most = self.refused = self.accepted = 0
        self.counting, self.lock = set(), threading.Lock()
        self.url = f"ftp://user:secret@{self.host}:{self.port}"

    @property
    def heard(self):
        """All commands of all sessions."""
        return [line for line, _ in self.lines]

    def admit(self, session):
        with self.lock:
            full = len(self.counting) >= self.limit
            if full:
                self.refused += 1
            else:
                self.accepted += 1
                self.counting.add(session)
                self.most = max(self.most, len(self.counting))
        if full:
            session.say(self.text)
            close(session)

    def release(self, session):
        with self.lock:
            self.counting.discard(session)

    def end_all(self, farewell=b""):
        """End all sessions, after a farewell."""
        for session in self.sessions:
            with contextlib.suppress(OSError):
                session.say(farewell)
                session.conn.shutdown(socket.SHUT_RDWR)


def session_of(ftp):
    """The number of the session that a client is in."""
    return ftp.sendcmd("STAT")
