"""OpenSSL's queue of errors, one for each thread: Python's `ssl` and NativeContext have the same one if they share the
library, and neither may find in it what the other has left.
"""

from __future__ import annotations

import _ssl
import ctypes
import socket
import ssl

import pytest
from rftplib.tls import NativeContext
from support.certificates import VERSIONS, server_context
from support.tls_server import Server, echo, read_all


@pytest.fixture
def queue(missing):
    """The library that `ssl` is bound to."""
    if not getattr(_ssl, "__file__", None):
        missing("an interpreter whose _ssl is a library of its own")
    library = ctypes.CDLL(_ssl.__file__)
    library.ERR_peek_error.restype = ctypes.c_ulong
    library.ERR_clear_error()
    return library


def spoil(queue):
    """Leave an error in it: the library of SSL's, «bad length»."""
    if hasattr(queue, "ERR_new"):  # OpenSSL 3
        queue.ERR_new()
        queue.ERR_set_error(20, 271, None)
    else:
        queue.ERR_put_error(20, 0, 271, b"", 0)
    assert queue.ERR_peek_error()


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_what_others_have_left_is_not_ours(certs, trusting, queue, version):
    with Server(echo, server_context(version=version)) as server:
        sock = server.connect()
        spoil(queue)
        with trusting.wrap_socket(sock, server_hostname="localhost") as conn:
            spoil(queue)
            conn.settimeout(0.1)
            with pytest.raises(socket.timeout):
                conn.recv(10)  # «not now» and no error
            spoil(queue)
            conn.sendall(b"data")
            spoil(queue)
            conn.settimeout(20)
            assert conn.recv(10) == b"data"
            spoil(queue)
            conn.unwrap()
    queue.ERR_clear_error()


def wrong_certificate(server, context):
    with pytest.raises(ssl.SSLCertVerificationError):
        context.wrap_socket(server.connect(), server_hostname="127.0.0.9")


def cut(server, context):
    with context.wrap_socket(server.connect(), server_hostname="localhost") as conn:
        conn.sendall(b"x")
        with pytest.raises(OSError):  # an end, or a reset
            while True:
                conn.unwrap()


def wrong_files(server, context):
    for options in ({"cadata": b"0\x03no"}, {"cafile": __file__}, {"pkcs12": __file__}, {"certfile": __file__}):
        with pytest.raises(ssl.SSLError):
            NativeContext(**options)


@pytest.mark.parametrize("fail", [wrong_certificate, cut, wrong_files])
def test_nothing_of_ours_is_left(certs, trusting, queue, fail):
    def handle(conn):
        conn.recv(1)

    with Server(handle, server_context()) as server:
        fail(server, trusting)
        assert queue.ERR_peek_error() == 0


def test_a_password_that_opens_leaves_nothing(certs, queue):
    for options in (
        {"certfile": certs / "client.crt", "keyfile": certs / "client-encrypted.key"},
        {"pkcs12": certs / "client.p12"},
    ):
        NativeContext(cafile=certs / "ca.crt", password="client-pw", **options)
        assert queue.ERR_peek_error() == 0
    with Server(read_all, server_context(client_ca=True)) as server:
        context = NativeContext(cafile=certs / "ca.crt", pkcs12=certs / "client.p12", password="client-pw")
        with context.wrap_socket(server.connect(), server_hostname="localhost") as conn:
            conn.shutdown(socket.SHUT_WR)
        assert queue.ERR_peek_error() == 0
    assert server.errors == []
