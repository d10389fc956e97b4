"""examples/server.py: what the demo and the README's session don't touch."""

from __future__ import annotations

import io
import os

import pytest
import rftplib


@pytest.fixture
def ftp(example_server):
    with rftplib.FTP(timeout=10) as client:
        client.connect("127.0.0.1", example_server.port)
        client.login("demo", "secret")
        yield client


def retrieve(ftp, command, **keywords):
    data = bytearray()
    ftp.retrbinary(command, data.extend, **keywords)
    return bytes(data)


def test_restart_append_and_rename(ftp, tmp_path):
    ftp.storbinary("STOR a", io.BytesIO(b"0123456789"))
    assert retrieve(ftp, "RETR a", rest=7) == b"789"
    ftp.storbinary("STOR a", io.BytesIO(b"xy"), rest=5)
    ftp.storbinary("APPE a", io.BytesIO(b"z"))
    ftp.rename("a", "b")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"b": b"01234xyz"}


def test_text_has_the_line_ends_of_each_side(ftp, tmp_path):
    ftp.storlines("STOR text", io.BytesIO(b"one\r\ntwo\n"))
    assert (tmp_path / "text").read_bytes() == b"one\ntwo\n"
    lines = []
    ftp.retrlines("RETR text", lines.append)
    assert lines == ["one", "two"]


def test_listings_say_what_is_there(ftp, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "ä b").write_bytes(b"123")
    assert [(name, facts["type"]) for name, facts in ftp.mlsd()] == [("d", "dir")]
    assert [(name, facts["size"]) for name, facts in ftp.mlsd("d")] == [("ä b", "3")]
    assert ftp.nlst("d") == ["ä b"]
    lines = []
    ftp.dir("d", lines.append)
    assert len(lines) == 1
    assert lines[0].startswith("-rw") and lines[0].endswith(" ä b")


@pytest.mark.parametrize("af", [rftplib.socket.AF_INET, rftplib.socket.AF_INET6])  # PASV, EPSV
def test_both_passive_modes(ftp, tmp_path, af):
    (tmp_path / "a").write_bytes(b"a")
    ftp.af = af
    assert retrieve(ftp, "RETR a") == b"a"


def test_abort_ends_a_transfer_and_the_session_goes_on(ftp, tmp_path):
    (tmp_path / "big").write_bytes(bytes(1 << 25))  # more than the socket buffers hold
    ftp.voidcmd("TYPE I")
    with ftp.transfercmd("RETR big") as data:
        data.recv(1)
        assert ftp.abort()[:3] == "426"
        assert ftp.voidresp()[:3] == "226"
    assert ftp.pwd() == "/"


def test_nothing_outside_the_directory_is_served(ftp, tmp_path):
    os.symlink("/etc", tmp_path / "link")
    for path in ("../../../../etc/hostname", "/../etc/hostname", "link/hostname", "link"):
        with pytest.raises(rftplib.error_perm):
            retrieve(ftp, f"RETR {path}")
    ftp.cwd("..")
    assert ftp.pwd() == "/"


def test_no_command_without_login(example_server):
    with rftplib.FTP(timeout=10) as client:
        client.connect("127.0.0.1", example_server.port)
        with pytest.raises(rftplib.error_perm, match="^530 "):
            client.pwd()
