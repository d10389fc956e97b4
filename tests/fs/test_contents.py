"""Reading and writing: parts of files, open files, what is left when something breaks off, transactions."""

from __future__ import annotations

import errno
import gc
import io
import os
import time

import fsspec
import pytest
from rftplib.fs._file import FTPFile
from support.real import content
from support.waiting import until

SIZE = 300_001
DATA = content(SIZE)
WHEN = 1_600_000_000

PARTS = [
    (None, None),
    (0, 10),
    (None, 1),
    (1000, 70_000),
    (SIZE - 5, SIZE),
    (SIZE - 5, None),
    (-7, None),
    (-7, -3),
    (10, -10),
    (SIZE - 5, SIZE + 100),
    (SIZE, SIZE + 1),
    (SIZE + 10, None),
    (20, 10),
    (0, 0),
]


def test_a_part_of_a_file_is_what_a_slice_is(fs, work):
    path = work.put("a file", DATA)
    for start, end in PARTS:
        assert fs.cat_file(path, start, end) == DATA[start:end], (start, end)
    with fs.site.borrow() as ftp:  # and the connection is in step
        assert ftp.sendcmd("NOOP")[:1] == "2"


def test_parts_side_by_side(work):
    fs = work.fs(connections=3)
    paths = [work.put(f"{number}", DATA[number:]) for number in range(4)]
    starts = [number * 10_000 for number in range(12)]
    found = fs.cat_ranges(paths * 3, starts, [start + 5000 for start in starts])
    assert found == [DATA[start + number % 4 :][:5000] for number, start in enumerate(starts)]
    missing = f"{work.root}/missing"
    found = fs.cat_ranges([paths[0], missing], 0, 5)
    assert (found[0], type(found[1])) == (DATA[:5], FileNotFoundError)
    with pytest.raises(FileNotFoundError):
        fs.cat_ranges([paths[0], missing], 0, 5, on_error="raise")


def test_a_part_takes_no_longer_for_what_is_behind_it(fs, work):
    """Of 200 MB, which are a hole on the disk, ten times 1,000 bytes."""
    path = work.put("big", b"")
    with open(work.path / "big", "r+b") as file:
        file.truncate(200_000_000)
        file.seek(100_000_000)
        file.write(DATA)
    began = time.monotonic()
    for number in range(10):
        assert fs.cat_file(path, 100_000_000 + number, 100_001_000 + number) == DATA[number : number + 1000]
    assert time.monotonic() - began < 40  # PATIENCE, each time, would be much more


@pytest.mark.parametrize("cache", ["readahead", "bytes", "none", "all", "blockcache"])
def test_an_open_file_seeks(fs, work, cache):
    path = work.put("file", DATA)
    with fs.open(path, "rb", block_size=40_000, cache_type=cache) as file:
        assert file.read(10) == DATA[:10]
        assert file.seek(123_456) == 123_456
        assert file.read(50_000) == DATA[123_456:173_456]
        assert file.seek(-5, 2) == SIZE - 5
        assert file.read() == DATA[-5:]
        assert file.read() == b""


def test_an_open_file_is_one_version(fs, work):
    """What is read by parts is no mixture; but it may grow, where the server tells that it is the same."""
    path = work.put("file", DATA)
    os.utime(work.path / "file", (WHEN, WHEN))
    with fs.open(path, "rb", block_size=40_000) as file:
        assert file.read(10) == DATA[:10]
        if "unique" in fs.info(path):
            with open(work.path / "file", "ab") as more:
                more.write(b"more")
            assert file.seek(150_000) and file.read(10) == DATA[150_000:150_010]
        replace(work, DATA[::-1], WHEN + 60)
        file.seek(250_000)
        with pytest.raises(OSError, match="changed") as caught:
            file.read(10)
        assert caught.value.errno == errno.ESTALE
    assert fs.open(path).read() == DATA[::-1]


def replace(work, data, seconds):
    work.put("new", data)
    os.utime(work.path / "new", (seconds, seconds))
    os.replace(work.path / "new", work.path / "file")


@pytest.mark.parametrize("mode", ["rb", "r"])
@pytest.mark.parametrize("later", [DATA[:8000], DATA[:4000], DATA[:2000]], ids=["longer", "as long", "shorter"])
def test_a_small_file_is_that_which_was_opened(fs, work, mode, later):
    """All of it is one transfer; what comes may be another file, or the beginning of one."""
    for cache in ("readahead", "none"):
        path = work.put("file", b"old\n" * 1000)
        os.utime(work.path / "file", (WHEN, WHEN))
        file = fs.open(path, mode, cache_type=cache)
        replace(work, later.translate(bytes(range(128)) * 2), WHEN + 60)
        with pytest.raises(OSError, match="changed") as caught:
            file.read()
        assert caught.value.errno == errno.ESTALE


def test_a_shorter_file_isnt_read_by_parts(fs, work):
    path = work.put("file", DATA)
    os.utime(work.path / "file", (WHEN, WHEN))
    with fs.open(path, "rb", block_size=40_000) as file:
        assert file.read(10) == DATA[:10]
        replace(work, DATA[:100_000], WHEN + 60)
        for offset in (90_000, 250_000):
            file.seek(offset)
            with pytest.raises(OSError, match="changed") as caught:
                file.read(50_000)
            assert caught.value.errno == errno.ESTALE


def test_lines_of_text(fs, work):
    with fs.open(f"{work.root}/text", "w", encoding="latin-1") as file:
        file.write("ä line\nanother\n")
    with fs.open(f"{work.root}/text", "r", encoding="latin-1") as file:
        assert file.readlines() == ["ä line\n", "another\n"]
    with fs.open(f"{work.root}/text.gz", "wt", compression="gzip") as file:
        file.write("zipped")
    assert fs.open(f"{work.root}/text.gz", "rt", compression="infer").read() == "zipped"


@pytest.mark.parametrize("size", [0, 5, 65_536, 65_537, SIZE])
def test_a_file_is_there_when_it_is_whole(fs, work, size):
    work.put("file", b"before")
    file = fs.open(f"{work.root}/file", "wb", block_size=65_536)
    for offset in range(0, size, 10_000):
        file.write(DATA[:size][offset : offset + 10_000])
        assert (work.path / "file").read_bytes() == b"before"
    file.close()
    assert (work.path / "file").read_bytes() == DATA[:size]
    assert work.names() == ["file"]


def test_many_files_at_once_in_one_thread(work):
    """Those that are sent by parts have connections of their own: with one for all else there is no deadlock."""
    fs = work.fs(connections=1)
    files = [fs.open(f"{work.root}/{number}", "wb", block_size=10_000) for number in range(3)]
    for file in files:
        file.write(DATA[:20_000])
        assert fs.isdir(work.root)
    for file in files:
        file.close()
    assert [(work.path / str(number)).read_bytes() for number in range(3)] == [DATA[:20_000]] * 3


@pytest.mark.parametrize("size", [5, 200_000])
@pytest.mark.parametrize("mode", ["wb", "xb", "w"])
def test_what_breaks_off_is_not_there(fs, work, mode, size):
    data = "x" * size if mode == "w" else DATA[:size]
    with pytest.raises(KeyError), fs.open(f"{work.root}/file", mode, block_size=65_536) as file:
        file.write(data)
        raise KeyError
    assert file.closed
    assert work.names() == []
    with pytest.warns(ResourceWarning):
        forgotten = fs.open(f"{work.root}/file", mode, block_size=65_536)
        forgotten.write(data * 10_000 if size == 5 and mode == "w" else data)
        del forgotten
        gc.collect()
    assert "file" not in work.names()
    # who forgets a file that was sent in part leaves that, under a name that nobody reads; Pure-FTPd has one of its own
    # until it has noticed
    until(lambda: all(name.startswith(".file.") for name in work.names()))


def test_a_file_that_is_there_is_not_made_anew(fs, work):
    path = work.put("file", b"before")
    with pytest.raises(FileExistsError):
        fs.open(path, "xb")
    with pytest.raises(FileExistsError):
        fs.pipe_file(path, b"new", mode="create")
    with fs.open(f"{work.root}/other", "xb") as file:
        file.write(b"mine")
        work.put("other", b"theirs")
        with pytest.raises(FileExistsError):
            file.close()
    assert work.names() == ["file", "other"]
    assert (fs.cat_file(path), fs.cat_file(f"{work.root}/other")) == (b"before", b"theirs")


def test_appending(fs, work):
    path = work.put("file", b"before")
    with fs.open(path, "ab", block_size=5) as file:
        assert file.tell() == 6
        file.write(b", and")
        file.write(b" after")
    assert (work.path / "file").read_bytes() == b"before, and after"
    with fs.open(f"{work.root}/new", "ab") as file:
        file.write(b"new")
    assert fs.cat_file(f"{work.root}/new") == b"new"


def test_a_transaction_is_all_or_nothing(fs, work):
    work.put("one", b"before")
    with fs.transaction:
        fs.pipe_file(f"{work.root}/one", b"1")
        with fs.open(f"{work.root}/two", "wb", block_size=10_000) as file:
            file.write(DATA)
        with pytest.raises(io.UnsupportedOperation):
            fs.open(f"{work.root}/one", "ab")
        assert fs.cat_file(f"{work.root}/one") == b"before"
        assert not fs.exists(f"{work.root}/two")
    assert fs.cat_file(f"{work.root}/one") == b"1"
    assert fs.cat_file(f"{work.root}/two") == DATA
    with pytest.raises(KeyError), fs.transaction:
        fs.pipe_file(f"{work.root}/one", b"2")
        fs.open(f"{work.root}/three", "wb").write(DATA)
        raise KeyError
    assert fs.cat_file(f"{work.root}/one") == b"1"
    assert work.names() == ["one", "two"]


def test_a_transaction_of_which_some_files_are_refused(fs, work):
    """The others get their names, each failure is told, and nothing is left."""
    with pytest.raises(OSError) as caught, fs.transaction:
        for name in ("one", "two", "three", "four"):
            fs.pipe_file(f"{work.root}/{name}", DATA)
        for name in ("two", "two/inner", "three", "three/inner"):
            work.folder(name)
    assert f"{work.root}/two" in str(caught.value) and f"{work.root}/three" in str(caught.value)
    assert work.names() == ["four", "one", "three", "three/inner", "two", "two/inner"]
    fs.pipe_file(f"{work.root}/five", b"5")
    assert (work.path / "five").read_bytes() == b"5", "it is over"


def test_a_transaction_that_is_broken_off_at_its_end(fs, work, monkeypatch):
    commit = FTPFile.commit

    def interrupted(self):
        if self.path.endswith("/two"):
            raise KeyboardInterrupt
        commit(self)

    monkeypatch.setattr(FTPFile, "commit", interrupted)
    with pytest.raises(KeyboardInterrupt), fs.transaction:
        for name in ("one", "two", "three"):
            fs.pipe_file(f"{work.root}/{name}", DATA)
    assert work.names() == ["one"]


def test_a_copy_by_way_of_a_full_disk(fs, work, monkeypatch):
    class Full(io.BytesIO):
        def __init__(self, size):
            super().__init__()

        def write(self, data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.SpooledTemporaryFile", Full)
    path = work.put("file", DATA)
    os.utime(work.path / "file", (WHEN, WHEN))  # or it would be waited for
    with pytest.raises(OSError, match=f"copying '{path}' by way of .*TMPDIR") as caught:
        fs.copy(path, f"{work.root}/copy")
    assert caught.value.errno == errno.ENOSPC and work.names() == ["file"]


def test_put_file_and_get_file(fs, work, tmp_path):
    (tmp_path / "local").write_bytes(DATA)
    seen = fsspec.callbacks.Callback()
    fs.put_file(tmp_path / "local", f"{work.root}/new/deep/file", callback=seen)
    assert (seen.size, seen.value) == (SIZE, SIZE)
    assert (work.path / "new/deep/file").read_bytes() == DATA
    os.utime(work.path / "new/deep/file", (WHEN, WHEN))  # or it would be waited for
    seen = fsspec.callbacks.Callback()
    fs.get_file(f"{work.root}/new/deep/file", tmp_path / "some/where", callback=seen)
    assert (seen.size, seen.value) == (SIZE, SIZE)
    assert (tmp_path / "some/where").read_bytes() == DATA
    file = io.BytesIO()
    fs.get_file(f"{work.root}/new/deep/file", file)
    assert file.getvalue() == DATA
    with pytest.raises(FileNotFoundError):
        fs.get_file(f"{work.root}/missing", tmp_path / "missing")
    with pytest.raises(FileExistsError):
        fs.put_file(tmp_path / "local", f"{work.root}/new/deep/file", mode="create")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["local", "some"]
    assert work.names() == ["new", "new/deep", "new/deep/file"]
