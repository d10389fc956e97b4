"""REST before RETR and STOR, and APPE."""

from __future__ import annotations

import io

from support.real import Pair, content

DATA = content(100_003)


def test_download_from_the_middle(work, pair):
    work.put("down", DATA)

    def download(ftp, rest):
        received: list[bytes] = []
        reply = ftp.retrbinary("RETR down", received.append, rest=rest)
        return reply[:3], b"".join(received)

    for rest in (0, 1, 8192, 50_000, len(DATA)):
        assert pair.same(download, rest) == ("226", DATA[rest:])


def test_download_in_two_halves_to_a_file(work, ftp, tmp_path):
    """As people resume: the half that is there tells where to go on."""
    work.put("down", DATA)
    part = tmp_path / "part"
    part.write_bytes(DATA[:30_000])
    with open(part, "ab") as file:
        ftp.retrbinary("RETR down", file.write, rest=file.tell())
    assert part.read_bytes() == DATA


def test_upload_from_the_middle(work, pair):
    def upload(ftp, rest):
        return ftp.storbinary("STOR up", io.BytesIO(DATA[rest:]), rest=rest)[:3]

    for rest in (1, 50_000):
        work.put("up", DATA[:rest])
        assert pair.same(upload, rest) == "226"
        for folder in ("std", "new"):
            assert (work.path / folder / "up").read_bytes() == DATA


def test_upload_the_rest_of_an_open_file(work, ftp, tmp_path):
    """The file is read from where it stands, and stands at its end afterwards."""
    (tmp_path / "whole").write_bytes(DATA)
    work.put("up", DATA[:40_000])
    with open(tmp_path / "whole", "rb") as file:
        file.seek(40_000)
        ftp.storbinary("STOR up", file, rest=40_000)
        assert file.tell() == len(DATA)
    assert (work.path / "new" / "up").read_bytes() == DATA


def test_odd_rest(work):
    """Whatever the server says to it."""
    work.put("down", b"some text")

    def download(ftp, rest):
        received: list[bytes] = []
        return ftp.retrbinary("RETR down", received.append, rest=rest)[:3], received

    for rest in ("abc", -1, 10**12):
        # Afresh: after a refused REST inetutils waits on the passive socket that nobody uses any more.
        Pair(work).same(download, rest)


def test_append(work, pair):
    work.put("log", b"first,")
    for part in (b"second,", b"", b"third"):
        assert pair.same(lambda ftp, data: ftp.storbinary("APPE log", io.BytesIO(data))[:3], part) == "226"
    assert pair.same(lambda ftp: ftp.storbinary("APPE fresh", io.BytesIO(b"made"))[:3]) == "226"
    for folder in ("std", "new"):
        assert (work.path / folder / "log").read_bytes() == b"first,second,third"
        assert (work.path / folder / "fresh").read_bytes() == b"made"
