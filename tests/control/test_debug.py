"""Printed text at every debug level, to the stdout of the moment, passwords masked."""

from __future__ import annotations

import builtins
import io
import sys

import pytest
from support.actions import close, half_close
from support.harness import same

LEVELS = [0, 1, 2, 3, 4, -1, True, False, 1.5, None]


@pytest.mark.parametrize("level", LEVELS, ids=repr)
def test_debug_output_of_a_whole_session(level):
    def script(lib, env):
        ftp = env.unconnected()
        ftp.set_debuglevel(level)
        ftp.connect(env.host, env.port)
        env.attempt(ftp.getwelcome)
        for call in session(ftp):
            env.attempt(call)

    same(script, {"X": b"200-one\r\n two\r\n200 three\r\n", "N": b"550 no\r\n", "Z": b"what\r\n"})


def session(ftp):
    source = lambda: io.BytesIO(b"one\ntwo\r\nthree")  # noqa: E731
    return [
        lambda: ftp.login("user", "secret", "account"),
        lambda: ftp.sendcmd("X"),
        lambda: ftp.voidcmd("N"),
        lambda: ftp.sendcmd("Z"),
        lambda: ftp.sendcmd("two\nlines"),
        lambda: ftp.retrlines("LIST"),
        lambda: ftp.retrbinary("RETR x", lambda block: None),
        lambda: ftp.storlines("STOR x", source()),
        lambda: ftp.storbinary("STOR x", source()),
        lambda: ftp.set_pasv(False),
        lambda: ftp.nlst(),
        lambda: ftp.dir(),
        lambda: list(ftp.mlsd()),
        lambda: ftp.abort(),
        lambda: ftp.pwd(),
        lambda: ftp.quit(),
    ]


SECRETS = [
    "PASS secret", "pass secret", "Pass secret", "PASS  two spaces", "PASS ", "PASS", "PASS\tsecret", " PASS secret",
    "PASS é\U0001f600",
    "PASS a'b", 'PASS a"b', "PASS a'b\"c", "PASS a\\b", "ACCT secret", "PASS \x7f\0", "USER x", "SITE PASS x",
    "pASS x", "PASS x ",
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("level", [1, 2])
def test_masking_of_commands(secret, level):
    def script(lib, env):
        ftp = env.ftp()
        ftp.set_debuglevel(level)
        env.attempt(ftp.sendcmd, secret)

    same(script)


@pytest.mark.parametrize(
    "reply", [b"200 PASS x\r\n", b"PASS secret\r\n", b"pass secret\r\n", b"PASS secret\r", b"331 'a\"b\\\r\n"]
)
def test_masking_of_replies(reply):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        env.attempt(ftp.sendcmd, "X")

    same(script, {"X": (reply, half_close)})


SANITIZED = [
    "", "PASS", "PASS ", "PASS x", "PASS x\r\n", "PASS x\n", "PASS \r\n", "PASS\r\n", "PASS x\r\ny\r\n",
    "pass x\r\r\n\n", b"PASS x", b"ABOR\r\n",
    b"", None, 5, [], ["P", "A"], ("PASS ",), "é\x80\u2028\U000e0001", "PASS é\r", bytearray(b"ABOR"),
]  # fmt: skip


@pytest.mark.parametrize("text", SANITIZED, ids=ascii)
def test_sanitize(text):
    def script(lib, env):
        return lib.FTP().sanitize(text)

    same(script)


def test_sanitize_overridden():
    def script(lib, env):
        class Quiet(lib.FTP):
            def sanitize(self, s):
                return f"<{len(s)}>"

        ftp = env.ftp(Quiet, debug=2)
        ftp.login()
        ftp.abort()
        ftp.getwelcome()

    assert "<" in same(script).stdout


@pytest.mark.parametrize("level", [1, 2, 3])
def test_print_is_looked_up_when_it_is_needed(level):
    """Test suites patch builtins.print, scripts replace sys.stdout."""

    def script(lib, env):
        ftp = env.ftp()
        ftp.set_debuglevel(level)
        real, calls = builtins.print, []
        builtins.print = lambda *args, **kw: calls.append((args, kw))
        try:
            ftp.login("u", "secret")
            ftp.retrlines("LIST")
        finally:
            builtins.print = real
        env.note(calls)
        stdout, sys.stdout = sys.stdout, io.StringIO()
        try:
            ftp.pwd()
            env.note(sys.stdout.getvalue())
        finally:
            sys.stdout = stdout

    same(script)


def test_stdout_that_fails_or_is_none():
    def script(lib, env):
        class Full(io.StringIO):
            def write(self, text):
                raise OSError(28, "No space left on device")

        ftp = env.ftp(debug=2)
        stdout = sys.stdout
        try:
            for replacement in (Full(), None):
                sys.stdout = replacement
                env.attempt(ftp.pwd)
                env.attempt(ftp.sendcmd, "NOOP")
        finally:
            sys.stdout = stdout

    same(script)


def test_debugging_on_the_class_and_in_mid_command():
    def script(lib, env):
        class Loud(lib.FTP):
            debugging = 2

            def putline(self, line):
                super().putline(line)
                self.debugging = 0

        ftp = env.ftp(Loud)
        ftp.pwd()
        ftp.pwd()
        return vars(ftp)["debugging"]

    same(script)


def test_print_line_is_looked_up_in_the_module(monkeypatch):
    def script(lib, env):
        seen = []
        ftp = env.ftp()
        with monkeypatch.context() as patch:
            patch.setattr(lib, "print_line", seen.append)
            ftp.dir()
            ftp.retrlines("LIST")
        ftp.dir()
        return seen

    assert same(script).result[1:] == ["'one'", "'two'"] * 2


def test_getwelcome_before_and_after():
    def script(lib, env):
        ftp = env.unconnected(debug=1)
        env.attempt(ftp.getwelcome)
        ftp.set_debuglevel(0)
        env.attempt(ftp.getwelcome)
        ftp.connect(env.host, env.port)
        ftp.set_debuglevel(1)
        env.attempt(ftp.getwelcome)

    same(script, greeting=b"220-PASS x\r\n220 PASS y\r\n")


def test_failed_sends_are_printed_first():
    def script(lib, env):
        ftp = env.ftp(debug=2, encoding="ascii")
        env.attempt(ftp.sendcmd, "é")
        env.attempt(ftp.sendcmd, "X")
        ftp.close()
        env.attempt(ftp.sendcmd, "NOOP")

    same(script, {"X": close})
