"""Text mode: storlines and retrlines, there and back."""

from __future__ import annotations

import io

import pytest

# The address family matters to connections only: test_transfers has both.
pytestmark = pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)
LINES = ["one", "", "three with spaces ", "\tfour", "fünf ☃", "x" * 7000, "last"]


def test_round_trip(work, ftp):
    text = "".join(line + "\n" for line in LINES).encode()
    assert ftp.storlines("STOR text", io.BytesIO(text)).startswith("226")
    received: list[str] = []
    assert ftp.retrlines("RETR text", received.append).startswith("226")
    assert received == LINES


def test_storlines_leaves_on_disk_what_ftplib_leaves(work, pair):
    def upload(ftp, text):
        sent: list[bytes] = []
        return ftp.storlines("STOR text", io.BytesIO(text), sent.append)[:3], sent

    texts = [
        b"",
        b"\n",
        b"no end",
        b"a\nb\n",
        b"a\r\nb\r\n",
        b"a\r\r\nb\n\n",
        b"lone\rreturn\n",
        b"\0\xff\xfe\n",
        b"x\r",
    ]
    for text in texts:
        pair.same(upload, text)
        stored = (work.path / "new" / "text").read_bytes()
        assert stored == (work.path / "std" / "text").read_bytes()
        assert stored.replace(b"\r", b"") in (text.replace(b"\r", b""), text.replace(b"\r", b"") + b"\n")


def test_retrlines_gives_what_ftplib_gives(work, pair):
    def download(ftp, text):
        received: list[str] = []
        return ftp.retrlines("RETR text", received.append)[:3], received

    for text in (b"", b"\n", b"no end", b"a\nb\n", b"a\r\nb\r\n", b"lone\rreturn\n", "ü☃".encode()):
        work.put("text", text)
        pair.same(download, text)


def test_retrlines_of_many_lines(work, pair):
    text = b"".join(b"line %d\n" % number for number in range(20_000))
    work.put("text", text)

    def download(ftp):
        received: list[str] = []
        ftp.retrlines("RETR text", received.append)
        return received

    assert len(pair.same(download)) == 20_000


def test_latin_1(work):
    ftp = work.client(encoding="latin-1")
    work.put("text", "grün\n".encode("latin-1"))
    received: list[str] = []
    ftp.retrlines("RETR text", received.append)
    assert received == ["grün"]


def test_undecodable_line(work, pair):
    work.put("text", b"fine\n\xff\n")

    def download(ftp):
        return ftp.retrlines("RETR text", lambda line: None)

    assert isinstance(pair.same(download), UnicodeDecodeError)


def test_line_too_long(work, pair):
    work.put("text", b"x" * 9000 + b"\n")
    error = pair.same(lambda ftp: ftp.retrlines("RETR text", lambda line: None))
    assert str(error) == "got more than 8192 bytes"
