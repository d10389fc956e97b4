"""Transfers with `noop_interval`: a server that decides when it answers the NOOPs, and clients that send many.

It answers at once, when the transfer is over, or never. It sends until the client has sent NOOPS of them, or the
client's source does, so that nothing depends on time.
"""

from __future__ import annotations

import tempfile

from support.clients import unconnected
from support.scripted_server import LIMIT, Server

NOOPS = 3
LINE = b"0123456789" * 9 + b"\r\n"


def down(session):
    """Send lines until the client has sent NOOPS NOOPs."""
    session.open_data()
    while session.server.happened.count("sent") < NOOPS:
        more(session)
        session.server.going_on.wait(0.01)
    more(session)


def more(session):
    session.data_conns[-1].sendall(LINE)
    session.server.expected += LINE


def up(session):
    conn = session.open_data()
    while True:
        session.wait_readable(conn)
        block = conn.recv(65536)
        if not block:
            return
        session.uploads[-1] += block


def answer(reply):
    """Read the NOOPs, and answer each; None: with nothing."""

    def action(session):
        for _ in range(NOOPS):
            assert session.read_line() == "NOOP"
            if reply is not None:
                session.say(reply)

    return action


def end(session):
    session.end_data()


def script(at_once=None, final=b"226 done\r\n", late=b"200 late\r\n", **others):
    """A server that answers NOOPs by the action `at_once` in the middle, if any, and by `late` behind `final`."""
    answers = () if at_once is None else at_once
    steps = {"RETR": (b"150 x\r\n", down, answers, end, final), "STOR": (b"150 x\r\n", up, answers, end, final)}
    return {**steps, "NOOP": late, **others}


class Scripted(Server):
    def start(self):
        self.expected = b""
        super().start()


def eager(server, kind="plain", interval=0.001, cls=None, **options):
    """A client that sends many NOOPs; the server knows how many."""
    ftp = cls(timeout=LIMIT) if cls else unconnected(kind, LIMIT)
    vars(ftp).update(options)
    ftp.noop_interval = interval
    ftp.connect("localhost", server.port)
    if kind != "plain":
        ftp.login("user", "secret")
        ftp.prot_p()

    def putcmd(line):
        type(ftp).putcmd(ftp, line)
        if line == "NOOP":
            server.note("sent")

    ftp.putcmd = putcmd
    return ftp


class Source:
    """What is uploaded until the client has sent NOOPS NOOPs."""

    def __init__(self, server):
        self.server, self.given = server, b""

    def read(self, size=-1):
        if self.server.happened.count("sent") >= NOOPS:
            return b""
        self.server.going_on.wait(0.01)
        self.given += LINE
        return LINE

    readline = read


def to_callback(ftp, server):
    blocks = []
    reply = ftp.retrbinary("RETR x", blocks.append)
    assert b"".join(blocks) == server.expected
    return reply


def to_file(ftp, server):
    with tempfile.TemporaryFile() as file:
        reply = ftp.retrbinary("RETR x", file.write)
        file.seek(0)
        assert file.read() == server.expected
    return reply


def to_lines(ftp, server):
    lines = []
    reply = ftp.retrlines("RETR x", lines.append)
    assert "".join(line + "\r\n" for line in lines).encode() == server.expected
    return reply


def from_source(ftp, server):
    source = Source(server)
    reply = ftp.storbinary("STOR x", source)
    assert server.sessions[0].uploads[-1] == source.given
    return reply


def from_lines(ftp, server):
    source = Source(server)
    reply = ftp.storlines("STOR x", source)
    assert server.sessions[0].uploads[-1] == source.given
    return reply


WAYS = {way.__name__: way for way in (to_callback, to_file, to_lines, from_source, from_lines)}


def check_in_step(ftp):
    """Each command gets its own reply."""
    assert [ftp.pwd(), ftp.size("x"), ftp.sendcmd("REST 0"), ftp.pwd()] == ["/home", 1234, "350 restart", "/home"]


MOMENTS = {
    "at-once": script(answer(b"200 fine\r\n")),
    "late": script(),
    "never": script(answer(None), late=None),
    "refused-at-once": script(answer(b"500 not now\r\n")),
    "refused-late": script(late=b"502 what?\r\n"),
}
