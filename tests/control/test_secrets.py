"""Passwords: never in debug output, logs, texts of exceptions or repr."""

from __future__ import annotations

import logging
import pprint
import traceback

import pytest
from support.harness import same

SECRET = "s3cr3t-of-mine"


class Caught(logging.Handler):
    def __init__(self):
        super().__init__(logging.NOTSET)
        self.records = []

    def emit(self, record):
        self.records.append(f"{record.getMessage()} {record.__dict__}")


@pytest.fixture
def caught():
    """All that is logged, by anybody, at any level."""
    handler, root = Caught(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.NOTSET)
    yield handler.records
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.parametrize("debug", [0, 1, 2, 3])
def test_no_secret_is_shown_while_logging_in(debug, caught):
    def script(lib, env):
        ftp = env.ftp(debug=debug)
        ftp.login("me", SECRET)
        for shown in (repr(ftp), str(ftp), pprint.pformat(vars(ftp)), repr(ftp.file), repr(ftp.sock), repr(dir(ftp))):
            assert SECRET not in shown
        ftp.getwelcome()

    outcome = same(script)
    assert f"PASS {SECRET}\r\n" in outcome.wire[0], "the test sends no secret"
    assert SECRET not in outcome.stdout
    assert ("*" * len(SECRET) in outcome.stdout) == (debug > 0)
    assert [record for record in caught if "PASS ****" in record], "the log shows no PASS at all"
    assert not [record for record in caught if SECRET in record]


@pytest.mark.parametrize("line", [f"Pass {SECRET}", f" PASS\t{SECRET}", f"acct {SECRET}", f"PASS {SECRET} and more"])
def test_the_log_knows_every_spelling(line, caught):
    """Debug output has to be ftplib's; the log is our own."""

    def script(lib, env):
        env.ftp().putcmd(line)

    same(script)
    assert [record for record in caught if "****" in record]
    assert not [record for record in caught if SECRET in record]


@pytest.mark.parametrize(
    "replies, password",
    [
        ({"PASS": b"530 no\r\n"}, SECRET),
        ({"PASS": b"421 no\r\n"}, SECRET),
        ({"PASS": b"999 no\r\n"}, SECRET),
        ({"PASS": b"150 no\r\n"}, SECRET),
        ({"PASS": b"\xff\r\n"}, SECRET),
        ({}, SECRET + "\r\nNOOP"),
        ({}, SECRET + "\u20ac"),
    ],
    ids=["refused", "later", "malformed", "out of order", "undecodable", "with a line break", "not to be encoded"],
)
def test_exceptions(replies, password, caught):
    def script(lib, env):
        ftp = env.ftp(encoding="latin-1", debug=2)
        try:
            ftp.login("me", password)
        except (ValueError, *lib.all_errors) as exc:
            assert SECRET not in str(exc)
            assert SECRET not in traceback.format_exc()
            raise
        return "went well"

    outcome = same(script, replies)
    assert SECRET not in outcome.stdout
    assert not [record for record in caught if SECRET in record]


def test_accounts_are_shown_as_by_ftplib():
    """Debug output is ftplib's to the letter, and ftplib masks PASS and pass only."""

    def script(lib, env):
        ftp = env.ftp(debug=1)
        ftp.acct("billing")
        ftp.sendcmd("pass secret1")
        ftp.sendcmd("Pass secret2")

    shown = same(script).stdout
    assert "billing" in shown and "secret2" in shown and "secret1" not in shown
