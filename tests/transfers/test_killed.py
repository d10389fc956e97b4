"""A process that is killed in the middle of a transfer: no final name has a part, and the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from rftplib.transfer import get, put
from support.file_server import FileServer
from support.real import content

SIZE = 3_000_000
DATA = content(SIZE)
pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")

CHILD = """
import sys
from rftplib.transfer import get, put
from rftplib.session import Site
verb, url, one, other = sys.argv[1:]
{"get": get, "put": put}[verb](Site(url), one, other, rate=500_000)
"""


def killed(arguments, moved):
    """Run that transfer in a process of its own, and kill it once `moved()` is true."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, *map(str, arguments)])
    deadline = time.monotonic() + 60
    while not moved():
        assert child.poll() is None, "it has ended"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    assert child.wait(30) == -signal.SIGKILL


def size_of_part(folder):
    return max((os.path.getsize(folder / name) for name in os.listdir(folder) if name.endswith(".part")), default=0)


def test_downloads(local):
    with FileServer({"a": DATA}) as server:
        before = 0
        for _ in range(3):
            killed(
                ["get", server.url, "a", local / "a"], lambda at_least=before + 50_000: size_of_part(local) > at_least
            )
            assert not (local / "a").exists()
            before = size_of_part(local)
        done = get(server.site, "a", local / "a")
    assert (local / "a").read_bytes() == DATA
    assert done.resumed_at == before
    assert os.listdir(local) == ["a"]


def test_puts_that_are_killed(local):
    def on_server():
        return max((len(file.content) for name, file in server.files.items() if name != "b"), default=0)

    (local / "a").write_bytes(DATA)
    with FileServer({"b": b"old"}) as server:
        before = 0
        for _ in range(3):
            killed(["put", server.url, local / "a", "b"], lambda at_least=before + 50_000: on_server() > at_least)
            assert bytes(server.files["b"].content) == b"old"
            before = on_server()
        done = put(server.site, local / "a", "b")
        assert bytes(server.files["b"].content) == DATA
        assert list(server.files) == ["b"]
    assert done.resumed_at >= before


def test_interrupted_by_the_keyboard(local):
    """Ctrl-C: what is there stays, under its temporary name, and the final one isn't there."""

    class Bar:
        def set_size(self, size):
            pass

        def relative_update(self, change):
            os.kill(os.getpid(), signal.SIGINT)

    (local / "a").write_bytes(DATA)
    with FileServer({"c": DATA}) as server:
        with pytest.raises(KeyboardInterrupt):
            put(server.site, local / "a", "b", progress=Bar(), rate=500_000)
        with pytest.raises(KeyboardInterrupt):
            get(server.site, "c", local / "c", progress=Bar(), rate=500_000)
        assert "b" not in server.files
    assert not (local / "c").exists()
