"""The scripted server for one client, with answers by whole commands; and what it was asked."""

from __future__ import annotations

import contextlib

from support.scripted_server import Server

ANSWERS = {
    "USER": "230 in",
    "TYPE": "200 type",
    "FEAT": "211-Features:\r\n MLST type*;size*;modify*;\r\n211 End",
    "PWD": '257 "/here" is it',
    "CWD": "250 moved",
    "NOOP": "200 noop",
}
KEPT = ("EPSV", "PASV", "QUIT")  # as every scripted server answers them


class Scripted(Server):
    """answers: {command or verb: reply}. data: {command or verb: what is sent over a data connection}; of a list, one
    after the other. `final` is the reply after it."""

    def __init__(self, data=None, **answers):
        self.data_of = data or {}
        self.answers = {**ANSWERS, **answers}
        self.commands = []
        self.final = b"226 done\r\n"

    def __enter__(self):
        super().__init__()  # not before: some are made for clients that never come
        self.replies = {verb: self.replies[verb] for verb in KEPT}
        return super().__enter__()

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

    def unknown(self, session):
        command = session.line.encode("latin-1").decode("utf-8", "surrogateescape")
        self.commands.append(command)
        for known in (command, command.split(" ")[0]):
            if known in self.data_of:
                return send(session, self.data_of[known])
            if known in self.answers:
                return session.say(self.answers[known].encode("utf-8", "surrogateescape") + b"\r\n")
        return session.say(b"500 what?\r\n")


def send(session, data):
    session.say(b"150 here it comes\r\n")
    conn = session.open_data()
    with contextlib.suppress(OSError):
        for piece in [data] if isinstance(data, bytes) else data:
            session.send(conn, piece)
    conn.close()
    session.say(session.server.final)
