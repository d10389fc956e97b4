"""The rate and the progress come from the counter of the loops: native and portable ones, in clear text and TLS."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
import time

import pytest
import rftplib
from rftplib.session import Site
from rftplib.tls import FTPS
from rftplib.transfer import get, put
from support.certificates import client_context, server_context
from support.clients import Loop, native_context
from support.file_server import PATIENCE, FileServer
from support.real import content
from support.transfers import NATIVE

RATE = 400_000
DATA = content(200_000)


class Foreign(socket.socket):
    """Not exactly a socket.socket: no native loop may touch it."""


def by_foreign_sockets(address, timeout, source_address=None):
    sock = socket.create_connection(address, timeout)
    foreign = Foreign(sock.family, sock.type, sock.proto, fileno=sock.detach())
    foreign.settimeout(timeout)
    return foreign


@pytest.fixture(params=["native", "foreign sockets", "foreign loop", "ssl", "native-tls"])
def way(request):
    return request.param


@pytest.fixture
def server():
    with FileServer({"a": DATA}, tls=server_context()) as server:
        yield server


@pytest.fixture
def site(server, way):
    def factory(site):
        if way == "ssl":
            return FTPS(context=client_context())
        if way == "native-tls":
            return FTPS(context=native_context())
        ftp = Loop() if way == "foreign loop" else rftplib.FTP()
        ftp.socket_factory = by_foreign_sockets if way == "foreign sockets" else None
        return ftp

    scheme = "ftpes" if "tls" in way or way == "ssl" else "ftp"
    site = Site(server.url.replace("ftp:", scheme + ":"), factory=factory, timeouts=PATIENCE)
    yield site
    site.close()


class Bar:
    def __init__(self):
        self.told, self.threads = [], set()

    def set_size(self, size):
        self.size = size

    def relative_update(self, change):
        self.told.append(change)
        self.threads.add(threading.get_ident())


def test_the_rate_of_a_download(site, local):
    """A rate is kept, and told of as it goes. That a busy machine is slower says nothing."""
    bar = Bar()
    done = get(site, "a", local / "a", rate=RATE, progress=bar)
    assert (local / "a").read_bytes() == DATA
    assert done.seconds > 0.9 * len(DATA) / RATE
    assert (bar.size, sum(bar.told), bar.threads) == (len(DATA), len(DATA), {threading.get_ident()})
    assert 1 < len(bar.told) < 5 + 12 * done.seconds


def test_the_rate_of_an_upload(site, server, way, local):
    (local / "b").write_bytes(DATA)
    bar = Bar()
    done = put(site, local / "b", "b", rate=RATE, progress=bar)
    assert bytes(server.files["b"].content) == DATA
    assert done.seconds > 0.9 * len(DATA) / RATE
    assert (bar.size, sum(bar.told), bar.threads) == (len(DATA), len(DATA), {threading.get_ident()})
    assert 1 < len(bar.told) < 5 + 12 * done.seconds


class Moments(Bar):
    """At each moment it is told, how many bytes have arrived, and how long after the beginning, in seconds, it was."""

    def __init__(self, arrived):
        super().__init__()
        self._arrived, self._began, self.moments = arrived, time.monotonic(), []

    def relative_update(self, change):
        super().relative_update(change)
        there = max(self._arrived(), sum(self.told))
        self.moments.append((there, time.monotonic() - self._began))  # later than it was: a busy machine proves nothing


def check_moments(bar):
    """Nothing is made up for that wasn't there to be moved: 0.05 seconds' worth is moved in one go."""
    assert len(bar.moments) > 1
    assert all(there <= RATE * (seconds + 0.06) for there, seconds in bar.moments), bar.moments


def test_at_no_moment_more_has_come_than_the_rate_allows(site, local):
    def arrived():
        return sum(os.path.getsize(local / name) for name in os.listdir(local))

    bar = Moments(arrived)
    get(site, "a", local / "a", rate=RATE, progress=bar)
    check_moments(bar)


def test_at_no_moment_more_has_gone_than_the_rate_allows(site, server, local):
    def arrived():
        return sum(len(file.content) for name, file in list(server.files.items()) if name != "a")

    (local / "b").write_bytes(DATA)
    bar = Moments(arrived)
    put(site, local / "b", "b", rate=RATE, progress=bar)
    check_moments(bar)


def test_which_loop_has_moved_it_is_told(site, way, local, caplog):
    """With a rate and a bar, too, the data goes by Python only where it has to."""
    caplog.set_level("DEBUG", "rftplib.data")
    loop = "Python" if way == "foreign sockets" or not NATIVE else "Rust"
    get(site, "a", local / "a", rate=20 * RATE, progress=Bar())
    put(site, local / "a", "b", rate=20 * RATE, progress=Bar())
    told = [text.split() for text in caplog.messages if "moved by" in text]
    assert [(words[0], words[-1]) for words in told] == [
        *([("RETR", loop)] if way != "foreign loop" else []),  # that loop is the client's own
        ("STOR", loop),
    ]


def test_file_objects(site, server):
    began = time.monotonic()
    fp, bar = io.BytesIO(), Bar()
    get(site, "a", fp, rate=RATE, progress=bar)
    assert fp.getvalue() == DATA
    put(site, io.BytesIO(DATA), "b", rate=2 * RATE)
    assert bytes(server.files["b"].content) == DATA
    assert time.monotonic() - began > 0.9 * 1.5 * len(DATA) / RATE
    assert len(bar.told) > 2


def test_a_signal_ends_the_slowest_transfer(site, local):
    """Ctrl-C needn't wait until a byte more may come."""

    class Interrupt(Bar):
        def relative_update(self, change):
            super().relative_update(change)
            if len(self.told) == 2:
                os.kill(os.getpid(), signal.SIGINT)

    bar = Interrupt()
    with pytest.raises(KeyboardInterrupt):
        get(site, "a", local / "a", rate=20, progress=bar)
    assert not (local / "a").exists()
    assert sum(bar.told) < 1000


@pytest.mark.parametrize("rate", [0.5, 1e12])
def test_rates_at_the_limits(site, local, rate):
    """The least rate that makes sense doesn't hang at the beginning; the greatest is none."""
    bar = Bar()
    if rate > 1:
        assert get(site, "a", local / "a", rate=rate).size == len(DATA)
        return

    class Enough(Exception):
        pass

    def enough(change):
        raise Enough

    bar.relative_update = enough
    with pytest.raises(Enough):
        get(site, "a", local / "a", rate=rate, progress=bar)
