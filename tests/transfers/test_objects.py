"""Downloads into file objects, and uploads from them: no resume, and the size alone is verified."""

from __future__ import annotations

import ftplib
import io
import os
import threading

import pytest
import rftplib
from rftplib.transfer import TransferError, get, put
from support.clients import Loop
from support.file_server import AT_ONCE, DATA, FileServer, cut_after, retr, store, take_only


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


# --------------------------------------------------------------------------------------------------- odd objects


class Raw(io.RawIOBase):
    """Takes 1,000 bytes at a time; nothing, for it would block, or 0 at the third call."""

    def __init__(self, third=1000):
        self.data, self._third, self._calls = bytearray(), third, 0

    def writable(self):
        return True

    def write(self, block):
        self._calls += 1
        if self._calls == 3 and not self._third:
            return self._third
        self.data += bytes(block)[:1000]
        return len(bytes(block)[:1000])


@pytest.mark.parametrize("factory", [None, lambda site: Loop()], ids=["native", "foreign loop"])
def test_an_object_that_takes_less_gets_all(factory):
    with FileServer({"a": DATA}) as server:
        site = rftplib.session.Site(server.url, timeouts=10, **({"factory": factory} if factory else {}))
        raw = Raw()
        assert get(site, "a", raw).size == len(DATA)
        assert raw.data == DATA
        site.close()


@pytest.mark.parametrize("third", [None, 0])
def test_an_object_that_would_block_is_an_error(third):
    with FileServer({"a": DATA}) as server:
        raw = Raw(third)
        with pytest.raises(BlockingIOError, match="takes no more, and doesn't wait"):
            get(server.site, "a", raw, retry=AT_ONCE)
        assert raw.data == DATA[:2000] and len(server.retrieved) == 1


@pytest.mark.skipif(not hasattr(os, "set_blocking"), reason="no pipes that don't block")
def test_a_pipe_that_does_not_block():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb", buffering=0) as file, FileServer({"a": DATA}) as server:
        with pytest.raises(BlockingIOError):
            get(server.site, "a", file, retry=AT_ONCE)


def test_one_that_returns_nothing_has_taken_all():
    class Callback:
        def __init__(self):
            self.data = bytearray()

        def write(self, block):
            self.data += block

    with FileServer({"a": DATA}) as server:
        callback = Callback()
        get(server.site, "a", callback)
        assert callback.data == DATA


def test_one_that_returns_no_number():
    class Odd:
        def write(self, block):
            return "written"

    with FileServer({"a": DATA}) as server, pytest.raises(TypeError, match="how many bytes .*'written'"):
        get(server.site, "a", Odd(), retry=AT_ONCE)


class NoTruncate(io.RawIOBase):
    """Can seek, and tells where it is."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def seekable(self):
        return True

    def __getattribute__(self, name):
        if name == "truncate":
            raise AttributeError(name)
        return super().__getattribute__(name)

    def tell(self):
        return 0

    def write(self, block):
        self.data += block
        return len(block)


@pytest.mark.parametrize("kind", ["pipe", "no truncate"])
def test_a_download_that_ends_early_into_what_can_t_be_begun_anew(kind):
    with FileServer({"a": DATA}, {"RETR": retr(lambda data, offset: data[offset:50_000])}) as server:
        error = "50000 bytes are in a file object that can't seek and truncate.* 50000 bytes of 300000 .*getting 'a'"
        if kind == "no truncate":
            with pytest.raises(TransferError, match=error):
                get(server.site, "a", NoTruncate(), retry=AT_ONCE)
            return
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb") as there:
            thread = threading.Thread(target=there.read)
            thread.start()
            with os.fdopen(writer, "wb") as file, pytest.raises(TransferError, match=error):
                get(server.site, "a", file, retry=AT_ONCE)
            thread.join(10)
        assert len(server.retrieved) == 1


class ReadsThis:
    """read() gives these in turn; an exception is raised."""

    def __init__(self, *blocks):
        self._blocks = list(blocks)

    def read(self, size=-1):
        block = self._blocks.pop(0)
        if isinstance(block, Exception):
            raise block
        return block


@pytest.mark.parametrize(
    "third, error, text",
    [
        (None, BlockingIOError, "has nothing, and doesn't wait"),
        ("text", TypeError, "binary mode"),
        (ConnectionResetError("theirs"), ConnectionResetError, "^theirs$"),
        (rftplib.error_perm("550 theirs"), rftplib.error_perm, "^550 theirs$"),
        (KeyError("theirs"), KeyError, "^'theirs'$"),
    ],
    ids=["None", "text", "OSError", "error_perm", "KeyError"],
)
def test_what_fails_while_it_is_read_is_told_and_leaves_nothing(third, error, text):
    with FileServer() as server:
        with pytest.raises(error, match=text):
            put(server.site, ReadsThis(b"a" * 1000, b"b" * 1000, third, b""), "b", retry=AT_ONCE)
        assert {name: len(file.content) for name, file in server.files.items()} == {}
        assert len(server.stored) == 1


def test_what_can_t_be_read_at_all_leaves_nothing(local):
    def closed():
        file = io.BytesIO()
        file.close()
        return file

    with FileServer() as server:
        for file, error in (
            (ReadsThis(OSError(5, "theirs")), OSError),
            (ReadsThis(KeyError("theirs")), KeyError),
            (closed(), ValueError),
            (open(local / "b", "wb"), io.UnsupportedOperation),  # noqa: SIM115
            (open(local / "b", "wb", buffering=0), io.UnsupportedOperation),  # noqa: SIM115
        ):
            with pytest.raises(error):
                put(server.site, file, "b", retry=AT_ONCE)
            file.close() if hasattr(file, "close") else None
            assert server.files == {}


def test_what_can_t_be_written_is_told_at_once(local):
    (local / "a").write_bytes(b"mine")
    with FileServer({"a": DATA}) as server:
        for buffering in (0, -1):
            with open(local / "a", "rb", buffering=buffering) as file:
                with pytest.raises(io.UnsupportedOperation, match="isn't open for writing"):
                    get(server.site, "a", file, retry=AT_ONCE)
        assert server.sessions == []


def test_an_object_that_ends_before_its_size():
    class Less(io.BytesIO):
        def read(self, size=-1):
            return super().read(size) if self.tell() < 500 else b""

    with FileServer() as server:
        with pytest.raises(TransferError, match="has ended after 131072 of 300000 bytes"):
            put(server.site, Less(DATA), "b", retry=AT_ONCE)
        assert server.files == {}


def test_objects_for_text():
    with FileServer({"a": DATA}) as server:
        for job in (lambda: put(server.site, io.StringIO("text"), "b"), lambda: get(server.site, "a", io.StringIO())):
            with pytest.raises(TypeError, match="open it in binary mode"):
                job()
        assert server.sessions == []
