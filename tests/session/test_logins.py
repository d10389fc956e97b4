"""Logins of a Site: to servers that are known to answer in order, what follows a login goes out together with it."""

from __future__ import annotations

import contextlib

import pytest
import rftplib
from rftplib.session import Site, Timeouts, features
from support.actions import close
from support.clients import say_then_brief
from support.scripted_server import Server

KNOWN = b"220 ProFTPD Server (here) [127.0.0.1]\r\n"
FEAT = b"211-x\r\n SIZE\r\n UTF8\r\n211 end\r\n"
REST = ["TYPE I", "OPTS UTF8 ON", "PWD", "CWD some"]
TO_REST = b'200 type\r\n200 utf8\r\n257 "/"\r\n250 cwd\r\n'
SILENT = dict.fromkeys(["FEAT", "TYPE", "OPTS", "PWD", "CWD"])
PATIENT = Timeouts(15, 15, 15)


def site_of(server, path="some", **options):
    return Site(f"ftp://user:secret@127.0.0.1:{server.port}/{path}", **{"timeouts": PATIENT, **options})


def test_one_round_trip_from_the_password_on():
    script = {**SILENT, "PASS": None, "FEAT": b"230 in\r\n" + TO_REST + FEAT}
    with Server(script, greeting=KNOWN) as server:
        with site_of(server).open() as ftp:
            assert features(ftp).size and features(ftp).utf8
            assert ftp.sendcmd("NOOP")[:3] == "200"
        assert server.commands() == ["USER user", "PASS secret", *REST, "FEAT", "NOOP", "QUIT"]


def test_the_next_connection_takes_one_from_the_greeting_on():
    first = {"FEAT": FEAT, "CWD": b"250 cwd\r\n"}
    with Server(first, greeting=KNOWN) as server:
        site = site_of(server)
        with site.borrow():
            server.replies.update(SILENT, USER=None, PASS=None, CWD=b"331 who\r\n230 in\r\n" + TO_REST)
            with site.borrow() as ftp:
                assert features(ftp).size and ftp.lastresp == "250"
        site.close()
        assert server.commands(1)[:6] == ["USER user", "PASS secret", *REST]


@pytest.mark.parametrize("greeting", [b"220 ready\r\n", b"220 Microsoft FTP Service\r\n"])
def test_unknown_servers_get_one_after_the_other(greeting):
    """Some throw away what comes together with a login."""
    behind = []

    def note(session):
        behind.append(bytes(session.pending))

    script = {"FEAT": FEAT, "USER": (note, b"331 who\r\n"), "PASS": (note, b"230 in\r\n")}
    with Server(script, greeting=greeting) as server:
        site = site_of(server)
        with site.borrow():
            with site.borrow() as ftp:
                assert ftp.sendcmd("NOOP")[:3] == "200"
        site.close()
        assert server.commands()[:3] == ["USER user", "PASS secret", "FEAT"]
    assert behind == [b""] * 4


def test_a_server_with_another_greeting_is_another_server():
    """A name may stand for several; one that wants TLS first mustn't get the password."""
    with Server({"FEAT": FEAT}, greeting=KNOWN) as server:
        site = site_of(server)
        with site.borrow():
            server.greeting = KNOWN.replace(b"here", b"there")
            server.replies.update(USER=b"530 Non-anonymous sessions must use encryption.\r\n")
            with pytest.raises(rftplib.error_perm, match="^530 Non-anonymous"):
                with site.borrow():
                    pass
        site.close()
        assert server.commands(1) == ["USER user"]


REFUSALS = {
    "the user": ({"USER": b"530 who\r\n"}, rftplib.error_perm, "530 who", "USER user"),
    "the password": ({"PASS": b"530 no\r\n"}, rftplib.error_perm, "530 no", "PASS ****"),
    "for now": ({"PASS": b"430 no\r\n"}, rftplib.error_temp, "430 no", "PASS ****"),
    "an account": ({"PASS": b"332 account\r\n"}, rftplib.error_reply, "332 account", "PASS ****"),
    "the password, and the end": ({"PASS": (b"530 no\r\n", close)}, rftplib.error_perm, "530 no", "PASS ****"),
    "the end": ({"PASS": b"421 bye\r\n"}, rftplib.error_temp, "421 bye", "PASS ****"),
    "no reply": ({"PASS": b"what\r\n"}, rftplib.error_proto, "what", "PASS ****"),
}


@pytest.mark.parametrize("again", [False, True], ids=["first", "next"])
@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_is_what_login_raises(name, again):
    replies, kind, text, command = REFUSALS[name]
    refusing = {**dict.fromkeys(["FEAT", *SILENT], b"530 log in\r\n"), **replies}
    with Server({"FEAT": FEAT}, greeting=KNOWN) as server:
        site = site_of(server)
        standing = site.borrow() if again else None
        if standing:
            standing.__enter__()
        server.replies.update(refusing)
        with pytest.raises(kind) as caught:
            with site.borrow():
                pass
        error = caught.value
        assert (error.args, error.code, error.command) == ((text,), int(text[:3]) if text[0] < "9" else None, command)
        assert str(error) == text
        assert "secret" not in f"{error!r} {error} {getattr(error, 'replies', '')}"
        if standing:
            standing.__exit__(None, None, None)
        site.close()


def thrown_away(session):
    """Some firewalls, and servers that hand the connection on, let one command pass at a time."""
    waiting = bool(session.pending)  # in vain
    session.pending.clear()
    if not waiting:
        return session.say(b"230 in\r\n")
    peer = session.conn.getpeername()
    (ftp,) = (one for one in session.server.clients if one.sock is not None and one.sock.getsockname() == peer)
    say_then_brief(session, b"230 in\r\n", ftp)


def hung_up(session):
    if session.pending:
        close(session)
    session.say(b"230 in\r\n")


@pytest.mark.parametrize("again", [False, True], ids=["first", "next"])
@pytest.mark.parametrize("action", [thrown_away, hung_up])
def test_where_only_one_command_passes_at_a_time(action, again):
    def factory(site):
        server.clients.append(rftplib.FTP())
        return server.clients[-1]

    with Server({"FEAT": FEAT, **({} if again else {"PASS": action})}, greeting=KNOWN) as server:
        server.clients = []
        site = site_of(server, factory=factory)
        with site.borrow():
            server.replies["PASS"] = action
            with site.borrow() as ftp:
                assert ftp.sendcmd("NOOP")[:3] == "200" and features(ftp).size
            with site.borrow() as ftp:
                assert ftp.sendcmd("NOOP")[:3] == "200"
        site.close()
        assert len(server.sessions) <= 3  # one in vain
        assert server.commands(-1)[:3] == ["USER user", "PASS secret", "TYPE I"]


@pytest.mark.parametrize("greeting", [KNOWN, b"220 ready\r\n"])
@pytest.mark.parametrize("again", [False, True], ids=["first", "next"])
def test_nothing_smuggles_a_command_in(greeting, again):
    passwords = iter(["secret"] * again + ["secret\r\nDELE x"])
    with Server({"FEAT": FEAT}, greeting=greeting) as server:
        site = Site(f"ftp://user@127.0.0.1:{server.port}/some", password=lambda: next(passwords), timeouts=PATIENT)
        with site.borrow() if again else contextlib.nullcontext():
            with pytest.raises(ValueError, match="illegal newline"):
                with site.borrow():
                    pass
        site.close()
        for path in ("a%0D%0ADELE x", "a%0ADELE x"):
            with pytest.raises(ValueError):
                Site(f"ftp://user:p@127.0.0.1:{server.port}/{path}").open()
        assert not [line for line, _ in server.lines if "DELE" in line]


def test_a_user_who_needs_no_password():
    for script, sent in (
        ({"USER": b"230 in\r\n"}, ["USER user", *REST, "FEAT"]),
        ({"USER": b"232 in\r\n", "PASS": b"503 in already\r\n"}, ["USER user", *REST, "FEAT"]),
    ):
        with Server({"FEAT": FEAT, **script}, greeting=KNOWN) as server:
            site = site_of(server)
            with site.borrow():
                with site.borrow() as ftp:
                    assert ftp.sendcmd("NOOP")[:3] == "200"
            site.close()
            assert server.commands()[: len(sent)] == sent
            assert server.commands(1)[:6] == ["USER user", "PASS secret", *REST]


def test_a_directory_that_isnt_there_is_no_refused_login():
    """The other threads aren't told that the password is wrong."""
    with Server({"FEAT": FEAT, "CWD": [b"550 no\r\n", b"250 cwd\r\n"]}, greeting=KNOWN) as server:
        site = site_of(server)
        with pytest.raises(rftplib.error_perm, match="^550 no$") as caught:
            with site.borrow():
                pass
        assert caught.value.command == "CWD some"
        server.replies["CWD"] = b"250 cwd\r\n"
        with site.borrow() as ftp:
            assert ftp.sendcmd("NOOP")[:3] == "200"
        site.close()


def test_whoever_has_a_login_of_their_own_logs_in_by_that():
    class Own(rftplib.FTP):
        def login(self, *args):
            self.said = super().login(*args)
            return self.said

    with Server({"FEAT": FEAT}, greeting=KNOWN) as server:
        site = site_of(server, factory=lambda site: Own())
        with site.borrow():
            with site.borrow() as ftp:
                assert ftp.said[:3] == "230"
        site.close()


def test_an_account_is_sent_when_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user account books password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    with Server({"FEAT": FEAT, "PASS": b"332 account\r\n", "ACCT": b"230 in\r\n"}, greeting=KNOWN) as server:
        with Site(f"ftp://127.0.0.1:{server.port}", timeouts=PATIENT).open() as ftp:
            assert ftp.sendcmd("NOOP")[:3] == "200"
        assert server.commands()[:3] == ["USER user", "PASS secret", "ACCT books"]
