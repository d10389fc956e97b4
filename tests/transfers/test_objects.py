"""Downloads into file objects, and uploads from them: no resume, and the size alone is verified."""

from __future__ import annotations

import ftplib
import io

import pytest
from rftplib.transfer import Retry, TransferError, get, put
from support.file_server import FileServer, cut_after, retr, store, take_only
from support.real import content

DATA = content(300_000)
AT_ONCE = Retry(attempts=4, base=0)


def test_a_file_object(local):
    with FileServer({"a": DATA}) as server:
        fp = io.BytesIO(b"before")
        fp.seek(0, 2)
        done = get(server.site, "a", fp)
        assert fp.getvalue() == b"before" + DATA
        with open(local / "a", "wb") as file:
            get(server.site, "a", file)
            assert file.tell() == len(DATA)
    assert (local / "a").read_bytes() == DATA
    assert (done.path, done.size, done.verified) == (None, len(DATA), "size")


def test_a_file_object_that_can_seek_is_begun_anew():
    cuts = iter([cut_after(100_000)])
    with FileServer({"a": DATA}) as server:
        server.replies["RETR"] = lambda session: session.perform(next(cuts, retr()))
        fp = io.BytesIO()
        done = get(server.site, "a", fp, retry=AT_ONCE)
    assert (fp.getvalue(), done.attempts) == (DATA, 2)


def test_a_file_object_that_can_t_seek_has_one_chance():
    class Pipe:
        def __init__(self):
            self.data = bytearray()

        def write(self, block):
            self.data += block
            return len(block)

    with FileServer({"a": DATA}) as server:
        whole, half = Pipe(), Pipe()
        get(server.site, "a", whole)
        assert whole.data == DATA
        server.replies["RETR"] = cut_after(100_000)
        with pytest.raises(TransferError, match="100000 bytes are in a file object that can't seek"):
            get(server.site, "a", half, retry=AT_ONCE)
        assert len(half.data) == 100_000


def test_a_file_object_has_no_hash():
    with FileServer({"a": DATA}) as server, pytest.raises(ValueError, match="give a path"):
        get(server.site, "a", io.BytesIO(), verify="hash")


def test_a_file_object_is_uploaded():
    with FileServer() as server:
        fp = io.BytesIO(b"before" + DATA)
        fp.seek(6)
        done = put(server.site, fp, "b")
        assert bytes(server.files["b"].content) == DATA
        assert (done.verified, done.size) == ("size", len(DATA))


def test_a_file_object_that_can_seek_is_sent_again():
    cuts = iter([take_only(100_000)])
    with FileServer((), {"STOR": lambda session: session.perform(next(cuts, store(append=False)))}) as server:
        fp = io.BytesIO(b"before" + DATA)
        fp.seek(6)
        put(server.site, fp, "b", retry=AT_ONCE)
        assert bytes(server.files["b"].content) == DATA


def test_one_that_can_t_seek_is_sent_once():
    class Pipe:
        def __init__(self):
            self.read = io.BytesIO(DATA).read

    with FileServer() as server:
        put(server.site, Pipe(), "b")
        assert bytes(server.files["b"].content) == DATA
        server.replies["STOR"] = take_only(100_000)
        with pytest.raises(TransferError, match="can't be sent again"):
            put(server.site, Pipe(), "c", retry=AT_ONCE)


def test_ftplib_s_own_client(tmp_path):
    """It has ftplib's methods: that is enough, and progress and rate come from the blocks."""
    told = []

    class Bar:
        def set_size(self, size):
            told.append(size)

        def relative_update(self, change):
            told.append(change)

    with FileServer({"a": DATA}) as server, ftplib.FTP(timeout=10) as ftp:
        ftp.connect(*server.address)
        ftp.login("user", "secret")
        assert get(ftp, "a", tmp_path / "a", progress=Bar()).verified == "size"
        assert put(ftp, tmp_path / "a", "b", progress=Bar()).verified == "size"
        assert bytes(server.files["b"].content) == (tmp_path / "a").read_bytes() == DATA
    assert sum(told) == 4 * len(DATA)
