"""Directories listed one after another: the next data connection is asked for early, and nothing gets out of step."""

from __future__ import annotations

import threading

import pytest
from rftplib.mirror import plan
from rftplib.session import Site
from support.listing_server import send
from support.mirror_server import TreeServer, listing, say, send_and_say, send_only

TREE = {"d": {"a": b"1"}, "e": {"b": b"2"}, "f": {"c": b"3"}}
ALL = ["d/a", "e/b", "f/c"]


@pytest.fixture
def local(tmp_path):
    """It has the directories: more than one is expected."""
    for name in TREE:
        (tmp_path / "local" / name).mkdir(parents=True)
    return tmp_path / "local"


def copied(made):
    return [action.path for action in made if action.kind == "copy"]


def test_what_is_sent_for_a_directory(local):
    server = TreeServer(TREE)
    with server.site() as site:
        asked = []
        server.replies["EPSV"] = counted(server.replies["EPSV"], asked)
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
    # when the connection has been given back, there is a TYPE I again
    assert server.asked("MLSD", "TYPE")[:5] == ["TYPE I", "MLSD", "MLSD d", "MLSD e", "MLSD f"]
    assert len(asked) == 4


def counted(reply, asked):
    def count(session):
        asked.append(session.line)
        reply(session)

    return count


@pytest.mark.parametrize("reply", [
    b"500 what?\r\n", b"522 no\r\n", b"229 Entering Extended Passive Mode (|||1|)\r\n", b"229 what?\r\n",
], ids=["unknown", "refused", "leads nowhere", "odd"])  # fmt: skip
def test_epsv_that_is_of_no_use(reply, local):
    server = TreeServer(TREE)
    with server.site() as site:
        server.replies["EPSV"] = reply
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures


def test_a_final_reply_that_refuses(local):
    """The reply to EPSV, which comes behind it, isn't taken for that to the next command."""
    server = TreeServer(TREE, {"MLSD d": send_and_say(b"type=cdir; .\r\n", "550 cut off")})
    with server.site() as site:
        del server.data_of["MLSD d"]
        made = plan(site, local)
    assert copied(made) == ALL[1:]
    assert [(one.kind, one.path, one.error) for one in made.failures] == [("list", "d", "550 cut off")]


def test_a_refusal_before_the_data(local):
    server = TreeServer(TREE, {"MLSD d": say("550 Permission denied")})
    with server.site() as site:
        del server.data_of["MLSD d"]
        made = plan(site, local)
    assert copied(made) == ALL[1:]
    assert [(one.path, one.error) for one in made.failures] == [("d", "550 Permission denied")]


def test_commands_in_between(local):
    """A listing without "." proves nothing: CWD does, for which the reply to EPSV has been read."""
    server = TreeServer(TREE, {"MLSD d": send_only(b"")})
    with server.site() as site:
        del server.data_of["MLSD d"]
        made = plan(site, local)
    assert copied(made) == ALL[1:] and not made.failures
    assert "CWD d" in server.asked("CWD")


def test_connections_that_arent_to_be_had(local, monkeypatch):
    """The one that is lists all."""
    opened, asked, refused, lock, all_refused = Site._open, [], [], threading.Lock(), threading.Event()

    def open_one(self, *arguments):
        with lock:
            asked.append(self)
            if len(asked) == 1:
                return opened(self, *arguments)
            refused.append(self)
            if len(refused) == 2:
                all_refused.set()
        raise ConnectionRefusedError("no more")

    def mlsd(session):
        assert all_refused.wait(30)
        send(session, listing(TREE))

    server = TreeServer(TREE, {"MLSD": mlsd})
    with server:
        del server.data_of["MLSD"]
        monkeypatch.setattr(Site, "_open", open_one)
        site = Site(f"ftp://user:password@127.0.0.1:{server.port}", connections=3)
        made = plan(site, local)
        site.close()
    assert copied(made) == ALL and not made.failures and len(refused) == 2


def test_a_server_that_hangs_up_at_epsv(local):
    server = TreeServer(TREE)
    with server.site() as site:
        server.replies["EPSV"] = server.replies["QUIT"]
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
