"""`noop_interval` on real servers: transfers arrive whole, with their own reply, and the next command gets its own."""

from __future__ import annotations

import io

import pytest

SIZE = 6 << 20
CONTENT = bytes(range(251)) * (SIZE // 251)


@pytest.fixture
def noops(work):
    """A client that sends a NOOP with each block, and those that it has sent."""
    ftp, sent = work.client(), []
    ftp.noop_interval = 1e-6

    def putcmd(line):
        type(ftp).putcmd(ftp, line)
        if line == "NOOP":
            sent.append(line)

    ftp.putcmd = putcmd
    return ftp, sent


def put(work, name):
    (work.path / name).write_bytes(CONTENT)
    (work.path / name).chmod(0o666)


def check_in_step(ftp, here):
    assert [ftp.pwd(), ftp.sendcmd("TYPE I")[:3], ftp.pwd()] == [here, "200", here]


def test_noops_during_a_download(work, noops):
    ftp, sent = noops
    put(work, "down")
    here = ftp.pwd()
    for _ in range(2):
        blocks = []
        assert ftp.retrbinary("RETR down", blocks.append)[:3] == "226"
        assert b"".join(blocks) == CONTENT
        check_in_step(ftp, here)
    assert sent


def test_a_download_to_a_file(work, noops, tmp_path):
    ftp, sent = noops
    put(work, "down")
    here = ftp.pwd()
    with open(tmp_path / "file", "wb") as file:
        assert ftp.retrbinary("RETR down", file.write)[:3] == "226"
    assert (tmp_path / "file").read_bytes() == CONTENT
    check_in_step(ftp, here)


def test_noops_during_an_upload(work, noops):
    ftp, sent = noops
    here = ftp.pwd()
    assert ftp.storbinary("STOR up", io.BytesIO(CONTENT))[:3] == "226"
    check_in_step(ftp, here)
    assert (work.path / "up").read_bytes() == CONTENT
    assert sent


def test_an_upload_of_a_file(work, noops, tmp_path):
    ftp, sent = noops
    here = ftp.pwd()
    (tmp_path / "file").write_bytes(CONTENT)
    with open(tmp_path / "file", "rb") as file:
        assert ftp.storbinary("STOR up", file)[:3] == "226"
    check_in_step(ftp, here)
    assert (work.path / "up").read_bytes() == CONTENT


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)
def test_noops_during_a_listing(work, noops):
    ftp, sent = noops
    here = ftp.pwd()
    put(work, "down")
    assert "down" in ftp.nlst()
    check_in_step(ftp, here)
