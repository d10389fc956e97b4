"""A process that is killed in a transfer: no final name has a part at any time, and the next one goes on."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import signal

import pytest
from rftplib.session import Site
from rftplib.transfer import get, put
from support.actions import reset
from support.file_server import FileServer, rnto
from support.killed import kill, killed, process, whole
from support.real import content

SIZE = 8_000_000
DATA = content(SIZE)
OLD = b"old"
AHEAD = 50_000  # how many bytes come between two kills, at the least
pytestmark = pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
long = pytest.mark.long
times = pytest.mark.parametrize("times", [3, pytest.param(10, marks=long)])
# each server, and one under TLS
five = pytest.mark.endpoints(
    where=lambda endpoint: endpoint.protection == "plain" or str(endpoint) == "vsftpd-ipv4-tls1.3"
)

# slow enough for ten kills by whoever has to wait for the machine
CHILD = """
import sys
from rftplib.transfer import get, put
from rftplib.session import Site
verb, url, one, other, *rate = sys.argv[1:]
{"get": get, "put": put}[verb](Site(url), one, other, rate=float(rate[0]) if rate else None)
"""


def command(*arguments):
    return ["-c", CHILD, *arguments]


def size_of_part(folder):
    return max((os.path.getsize(folder / name) for name in os.listdir(folder) if name.endswith(".part")), default=0)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def kill_downloads(url, local, times):
    """Returns how much is there in the end."""
    before = 0
    for _ in range(times):
        killed(
            command("get", url, "a", local / "a", 200_000),
            lambda: whole(local / "a", OLD),
            lambda at_least=before + AHEAD: size_of_part(local) > at_least,
        )
        before = size_of_part(local)
    return before


@times
def test_gets_that_are_killed(local, times):
    (local / "a").write_bytes(OLD)
    with FileServer({"a": DATA}) as server:
        before = kill_downloads(server.url, local, times)
        done = get(server.site, "a", local / "a")
    assert (local / "a").read_bytes() == DATA
    assert done.resumed_at == before
    assert os.listdir(local) == ["a"]


@times
def test_puts_that_are_killed(local, times):
    def look():
        assert bytes(server.files["b"].content) == OLD

    def on_server():
        return max((len(file.content) for name, file in list(server.files.items()) if name != "b"), default=0)

    (local / "a").write_bytes(DATA)
    with FileServer({"b": OLD}) as server:
        before = 0
        for _ in range(times):
            killed(
                command("put", server.url, local / "a", "b", 200_000),
                look,
                lambda at_least=before + AHEAD: on_server() > at_least,
            )
            before = on_server()
        done = put(server.site, local / "a", "b")
        assert bytes(server.files["b"].content) == DATA
        assert list(server.files) == ["b"]
    assert done.resumed_at >= before


@long
@five
def test_gets_that_are_killed_on_real_servers(work, local):
    work.put("a", DATA)
    before = kill_downloads(work.endpoint.url(work.name), local, 10)
    assert not (local / "a").exists()
    with contextlib.closing(Site(work.endpoint.url(work.name))) as site:
        done = get(site, "a", local / "a")
    assert sha256((local / "a").read_bytes()) == sha256(DATA)
    assert (done.resumed_at, done.attempts, os.listdir(local)) == (before, 1, ["a"])


@long
@five
def test_puts_that_are_killed_on_real_servers(work, local):
    (local / "a").write_bytes(DATA)
    work.put("b", OLD)
    before = 0
    for _ in range(10):
        killed(
            command("put", work.endpoint.url(work.name), local / "a", "b", 200_000),
            lambda: whole(work.path / "b", OLD),
            lambda at_least=before + AHEAD: size_of_part(work.path) > at_least,
        )
        before = size_of_part(work.path)
    assert (work.path / "b").read_bytes() == OLD
    with contextlib.closing(Site(work.endpoint.url(work.name))) as site:
        done = put(site, local / "a", "b")
    assert sha256((work.path / "b").read_bytes()) == sha256(DATA)
    assert done.resumed_at >= before
    assert os.listdir(work.path) == ["b"]


def kill_at(verb, action, arguments, server):
    """Run that, and kill it when the server gets that command, for the second time where it is SIZE."""
    children, ended = queue.Queue(), queue.Queue()
    calls = iter(range(1000))
    before = server.replies[verb]

    def kill_it(session):
        if verb == "SIZE" and not next(calls):
            session.perform(before)
            return
        if action is not None:
            session.perform(action)
        kill(children.get(timeout=60))
        ended.put(True)
        reset(session)

    server.replies[verb] = kill_it
    with process(command(*arguments)) as child:
        children.put(child)
        assert ended.get(timeout=60)
    server.replies[verb] = before


def test_a_download_that_has_only_to_be_proved(local):
    """All of it is there, but its name."""
    with FileServer({"a": DATA}) as server:
        kill_at("SIZE", None, ["get", server.url, "a", local / "a"], server)
        assert not (local / "a").exists()
        assert size_of_part(local) == SIZE
        done = get(server.site, "a", local / "a")
    assert ((local / "a").read_bytes(), done.resumed_at) == (DATA, SIZE)


@pytest.mark.parametrize("verb, action, named", [("RNFR", None, False), ("RNTO", None, False), ("RNTO", rnto, True)])
def test_an_upload_that_is_about_to_get_its_name(local, verb, action, named):
    (local / "a").write_bytes(DATA)
    with FileServer({"b": OLD}) as server:
        kill_at(verb, action, ["put", server.url, local / "a", "b"], server)
        assert bytes(server.files["b"].content) == (DATA if named else OLD)
        done = put(server.site, local / "a", "b")
        assert bytes(server.files["b"].content) == DATA
        assert list(server.files) == ["b"]
    assert done.resumed_at == (0 if named else SIZE)


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
