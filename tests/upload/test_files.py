"""storbinary from real files and others: the bytes sent, the position afterwards, the blocks a callback sees."""

from __future__ import annotations

import io
import os
import tempfile

import pytest
from support.transfers import DONE

DATA = b"".join(b"%07d." % number for number in range(80_000))
buffered_or_not = pytest.mark.parametrize("buffering", [-1, 0, 10, 1 << 20])
any_size = pytest.mark.parametrize("data", [b"", b"short", DATA], ids=["empty", "short", "long"])


def send(run, fp, *args, **kwargs):
    with run.upload() as ftp:
        result = run.attempt(ftp.storbinary, "STOR x", fp, *args, **kwargs)
    return result, run.arrived


@any_size
@buffered_or_not
@pytest.mark.parametrize("mode", ["rb", "r+b", "a+b"])
def test_a_whole_file(same, mode, buffering, data):
    def script(run):
        with open(run.path(content=data), mode, buffering) as fp:
            fp.seek(0)
            return send(run, fp), fp.tell(), fp.read(), fp.tell()

    assert same(script) == ((DONE, data), len(data), b"", len(data))


@buffered_or_not
@pytest.mark.parametrize("start", [1, 8191, len(DATA) - 1, len(DATA), len(DATA) + 1000])
def test_an_upload_from_a_position_sought(same, start, buffering):
    def script(run):
        with open(run.path(content=DATA), "rb", buffering) as fp:
            fp.seek(start)
            outcome = send(run, fp)
            end = fp.tell()
            fp.seek(5)
            return outcome, end, fp.read(10)

    assert same(script) == ((DONE, DATA[start:]), max(start, len(DATA)), DATA[5:15])


@buffered_or_not
@pytest.mark.parametrize("size", [10, 8000, 9000])
def test_an_upload_after_reading_ahead(same, size, buffering):
    def script(run):
        with open(run.path(content=DATA), "rb", buffering) as fp:
            header = fp.read(size)
            outcome = send(run, fp)
            end = fp.tell()
            fp.seek(0)
            return header, outcome, end, fp.read()

    assert same(script) == (DATA[:size], (DONE, DATA[size:]), len(DATA), DATA)


def test_after_a_peek_and_a_line(same):
    def script(run):
        with open(run.path(content=b"line\n" + DATA), "rb") as fp:
            line, peeked = fp.readline(), fp.peek(3)[:3]
            return line, peeked, send(run, fp), fp.tell()

    assert same(script) == (b"line\n", DATA[:3], (DONE, DATA), len(DATA) + 5)


def test_a_small_file_that_is_all_in_the_buffer(same):
    def script(run):
        with open(run.path(content=b"0123456789"), "rb") as fp:
            fp.read(3)
            outcome = send(run, fp), fp.tell()
            fp.seek(4)
            return outcome, fp.read(2), send(run, fp), fp.tell()

    assert same(script) == (((DONE, b"3456789"), 10), b"45", (DONE, b"6789"), 10)


@pytest.mark.parametrize("buffering", [-1, 10, 1 << 20])
def test_what_was_written_and_not_flushed_is_sent(same, buffering):
    def script(run):
        path = run.path(content=DATA)
        with open(path, "r+b", buffering) as fp:
            fp.seek(100)
            fp.write(b"new")
            fp.seek(50)
            outcome = send(run, fp)
            end = fp.tell()
        return outcome, end, path.read_bytes()

    changed = DATA[:100] + b"new" + DATA[103:]
    assert same(script) == ((DONE, changed[50:]), len(DATA), changed)


def test_right_after_a_write(same):
    def script(run):
        path = run.path(content=DATA)
        with open(path, "r+b") as fp:
            fp.write(b"new")
            outcome = send(run, fp)
            fp.write(b"end")
            return outcome, fp.tell(), path.read_bytes()[:3]

    assert same(script) == ((DONE, DATA[3:]), len(DATA) + 3, b"new")


def test_the_same_file_twice(same):
    def script(run):
        with open(run.path(content=DATA), "rb") as fp:
            first = send(run, fp)
            again = send(run, fp)
            fp.seek(0)
            return first, again, send(run, fp)

    assert same(script) == ((DONE, DATA), (DONE, b""), (DONE, DATA))


def test_a_file_that_grew_after_it_was_read_from(same):
    def script(run):
        path = run.path(content=b"x" * 100)
        with open(path, "rb") as fp:
            fp.read(10)
            with open(path, "ab") as other:
                other.write(DATA)
            return send(run, fp), fp.tell(), fp.read()

    assert same(script) == ((DONE, b"x" * 90 + DATA), 100 + len(DATA), b"")


@pytest.mark.parametrize("timeout", [None, 30.0])
def test_blocking_or_not(plain, timeout):
    """sendfile needs the connection non-blocking; whatever mode it is in is given back."""

    def script(run):
        with open(run.path(content=DATA * 20), "rb") as fp:
            with run.upload() as ftp:
                conn = ftp.transfercmd("STOR x")
                conn.settimeout(timeout)
                shared = os.dup(conn.fileno())
                before = os.get_blocking(shared)
                outcome = run.attempt(ftp.storbinary, "STOR x", fp)
                after = os.get_blocking(shared)
                os.close(shared)
            return outcome, run.arrived == DATA * 20, before, after

    assert plain(script) == (DONE, True, timeout is None, timeout is None)


def test_a_file_that_is_shorter_than_the_position(same):
    def script(run):
        path = run.path(content=DATA)
        with open(path, "rb") as fp:
            fp.seek(50_000)
            os.truncate(path, 100)
            return send(run, fp), fp.tell()

    assert same(script) == ((DONE, b""), 50_000)


@pytest.mark.parametrize("buffering", [-1, 0])
def test_sparse_files(same, buffering):
    def script(run):
        path = run.path(content=b"begin")
        os.truncate(path, 1_000_000)
        with open(path, "rb", buffering) as fp:
            return send(run, fp), fp.tell()

    assert same(script) == ((DONE, b"begin" + bytes(999_995)), 1_000_000)


MADE_UP = ["/proc/filesystems", "/proc/self/auxv", "/sys/kernel/mm/transparent_hugepage/enabled"]


@pytest.mark.parametrize("path", [path for path in MADE_UP if os.path.exists(path)])
def test_files_that_the_kernel_makes_up(same, path):
    """They say they are regular and empty, and can't be sent by sendfile."""

    def script(run):
        with open(path, "rb") as fp:
            return send(run, fp), fp.tell()

    (outcome, sent), end = same(script)
    assert (outcome, end) == (DONE, len(sent))
    assert sent


@pytest.mark.parametrize("make", [tempfile.TemporaryFile, tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile])
def test_an_upload_from_temporary_files(same, make):
    def script(run):
        with make(dir=run.folder) as fp:
            fp.write(DATA)
            fp.seek(9)
            return send(run, fp), fp.tell()

    assert same(script) == ((DONE, DATA[9:]), len(DATA))


# ---------------------------------------------------------------------------------- blocks and callbacks


@pytest.mark.parametrize("blocksize", [1000, 8192, 100_000, 1 << 30])
@pytest.mark.parametrize("source", ["file", "unbuffered", "BytesIO"])
def test_the_callback_sees_each_block(same, source, blocksize):
    def script(run):
        blocks = []
        make = {
            "file": lambda: open(run.path(content=DATA), "rb"),
            "unbuffered": lambda: open(run.path(content=DATA), "rb", 0),
            "BytesIO": lambda: io.BytesIO(DATA),
        }[source]
        with make() as fp:
            return send(run, fp, blocksize, blocks.append), blocks, fp.tell()

    (outcome, blocks, end) = same(script)
    assert (outcome, b"".join(blocks), end) == ((DONE, DATA), DATA, len(DATA))


def test_a_callback_that_is_false(same):
    class Callback(list):
        def __call__(self, block):
            self.append(block)

    def script(run):
        callback = Callback()  # empty, so false: never called
        with open(run.path(content=DATA), "rb") as fp:
            return send(run, fp, callback=callback), list(callback)

    assert same(script) == ((DONE, DATA), [])


def test_what_the_callback_of_storbinary_raises(same):
    class Refusal(Exception):
        pass

    def script(run):
        def callback(block):
            if len(blocks) == 3:
                raise Refusal("no")
            blocks.append(block)

        blocks = []
        with open(run.path(content=DATA), "rb") as fp:
            return send(run, fp, 1000, callback), fp.tell(), b"".join(blocks)

    assert same(script) == ((("raised", Refusal, ("no",), "no"), DATA[:4000]), 4000, DATA[:3000])


# ---------------------------------------------------------------------------------- whoever replaces a part is heard


class ShoutingReader(io.BufferedReader):
    def read(self, size=-1):
        return super().read(size).upper()


class ShoutingFile(io.FileIO):
    def readinto(self, buffer):
        count = super().readinto(buffer)
        buffer[:count] = bytes(buffer[:count]).upper()
        return count

    def read(self, size=-1):
        return super().read(size).upper()


@pytest.mark.parametrize("way", ["reader", "file", "below"])
def test_an_upload_from_subclasses_of_the_files_classes(same, way):
    def script(run):
        path = run.path(content=b"sent")
        make = {
            "reader": lambda: ShoutingReader(io.FileIO(path)),
            "file": lambda: ShoutingFile(path),
            "below": lambda: io.BufferedReader(ShoutingFile(path)),
        }[way]
        with make() as fp:
            return send(run, fp)

    assert same(script) == (DONE, b"SENT")


@pytest.mark.parametrize("mode, buffering", [("rb", -1), ("r+b", -1), ("rb", 0)])
def test_an_instances_own_read(same, mode, buffering):
    """How people show progress."""

    def script(run):
        asked = []
        with open(run.path(content=DATA), mode, buffering) as fp:
            below = fp.read
            fp.read = lambda size: asked.append(size) or below(size).replace(b"0", b"o")
            return send(run, fp, 50_000), asked, fp.tell()

    (outcome, asked, end) = same(script)
    assert (outcome, set(asked), end) == ((DONE, DATA.replace(b"0", b"o")), {50_000}, len(DATA))


def test_storbinary_calls_the_raw_files_own_readinto(same):
    def script(run):
        calls = []
        with open(run.path(content=DATA), "rb") as fp:
            below = fp.raw.readinto
            fp.raw.readinto = lambda buffer: calls.append(len(buffer)) or below(buffer)
            return send(run, fp), bool(calls)

    assert same(script) == ((DONE, DATA), True)


def test_other_names_in_the_files_dict_do_no_harm(same):
    def script(run):
        with open(run.path(content=DATA), "rb") as fp:
            fp.label = "mine"
            fp.raw.label = "mine, too"
            return send(run, fp), fp.tell()

    assert same(script) == ((DONE, DATA), len(DATA))


@pytest.mark.parametrize("state", ["closed", "raw closed", "detached", "write-only", "uninitialised"])
@pytest.mark.parametrize("mode, buffering", [("rb", -1), ("rb", 0), ("r+b", -1)])
def test_storbinary_of_files_in_no_state_to_be_read(same, mode, buffering, state):
    def script(run):
        path = run.path(content=DATA)
        fp = open(path, "wb" if state == "write-only" else mode, buffering)
        raw = getattr(fp, "raw", fp)
        if state == "closed":
            fp.close()
        elif state == "raw closed":
            raw.close()
        elif state == "detached" and raw is not fp:
            fp.detach()
        elif state == "uninitialised":
            fp = type(fp).__new__(type(fp))
        outcome = send(run, fp)
        raw.close()
        return outcome

    (outcome, sent) = same(script)
    if not (state == "detached" and buffering == 0):
        assert (outcome[0], sent) == ("raised", b"")
