"""Servers that never stop: each line, each reply is bounded, and what streams takes constant memory."""

from __future__ import annotations

import ftplib

import pytest
import rftplib
from support import misbehave as bad
from support.harness import differences, run
from support.resources import forget_peak, memory, peak
from support.scripted_server import Server

MIB = 1 << 20


class Enough(Exception):
    """The test has seen enough."""


def play(script, both, **settings):
    """rftplib's outcome, the same as ftplib's unless ftplib wouldn't survive; and the memory that it took."""
    server = Server(**settings)
    try:
        theirs = run(ftplib, script, server) if both else None
        forget_peak()
        before = memory()
        ours = run(rftplib, script, server)
        grown = peak() - before
    finally:
        server.close()
    if both:
        assert not differences(ours, theirs), differences(ours, theirs)
    assert all(ours.data_closed)
    return ours, grown


def raised(note):
    assert note[0] == "raised", note
    return note[1]["type"], note[1]["args"][-1]


TOO_LONG = ("ftplib.Error", "'got more than 8192 bytes'")


@pytest.mark.parametrize("block", [b"x" * 65536, "\u20ac".encode() * 20_000, b"\0" * 65536], ids=["a", "euro", "nul"])
def test_an_endless_line_for_a_greeting(block):
    def script(lib, env):
        ftp = env.unconnected()
        env.attempt(ftp.connect, env.host, env.port)
        env.attempt(ftp.getresp)
        env.attempt(ftp.close)

    ours, grown = play(script, True, greeting=bad.endless(block))
    assert raised(ours.notes[0]) == raised(ours.notes[1]) == TOO_LONG
    assert grown < 8 * MIB


LINES = {
    "a reply": (lambda ftp: ftp.voidcmd("NOOP"), {"NOOP": bad.endless(b"2" * 65536)}),
    "a listing": (lambda ftp: ftp.nlst(), {"NLST": (b"150 go\r\n", bad.much_data(b"x" * 65536))}),
}


@pytest.mark.parametrize("maxline, most", [(None, 8 * MIB), (MIB, 32 * MIB)], ids=["default", "as the user allows"])
@pytest.mark.parametrize("name", LINES)
def test_an_endless_line(name, maxline, most):
    call, replies = LINES[name]

    def script(lib, env):
        ftp = env.ftp()
        if maxline:
            ftp.maxline = maxline
        env.attempt(call, ftp)
        env.attempt(ftp.close)

    ours, grown = play(script, True, replies=replies)
    assert raised(ours.notes[0]) == (TOO_LONG[0], TOO_LONG[1].replace("8192", str(maxline or 8192)))
    assert grown < most


@pytest.mark.parametrize("method", ["getresp", "getmultiline", "voidresp"])
def test_an_endless_reply(method):
    """ftplib reads until the memory is full: this limit is rftplib's own."""

    def script(lib, env):
        ftp = env.ftp()
        ftp.max_reply = 100_000
        ftp.putcmd("NOOP")
        env.attempt(getattr(ftp, method))
        env.attempt(ftp.close)

    ours, grown = play(script, False, replies={"NOOP": bad.endless(b"200-more\r\n" * 1000)})
    assert raised(ours.notes[0]) == ("ftplib.Error", "'got more than 100000 bytes in one reply'")
    assert grown < 8 * MIB


def test_an_endless_reply_with_the_limit_as_it_is():
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.voidcmd, "NOOP")
        env.attempt(ftp.close)

    ours, grown = play(script, False, replies={"NOOP": bad.endless(b"200-" + b"x" * 8000 + b"\r\n")})
    assert raised(ours.notes[0]) == ("ftplib.Error", f"'got more than {rftplib.FTP.max_reply} bytes in one reply'")
    assert grown < 100 * MIB


def test_an_endless_greeting():
    def script(lib, env):
        ftp = env.unconnected()
        ftp.max_reply = 5000
        env.attempt(ftp.connect, env.host, env.port)
        env.attempt(ftp.close)

    ours, _ = play(script, False, greeting=bad.endless(b"220-more\r\n" * 1000))
    assert raised(ours.notes[0]) == ("ftplib.Error", "'got more than 5000 bytes in one reply'")


def test_a_reply_up_to_the_limit_is_read():
    """The limit counts characters, the newlines between the lines included."""
    reply = "200-\u20ac\n" + "x\n" * 1000 + "200 end"

    def script(lib, env):
        ftp = env.ftp()
        for limit in (len(reply), None, len(reply) - 1):
            ftp.max_reply = limit
            env.attempt(ftp.voidcmd, "NOOP")
        env.attempt(ftp.close)

    ours, _ = play(script, False, replies={"NOOP": reply.replace("\n", "\r\n").encode() + b"\r\n"})
    assert ours.notes[0] == ours.notes[1] == repr(reply)
    assert raised(ours.notes[2]) == ("ftplib.Error", f"'got more than {len(reply) - 1} bytes in one reply'")


def test_one_long_line_is_not_a_long_reply():
    def script(lib, env):
        ftp = env.ftp()
        ftp.max_reply = 3
        env.attempt(ftp.voidcmd, "NOOP")

    ours, _ = play(script, False, replies={"NOOP": b"200 as long as maxline allows\r\n"})
    assert ours.notes == ["'200 as long as maxline allows'"]


STREAMS = {
    "lines": ("retrlines", b"a line of a listing\r\n" * 3000, 24 * MIB),
    "empty lines": ("retrlines", b"\r\n" * 30_000, 2 * MIB),  # two million, which cost time, not memory
    "long lines": ("retrlines", b"x" * 8190 + b"\n", 64 * MIB),
    "blocks": ("retrbinary", bytes(MIB), 128 * MIB),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_download_without_end_streams(name):
    """So much of it in constant memory; then the callback has seen enough."""
    method, data, most = STREAMS[name]

    def script(lib, env):
        ftp = env.ftp()
        seen = [0]

        def callback(piece):
            seen[0] += len(piece) + 1
            if seen[0] > most:
                raise Enough

        env.attempt(getattr(ftp, method), "RETR x", callback)
        env.attempt(ftp.close)

    ours, grown = play(script, False, replies={"RETR": (b"150 go\r\n", bad.much_data(data))})
    assert raised(ours.notes[0])[0].endswith("Enough")
    assert grown < 8 * MIB


def test_a_source_without_end_streams():
    class Source:
        left = 256

        def read(self, size):
            self.left -= 1
            return bytes(MIB) if self.left else b""

    def discard(session):
        conn = session.open_data()
        while conn.recv(MIB):
            pass
        session.end_data()

    def script(lib, env):
        env.attempt(env.ftp().storbinary, "STOR x", Source())

    ours, grown = play(script, False, replies={"STOR": (b"150 go\r\n", discard, b"226 done\r\n")})
    assert ours.notes == ["'226 done'"]
    assert grown < 32 * MIB  # of 256; the allocator keeps some of what two threads have freed


def test_replies_that_nobody_asked_for_wait_in_the_kernel():
    """A server that talks without end while the client is busy elsewhere: nothing is read ahead of what is wanted."""

    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.voidcmd, "NOOP")
        for _ in range(1000):
            ftp.getresp()
        env.attempt(ftp.close)

    ours, grown = play(script, True, replies={"NOOP": bad.endless(b"200 again\r\n" * 1000)})
    assert ours.notes == ["'200 again'", "None"]
    assert grown < 8 * MIB
