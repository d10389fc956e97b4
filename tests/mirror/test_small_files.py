"""Small files take few round trips: the next data connection is asked for (EPSV) when the data of one has come, before
its final reply; no sooner, and a transfer isn't begun before the reply to its EPSV."""

from __future__ import annotations

import contextlib
import select

import pytest
from mirror.test_uploads import Uploads
from rftplib.mirror import _run, plan
from rftplib.session import Site
from support.actions import epsv, recv_data
from support.link import Link
from support.mirror_server import TreeServer
from support.snapshots import contents

LATENCY = 0.002
PATIENCE = 10  # for how long EPSV is waited for where it is to come
MOMENT = 0.01  # for how long something is waited for that isn't to come: a busy machine only makes it pass unseen


VSFTPD, OTHER = b"220 (vsFTPd 3.0.5)\r\n", b"220 ProFTPD Server\r\n"


@pytest.fixture(autouse=True)
def one_job(monkeypatch):
    """All files of a run go together, and none but the last is without one behind it."""
    monkeypatch.setattr(_run, "divided", lambda actions, connections: [(tuple(actions), False)] if actions else [])


def behind(session, seconds):
    """What has come behind the command that is being answered, within so many seconds."""
    if not session.pending and select.select([session.conn], [], [], seconds)[0]:
        block = session.conn.recv(65536)
        session.received += block
        session.pending += block
    return bytes(session.pending)


class Addresses:
    """For a TreeServer: where data connections go to (`data_port`). early: the files that EPSV came behind in time.
    hasty: the transfers that something came behind before its time, and EPSV with a transfer behind it."""

    data_port, missed = None, False

    def __enter__(self):
        super().__enter__()
        self.early, self.hasty = [], []
        self.replies.update(EPSV=self.tell_address, PASV=b"502 by EPSV only\r\n")
        return self

    def tell_address(self, session):
        if any(verb in behind(session, MOMENT) for verb in (b"RETR", b"STOR")):
            self.hasty.append(session.line)
        if self.data_port is None:
            epsv(session)
        else:
            session.take_leftover()
            session.say(f"229 here (|||{self.data_port}|)\r\n".encode())

    def see_that_none_is_next(self, session):
        if behind(session, MOMENT):
            self.hasty.append(session.line)

    def wait_for_next(self, session):
        """Until EPSV has come behind this transfer; once it hasn't, no more."""
        if behind(session, 0 if self.missed else PATIENCE).startswith(b"EPSV\r\n"):
            self.early.append(session.argument)
        else:
            self.missed = True


class Downloads(Addresses, TreeServer):
    """It says 226 when the client has closed its end, as ProFTPD does, and when EPSV has come, but for the last."""

    def __init__(self, files):
        super().__init__(files, {"RETR *": self.retrieve})
        self.files, self.data_of = files, {"MLSD": self.data_of["MLSD"]}

    def retrieve(self, session):
        session.say(b"150 here it comes\r\n")
        conn = session.open_data()
        self.see_that_none_is_next(session)
        session.send(conn, self.files[session.argument])
        session.end_data()
        session.wait_readable(conn)
        assert conn.recv(1) == b""
        if session.argument != max(self.files):
            self.wait_for_next(session)
        session.say(b"226 done\r\n")


class Takes(Addresses, Uploads):
    """It takes `count` files; one that is called vsFTPd reads EPSV when it is through with one, and waits for it."""

    def __init__(self, count, named):
        super().__init__("whole", named)
        self.left = count

    def store(self, session):
        session.say(b"150 send it\r\n")
        recv_data(session)
        self.files[session.argument] = bytes(session.uploads[-1])
        self.left -= 1
        if b"vsFTPd" in self.named and self.left:
            self.wait_for_next(session)
        else:
            self.see_that_none_is_next(session)
        session.say(b"226 done\r\n")


def files(count):
    return {f"f{number:02}": b"x" * number for number in range(count)}


def test_the_next_address_is_asked_for_before_the_final_reply(tmp_path):
    server = Downloads(files(20))
    with server.site() as site:
        report = plan(site, tmp_path).run()
    assert report.ok, report
    assert contents(tmp_path) == files(20)
    assert server.early == sorted(files(20))[:-1]
    assert server.hasty == []


def trips(make, mirrored, count):
    """How many round trips so many files take, all in all, by a link that takes the data connections as well."""
    server = make(count)
    with server, contextlib.ExitStack() as undo:
        control = undo.enter_context(Link("127.0.0.1", server.port, LATENCY))
        data = undo.enter_context(Link(*server.data_address(), LATENCY, beside=control))
        server.data_port = data.port
        site = Site(f"ftp://user:password@127.0.0.1:{control.port}", connections=1)
        try:
            report = mirrored(site)
        finally:
            site.close()
        assert report.ok and report.copied == count, report
        assert len(server.sessions) == 1, "they are counted by connection"
    return control.round_trips


def each(make, mirrored):
    """Round trips of one file more, about: what comes but once may come in one flight or in two."""
    return (trips(make, mirrored, 15) - trips(make, mirrored, 5)) / 10


def test_a_download_takes_three_round_trips(tmp_path):
    """Two are counted here; the third makes the data connection."""
    targets = (tmp_path / name for name in "ab")
    assert each(lambda count: Downloads(files(count)), lambda site: plan(site, next(targets)).run()) < 2.5


@pytest.mark.parametrize("named, most", [(VSFTPD, 2.5), (OTHER, 3.5)], ids=["vsftpd", "another"])
def test_an_upload_takes_one_more_where_the_final_reply_is_waited_for(named, most, tmp_path):
    """The making of the data connection isn't counted here either."""

    def mirrored(site):
        (tmp_path / str(server.left)).mkdir()
        for name, data in files(server.left).items():
            (tmp_path / str(server.left) / name).write_bytes(data)
        return plan(tmp_path / str(server.left), site).run()

    def make(count):
        nonlocal server
        server = Takes(count, named)
        return server

    server = None
    assert each(make, mirrored) < most
    assert server.hasty == []
