"""What a transfer is compared with: the size, hashes, and what the server says that it is."""

from __future__ import annotations

import hashlib
import os
import zlib

import pytest
from rftplib.transfer import Retry, TransferError, _upload, get, put
from support.actions import close
from support.file_server import AT_ONCE, DATA, TIME, FileServer, feat, name_of, retr, rnfr
from support.misbehave import much_data

SHA256 = hashlib.sha256(DATA).hexdigest()
ONCE = Retry(attempts=1)


def hashed(reply="213 SHA-256 0-{size} {digest} {name}", algorithm="sha256"):
    def action(session):
        data = bytes(session.server.files[name_of(session)].content)
        digest = hashlib.new(algorithm, data).hexdigest()
        session.say(reply.format(size=len(data), digest=digest, name=session.argument).encode() + b"\r\n")

    return action


@pytest.mark.parametrize("told", [len(DATA) + 1, len(DATA) - 1])
def test_a_wrong_size_of_what_is_got(local, told):
    with FileServer({"a": DATA}, {"SIZE": b"213 %d\r\n" % told}) as server:
        with pytest.raises(TransferError, match=f"300000 bytes came, .* {told}: use verify='none'.*'a'"):
            get(server.site, "a", local / "a", retry=Retry(base=0))
        assert len(server.retrieved) == 2
        assert os.listdir(local) == []
        assert get(server.site, "a", local / "a", verify="none").verified == "none"
    assert (local / "a").read_bytes() == DATA


def test_a_226_after_half_of_it_is_no_success(local):
    short = iter([retr(lambda data, offset: data[offset:100_000])])
    with FileServer({"a": DATA}) as server:
        server.replies["RETR"] = lambda session: session.perform(next(short, retr()))
        done = get(server.site, "a", local / "a", retry=AT_ONCE)
    assert ((local / "a").read_bytes(), done.attempts, done.resumed_at) == (DATA, 2, 100_000)


@pytest.mark.parametrize(
    "command, line, action, algorithm",
    [
        ("HASH", "HASH SHA-256*;SHA-1", hashed(), "sha256"),
        ("HASH", "HASH SHA-1*;MD5", hashed("213 SHA-1 0-{size} {digest} {name}", "sha1"), "sha1"),
        ("XSHA256", "XSHA256", hashed("250 {digest}"), "sha256"),
        ("XMD5", "XMD5", hashed("250 XMD5 {digest}", "md5"), "md5"),
    ],
)
def test_a_hash_of_the_server(local, command, line, action, algorithm):
    with FileServer({"a": DATA}, {command: action, "FEAT": feat("SIZE", "MDTM", line)}) as server:
        done = get(server.site, "a", local / "a", verify="hash")
        assert done.verified == algorithm
        assert done.digest == f"{algorithm}:{hashlib.new(algorithm, DATA).hexdigest()}"
        assert get(server.site, "a", local / "a", verify="auto").verified == algorithm
        server.replies[command] = b"213 SHA-256 0-1 " + b"0" * 64 + b" a\r\n"
        if algorithm == "sha256":
            with pytest.raises(TransferError, match="the sha256 of what is here"):
                get(server.site, "a", local / "b", verify="auto")
    assert os.listdir(local) == ["a"]


def test_a_better_hash_is_chosen(local):
    chosen = []

    def opts(session):
        chosen.append(session.argument)
        session.say(b"200 SHA-256\r\n")

    replies = {"HASH": hashed(), "OPTS": opts, "FEAT": feat("SIZE", "HASH CRC32*;SHA-256")}
    with FileServer({"a": DATA}, replies) as server:
        assert get(server.site, "a", local / "a", verify="hash").verified == "sha256"
    assert chosen == ["HASH SHA-256"]


def test_crc32_without_leading_zeros(local):
    crc = next(n for n in range(1000) if zlib.crc32(b"%d" % n) < 0x0FFFFFFF)
    data = b"%d" % crc
    reply = b"250 %X\r\n" % zlib.crc32(data)
    with FileServer({"a": data}, {"XCRC": reply, "FEAT": feat("XCRC")}) as server:
        assert get(server.site, "a", local / "a", verify="hash").digest == f"crc32:{zlib.crc32(data):08x}"


def test_a_hash_that_the_server_has_not(local):
    with FileServer({"a": DATA}) as server:
        with pytest.raises(TransferError, match="no hash"):
            get(server.site, "a", local / "a", verify="hash")
        assert server.retrieved == []
        assert get(server.site, "a", local / "a", verify="auto").verified == "size"


@pytest.mark.parametrize("refusal", [b"550 too large\r\n", b"502 not now\r\n", b"213 what?\r\n"])
def test_a_hash_that_the_server_offers_and_doesn_t_tell(local, source, refusal):
    """The size must do, but where a hash is demanded: then the file doesn't get its name, here or there."""
    with FileServer({"a": DATA}, {"XSHA256": refusal, "FEAT": feat("SIZE", "MDTM", "XSHA256")}) as server:
        assert get(server.site, "a", local / "a", verify="auto").verified == "size"
        assert put(server.site, source, "c", verify="auto").verified == "size"
        with pytest.raises(TransferError, match="refuses to tell the hash"):
            get(server.site, "a", local / "d", verify="hash", retry=ONCE)
        with pytest.raises(TransferError, match="refuses to tell the hash"):
            put(server.site, source, "d", verify="hash", retry=ONCE)
        assert "d" not in server.files
    assert not (local / "d").exists()


def test_a_hash_that_is_known_beforehand(local):
    with FileServer({"a": DATA}) as server:
        done = get(server.site, "a", local / "a", verify=f"sha256:{SHA256.upper()}")
        assert (done.digest, done.verified) == (f"sha256:{SHA256}", "sha256")
        with pytest.raises(TransferError, match="should be 0000"):
            get(server.site, "a", local / "b", verify="sha256:" + "0" * 64)
    assert os.listdir(local) == ["a"], "what is wrong isn't kept"


def test_a_link_is_looked_at_by_size(local):
    """MLST may tell the size of the link itself."""
    mlst = b"250-Listing\r\n Type=OS.unix=slink:/a;Size=2;Modify=20000101000000; a\r\n250 End\r\n"
    with FileServer({"a": DATA}, {"MLST": mlst, "FEAT": feat("MLST type*;size*;modify*;")}) as server:
        assert get(server.site, "a", local / "a", retry=ONCE).size == len(DATA)


def test_a_server_that_doesn_t_know_the_mlst_that_it_offers(local):
    with FileServer({"a": DATA}, {"MLST": b"502 no\r\n", "FEAT": feat("MLST type*;size*;modify*;")}) as server:
        assert get(server.site, "a", local / "a", retry=ONCE).modified.timestamp() == TIME


def test_a_file_without_end_is_not_taken(local):
    with FileServer({"a": DATA}, {"RETR": (b"150 here\r\n", much_data(bytes(1 << 16)), b"226 done\r\n")}) as server:
        with pytest.raises(TransferError, match="bytes came of 300000"):
            get(server.site, "a", local / "a", retry=Retry(attempts=2, base=0))
    assert os.listdir(local) == []


@pytest.mark.parametrize("size", [b"213 " + b"9" * 5000, b"213 " + b"9" * 30, b"213 -5", b"213 ", b"213 1 2"])
def test_odd_sizes(local, size):
    with FileServer({"a": DATA}, {"SIZE": size + b"\r\n"}) as server:
        assert get(server.site, "a", local / "a", retry=ONCE).verified == "none"
    assert (local / "a").read_bytes() == DATA


@pytest.mark.parametrize("stamp", [b"19691231235959", b"99991231235959", b"00010101000000"])
def test_get_of_files_with_odd_times(local, stamp):
    with FileServer({"a": DATA}, {"MDTM": b"213 " + stamp + b"\r\n"}) as server:
        assert get(server.site, "a", local / "a", retry=ONCE).size == len(DATA)
    assert (local / "a").read_bytes() == DATA


def test_a_server_that_loses_patience_while_the_file_is_hashed(local, monkeypatch):
    """The next attempt doesn't hash it once more, or there would be no end."""

    def counted(*args):
        made.append(args[1])
        return local_hash(*args)

    made, local_hash = [], _upload.local_hash
    monkeypatch.setattr(_upload, "local_hash", counted)
    (local / "a").write_bytes(DATA)
    ends = iter([close])
    replies = {"XSHA256": hashed("250 {digest}"), "FEAT": feat("SIZE", "XSHA256")}
    with FileServer((), replies) as server:
        server.replies["RNFR"] = lambda session: session.perform(next(ends, rnfr))
        done = put(server.site, local / "a", "b", verify="hash", retry=AT_ONCE)
        assert (done.attempts, done.verified, done.resumed_at) == (2, "sha256", len(DATA))
        assert bytes(server.files["b"].content) == DATA
    assert made == ["sha256"]
