"""FTP_TLS against servers that misbehave before, in and after the handshake."""

from __future__ import annotations

import ssl

import pytest
from support import misbehave as bad
from support.actions import close, reset
from support.certificates import CA_FILE, server_context
from support.clients import hasty
from support.harness import differences, run_cleanly, same
from support.scripted_server import LIMIT, Server

MOMENT = 0.5


def trusting(ca=CA_FILE):
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    return context


def hello(session, conn=None):
    """Read what the client begins the handshake with: a close with that unread would be a reset, sooner or later."""
    conn = conn or session.conn
    session.wait_readable(conn)
    conn.recv(65536)


@pytest.mark.parametrize(
    "name, replies, timeout",
    [
        ("no handshake", {"AUTH": (b"234 go\r\n", bad.leave)}, MOMENT),
        ("rubbish", {"AUTH": (b"234 go\r\n", hello, b"220 no TLS at all here\r\n", close)}, LIMIT),
        ("closed", {"AUTH": (b"234 go\r\n", hello, close)}, LIMIT),
        ("reset", {"AUTH": (b"234 go\r\n", hello, reset)}, LIMIT),
    ],
)
def test_before_the_handshake(quiet, name, replies, timeout):
    """timeout: of the handshake; the replies before it may take their time."""

    def script(lib, env):
        ftp = env.tls(hasty(lib.FTP_TLS, timeout))
        env.attempt(ftp.login, "user", "secret")
        env.note(isinstance(ftp.sock, ssl.SSLSocket), ftp.file is None)
        env.attempt(ftp.close)
        env.note(ftp.sock, ftp.file)

    ours, theirs = run_cleanly(script, Server(replies, tls=server_context()), quiet)
    assert "PASS" not in ours.wire[0], "the password went out without TLS"
    ours.wire, theirs.wire = [], []  # there are random numbers in handshakes
    assert not differences(ours, theirs), differences(ours, theirs)
    assert ours.notes[0][0] == "raised"
    assert ours.notes[0][1]["type"].rpartition(".")[2] in (
        "TimeoutError", "timeout", "SSLError", "SSLEOFError", "SSLZeroReturnError", "ConnectionResetError",
        "BrokenPipeError",
    )  # fmt: skip


@pytest.mark.parametrize("injected", [b"230 logged in\r\n", b"331 password?\r\n230 in\r\n", b"550-", b"2"])
def test_plaintext_before_the_handshake_is_discarded(injected):
    """What arrives together with the reply to AUTH may come from anyone; after the handshake it is not believed."""

    def inject(session):
        session.conn.sendall(b"234 go\r\n" + injected)
        session.wrap_control()

    def script(lib, env):
        ftp = env.tls(context=trusting())
        ftp.auth()
        env.attempt(ftp.voidcmd, "NOOP")
        env.attempt(ftp.login, "user", "secret")

    outcome = same(script, {"AUTH": inject, "NOOP": b"200 the truth\r\n"}, tls=server_context())
    assert outcome.notes == ["'200 the truth'", "'230 logged in'"]
