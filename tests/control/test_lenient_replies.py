"""Replies, and what stands before them, that ftplib fails at and rftplib understands."""

from __future__ import annotations

import ftplib
import os
import time

import pytest
import rftplib
from rftplib import _lenient
from support.actions import close, half_close, open_data
from support.harness import run_both, same
from support.scripted_server import Server

by_our_reader = pytest.mark.skipif(
    os.environ.get("RFTPLIB_NATIVE") == "0", reason="it takes the engine's reader to know what else has been received"
)

# ------------------------------------------------------------------------ what is left of a line end

ENDS = {
    "lf-crlf": b"\n\r\n",
    "cr-crlf": b"\r\r\n",
    "crlf-crlf": b"\r\n\r\n",
    "crlf-nul": b"\r\n\0",
    "nul-line": b"\r\n\0\r\n",
}


def seen(outcome):
    return outcome.notes, outcome.result, outcome.exception, outcome.wire


def session(lib, env):
    """One command of each kind."""
    ftp = env.ftp()
    env.attempt(ftp.login, "user", "secret")
    env.attempt(ftp.cwd, "x")
    env.attempt(ftp.pwd)
    env.attempt(ftp.delete, "x")
    env.attempt(ftp.nlst)
    env.attempt(ftp.sendcmd, "STAT")
    env.attempt(ftp.abort)
    return ftp.quit()


def replies(end):
    return {
        "USER": b"331 password" + end,
        "PASS": b"230 in" + end,
        "CWD": b"250-changed\r\nto x\r\n250 done" + end,
        "PWD": b'257 "/x"' + end,
        "DELE": b"550 no such file" + end,
        "TYPE": b"200 type" + end,
        "STAT": b"211-of\r\n\r\n211 x" + end,
        "ABOR": b"226 nothing to abort" + end,
        "QUIT": (b"221 bye" + end, close),
    }


@pytest.mark.parametrize("end", ENDS)
def test_an_odd_line_end_belongs_to_no_reply(end):
    ours, theirs = run_both(session, replies(ENDS[end]), greeting=b"220 ready" + ENDS[end])
    plain = same(session, replies(b"\r\n"))
    assert seen(ours) == seen(plain)
    assert theirs.notes != plain.notes  # ftplib takes it for the next reply


@pytest.mark.parametrize("method", ["getline", "getmultiline"])
@pytest.mark.parametrize("reply", [b"\r\n", b"\n", b"\x00200 a\r\n", b"200 a\r\r\n", b"200 a\n\rb\r\n", b"\0\r\n"])
def test_who_asks_for_a_line_gets_it_as_it_came(reply, method):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        ftp.putcmd("X")
        return getattr(ftp, method)()

    same(script, {"X": reply})


def test_nul_and_empty_lines_within_a_reply_stay():
    def script(lib, env):
        ftp = env.ftp(debug=2)
        env.note(ftp.sendcmd("X"))
        return ftp.sendcmd("NOOP")

    same(script, {"X": b"200-a\r\n\r\n\0b\r\r\n200 c\0\r\n"})


@pytest.mark.parametrize("reply", [b"\x00hello\r\n", b"\0\x00099 x\r\n"])
def test_what_is_no_reply_behind_its_nul_is_raised_as_it_came(reply):
    same(lambda lib, env: env.ftp(debug=2).sendcmd("X"), {"X": reply})


def test_empty_lines_without_end_are_an_error():
    outcome = run_both(lambda lib, env: env.ftp().sendcmd("X"), {"X": b"\r\n" * 150})[0]
    assert outcome.exception["type"] == "ftplib.error_proto"
    assert outcome.exception["args"] == ["tuple", "''"]


def test_an_override_of_getmultiline_has_the_last_word():
    def script(lib, env):
        class Client(lib.FTP):
            def getmultiline(self):
                env.note("getmultiline")
                return super().getmultiline()

        ftp = env.ftp(Client)
        env.attempt(ftp.sendcmd, "X")
        return ftp.getline()

    same(script, {"X": b"\r\n200 x\r\n"})


def test_an_override_of_getline_sees_every_line():
    lines = []

    class Client(rftplib.FTP):
        def getline(self):
            lines.append(super().getline())
            return lines[-1]

    with Server({"X": b"\r\n\x00200-a\r\n200 b\r\n"}) as server:
        ftp = Client(timeout=20)
        ftp.connect(server.host, server.port)
        assert ftp.sendcmd("X") == "200-a\n200 b"
        ftp.quit()
    assert lines == ["220 ready", "", "\x00200-a", "200 b", "221 bye"]


# ------------------------------------------------------------------------ before the greeting


def greeted(lib, env):
    ftp = env.ftp()
    env.note(ftp.getwelcome(), ftp.lastresp)
    env.note(ftp.login("user", "secret"), ftp.pwd())
    return ftp.quit()


PREFACES = {
    "text": b"Authorised use only\r\n",
    "lines": b"*" * 70 + b"\r\n\r\n  All access is logged.\r\n" + b"*" * 70 + b"\r\n",
    "120": b"120 ready in 1 minute\r\n",
    "120-120": b"120-busy\r\n120 ready in 2 minutes\r\n120 ready in 1 minute\r\n",
    "both": b"hello\r\n120 soon\r\nhello again\r\n",
}


@by_our_reader
@pytest.mark.parametrize("preface", PREFACES)
def test_what_comes_before_the_greeting_is_passed_over(preface):
    ours, theirs = run_both(greeted, greeting=PREFACES[preface] + b"220 ready\r\n")
    plain = same(greeted)
    assert seen(ours) == seen(plain)
    assert theirs.exception or theirs.notes != plain.notes


@by_our_reader
def test_a_refusal_behind_a_preface_is_raised():
    ours, _ = run_both(greeted, greeting=b"hello\r\n120 soon\r\n421 too many\r\n")
    assert ours.exception["type"] == "ftplib.error_temp" and "too many" in str(ours.exception["args"])


CLOSING = [b"hello there\r\n", b"one\r\ntwo\r\n", b"650 x\r\n", b"hello\r\n120 soon\r\n"]


@pytest.mark.parametrize("greeting", CLOSING)
def test_a_server_that_closes_without_a_greeting(greeting):
    def script(lib, env):
        env.unconnected().connect(env.host, env.port)

    ours, theirs = run_both(script, greeting=(greeting, close))
    assert ours.exception == theirs.exception  # the first line is what is told


def test_a_server_that_waits_behind_a_line_that_is_no_greeting(monkeypatch):
    monkeypatch.setattr(_lenient, "PATIENCE", 0.2)
    ours, theirs = run_both(lambda lib, env: env.ftp(), greeting=b"hello there\r\n")
    assert ours.exception == theirs.exception


def test_lines_without_end_before_the_greeting_are_an_error():
    ours, theirs = run_both(lambda lib, env: env.ftp(), greeting=b"spam\r\n" * 150 + b"220 ready\r\n")
    assert ours.exception == theirs.exception
    same(lambda lib, env: env.ftp(), greeting=b"x" * 10_000 + b"\r\n220 ready\r\n")
    ours, theirs = run_both(lambda lib, env: env.ftp().welcome, greeting=b"120 soon\r\n" * 150)
    assert ours.result == theirs.result == "'120 soon'"


@by_our_reader
def test_the_greeting_is_read_by_getresp():
    seen = []

    class Client(rftplib.FTP):
        def getresp(self):
            seen.append("getresp")
            return super().getresp()

    with Server(greeting=b"hello\r\n120 soon\r\n220 ready\r\n") as server:
        ftp = Client(timeout=20)
        assert ftp.connect(server.host, server.port) == ftp.welcome == "220 ready"
        assert len(seen) == 3
        ftp.quit()


@by_our_reader
@pytest.mark.parametrize("preface", PREFACES)
def test_the_same_under_tls(preface):
    from rftplib.tls import ImplicitFTP_TLS

    with Server(greeting=PREFACES[preface] + b"220 ready\r\n", implicit=True) as server:
        ftp = ImplicitFTP_TLS(timeout=20)
        assert ftp.connect(server.host, server.port) == "220 ready"
        assert ftp.login("user", "secret") == "230 logged in"
        ftp.quit()


# ------------------------------------------------------------------------ a completion where 150 is due


@by_our_reader
@pytest.mark.parametrize("reply", [b"226 no files\r\n", b"250 done\r\n", b"226-no\r\n226 files\r\n"])
def test_a_completion_without_150_ends_the_transfer(reply, monkeypatch):
    monkeypatch.setattr(_lenient, "SOON", 0.1)  # nothing more will come
    with Server({"NLST": (open_data, reply)}) as server:
        ftp = rftplib.FTP(timeout=20)
        ftp.connect(server.host, server.port)
        began = time.monotonic()
        with pytest.raises(ftplib.error_reply, match=reply[:6].decode()):
            ftp.nlst()
        assert time.monotonic() - began < 15
        assert ftp.pwd() == "/home"  # nothing is left unread
        ftp.quit()


@pytest.mark.parametrize("first", [b"200 opening\r\n", b"226 of the transfer before\r\n", b"250 x\r\n"])
def test_a_completion_with_150_behind_it_is_passed_over(first, monkeypatch):
    from support.actions import DOWNLOAD

    monkeypatch.setattr(_lenient, "SOON", 50.0)  # a busy machine may be late with it

    def script(lib, env):
        ftp = env.ftp()
        env.note(ftp.nlst())
        return ftp.quit()

    same(script, {"NLST": (first, *DOWNLOAD)})
    same(script, {"NLST": (first + b"425 no data connection\r\n", half_close)})


# ------------------------------------------------------------------------ the end of a with block


class Broken(Exception):
    """The user's own."""


STALE = {"426": b"426 aborted\r\n", "550": b"550 no\r\n", "none": b"what?\r\n", "undecodable": b"226 \xff\r\n"}


@pytest.mark.parametrize("reply", STALE)
def test_a_pending_reply_hides_no_exception_of_the_block(reply):
    def script(lib, env):
        with env.ftp() as ftp:
            ftp.putcmd("X")
            raise Broken("in the block")

    ours, theirs = run_both(script, {"X": STALE[reply]})
    assert ours.exception == {
        "type": f"{__name__}.Broken",
        "args": ["tuple", "'in the block'"],
        "cause": None,
        "context": None,
        "suppressed": False,
    }
    assert theirs.exception["type"] != ours.exception["type"]
    assert ours.wire == theirs.wire


@pytest.mark.parametrize("reply", ["426", "550", "none"])
def test_without_one_the_pending_reply_is_raised(reply):
    def script(lib, env):
        with env.ftp() as ftp:
            ftp.putcmd("X")

    outcome = same(script, {"X": STALE[reply]})
    assert outcome.exception


def test_another_error_of_an_own_quit_is_raised():
    def script(lib, env):
        class Client(lib.FTP):
            def quit(self):
                raise Broken("in quit")

        with env.ftp(Client):
            raise ValueError("in the block")

    outcome = same(script)
    assert outcome.exception["type"] == f"{__name__}.Broken"
