"""FTP_TLS against servers that misbehave before, in and after the handshake."""

from __future__ import annotations

import ssl

import pytest
from support import misbehave as bad
from support.actions import close, reset
from support.certificates import CA_FILE, server_context
from support.harness import differences, run_both, run_cleanly, same
from support.hostile_ftps import TELLS_EOF
from support.scripted_server import LIMIT, Server

SHORT = 0.5


def trusting(ca=CA_FILE):
    context = ssl.create_default_context(cafile=ca)
    context.check_hostname = False
    return context


def secured(lib, env, timeout=LIMIT, **settings):
    ftp = env.tls(timeout=timeout, **settings)
    env.attempt(ftp.login, "user", "secret")
    return ftp


def hello(session, conn=None):
    """Read what the client begins the handshake with: a close with that unread would be a reset, sooner or later."""
    conn = conn or session.conn
    session.wait_readable(conn)
    conn.recv(65536)


def play(script, replies, quiet):
    ours, theirs = run_cleanly(script, Server(replies, tls=server_context()), quiet)
    wire, ours.wire, theirs.wire = ours.wire, [], []  # there are random numbers in handshakes
    assert not differences(ours, theirs), differences(ours, theirs)
    ours.wire = wire
    return ours


def handshake(script, replies, quiet):
    """The name of the exception that login() raised."""
    ours = play(script, replies, quiet)
    assert ours.notes[0][0] == "raised"
    assert "PASS" not in ours.wire[0], "the password went out without TLS"
    return ours.notes[0][1]["type"]


@pytest.mark.parametrize(
    "name, replies, timeout, raises",
    [
        ("refused", {"AUTH": b"500 no\r\n"}, LIMIT, "ftplib.error_perm"),
        ("malformed", {"AUTH": b"what?\r\n"}, LIMIT, "ftplib.error_proto"),
        ("331 instead of 234", {"AUTH": b"331 password?\r\n"}, LIMIT, "ftplib.error_reply"),
        ("no handshake", {"AUTH": (b"234 go\r\n", bad.leave)}, SHORT, None),
        ("rubbish", {"AUTH": (b"234 go\r\n", hello, b"220 no TLS at all here\r\n", close)}, LIMIT, None),
        ("closed", {"AUTH": (b"234 go\r\n", hello, close)}, LIMIT, None),
        ("reset", {"AUTH": (b"234 go\r\n", hello, reset)}, LIMIT, None),
    ],
)
def test_before_the_handshake(quiet, name, replies, timeout, raises):
    def script(lib, env):
        ftp = secured(lib, env, timeout)
        env.attempt(ftp.close)
        env.note(ftp.sock, ftp.file)

    seen = handshake(script, replies, quiet)
    assert raises is None or seen == raises
    assert seen.rpartition(".")[2] in (
        "error_perm", "error_proto", "error_reply", "TimeoutError", "timeout", "SSLError", "SSLEOFError",
        "SSLZeroReturnError", "ConnectionResetError", "BrokenPipeError",
    )  # fmt: skip


def test_a_certificate_nobody_vouches_for(quiet):
    def script(lib, env):
        secured(lib, env, context=ssl.create_default_context())

    assert handshake(script, {}, quiet) == "ssl.SSLCertVerificationError"


def test_a_certificate_for_another_host(quiet):
    def script(lib, env):
        context = ssl.create_default_context(cafile=CA_FILE)
        ftp = env.unconnected(env.lib.FTP_TLS, context=context)
        ftp.connect(env.host, env.port)
        ftp.host = "ftp.example.org"
        env.attempt(ftp.login, "user", "secret")

    assert handshake(script, {}, quiet) == "ssl.SSLCertVerificationError"


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


def closed_after_hello(session):
    conn = session.open_data(False)
    hello(session, conn)
    conn.close()


@pytest.mark.parametrize(
    "name, data, raises",
    [
        ("no handshake", lambda session: session.open_data(False), "timeout"),
        ("rubbish", lambda session: session.open_data(False).sendall(b"150 what is TLS?\r\n" * 9), "SSLError"),
        ("closed", closed_after_hello, None),
    ],
)
def test_data_connections_without_tls(quiet, name, data, raises):
    """After PROT P nothing is taken from, or sent over, a data connection in clear text."""

    def script(lib, env):
        ftp = secured(lib, env, SHORT if raises == "timeout" else LIMIT)
        ftp.prot_p()
        env.attempt(ftp.retrbinary, "RETR x", lambda block: pytest.fail("data in clear text"))

    ours = play(script, {"RETR": (b"150 go\r\n", data)}, quiet)
    seen = ours.notes[1][1]["type"].rpartition(".")[2].replace("TimeoutError", "timeout")
    assert seen == raises or raises is None and "Error" in seen, seen


def test_data_cut_off_without_close_notify():
    """Who cuts the TCP connection can't pass half a file off as the whole."""

    def truncated(session):
        conn = session.open_data()
        conn.sendall(b"half of it")
        conn.close()

    def script(lib, env):
        ftp = secured(lib, env)
        ftp.prot_p()
        got = []
        env.attempt(ftp.retrbinary, "RETR x", got.append)
        env.note(b"".join(got))

    for outcome in run_both(script, {"RETR": (b"150 go\r\n", truncated, b"226 done\r\n")}):
        assert outcome.notes[2] == repr(b"half of it")
        if TELLS_EOF:
            assert outcome.notes[1][0] == "raised" and outcome.notes[1][1]["type"].startswith("ssl.SSL")


def test_prot_refused(quiet):
    """The exception says it, and nothing is secured by half."""

    def script(lib, env):
        ftp = secured(lib, env)
        env.attempt(ftp.prot_p)
        env.note(ftp._prot_p)

    ours = play(script, {"PROT": b"536 no\r\n"}, quiet)
    assert ours.notes[1][1]["type"] == "ftplib.error_perm"
    assert ours.notes[2] == "False"
