"""One file of a batch that can't be copied fails alone, and leaves nothing behind."""

from __future__ import annotations

import hashlib

import pytest
from rftplib.mirror import _copy, plan
from rftplib.session import Site
from support.file_server import PATIENCE, FileServer, store
from support.mirror_server import TreeServer, send_only

FACTS = b" MLST type*;size*;modify*;\r\n SIZE\r\n MDTM\r\n MFMT\r\n"
EMPTY = b"type=cdir;modify=20200101000000; .\r\n"
NAMES = [f"f{number}" for number in range(10)]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=3, base=0.01))


def mlsd(session):
    session.say(b"150 here\r\n")
    conn = session.open_data()
    session.send(conn, EMPTY)
    conn.close()
    session.say(b"226 done\r\n")


def upload(tmp_path, replies, facts=FACTS, **options):
    """Ten files by one connection; the Report and what is on the server afterwards."""
    for name in NAMES:
        (tmp_path / name).write_bytes(name.encode())
    with FileServer({}, {"MLSD": mlsd, "FEAT": b"211-F\r\n" + facts + b"211 End\r\n", **replies}) as server:
        site = Site(server.url + "/", connections=1, timeouts=PATIENCE)
        report = plan(tmp_path, site, connections=1).run(connections=1, **options)
        site.close()
        return report, {name: bytes(file.content) for name, file in server.files.items()}


@pytest.mark.parametrize("bad", ["f0", "f4", "f9"])
@pytest.mark.parametrize("reply", [b"450 busy\r\n", b"451 failed\r\n", b"553 not that name\r\n"])
def test_a_file_that_a_server_never_takes(reply, bad, tmp_path):
    real = store(append=False)

    def stor(session):
        return session.say(reply) if f".{bad}." in session.argument else real(session)

    report, there = upload(tmp_path, {"STOR": stor})
    assert [(one.path, one.error) for one in report.failures] == [(bad, reply.decode().strip())]
    assert report.copied == 9 and not report.stopped
    assert there == {name: name.encode() for name in NAMES if name != bad}


@pytest.mark.parametrize("bad", ["f0", "f4", "f9"])
def test_a_file_that_always_arrives_short(bad, tmp_path):
    real = store(append=False)

    def stor(session):
        real(session)
        if f".{bad}." in session.argument:
            del session.server.files[session.argument].content[1:]

    report, there = upload(tmp_path, {"STOR": stor})
    assert [(one.path, one.error) for one in report.failures] == [(bad, "1 bytes of 2 have arrived")]
    assert there == {name: name.encode() for name in NAMES if name != bad}


def test_a_file_whose_hash_is_another(tmp_path):
    def xsha256(session):
        name = session.argument.rpartition("/")[2]
        made = hashlib.sha256(session.server.files[name].content).hexdigest()
        session.say(f"250 {'0' * 64 if '.f4.' in name else made}\r\n".encode())

    report, there = upload(tmp_path, {"XSHA256": xsha256}, FACTS + b" XSHA256\r\n", verify="hash")
    assert [one.path for one in report.failures] == ["f4"] and "the sha256 of" in report.failures[0].error
    assert there == {name: name.encode() for name in NAMES if name != "f4"}


@pytest.mark.parametrize("bad", ["f0", "f4", "f9"])
def test_a_download_that_always_ends_early(bad, tmp_path):
    tree = {name: name.encode() for name in NAMES}
    with TreeServer(tree, {f"RETR {bad}": send_only(b"x")}).site() as site:
        report = plan(site, tmp_path / "local", connections=1).run(connections=1)
    assert [one.path for one in report.failures] == [bad] and report.copied == 9
    left = {path.name: path.read_bytes() for path in (tmp_path / "local").iterdir()}
    assert left == {name: name.encode() for name in NAMES if name != bad}
