"""The loops under TLS: what callbacks see, what files get."""

from __future__ import annotations

import io
import socket
import ssl
import threading
import time

import pytest
import rftplib
from support.certificates import client_context
from support.clients import connect, once_noted
from support.ftps import content

DATA = content(1_000_003)


@pytest.fixture
def ftp(hostile):
    client = connect(hostile, "ssl", 10)
    yield client
    client.close()
    if client.data is not None:
        client.data.close()


def _quietly(call, *args):
    try:
        call(*args)
    except Exception:
        pass


# --- downloads


@pytest.mark.parametrize("blocksize", [True, 8192.0, "8192", None, -1, 0])
def test_block_sizes_that_are_none(hostile, ftp, blocksize):
    """Whatever ssl makes of them, as in ftplib."""
    import ftplib

    hostile.payload = b"some data"
    outcomes = []
    for lib in (ftplib, rftplib):
        other = lib.FTP_TLS(context=client_context(), timeout=20)
        blocks = []
        try:
            other.connect(*hostile.address)
            other.login("user", "secret")
            other.prot_p()
            outcomes.append((other.retrbinary("RETR x", blocks.append, blocksize), blocks))
        except Exception as error:
            outcomes.append((type(error), blocks))
        finally:
            other.close()
    assert outcomes[0] == outcomes[1]


def test_into_a_file_while_the_server_hesitates(hostile, ftp, tmp_path):
    hostile.payload, hostile.stall = content(20_000), "half"
    with open(tmp_path / "target", "wb", buffering=8192) as file:
        receiving = threading.Thread(target=lambda: _quietly(ftp.retrbinary, "RETR x", file.write))
        receiving.start()
        deadline = time.monotonic() + 10
        while (tmp_path / "target").stat().st_size < 8192 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (tmp_path / "target").stat().st_size >= 8192
        hostile.let_go()
        receiving.join(10)
        assert not receiving.is_alive()


@pytest.mark.parametrize("target", ["blocks", "file"])
def test_what_came_before_a_timeout_is_delivered(hostile, ftp, target, tmp_path):
    hostile.payload, hostile.stall = content(100_000), "half"
    blocks = []
    once_noted(hostile, "stalling", ftp, lambda conn: conn.settimeout(0.5))  # all has been sent that ever comes
    with open(tmp_path / "target", "wb") as file, pytest.raises(socket.timeout, match="read operation timed out"):
        ftp.retrbinary("RETR x", blocks.append if target == "blocks" else file.write)
    assert (b"".join(blocks) or (tmp_path / "target").read_bytes()) == hostile.payload


def test_the_timeout_of_the_connection_is_what_it_was(hostile, ftp):
    hostile.payload = DATA
    seen = []

    def callback(block):
        seen.append(ftp.data.gettimeout())

    ftp.retrbinary("RETR x", callback)
    assert set(seen) == {10}
    ftp.timeout = None
    seen.clear()
    ftp.retrbinary("RETR x", callback)
    assert set(seen) == {None}


def test_a_replaced_recv_is_called(hostile):
    """recv of an instance, of a subclass."""

    class Chatty(ssl.SSLSocket):
        def recv(self, size, flags=0):
            calls.append("class")
            return super().recv(size, flags)

    class Patched(rftplib.FTP_TLS):
        how = ""

        def ntransfercmd(self, cmd, rest=None):
            conn, size = super().ntransfercmd(cmd, rest)
            if self.how == "class":
                conn.__class__ = Chatty
            else:
                recv = conn.recv
                conn.recv = lambda *args: calls.append("instance") or recv(*args)
            return conn, size

    hostile.payload = DATA
    ftp = Patched(context=client_context(), timeout=10)
    try:
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
        ftp.prot_p()
        for how in ("class", "instance"):
            calls, blocks, ftp.how = [], [], how
            ftp.retrbinary("RETR x", blocks.append)
            assert b"".join(blocks) == DATA
            assert len(calls) > 10 and set(calls) == {how}
    finally:
        ftp.close()


# --- uploads


def test_lines_before_a_bad_one_are_sent(hostile, ftp):
    with pytest.raises(rftplib.Error, match="got more than 8192 bytes"):
        ftp.storlines("STOR x", io.BytesIO(b"good\n" * 10 + b"x" * 9000))
    ftp.voidresp()
    assert hostile.uploaded == b"good\r\n" * 10
