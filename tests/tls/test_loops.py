"""The loops under TLS: what callbacks see, what files get."""

from __future__ import annotations

import io
import os
import socket
import ssl
import tempfile
import threading
import time

import pytest
import rftplib
from support.certificates import client_context
from support.ftps import content

DATA = content(1_000_003)


class Client(rftplib.FTP_TLS):
    """Keeps the data connection at hand."""

    data = None

    def ntransfercmd(self, cmd, rest=None):
        self.data, size = super().ntransfercmd(cmd, rest)
        return self.data, size


@pytest.fixture
def ftp(hostile):
    client = Client(context=client_context(), timeout=10)
    client.connect(*hostile.address)
    client.login("user", "secret")
    client.prot_p()
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


@pytest.mark.parametrize("blocksize", [1, 1000, 8192, 16383, 16384, 16385, 1 << 20])
def test_blocks(hostile, ftp, blocksize):
    hostile.payload = DATA if blocksize > 1 else DATA[:20_000]
    blocks = []
    ftp.retrbinary("RETR x", lambda block: blocks.append(block), blocksize)
    assert b"".join(blocks) == hostile.payload
    assert all(type(block) is bytes and 0 < len(block) <= blocksize for block in blocks)


@pytest.mark.parametrize("blocksize", [True, 8192.0, "8192", None, -1, 0])
def test_block_sizes_that_are_none(hostile, ftp, blocksize):
    """Whatever ssl makes of them, as in ftplib."""
    import ftplib

    hostile.payload = b"some data"
    outcomes = []
    for lib in (ftplib, rftplib):
        other = lib.FTP_TLS(context=client_context(), timeout=5)
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


def file_modes(folder):
    path = folder / "target"
    yield path, open(path, "wb")
    path.write_bytes(b"before ")
    yield path, open(path, "ab")
    path.write_bytes(b"0123456789")
    opened = open(path, "r+b")
    opened.seek(5)
    yield path, opened
    yield path, open(path, "wb", buffering=0)
    yield path, open(path, "w+b", buffering=100)


def test_into_files(hostile, ftp, tmp_path):
    hostile.payload = DATA
    for path, file in file_modes(tmp_path):
        with file:
            file.write(b"first ")
            ftp.retrbinary("RETR x", file.write)
            expected = file.tell()
            file.write(b" last")
        assert path.read_bytes().endswith(b"first " + DATA + b" last")
        assert path.stat().st_size == expected + 5


def test_into_collectors(hostile, ftp):
    hostile.payload = DATA
    memory, array, blocks = io.BytesIO(), bytearray(b"before "), []
    for sink in (memory.write, array.extend, blocks.append):
        ftp.retrbinary("RETR x", sink)
    assert memory.getvalue() == DATA
    assert array == b"before " + DATA
    assert b"".join(blocks) == DATA and all(type(block) is bytes for block in blocks)


def test_into_a_pipe_while_the_server_hesitates(hostile, ftp):
    """What has been received isn't held back."""
    hostile.payload, hostile.stall = b"the beginning", "half"
    readable, writable = os.pipe()
    with open(readable, "rb") as reader, open(writable, "wb", buffering=0) as writer:
        receiving = threading.Thread(target=lambda: _quietly(ftp.retrbinary, "RETR x", writer.write))
        receiving.start()
        assert reader.read(len(b"the beginning")) == b"the beginning"
        hostile.let_go()
        receiving.join(10)
        assert not receiving.is_alive()


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
    hostile.payload, hostile.stall, ftp.timeout = content(100_000), "half", 0.5
    blocks = []
    with open(tmp_path / "target", "wb") as file, pytest.raises(socket.timeout, match="read operation timed out"):
        ftp.retrbinary("RETR x", blocks.append if target == "blocks" else file.write)
    assert (b"".join(blocks) or (tmp_path / "target").read_bytes()) == hostile.payload


def test_error_of_a_callback_passes(hostile, ftp):
    hostile.payload = DATA
    for error in (OSError("mine"), ssl.SSLEOFError(8, "mine"), socket.timeout("mine"), KeyboardInterrupt("mine")):

        def callback(block, error=error):
            raise error

        with pytest.raises(type(error), match="mine"):
            ftp.retrbinary("RETR x", callback)
        ftp.voidresp()


def test_lines(hostile, ftp):
    lines = [f"line {number} ü" for number in range(20_000)]
    hostile.payload = "\r\n".join(lines).encode()
    got = []
    assert ftp.retrlines("RETR x", got.append) == "226 done"
    assert got == lines


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


def test_replaced_methods_are_called(hostile):
    """recv of an instance, of a subclass."""

    class Chatty(ssl.SSLSocket):
        def recv(self, size, flags=0):
            calls.append("class")
            return super().recv(size, flags)

    class Patched(Client):
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


@pytest.mark.parametrize("blocksize", [1, 1000, 8192, 100_000])
def test_upload_blocks(hostile, ftp, blocksize):
    data = DATA if blocksize > 1 else DATA[:5000]
    seen = []
    ftp.storbinary("STOR x", io.BytesIO(data), blocksize, seen.append)
    assert hostile.uploaded == data
    assert b"".join(seen) == data and max(map(len, seen)) <= blocksize


def test_upload_of_files(hostile, ftp):
    with tempfile.TemporaryFile() as file:
        file.write(DATA)
        for start in (0, 1, 999_999):
            file.seek(start)
            hostile.uploaded.clear()
            ftp.storbinary("STOR x", file)
            assert hostile.uploaded == DATA[start:]
            assert file.tell() == len(DATA)


def test_upload_reads_what_it_was_told_to(hostile, ftp):
    """Of an object that isn't known, nothing but read(blocksize) is asked."""

    class Source:
        def __init__(self):
            self.sizes, self.blocks = [], [b"one", bytearray(b"two"), memoryview(b"three"), b""]

        def read(self, size):
            self.sizes.append(size)
            return self.blocks.pop(0)

    source = Source()
    ftp.storbinary("STOR x", source, 1234)
    assert source.sizes == [1234] * 4
    assert hostile.uploaded == b"onetwothree"


@pytest.mark.parametrize("callback", [None, len], ids=["silent", "callback"])
def test_upload_lines(hostile, ftp, callback):
    text = b"one\ntwo\r\nthree\rfour" + b"\nx" * 30_000
    ftp.storlines("STOR x", io.BytesIO(text), callback)
    assert hostile.uploaded == b"one\r\ntwo\r\nthree\rfour" + b"\r\nx" * 30_000 + b"\r\n"


def test_lines_before_a_bad_one_are_sent(hostile, ftp):
    with pytest.raises(rftplib.Error, match="got more than 8192 bytes"):
        ftp.storlines("STOR x", io.BytesIO(b"good\n" * 10 + b"x" * 9000))
    ftp.voidresp()
    assert hostile.uploaded == b"good\r\n" * 10


@pytest.mark.parametrize("method, source", [("storbinary", io.StringIO("text")), ("storlines", io.StringIO("text"))])
def test_upload_of_text_files_is_a_type_error(ftp, method, source):
    with pytest.raises(TypeError):
        getattr(ftp, method)("STOR x", source)
