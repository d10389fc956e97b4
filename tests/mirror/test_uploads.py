"""Uploads ask for the next data connection early; a server that ends the running transfer for that loses nothing."""

from __future__ import annotations

import os

import pytest
from rftplib.mirror import _copy, plan
from support.actions import epsv, recv_data
from support.mirror_server import FEAT, TreeServer
from support.snapshots import contents


class Uploads(TreeServer):
    """It takes files. `hasty`: what becomes of one that EPSV comes right behind: "whole", "cut" or "no reply"."""

    def __init__(self, hasty, named=b"220 (vsFTPd 3.0.5)\r\n"):
        self.hasty, self.named, self.files, self.early = hasty, named, {}, 0
        super().__init__({}, {"STOR *": self.store, "SIZE *": self.size, "RNFR *": self.rename, "RNTO *": self.rename})
        self.answers["DELE"] = "250 gone"
        self.answers["FEAT"] = FEAT.replace("211 End", " MFMT\r\n211 End")
        self.answers["MFMT"] = "213 set"

    def __enter__(self):
        super().__enter__()
        self.greeting = self.named
        self.replies["EPSV"] = epsv
        return self

    def store(self, session):
        session.say(b"150 here\r\n")
        recv_data(session)
        name, data = session.argument, bytes(session.uploads[-1])
        # behind the first file of vsftpd's EPSV comes for sure; later on what has come by now is enough
        hasty = b"vsFTPd" in self.named
        session.conn.settimeout(10 if hasty and not self.early else 0.02 if hasty else 0.1)
        try:
            session.pending += session.conn.recv(65536)
        except OSError:
            pass
        session.conn.settimeout(20)
        early = bytes(session.pending).startswith(b"EPSV")
        self.early += early
        self.files[name] = data[: len(data) // 2] if early and self.hasty != "whole" else data
        if not (early and self.hasty == "no reply"):
            session.say(b"226 done\r\n")

    def size(self, session):
        session.say(b"213 %d\r\n" % len(self.files[session.argument]))

    def rename(self, session):
        if session.line.startswith("RNFR"):
            self.source = session.argument
            session.say(b"350 go on\r\n")
        else:
            self.files[session.argument] = self.files.pop(self.source)
            session.say(b"250 renamed\r\n")


@pytest.mark.parametrize("hasty", ["whole", "cut", "no reply"])
def test_what_arrives_is_whole(hasty, tmp_path, monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(base=0.01))
    for number in range(8):
        (tmp_path / f"f{number}").write_bytes(os.urandom(1000 + number))
    server = Uploads(hasty)
    with server.site() as site:
        report = plan(tmp_path, site).run()
    assert report.ok, report
    assert server.early
    assert {name: data for name, data in server.files.items() if not name.endswith(".part")} == contents(tmp_path)


def test_other_servers_are_waited_for(tmp_path):
    for number in range(8):
        (tmp_path / f"f{number}").write_bytes(os.urandom(1000 + number))
    server = Uploads("cut", b"220 ProFTPD Server\r\n")
    with server.site() as site:
        assert plan(tmp_path, site).run().ok
    assert not server.early and server.files == contents(tmp_path)
