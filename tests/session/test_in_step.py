"""Whoever borrows a connection, and whoever calls recover(), gets the replies to his own commands, from byte 0 on."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time

import pytest
import rftplib
from rftplib.session import Site, batch, recover
from rftplib.tls import FTPS
from support.actions import auth_tls
from support.certificates import CA_FILE
from support.scripted_server import LIMIT, Server
from support.side_by_side import end, in_threads

CONTENT = b"0123456789"
LATE = b"226 late\r\n"
TIMEOUT = 20


def site_of(server):
    return Site(f"ftp://user:secret@127.0.0.1:{server.port}", connections=1, timeouts=TIMEOUT)


def connections(server):
    return server.happened.count("connected")


def keep_marker(session):
    session.marker = int(session.argument)
    session.say(b"350 restart\r\n")


def send_from_marker(session):
    session.say(b"150 here it comes\r\n")
    session.open_data().sendall(CONTENT[getattr(session, "marker", 0) :])
    session.marker = 0
    session.end_data()
    session.say(b"226 done\r\n")


MARKING = {"REST": keep_marker, "RETR": send_from_marker, "SIZE": b"550 no\r\n"}


def download(ftp):
    content = bytearray()
    assert ftp.retrbinary("RETR file", content.extend)[:3] == "226"
    return bytes(content)


# ------------------------------------------------------------------------------------------------ borrow()

MARKS = {
    "last": ["REST 5"],
    "earlier": ["REST 5", "NOOP"],
    "before RNFR": ["REST 5", "RNFR x"],
    "in TYPE A": ["TYPE A", "REST 5", "NOOP"],
}


@pytest.mark.parametrize("mark", MARKS)
def test_no_marker_is_lent_on(mark):
    with Server(MARKING) as server:
        site = site_of(server)
        with site.borrow() as ftp:
            for command in MARKS[mark]:
                ftp.sendcmd(command)
        with site.borrow() as ftp:
            assert download(ftp) == CONTENT
        assert connections(server) == 1
        site.close()


@pytest.mark.parametrize(
    "marker, replies, opened",
    [
        ("NOOP", b"502 no REST here\r\n", 1),
        ("REST 5", [b"350 restart\r\n", b"501 not to 0\r\n"], 2),
        ("NOOP", b"550 who knows\r\n", 2),
    ],
)
def test_a_marker_that_may_be_left_closes_it(marker, replies, opened):
    with Server({"REST": replies}) as server:
        site = site_of(server)
        with site.borrow() as ftp:
            ftp.sendcmd(marker)
        with site.borrow() as ftp:
            assert ftp.sendcmd("NOOP") == "200 noop"
        assert connections(server) == opened
        site.close()


UNREAD = (
    ["SITE x"],
    ["SITE x", "NOOP"],
    ["SITE x", "REST 0"],
    ["SITE x", "XXXX"],
    ["SITE x", "REST 0", "CWD x"],
    ["SITE x", "XXXX", "CWD x"],
    ["SITE x", "NOOP", "NOOP"],
    ["SITE x", "PWD"],
)


@pytest.mark.parametrize("commands", UNREAD, ids=",".join)
def test_replies_that_come_after_the_block(commands):
    """They may look like those that are awaited when the connection is lent again."""
    left, lent = threading.Event(), threading.Event()

    def site_command(session):
        left.wait(LIMIT)
        session.say(b"200 site\r\n")

    def cwd(session):
        lent.wait(LIMIT if session.argument == "/home" else 0)  # what comes behind it isn't there in time
        session.say(b"250 cwd\r\n")

    with Server({"SITE": site_command, "CWD": cwd, "SYST": b"215 UNIX\r\n"}) as server:
        site = site_of(server)
        with site.borrow() as ftp:
            for command in commands:
                ftp.putcmd(command)
        left.set()
        with site.borrow() as ftp:
            lent.set()
            assert [ftp.sendcmd(command) for command in ("SYST", "SIZE x")] == ["215 UNIX", "213 1234"]
        assert connections(server) == 2
        site.close()


@pytest.mark.parametrize("wait", [True, False])
def test_a_reply_that_the_borrower_hasnt_read(wait):
    with Server() as server:
        site = site_of(server)
        with site.borrow() as ftp:
            ftp.putcmd("NOOP")
            if wait:
                server.wait_for("NOOP")
        with site.borrow() as ftp:
            assert ftp.sendcmd("PWD") == '257 "/home" is it'
        assert connections(server) == 2
        site.close()


def test_a_reply_too_many_in_one_piece_with_the_last():
    pwd = b'257 "/home" is it\r\n'
    with Server({"PWD": [pwd, pwd + LATE, pwd]}) as server:
        site = site_of(server)
        with site.borrow():
            pass
        with site.borrow() as ftp:
            assert ftp.sendcmd("NOOP") == "200 noop"
        assert connections(server) == 2
        site.close()


# ------------------------------------------------------------------------------------------------ recover()


def logged_in(server, ftp):
    ftp.connect(*server.address)
    ftp.login()
    return ftp


@pytest.mark.parametrize("first", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_a_reply_too_many_in_one_piece_with_a_probes(first, monkeypatch):
    """With each of two rows of them, in one run side by side."""
    monkeypatch.setattr(random, "sample", lambda rows, count: rows[first:] + rows[:first])

    def behind(at):
        probes = []

        def probe(session):
            probes.append(session.line)
            reply = b'257 "/home"\r\n' if session.line == "PWD" else b"200 noop\r\n"
            session.say(reply + LATE if len(probes) == at + 1 else reply)

        with Server({"PWD": probe, "NOOP": probe}) as server:
            with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
                assert recover(ftp, 12)  # a quarter of it is lost
                assert ftp.sendcmd("TYPE I") == "200 type"
                assert ftp.size("x") == 1234

    end(*in_threads(8, behind))


def test_a_reply_too_many_behind_the_last_one():
    with Server({"REST": b"350 restart\r\n" + LATE}) as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            assert not recover(ftp)
            assert ftp.sock is None


def test_two_replies_to_one_command():
    """Some panels and proxies send them: from then on each reply would be taken for that of the next command."""
    with Server({"CWD": b"200 OK\r\n250 directory changed\r\n"}) as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            for _ in range(2):
                assert ftp.cwd("x") == "200 OK"
                assert recover(ftp, TIMEOUT)
                assert ftp.pwd() == "/home"
                assert ftp.size("x") == 1234


def test_what_an_earlier_connection_owed_isnt_waited_for():
    with Server({"SITE": b""}) as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            ftp.sock.settimeout(0.1)
            with pytest.raises(socket.timeout):
                batch(ftp, ["SITE x"])
            ftp.close()
            logged_in(server, ftp)
            assert recover(ftp, 4000)  # a quarter of it would be longer than the test may take
            assert ftp.sendcmd("NOOP") == "200 noop"


def test_a_marker_is_undone_however_long_ago_it_was_set():
    with Server(MARKING) as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            ftp.sendcmd("REST 5")
            ftp.sendcmd("NOOP")
            ftp.putcmd("NOOP")
            assert recover(ftp, TIMEOUT)
            assert download(ftp) == CONTENT


def test_a_marker_that_cant_be_undone_closes_it():
    with Server({"REST": [b"350 restart\r\n", b"501 not to 0\r\n"]}) as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            ftp.sendcmd("REST 5")
            assert not recover(ftp)
            assert ftp.sock is None


DRIPS = {"bytes": (b"", b"x"), "lines": (b"211-x\r\n", b" line\r\n"), "replies": (b"", LATE)}


@pytest.mark.parametrize("secured", [False, True])
@pytest.mark.parametrize("kind", DRIPS)
def test_the_limit_is_one_whatever_comes(kind, secured):
    """The server would go on for longer than any machine takes for the half second that was given."""
    begin, piece = DRIPS[kind]

    def drip(session):
        session.say(begin)
        for _ in range(600):
            time.sleep(0.025)  # not as long as a single reply is waited for
            session.say(piece)
        session.server.note("all said")

    replies = {"PWD": drip, "NOOP": drip, "AUTH": auth_tls}
    with Server(replies) as server:
        ftp = (
            FTPS(timeout=TIMEOUT, context=ssl.create_default_context(cafile=CA_FILE))
            if secured
            else rftplib.FTP(timeout=TIMEOUT)
        )
        with logged_in(server, ftp):
            assert not recover(ftp, 0.5)
            assert ftp.sock is None
        assert "all said" not in server.happened


@pytest.mark.parametrize("timeout", [0, -1])
def test_no_time_at_all(timeout):
    with Server() as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            assert not recover(ftp, timeout)
            assert ftp.sock is None


def test_the_limit_ends_with_the_recovery():
    with Server() as server:
        with logged_in(server, rftplib.FTP(timeout=TIMEOUT)) as ftp:
            before = threading.active_count()
            assert recover(ftp, TIMEOUT)
            deadline = time.monotonic() + LIMIT / 2
            while threading.active_count() > before and time.monotonic() < deadline:
                time.sleep(0.01)
            assert threading.active_count() <= before
            assert ftp.sendcmd("NOOP") == "200 noop"
