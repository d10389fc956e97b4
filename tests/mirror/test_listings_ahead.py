"""Directories listed one after another: the next data connection is asked for early, and nothing gets out of step."""

from __future__ import annotations

import contextlib
import threading

import pytest
from rftplib import error_perm
from rftplib._features import parse_feat
from rftplib.listing import ListingError
from rftplib.mirror import Refused, plan
from rftplib.session import Site, features
from support.actions import close
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


FACTS = "211-Features:\r\n MLST type*;perm*;size*;modify*;unique*;UNIX.mode;\r\n SIZE\r\n MDTM\r\n211 End"


class FactsServer(TreeServer):
    """Its MLSD gives the facts that OPTS has asked for. told: what it says to that, with the facts."""

    def __init__(self, told="200 MLST OPTS {}"):
        super().__init__(TREE, {"OPTS *": self.opts}, FEAT=FACTS)
        self.told, self.facts = told, "type;perm;size;modify;unique;"

    def opts(self, session):
        if session.line == "OPTS UTF8 ON":
            return session.say(b"200 utf8\r\n")
        if self.told[:1] == "2":
            self.facts = session.line.rpartition(" ")[2]
        for command, whole in self.contents().items():
            if command[:4] == "MLSD":
                self.data_of[command] = b"".join(map(self.cut, whole.splitlines()))
        return session.say(f"{self.told.format(self.facts)}\r\n".encode())

    def cut(self, line):
        facts, _, name = line.decode().partition("; ")
        kept = [fact for fact in facts.split(";") if fact.partition("=")[0] in self.facts.split(";")]
        return "".join(f"{fact};" for fact in kept).encode() + f" {name}\r\n".encode()


def test_facts_that_a_mirror_needs(local):
    """No others are asked for, in one go with the first commands; whoever gets the connection next has all of them."""
    server = FactsServer()
    with server.site() as site:
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
        with site.borrow():
            assert server.facts == "type;perm;size;modify;unique;"
    first = server.commands.index("MLSD")
    assert server.commands[:first][-3:] == ["TYPE I", "PWD", "OPTS MLST type;size;modify;unique;"]
    assert server.asked("OPTS")[1:] == ["OPTS MLST type;perm;size;modify;unique;"]
    assert server.asked("USER", "FEAT") == ["USER user", "FEAT"]  # it is the same connection


KNOWN = b"220 ProFTPD Server (here) [127.0.0.1]\r\n"


@pytest.mark.parametrize("reply", [FACTS, "211-x\r\n MLST type*;size*;\r\n211 end", "500 what?"])
def test_features_that_come_late(reply, local):
    """The first data connection doesn't wait for them, where OPTS has said already that there is MLSD."""

    def feat(session):
        session.wait_readable(session.data_listener)
        session.say(f"{reply}\r\n".encode())

    server = FactsServer()
    server.actions["FEAT"] = feat
    with server.site() as site:
        server.greeting = KNOWN
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
        with site.borrow() as ftp:
            assert features(ftp) == parse_feat(reply.replace("\r\n", "\n"))
            assert ftp.sendcmd("TYPE I") == "200 type"
    assert server.asked("USER", "FEAT") == ["USER user", "FEAT"]


def test_features_that_are_lost(local):
    """The connection ends instead: another one asks again."""

    def lost(session):
        del server.actions["FEAT"]
        session.say(b"211-Features:\r\n MLST ty")
        close(session)

    server = FactsServer()
    server.actions["FEAT"] = lost
    with server.site() as site:
        server.greeting = KNOWN
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
    assert server.asked("USER", "FEAT") == ["USER user", "FEAT"] * 2


def check_plan(server, local, connections):
    """All is to be copied from a server whose greeting tells that it answers in order."""
    with server:
        server.greeting = KNOWN
        site = Site(f"ftp://user:password@127.0.0.1:{server.port}", connections=connections)
        made = plan(site, local)
        site.close()
    assert copied(made) == ALL and not made.failures


def test_features_that_others_wait_for(local):
    """Others log in before they have come, and none of those asks as well."""

    def feat(session):
        server.wait_for("PASS", 4)
        session.say(f"{FACTS}\r\n".encode())

    def password(session):
        session.say(b"230 in\r\n")
        if session is not server.sessions[0]:
            server.wait_for("MLSD")  # what FEAT says has come

    server = FactsServer()
    server.answers["USER"] = "331 who"
    server.actions.update({"FEAT": feat, "PASS password": password})
    check_plan(server, local, connections=4)
    assert server.asked("FEAT") == ["FEAT"]


def test_features_that_are_refused(local):
    """Who asks because the first answer hasn't come yet takes a refusal as the first one does."""

    def feat(session):
        if server.asked("FEAT") == ["FEAT"]:
            server.wait_for("FEAT", 2)
        session.say(b"550 Permission denied.\r\n")

    server = FactsServer()
    server.answers.update(USER="331 who", PASS="230 in")
    server.actions["FEAT"] = feat
    check_plan(server, local, connections=2)


@pytest.mark.parametrize("told", ["500 what?", "501 no", "200 MLST OPTS", "200 done, whatever {}that was"])
def test_a_server_that_takes_no_facts(told, local):
    """A listing without its facts would be none: where the reply doesn't name them, all are asked for again."""
    server = FactsServer(told)
    with server.site() as site:
        made = plan(site, local)
    assert copied(made) == ALL and not made.failures
    again = ["OPTS MLST type;perm;size;modify;unique;"] if told[:1] == "2" else []
    assert server.asked("OPTS", "MLSD")[1 : 2 + len(again)] == [*again, "MLSD"]


def test_a_data_connection_that_was_made_too_early(local):
    """The server has given it up by the time that there is something to list: another one is made."""
    times = []

    def mlsd(session):
        times.append(session.line)
        if len(times) == 1:
            session.take_leftover()
            session.say(b"425 No data connection\r\n")
        else:
            send(session, server.data_of[f"X{session.line}"])

    server = TreeServer(TREE, {"MLSD": mlsd})
    with server.site() as site:
        server.data_of["XMLSD"] = server.data_of.pop("MLSD")
        made = plan(site, local)
        assert copied(made) == ALL and not made.failures
    assert len(times) == 2


def test_a_local_side_that_is_no_good(tmp_path):
    """The server was connected to meanwhile: that connection ends, and the error is the local one's."""
    (tmp_path / "file").write_text("")
    server = TreeServer(TREE)
    with server.site() as site:
        with pytest.raises(NotADirectoryError):
            plan(site, tmp_path / "file")
        with pytest.raises(FileNotFoundError):
            plan(tmp_path / "missing", site)
    for thread in threading.enumerate():
        if thread.name == "rftplib-mirror-list":
            thread.join(30)
            assert not thread.is_alive()


@contextlib.contextmanager
def slow_root(*finals, waits=True):
    """A Site of two connections, and its server: the root's final replies come when a directory in it is asked for."""
    begun, times = threading.Event(), []

    def root(session):
        session.say(b"150 here it comes\r\n")
        conn = session.open_data()
        final, data = finals[len(times)]
        times.append(final)
        session.send(conn, data)
        conn.close()
        if waits and len(times) == 1:
            assert begun.wait(30)
        session.say(f"{final}\r\n".encode())

    def below(session):
        begun.set()
        send(session, listing(TREE["d"]))

    server = TreeServer(TREE, {"MLSD": root, "MLSD d": below})
    with server:
        del server.data_of["MLSD"], server.data_of["MLSD d"]
        site = Site(f"ftp://user:password@127.0.0.1:{server.port}", connections=2)
        try:
            yield site
        finally:
            site.close()


def test_directories_are_listed_before_the_roots_final_reply(local):
    with slow_root(("226 done", listing(TREE))) as site:
        made = plan(site, local)
    assert copied(made) == ALL and not made.failures


def test_nothing_is_believed_without_the_roots_final_reply(local):
    with (
        slow_root(("550 I can't read it after all", listing(TREE))) as site,
        pytest.raises(error_perm, match="after all"),
    ):
        plan(site, local, delete=True)


def test_a_root_that_is_listed_again(local):
    """It has to be what it was."""
    cut, less = ("426 cut off", listing(TREE)), listing({"d": TREE["d"]})
    with slow_root(cut, ("226 done", listing(TREE))) as site:
        made = plan(site, local)
    assert copied(made) == ALL and not made.failures
    with slow_root(cut, ("226 done", less)) as site, pytest.raises(ListingError, match="the root has changed"):
        plan(site, local, delete=True)


def test_a_root_that_is_refused(local):
    """As ever: no other listing makes it good."""
    twice = listing(TREE) + listing({"d": {}})
    with slow_root(("426 cut off", twice), ("226 done", listing(TREE)), waits=False) as site:
        with pytest.raises(Refused, match="listed twice"):
            plan(site, local)
