"""retrbinary into real files: bytes, positions and modes as ftplib leaves them."""

from __future__ import annotations

import io
import os
import queue
import sys
import tempfile

import pytest
from support.transfers import DONE, LIMIT
from support.waiting import until

DATA = b"".join(b"%07d." % number for number in range(80_000))
OLD = bytes(range(256)) * 40
SHORT = b"received"
both_sizes = pytest.mark.parametrize("data", [SHORT, DATA], ids=["short", "long"])


def receive(run, fp, data):
    with run.download(data[:5], data[5:]) as ftp:
        return run.attempt(ftp.retrbinary, "RETR x", fp.write)


@both_sizes
@pytest.mark.parametrize("buffering", [-1, 0, 10, 1 << 20])
@pytest.mark.parametrize("mode", ["wb", "ab", "r+b", "w+b", "a+b"])
def test_every_mode(same, mode, buffering, data):
    def script(run):
        path = run.path(content=OLD)
        with open(path, mode, buffering) as fp:
            before = fp.tell()
            result = receive(run, fp, data)
            after = fp.tell()
            fp.write(b"behind")
            end = fp.tell()
        return result, before, after, end, path.read_bytes()

    result, before, after, end, content = same(script)
    assert (result, after, end) == (DONE, before + len(data), before + len(data) + 6)
    assert content[before:end] == data + b"behind"


def test_nothing_received(same):
    def script(run):
        path = run.path(content=OLD)
        with open(path, "r+b") as fp:
            fp.seek(3)
            return receive(run, fp, b""), fp.tell(), fp.read() == OLD[3:]

    assert same(script) == (DONE, 3, True)


@both_sizes
def test_what_was_written_before_stays_before(same, data):
    def script(run):
        path = run.path()
        with open(path, "wb") as fp:
            fp.write(b"header")  # still in the object's buffer
            result = receive(run, fp, data)
            fp.write(b"trailer")
        return result, path.read_bytes()

    assert same(script) == (DONE, b"header" + data + b"trailer")


@both_sizes
@pytest.mark.parametrize("buffering", [-1, 0, 7])
def test_a_download_to_a_position_sought(same, buffering, data):
    def script(run):
        path = run.path(content=OLD)
        with open(path, "r+b", buffering) as fp:
            fp.seek(100)
            result = receive(run, fp, data)
            position = fp.tell()
            rest = fp.read(10)
        return result, position, rest, path.read_bytes()

    end = 100 + len(data)
    assert same(script) == (DONE, end, OLD[end : end + 10], OLD[:100] + data + OLD[end:])


@both_sizes
def test_a_download_after_reading_ahead(same, data):
    """The object has read more than it has given out: what is received goes where it was read to."""

    def script(run):
        path = run.path(content=OLD)
        with open(path, "r+b") as fp:
            first = fp.read(10)
            result = receive(run, fp, data)
            position, rest = fp.tell(), fp.read(5)
            fp.seek(0)
            again = fp.read()
        return result, first, position, rest, again, path.read_bytes()

    result, first, position, rest, again, content = same(script)
    assert (result, first, position) == (DONE, OLD[:10], 10 + len(data))
    assert again == content == OLD[:10] + data + OLD[10 + len(data) :]


def test_reads_and_writes_before_and_after(same):
    def script(run):
        path = run.path(content=OLD)
        with open(path, "r+b") as fp:
            fp.seek(20)
            seen = [fp.read(7)]
            fp.write(b"AB")
            seen.append(fp.read(3))
            result = receive(run, fp, SHORT)
            seen += [fp.read(5), fp.tell()]
            fp.write(b"Z")
            fp.seek(-4, io.SEEK_CUR)
            seen += [fp.read(8), fp.tell()]
        return result, seen, path.read_bytes()

    assert same(script)[0] == DONE


def test_the_first_seek_is_not_to_where_the_object_was_before(plain):
    """A buffered file that can be read, too, seeks only if it thinks that it has to."""
    pytest.importorskip("fcntl")
    from support.trouble import unread

    def script(run):
        connections = queue.Queue()

        def peer(far):
            near = connections.get(timeout=LIMIT)
            far.sendall(DATA[:5])
            until(lambda: not unread(near))  # what the first block is, is no chance here
            far.sendall(DATA[5:])

        with open(run.path(content=OLD), "r+b") as fp, run.against(peer) as ftp:
            connections.put(ftp.transfercmd("RETR x"))
            result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            fp.seek(5)
            return result, fp.read(8)

    assert plain(script) == (DONE, DATA[5:13])


def test_beyond_the_end_there_is_a_hole(same):
    def script(run):
        path = run.path(content=b"abc")
        with open(path, "r+b") as fp:
            fp.seek(5000)
            result = receive(run, fp, DATA)
        return result, path.read_bytes()

    assert same(script) == (DONE, b"abc" + bytes(4997) + DATA)


def test_append_mode_appends_wherever_the_position_is(same):
    def script(run):
        path = run.path(content=OLD)
        with open(path, "a+b") as fp:
            fp.seek(2)
            first = fp.read(3)
            result = receive(run, fp, DATA)
            fp.flush()
            position = fp.tell()
        return result, first, position, path.read_bytes()

    assert same(script) == (DONE, OLD[2:5], len(OLD) + len(DATA), OLD + DATA)


def test_append_mode_behind_what_others_append(same):
    def script(run):
        path = run.path(content=OLD)
        with open(path, "ab") as fp, open(path, "ab", 0) as other:
            other.write(b"other")
            result = receive(run, fp, SHORT)
        return result, path.read_bytes()

    assert same(script) == (DONE, OLD + b"other" + SHORT)


@pytest.mark.parametrize("buffering", [-1, 0])
def test_two_files_one_after_the_other_in_one_object(same, buffering):
    def script(run):
        path = run.path()
        with open(path, "wb", buffering) as fp:
            results = [receive(run, fp, data) for data in (SHORT, DATA, b"", SHORT)]
        return results, path.read_bytes()

    assert same(script) == ([DONE] * 4, SHORT + DATA + SHORT)


def test_a_descriptor_of_somebody_elses(same):
    def script(run):
        descriptor = os.open(run.path(), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with os.fdopen(descriptor, "wb", closefd=False) as fp:
                result = receive(run, fp, DATA)
            # the position is shared with all who have the descriptor
            return result, os.lseek(descriptor, 0, os.SEEK_CUR), os.pread(descriptor, len(DATA) * 2, 0)
        finally:
            os.close(descriptor)

    assert same(script) == (DONE, len(DATA), DATA)


def test_the_bytes_below_a_text_file(same):
    def script(run):
        path = run.path()
        with open(path, "w", encoding="ascii") as fp:
            fp.write("text\n")
            fp.flush()
            result = receive(run, fp.buffer, DATA)
            fp.write("text\n")
        return result, path.read_bytes()

    assert same(script) == (DONE, b"text\n" + DATA + b"text\n")


@pytest.mark.parametrize("make", [tempfile.TemporaryFile, tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile])
def test_a_download_to_temporary_files(same, make):
    def script(run):
        with make(dir=run.folder) as fp:
            result = receive(run, fp, DATA)
            position = fp.tell()
            fp.seek(0)
            return result, position, fp.read()

    assert same(script) == (DONE, len(DATA), DATA)


def test_a_spooled_file_still_rolls_over(same):
    def script(run):
        with tempfile.SpooledTemporaryFile(max_size=100, dir=run.folder) as fp:
            states = [fp._rolled]
            for data in (SHORT, DATA):
                receive(run, fp, data)
                states.append(fp._rolled)
            return states

    assert same(script) == [False, False, True]


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memfd_create here")
def test_a_file_without_a_name(same):
    def script(run):
        with open(os.memfd_create("x"), "w+b") as fp:
            result = receive(run, fp, DATA)
            fp.seek(0)
            return result, fp.read()

    assert same(script) == (DONE, DATA)


# ---------------------------------------------------------------------------------- what looks like a file and is none


def test_a_pair_of_files(same):
    def script(run):
        path = run.path()
        with open(os.devnull, "rb", 0) as reader, open(path, "wb", 0) as writer:
            pair = io.BufferedRWPair(reader, writer)
            result = receive(run, pair, DATA)
            pair.close()
        return result, path.read_bytes()

    assert same(script) == (DONE, DATA)


# ---------------------------------------------------------------------------------- whoever replaces a part is heard


class ShoutingWriter(io.BufferedWriter):
    def write(self, block):
        return super().write(bytes(block).upper())


class ShoutingFile(io.FileIO):
    def write(self, block):
        return super().write(bytes(block).upper())


@pytest.mark.parametrize("way", ["writer", "file", "below"])
def test_a_download_to_subclasses_of_the_files_classes(same, way):
    def script(run):
        path = run.path()
        make = {
            "writer": lambda: ShoutingWriter(io.FileIO(path, "w")),
            "file": lambda: ShoutingFile(path, "w"),
            "below": lambda: io.BufferedWriter(ShoutingFile(path, "w")),
        }[way]
        with make() as fp:
            result = receive(run, fp, b"received")
        return result, path.read_bytes()

    assert same(script) == (DONE, b"RECEIVED")


@both_sizes
@pytest.mark.parametrize("buffering", [-1, 0])
def test_an_instances_own_write(same, buffering, data):
    def script(run):
        path = run.path()
        with open(path, "wb", buffering) as fp:
            below = fp.write
            fp.write = lambda block: below(bytes(block).replace(b"0", b"o"))
            result = receive(run, fp, data)
        return result, path.read_bytes()

    assert same(script) == (DONE, data.replace(b"0", b"o"))


@both_sizes
def test_the_write_below_a_replaced_one(same, data):
    """ftplib calls just what it was given."""

    def script(run):
        path = run.path()
        with open(path, "wb") as fp:
            below = fp.write
            fp.write = fp.flush = fp.tell = lambda *args: pytest.fail("not what was asked for")
            with run.download(data) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", below)
            del fp.write, fp.flush, fp.tell
        return result, path.read_bytes()

    assert same(script) == (DONE, data)


@both_sizes
def test_the_raw_files_own_write(same, data):
    def script(run):
        path, blocks = run.path(), []
        with open(path, "wb") as fp:
            below = fp.raw.write
            fp.raw.write = lambda block: blocks.append(len(block)) or below(block)
            result = receive(run, fp, data)
        return result, path.read_bytes(), bool(blocks)

    assert same(script) == (DONE, data, True)


# ---------------------------------------------------------------------------------- files that can't be written


@pytest.mark.parametrize("data", [DATA, b""], ids=["data", "nothing"])
@pytest.mark.parametrize("state", ["closed", "raw closed", "detached", "read-only", "uninitialised"])
@pytest.mark.parametrize("mode, buffering", [("wb", -1), ("wb", 0), ("r+b", -1)])
def test_files_in_no_state_to_be_written(same, mode, buffering, state, data):
    def script(run):
        path = run.path(content=OLD)
        if state == "read-only":
            mode_here = "rb"
        else:
            mode_here = mode
        fp = open(path, mode_here, buffering)
        write = fp.write
        raw = getattr(fp, "raw", fp)
        if state == "closed":
            fp.close()
        elif state == "raw closed":
            raw.close()
        elif state == "detached" and raw is not fp:
            fp.detach()
        elif state == "uninitialised":
            write = type(fp).__new__(type(fp)).write
        with run.download(data) as ftp:
            result = run.attempt(ftp.retrbinary, "RETR x", write)
        raw.close()
        return result

    outcome = same(script)
    if data and not (state == "detached" and buffering == 0):
        assert outcome[0] == "raised"


@pytest.mark.skipif(sys.platform != "linux", reason="sealed files are Linux's")
def test_a_file_that_must_not_grow(same):
    fcntl = pytest.importorskip("fcntl")
    seal, add_seals = 0x0004, 1033  # F_SEAL_GROW, F_ADD_SEALS

    def script(run):
        descriptor = os.memfd_create("x", os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, 8192)
        fcntl.fcntl(descriptor, add_seals, seal)
        with open(descriptor, "r+b", 0) as fp:
            return receive(run, fp, DATA)[:2], os.pread(descriptor, 8192, 0) == DATA[:8192]

    assert same(script) == (("raised", PermissionError), True)
