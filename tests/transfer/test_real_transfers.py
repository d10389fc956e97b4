"""Files up and down, compared on disk: sizes around the block size, active and passive, IPv4 and IPv6."""

from __future__ import annotations

import io
import socket

import pytest
from support.real import content

SIZES = (0, 1, 8191, 8192, 8193, 3_000_001)


def test_upload(work, ftp, passive):
    ftp.set_pasv(passive)
    for size in SIZES:
        data = content(size)
        reply = ftp.storbinary(f"STOR up-{size}", io.BytesIO(data))
        assert reply.startswith("226")
        assert (work.path / "new" / f"up-{size}").read_bytes() == data


def test_upload_of_a_file_on_disk(work, ftp, passive, tmp_path):
    ftp.set_pasv(passive)
    for size in SIZES:
        source = tmp_path / str(size)
        source.write_bytes(content(size))
        with open(source, "rb") as file:
            assert ftp.storbinary("STOR up", file).startswith("226")
            assert file.tell() == size
        assert (work.path / "new" / "up").read_bytes() == source.read_bytes()


def test_download_to_a_callback(work, ftp, passive):
    ftp.set_pasv(passive)
    for size in SIZES:
        work.put("down", content(size))
        blocks: list[bytes] = []
        reply = ftp.retrbinary("RETR down", lambda block, blocks=blocks: blocks.append(block))
        assert reply.startswith("226")
        assert all(type(block) is bytes and 0 < len(block) <= 8192 for block in blocks)
        assert b"".join(blocks) == content(size)


def test_download_to_a_file(work, ftp, passive, tmp_path):
    ftp.set_pasv(passive)
    for size in SIZES:
        work.put("down", content(size))
        with open(tmp_path / str(size), "wb") as file:
            assert ftp.retrbinary("RETR down", file.write).startswith("226")
            assert file.tell() == size
        assert (tmp_path / str(size)).read_bytes() == content(size)


def test_many_transfers_on_one_connection(work, ftp, endpoint):
    for number in range(30):
        ftp.set_pasv(number % 3 != 0 or not endpoint.server.active)
        data = content(number * 37)
        ftp.storbinary(f"STOR n{number}", io.BytesIO(data))
        received: list[bytes] = []
        ftp.retrbinary(f"RETR n{number}", received.append)
        assert b"".join(received) == data
    assert len(list((work.path / "new").iterdir())) == 30


def test_ntransfercmd_by_hand(work, pair):
    data = content(50_000)
    work.put("down", data)

    def by_hand(ftp):
        ftp.voidcmd("TYPE I")
        connection, size = ftp.ntransfercmd("RETR down")
        with connection, connection.makefile("rb") as file:
            received = file.read()
        return received, size, ftp.voidresp()[:3]

    received, *_ = pair.same(by_hand)
    assert received == data


def test_transfercmd_uploads_by_hand(work, pair):
    def by_hand(ftp):
        ftp.voidcmd("TYPE I")
        with ftp.transfercmd("STOR up") as connection:
            connection.sendall(b"by hand")
        return ftp.voidresp()[:3]

    pair.same(by_hand)
    assert (work.path / "new" / "up").read_bytes() == b"by hand"


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)
def test_epsv_on_ipv4(work, pair):
    """Whoever sets `af` by hand gets EPSV."""
    work.put("down", b"by EPSV")

    def download(ftp):
        ftp.af = socket.AF_INET6
        received: list[bytes] = []
        return ftp.retrbinary("RETR down", received.append)[:3], received

    assert pair.same(download) == ("226", [b"by EPSV"])


def test_with_statement(endpoint, work):
    with endpoint.login() as ftp:
        ftp.cwd(f"{work.name}/new")
        ftp.storbinary("STOR up", io.BytesIO(b"within"))
        assert ftp.sock is not None
    assert ftp.sock is None
    assert ftp.file is None
    assert (work.path / "new" / "up").read_bytes() == b"within"


def test_quit_says_goodbye(pair):
    assert pair.same(lambda ftp: ftp.quit()[:3]) == "221"
    assert pair.new.sock is None
    pair.new.close()  # a second time is no error
