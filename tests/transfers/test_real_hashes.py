"""Hashes that a real server tells, ProFTPD with mod_digest: of what is fetched, sent, continued and mirrored."""

from __future__ import annotations

import hashlib
import os

import pytest
from rftplib import error_temp
from rftplib.mirror import mirror, plan
from rftplib.session import features
from rftplib.transfer import Retry, TransferError, get, put
from servers import CATALOGUE
from support.cutter import Cutter
from support.needed import need
from support.real import content
from support.sessions import Endpoint, Work
from support.waiting import until

SIZE = 600_000
TIME = 1_500_000_000
DATA = content(SIZE)
SHA256 = "sha256:" + hashlib.sha256(DATA).hexdigest()
ONCE, AT_ONCE = Retry(attempts=1), Retry(base=0.01, cap=0.1)
LOST = (OSError, EOFError, error_temp)  # what is seen of a cut, or what the server has still said of it
DIGEST = Endpoint(CATALOGUE["proftpd-digest"], "127.0.0.1")


@pytest.fixture
def work(unavailable, no_descriptor_left):
    need(DIGEST.server, unavailable)
    folder = Work(DIGEST)
    try:
        yield folder
    finally:
        folder.close()


class Damaging(Cutter):
    """A relay that changes a byte of each block of data."""

    def _carry_data(self, sink, block):
        block[0] ^= 1
        super()._carry_data(sink, block)


def there(work, name):
    """A file on the server that isn't new."""
    os.utime(work.put(name, DATA), (TIME, TIME))


def part_of(folder):
    (name,) = [name for name in os.listdir(folder) if name.endswith(".part")]
    return folder / name


def until_written(folder):
    """What a Cutter does before a cut: wait for a good part of the file, which a cut that comes at once may precede."""
    return lambda number: until(lambda: sum(path.stat().st_size for path in folder.iterdir()) >= 100_000)


def damage(path):
    """Change its first byte, and neither its size nor its time."""
    told = path.stat()
    with open(path, "r+b") as file:  # in its place: a server may still be writing the rest
        first = file.read(1)[0]
        file.seek(0)
        file.write(bytes([first ^ 1]))
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


def test_what_the_server_offers(work):
    has = features(work.client())
    assert {"SHA-1", "SHA-256", "MD5", "CRC32"} <= set(has.hash)
    assert has.hash[0] != "SHA-256", "it has to be chosen by OPTS"
    assert {"XSHA256", "XSHA1", "XMD5", "XCRC"} <= set(has)


@pytest.mark.parametrize("verify", ["hash", "auto"])
def test_a_get_with_a_cut_and_a_hash(work, local, verify):
    there(work, "with a blank")
    with Cutter([300_000]) as cutter:
        site = work.site(cutter.connect)
        done = get(site, "with a blank", local / "a", verify=verify, retry=AT_ONCE)
        site.close()
    assert (done.digest, done.verified, done.attempts) == (SHA256, "sha256", 2)
    assert (local / "a").read_bytes() == DATA


@pytest.mark.parametrize("verify", ["hash", "auto"])
def test_a_put_with_a_cut_and_a_hash(work, local, verify):
    (local / "a").write_bytes(DATA)
    with Cutter([300_000]) as cutter:
        site = work.site(cutter.connect)
        done = put(site, local / "a", "with a blank", verify=verify, retry=AT_ONCE)
        site.close()
    assert (done.digest, done.verified, done.attempts) == (SHA256, "sha256", 2)
    assert (work.path / "with a blank").read_bytes() == DATA


def test_a_get_that_is_damaged_on_its_way(work, local):
    """Its size is right, so nothing but a hash tells it."""
    there(work, "a")
    with Damaging() as relay:
        site = work.site(relay.connect)
        assert get(site, "a", local / "by size").verified == "size"
        assert (local / "by size").read_bytes() != DATA
        with pytest.raises(TransferError, match="the sha256 of what is here is .*, and should be " + SHA256[7:]):
            get(site, "a", local / "a", verify="hash", retry=ONCE)
        site.close()
    assert os.listdir(local) == ["by size"]


def test_a_put_that_is_damaged_on_its_way(work, local):
    (local / "a").write_bytes(DATA)
    work.put("a", b"old")
    with Damaging() as relay:
        site = work.site(relay.connect)
        with pytest.raises(TransferError, match="the sha256 of what the server has is .*, and should be " + SHA256[7:]):
            put(site, local / "a", "a", verify="hash", retry=ONCE)
        site.close()
    assert os.listdir(work.path) == ["a"]
    assert (work.path / "a").read_bytes() == b"old"


def test_a_part_of_a_get_that_is_damaged_at_its_beginning(work, local):
    """Its last 16 KiB are right. It is found out in the end, and the file is begun anew."""
    there(work, "a")
    with Cutter([300_000], until_written(local)) as cutter:
        site = work.site(cutter.connect)
        with pytest.raises(LOST):
            get(site, "a", local / "a", retry=ONCE)
        damage(part_of(local))
        done = get(site, "a", local / "a", verify="hash", retry=AT_ONCE)
        site.close()
    assert (done.attempts, done.resumed_at, done.digest) == (2, 0, SHA256)
    assert (local / "a").read_bytes() == DATA


def test_a_part_of_a_put_that_is_damaged_at_its_beginning(work, local):
    """The server tells the hash of what is there before anything is sent."""
    (local / "a").write_bytes(DATA)
    with Cutter([300_000], until_written(work.path)) as cutter:
        site = work.site(cutter.connect)
        with pytest.raises(LOST):
            put(site, local / "a", "a", retry=ONCE)
        damage(part_of(work.path))
        done = put(site, local / "a", "a", retry=AT_ONCE)
        site.close()
    assert (done.attempts, done.resumed_at, done.verified) == (1, 0, "size")
    assert (work.path / "a").read_bytes() == DATA


@pytest.mark.parametrize("up", [False, True], ids=["down", "up"])
def test_a_mirror_by_hash_finds_the_copy_that_is_damaged(work, local, up):
    there = work.folder("tree")
    source, target = (local, there) if up else (there, local)
    for name, data in (("a", DATA), ("b", b"small"), ("c", DATA * 2)):
        (source / name).write_bytes(data)
        (source / name).chmod(0o666)
        os.utime(source / name, (TIME, TIME))
    site = work.site(folder="tree")
    ends = (local, site) if up else (site, local)
    assert mirror(*ends, verify="hash").copied == 3
    assert list(plan(*ends, compare="hash")) == []
    for name in ("a", "b"):
        damage(target / name)
    assert list(plan(*ends)) == [], "neither its size nor its time tells"
    made = plan(*ends, compare="hash")
    assert [(one.kind, one.path) for one in made] == [("copy", "a"), ("copy", "b")]
    assert made.run(verify="hash").ok
    assert [(target / name).read_bytes() for name in "abc"] == [DATA, b"small", DATA * 2]
    assert list(plan(*ends, compare="hash")) == []
    site.close()
