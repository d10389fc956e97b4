"""retrbinary of little data, and where it becomes much: small files take a way of their own up to their end."""

from __future__ import annotations

import io
import os
import queue
import socket
import threading

import pytest

pytest.importorskip("resource")

from support.transfers import DONE, LIMIT, NATIVE, Run  # noqa: E402
from support.trouble import RESET, unread  # noqa: E402
from support.waiting import until  # noqa: E402

# around what is received before the loops begin, and around the block size
LENGTHS = [0, 1, 8191, 8192, 8193, 16_383, 16_384, 16_385, 24_000, 100_000]
DATA = b"".join(b"%07d." % number for number in range(20_000))
lengths = pytest.mark.parametrize("length", LENGTHS)


@lengths
@pytest.mark.parametrize("blocksize", [1 << 16, 8192, 1000])
@pytest.mark.parametrize("kind", ["function", "list"])
def test_blocks(plain, kind, blocksize, length):
    """Each block is at most as long as asked for, and none is empty."""

    def script(run):
        blocks = []
        with run.download(DATA[: length // 2], DATA[length // 2 : length]) as ftp:
            append = blocks.append if kind == "list" else lambda block: blocks.append(block)
            result = run.attempt(ftp.retrbinary, "RETR x", append, blocksize)
        sizes = {0 < len(block) <= blocksize for block in blocks}
        return result, sizes, {type(block) for block in blocks}, b"".join(blocks)

    found = plain(script)
    assert (found[0], found[3]) == (DONE, DATA[:length])
    assert found[1] <= {True} and found[2] <= {bytes}


@lengths
@pytest.mark.parametrize("buffering", [-1, 0, 10])
def test_into_a_file(plain, buffering, length):
    def script(run):
        path = run.path(content=b"old" * 10_000)
        with open(path, "r+b", buffering) as fp:
            fp.seek(2)
            with run.download(DATA[:length]) as ftp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
            position = fp.tell()
            behind = fp.read(4)
        return result, position, behind, path.read_bytes()

    result, position, _, content = plain(script)
    assert (result, position, content[2:position]) == (DONE, 2 + length, DATA[:length])


@lengths
def test_into_memory(plain, length):
    def script(run):
        into, array = io.BytesIO(b"0123456789"), bytearray(b"before")
        into.seek(4)
        with run.download(DATA[:length]) as ftp:
            first = run.attempt(ftp.retrbinary, "RETR x", into.write)
        with run.download(DATA[:length]) as ftp:
            second = run.attempt(ftp.retrbinary, "RETR x", array.extend)
        return first, second, into.tell(), into.getvalue(), bytes(array)

    assert plain(script)[:3] == (DONE, DONE, 4 + length)


@pytest.mark.parametrize("length", [1, 5000, 16_384, 20_000])
@pytest.mark.parametrize("kind", ["file", "raw file", "function"])
def test_broken_off(plain, kind, length):
    """What has come before a reset has been handed out when the reset is raised."""

    def script(run):
        path, blocks, connections = run.path(), [], queue.Queue()

        def peer(far):
            near = connections.get(timeout=LIMIT)
            far.sendall(DATA[:length])
            until(lambda: unread(near) == 0)  # all of it has been received
            far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

        with run.against(peer) as ftp:
            connections.put(ftp.transfercmd(""))
            if kind == "function":
                result = run.attempt(ftp.retrbinary, "RETR x", lambda block: blocks.append(block))
                return result[:3], b"".join(blocks)
            with open(path, "wb", 0 if kind == "raw file" else -1) as fp:
                result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
                position = fp.tell()
        return result[:3], position, path.read_bytes()

    assert plain(script)[-1] == DATA[:length]


def test_not_held_back(plain):
    """What has come is in the file soon, also if no more comes for a while."""

    def script(run):
        path = run.path(content=b"")

        def peer(far):
            far.sendall(b"first")
            if run.way == "native" and NATIVE:
                until(lambda: path.read_bytes() == b"first")
            far.sendall(b"second")

        with open(path, "wb") as fp, run.against(peer) as ftp:
            result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
        return result, path.read_bytes()

    assert plain(script) == (DONE, b"firstsecond")


def test_the_timeout_counts_from_the_beginning(plain):
    """However many waits it takes, nothing comes for so long and no longer."""

    def script(run):
        def peer(far):
            far.sendall(b"x")
            far.recv(1)  # until the client closes

        with run.against(peer) as ftp:
            ftp.transfercmd("").settimeout(0.15)
            return run.attempt(ftp.retrbinary, "RETR x", lambda block: None)[:3]

    kind, error, args = plain(script)
    assert (kind, error.__name__, args) == (
        "raised",
        "TimeoutError" if error is TimeoutError else "timeout",
        ("timed out",),
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_close_in_a_forked_child(tmp_path):
    """A transfer that another thread of the parent is in the middle of is the parent's."""
    blocks, run = [], Run("native", tmp_path)
    begun, forked = threading.Event(), threading.Event()

    def peer(far):
        far.sendall(b"first")
        assert forked.wait(LIMIT)
        far.sendall(b"second")

    def receive(block):
        blocks.append(block)
        begun.set()

    with run.against(peer) as ftp:
        thread = threading.Thread(target=ftp.retrbinary, args=("RETR x", receive))
        thread.start()
        try:
            assert begun.wait(LIMIT)
            child = os.fork()
            if child == 0:
                try:
                    ftp.close()
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
        finally:
            forked.set()
            thread.join(LIMIT)
    assert b"".join(blocks) == b"firstsecond"
