"""Uploads by transfercmd(), sendall() and close(), as scripts have them, over TLS 1.3: they arrive whole.

The server's session tickets lie unread when the socket is closed. The kernel resets such a connection, and the server
may lose what it hasn't read.
"""

from __future__ import annotations

import gc
import io
import os
import socket
import ssl

import pytest
import rftplib
from servers.layout import certificate
from support.certificates import client_context
from support.clients import native_context
from support.ftps import content
from support.waiting import until

SIZES = [24_576, *(pytest.param(size, marks=pytest.mark.long) for size in (1, 200_000, 5_000_000))]
SIZE = pytest.mark.parametrize("size", SIZES)
NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"


def by_close(conn, data):
    conn.sendall(data)
    conn.close()


def by_with(conn, data):
    with conn:
        conn.sendall(data)


def by_file(conn, data):
    with conn, conn.makefile("wb") as file:
        file.write(data)


def by_unwrap(conn, data):
    conn.sendall(data)
    conn.unwrap().close()


def by_shutdown(conn, data):
    conn.sendall(data)
    conn.shutdown(socket.SHUT_WR)
    conn.close()


def by_collector(conns, data):
    conns.pop().sendall(data)
    gc.collect()


WAYS = pytest.mark.parametrize(
    "way", [by_close, by_with, by_file, by_unwrap, by_shutdown], ids=lambda way: way.__name__
)


def client(work, kind):
    if kind == "ssl":
        return work.client()
    return work.client(context=native_context(certificate("ca.crt"), work.endpoint.version))


@pytest.mark.tls13
@pytest.mark.servers("pyftpdlib", "vsftpd", long=("proftpd", "pureftpd"))
@pytest.mark.parametrize("kind", ["ssl", "native"])
@SIZE
@WAYS
def test_it_arrives_whole(work, size, way, kind):
    """At every size, many times: what was lost was lost now and then."""
    ftp, data = client(work, kind), content(size)
    ftp.voidcmd("TYPE I")
    for number in range(3 if size > 1_000_000 else 10):
        way(ftp.transfercmd(f"STOR file-{number}"), data)
        assert ftp.voidresp()[:3] == "226"
        assert (work.path / f"file-{number}").read_bytes() == data
        (work.path / f"file-{number}").unlink()
    assert ftp.voidcmd("NOOP")


@pytest.mark.tls13
@pytest.mark.servers("pyftpdlib", "vsftpd", long=("proftpd", "pureftpd"))
@pytest.mark.parametrize("kind", ["ssl", "native"])
@pytest.mark.parametrize("size", [24_576, 200_000])
def test_one_that_is_never_closed_by_hand(work, kind, size):
    """The last reference to it is dropped."""
    ftp, data = client(work, kind), content(size)
    ftp.voidcmd("TYPE I")
    with pytest.warns(ResourceWarning):
        by_collector([ftp.transfercmd("STOR file")], data)
    assert ftp.voidresp()[:3] == "226"
    assert (work.path / "file").read_bytes() == data


@pytest.mark.tls13
@pytest.mark.servers("pyftpdlib", "vsftpd", long=("proftpd", "pureftpd"))
@pytest.mark.parametrize("kind", ["ssl", "native"])
def test_a_source_that_raises_over_tls(work, kind):
    """What was sent before has arrived when the server replies, and the next transfer is whole."""

    class Source:
        blocks = [content(100_000)]

        def read(self, size):
            if not self.blocks:
                raise ZeroDivisionError
            return self.blocks.pop()

    ftp = client(work, kind)
    with pytest.raises(ZeroDivisionError):
        ftp.storbinary("STOR file", Source())
    ftp.getresp()
    assert (work.path / "file").read_bytes() == content(100_000)
    ftp.storbinary("STOR file", io.BytesIO(b"again"))
    assert (work.path / "file").read_bytes() == b"again"


@pytest.fixture
def ftp(hostile):
    client = rftplib.FTP_TLS(context=client_context(ssl.TLSVersion.TLSv1_3), timeout=10)
    client.connect(*hostile.address)
    client.login("user", "secret")
    client.prot_p()
    yield client
    client.close()


def test_the_connection_is_an_ordinary_one(hostile, ftp):
    conn = ftp.transfercmd("STOR x")
    assert type(conn) is ssl.SSLSocket
    assert vars(conn).keys() == vars(ftp.sock).keys()
    conn.sendall(b"data")
    number = conn.fileno()
    conn.close()
    assert conn.fileno() == -1
    with pytest.raises(OSError):
        os.fstat(number)
    assert ftp.voidresp() == "226 done"
    assert hostile.uploaded == b"data"


@pytest.mark.skipif(not NATIVE, reason="without the library the end comes with the next wait for a reply")
def test_the_end_is_told_when_the_connection_is_closed(hostile, ftp):
    """Not only when the reply is asked for: a script may look for the file elsewhere first."""
    conn = ftp.transfercmd("STOR x")
    conn.sendall(b"data")
    conn.close()
    assert hostile.taken.wait(10)
    assert hostile.uploaded == b"data"
    assert ftp.voidresp() == "226 done"


def test_nothing_is_kept_after_the_reply(hostile, ftp):
    before, attributes = len(os.listdir("/proc/self/fd")), dict(vars(ftp))
    for _ in range(3):
        by_close(ftp.transfercmd("STOR x"), b"data")
        ftp.voidresp()
    # the server's thread closes its own end in its own time; and it has a listener for data connections
    until(lambda: len(os.listdir("/proc/self/fd")) <= before + 1)
    assert vars(ftp).keys() == attributes.keys()


def test_a_connection_that_is_read_after_the_reply(hostile, ftp):
    """What the user may still read stays the user's."""
    hostile.end = "chatter"
    conn = ftp.transfercmd("STOR x")
    conn.sendall(b"data")
    assert conn.recv(100) == b"I talk while you upload"
    conn.shutdown(socket.SHUT_WR)
    assert ftp.voidresp() == "226 done"
    conn.close()


def test_a_connection_that_outlives_the_client(hostile, ftp):
    """transfercmd() has given it to the user: it goes on, and what is sent arrives."""
    conn = ftp.transfercmd("STOR x")
    ftp.close()
    conn.sendall(content(200_000))
    conn.close()
    assert hostile.taken.wait(10)
    assert hostile.uploaded == content(200_000)


def test_close_of_the_client_lets_go_of_it(hostile, ftp):
    before = len(os.listdir("/proc/self/fd"))
    conn = ftp.transfercmd("STOR x")
    conn.sendall(b"data")
    conn.close()
    ftp.close()  # the server may lose by it what it hasn't read
    until(lambda: len(os.listdir("/proc/self/fd")) < before)  # the client's own is gone, too


def test_a_forked_child_that_closes_its_copy(hostile, ftp):
    """It ends nothing: the parent goes on sending."""
    conn = ftp.transfercmd("STOR x")
    conn.sendall(b"before ")
    until(lambda: hostile.uploaded == b"before ")  # its thread has no lock of OpenSSL's that the child would wait for
    child = os.fork()
    if not child:
        try:
            conn.close()
            gc.collect()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    conn.sendall(b"after")
    conn.close()
    assert ftp.voidresp() == "226 done"
    assert hostile.uploaded == b"before after"
