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
