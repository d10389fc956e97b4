"""retrbinary into memory: callables, list.append, bytearray.extend, BytesIO.write."""

from __future__ import annotations

import collections
import functools
import io
import socket
import ssl
import zlib

import pytest
from support.transfers import DONE, NATIVE

# Not the same twice within any block size, so that a lost, doubled or swapped block shows.
DATA = b"".join(b"%07d." % number for number in range(40_000))


@pytest.mark.parametrize("blocksize", [1, 7, 8191, 8192, 8193, 131_072, 131_073, 1 << 20])
@pytest.mark.parametrize("sink", ["list.append", "function", "method", "deque.append", "partial"])
def test_no_block_is_longer_than_blocksize(same, sink, blocksize):
    data = DATA[:3000] if blocksize < 100 else DATA

    class Taker:
        def __init__(self):
            self.blocks = []

        def take(self, block):
            self.blocks.append(block)

    def script(run):
        taker = Taker()
        if sink == "deque.append":
            taker.blocks = collections.deque()
        callback = {
            "list.append": taker.blocks.append,
            "deque.append": taker.blocks.append,
            "function": lambda block: taker.blocks.append(block),
            "method": taker.take,
            "partial": functools.partial(Taker.take, taker),
        }[sink]
        with run.download(data) as ftp:
            result = run.attempt(ftp.retrbinary, "RETR x", callback, blocksize)
        assert all(type(block) is bytes and 0 < len(block) <= blocksize for block in taker.blocks)
        return result, b"".join(taker.blocks)

    assert same(script) == (DONE, data)


BLOCKSIZES = [
    1,
    8,
    16384,
    1 << 20,
    1 << 31,
    0,
    -1,
    -8,
    None,
    "8",
    b"8",
    3.0,
    2.5,
    True,
    False,
    1 << 63,
    -(1 << 63),
    10**30,
]
BLOCKSIZES += [[]]


@pytest.mark.parametrize("blocksize", BLOCKSIZES, ids=repr)
@pytest.mark.parametrize("sink", ["list", "BytesIO", "bytearray", "file"])
def test_odd_block_sizes(plain, sink, blocksize):
    """What `ftplib` makes of them; those that are sizes go to the native loops."""

    def script(run):
        blocks, memory, array = [], io.BytesIO(), bytearray()
        with open(run.path(), "wb") as file, run.download(b"abc") as ftp:
            sinks = {"list": blocks.append, "BytesIO": memory.write, "bytearray": array.extend, "file": file.write}
            outcome = run.attempt(ftp.retrbinary, "RETR x", sinks[sink], blocksize)
        return outcome, b"".join(blocks), memory.getvalue(), array, run.path().read_bytes()

    plain(script, native=type(blocksize) is int and 0 < blocksize < 1 << 63)


class Index:
    def __index__(self):
        return 2


def test_block_size_by_index(same):
    def script(run):
        blocks = []
        with run.download(b"abc") as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", blocks.append, Index()), b"".join(blocks), len(blocks)

    assert same(script, native=False) == (DONE, b"abc", 2)


@pytest.mark.parametrize("start", [b"", b"before"])
def test_bytearray_extend(same, start):
    def script(run):
        into = bytearray(start)
        with run.download(DATA) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", into.extend), bytes(into)

    assert same(script) == (DONE, start + DATA)


def test_bytearray_that_cannot_grow(same):
    def script(run):
        into = bytearray(b"before")
        with memoryview(into), run.download(DATA) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", into.extend), bytes(into)

    outcome, content = same(script)
    assert (outcome[1], content) == (BufferError, b"before")


@pytest.mark.parametrize("position", [0, 3, 6, 600_000])
def test_bytesio_write(same, position):
    def script(run):
        into = io.BytesIO(b"before" * 2)
        into.seek(position)
        with run.download(DATA) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", into.write), into.tell(), into.getvalue()

    outcome, end, content = same(script)
    assert (outcome, end) == (DONE, position + len(DATA))
    assert content[position:end] == DATA


def test_bytesio_whose_buffer_is_exported(same):
    def script(run):
        into = io.BytesIO(b"x" * len(DATA) * 2)
        with into.getbuffer() as view, run.download(DATA) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", into.write), into.tell(), bytes(view[:4])

    outcome, position, content = same(script)
    assert (outcome[1], position, content) == (BufferError, 0, b"xxxx")


@pytest.mark.parametrize("data", [DATA, b""])
def test_closed_bytesio(same, data):
    def script(run):
        into = io.BytesIO()
        write = into.write
        into.close()
        with run.download(data) as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", write)

    assert (same(script)[0] == "raised") == bool(data)


class MarkingList(list):
    def append(self, block):
        super().append(("marked", block))


class ReversingBytearray(bytearray):
    def extend(self, block):
        super().extend(block[::-1])


class ReversingBytesIO(io.BytesIO):
    def write(self, block):
        return super().write(block[::-1])


def test_subclasses_methods_are_called(same):
    def script(run):
        sinks = MarkingList(), ReversingBytearray(), ReversingBytesIO()
        for callback in (sinks[0].append, sinks[1].extend, sinks[2].write):
            with run.download(b"abc") as ftp:
                ftp.retrbinary("RETR x", callback)
        return list(sinks[0]), bytes(sinks[1]), sinks[2].getvalue()

    assert same(script) == ([("marked", b"abc")], b"cba", b"cba")


def test_a_base_classs_method_bound_to_a_subclasss_object(same):
    def script(run):
        sinks = MarkingList(), ReversingBytearray(), ReversingBytesIO()
        callbacks = list.append, bytearray.extend, io.BytesIO.write
        for sink, method in zip(sinks, callbacks):
            with run.download(b"abc") as ftp:
                ftp.retrbinary("RETR x", method.__get__(sink))
        return list(sinks[0]), bytes(sinks[1]), sinks[2].getvalue()

    assert same(script) == ([b"abc"], b"abc", b"abc")


def test_an_instances_own_write_and_the_one_below_it(same):
    def script(run):
        into, seen = io.BytesIO(), []
        below = into.write
        into.write = lambda block: seen.append(block)
        with run.download(b"abc") as ftp:
            ftp.retrbinary("RETR x", into.write)
        with run.download(b"def") as ftp:
            ftp.retrbinary("RETR x", below)
        return seen, into.getvalue()

    assert same(script) == ([b"abc"], b"def")


def test_builtin_methods_that_only_have_a_known_name(same):
    """`append`, `extend` and `write` of other types take what they take: one block at a time."""

    class Extendable:
        def __init__(self):
            self.parts = []

        def extend(self, block):
            self.parts.append(block)

    def script(run):
        mine, checksum = Extendable(), zlib.compressobj()
        numbers = []
        results = []
        for callback in (mine.extend, checksum.compress, numbers.extend):
            with run.download(DATA) as ftp:
                results.append(run.attempt(ftp.retrbinary, "RETR x", callback, 8192))
        assert max(map(len, mine.parts)) <= 8192
        return results, b"".join(mine.parts), bytes(numbers)

    assert same(script) == ([DONE] * 3, DATA, DATA)


class Refusal(Exception):
    pass


# errors of the connection's own kinds are the callback's, too
RAISED = [Refusal("no"), StopIteration(1), KeyboardInterrupt(), SystemExit(3)]
RAISED += [OSError("mine"), ssl.SSLEOFError(8, "mine"), socket.timeout("mine")]


@pytest.mark.parametrize("error", RAISED)
@pytest.mark.parametrize("blocks_before", [0, 1, 30])
def test_what_the_callback_raises_ends_the_transfer(same, error, blocks_before):
    def script(run):
        seen = []

        def callback(block):
            if len(seen) == blocks_before:
                raise error
            seen.append(block)

        with run.download(DATA) as ftp:
            conn = ftp.transfercmd("RETR x")
            with pytest.raises(type(error)) as caught:
                ftp.retrbinary("RETR x", callback, 1000)
            assert caught.value is error
            assert caught.value.__cause__ is None
            return b"".join(seen)[: blocks_before * 10], len(seen), conn.fileno()

    assert same(script)[1:] == (blocks_before, -1)


@pytest.mark.parametrize("callback", [None, 3, "write"])
def test_what_is_no_callable(same, callback):
    def script(run):
        with run.download(b"abc") as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", callback)

    assert same(script)[1] is TypeError


def test_what_is_no_callable_is_no_matter_when_nothing_comes(same):
    def script(run):
        with run.download() as ftp:
            return run.attempt(ftp.retrbinary, "RETR x", None)

    assert same(script) == DONE


@pytest.mark.xfail(NATIVE, reason="the rest of what was received at once is still handed out", strict=True)
def test_the_connection_closed_by_the_callback(plain):
    def script(run):
        seen = []
        with run.download(DATA) as ftp:
            conn = ftp.transfercmd("RETR x")

            def callback(block):
                seen.append(block)
                conn.close()

            return run.attempt(ftp.retrbinary, "RETR x", callback, 100), len(seen)

    assert plain(script)[1] == 1


def test_a_callback_that_transfers_with_another_object(same):
    def script(run):
        inner, outer = [], []

        def callback(block):
            outer.append(block)
            with run.download(b"inner") as other:
                other.retrbinary("RETR y", inner.append)

        with run.download(DATA[:1000]) as ftp:
            result = run.attempt(ftp.retrbinary, "RETR x", callback, 100)
        return result, b"".join(outer), set(inner)

    assert same(script) == (DONE, DATA[:1000], {b"inner"})
