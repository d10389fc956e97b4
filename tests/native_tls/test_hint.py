"""How a refusal for want of session reuse is explained, and what is left as it is."""

from __future__ import annotations

import copy
import pickle
import socket
import ssl

import pytest
import rftplib
from rftplib._native_hint import explained

from .support import Server, echo, read_all, server_context

REMEDY = "use an ssl.SSLContext"
REPLIES = [
    (rftplib.error_perm, "522 SSL connection failed: session reuse required", "the server demands it"),
    (rftplib.error_temp, "425 Unable to build data connection: Operation not permitted", "it may be"),
    (rftplib.error_temp, "426 Failure writing network stream.", "it may be"),
]


@pytest.fixture
def fresh(certs, trusting):
    """A data connection that has moved nothing."""
    with Server(read_all, server_context(certs)) as server:
        with trusting.wrap_socket(server.connect(), server_hostname="localhost") as conn:
            yield conn


@pytest.mark.parametrize(("kind", "resp", "certainty"), REPLIES)
def test_a_reply_stays_the_reply(fresh, trusting, kind, resp, certainty):
    for where in (fresh, trusting):
        new = explained(kind(resp), where)
        assert isinstance(new, kind)
        assert type(new).__name__ == kind.__name__
        assert new.args == (resp,)
        assert str(new).startswith(f"{resp} (native-tls can't resume TLS sessions")
        assert certainty in str(new)
        assert REMEDY in str(new)
        for again in (copy.copy(new), pickle.loads(pickle.dumps(new))):
            assert (type(again), again.args, str(again)) == (type(new), new.args, str(new))


def test_a_reset_stays_a_reset(fresh):
    new = explained(ConnectionResetError(104, "Connection reset by peer"), fresh)
    assert (type(new), new.errno) == (ConnectionResetError, 104)
    assert REMEDY in str(new)


def test_an_end_stays_an_end(fresh):
    error = ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol")
    error.reason, error.library = "UNEXPECTED_EOF_WHILE_READING", "SSL"
    new = explained(error, fresh)
    assert (type(new), new.errno, new.reason) == (ssl.SSLEOFError, ssl.SSL_ERROR_EOF, error.reason)
    assert REMEDY in str(new)


def test_what_has_other_reasons_is_left_alone(fresh, trusting):
    for error in (
        rftplib.error_perm("550 No such file"),
        rftplib.error_temp("452 Disk full"),
        rftplib.error_reply("200 ok"),
        socket.timeout("timed out"),
        OSError(9, "Bad file descriptor"),
        ssl.SSLError(1, "bad record mac"),
        ssl.SSLCertVerificationError(1, "certificate verify failed"),
        EOFError(),
        KeyboardInterrupt(),
    ):
        assert explained(error, fresh) is None
        assert explained(error, trusting) is None


def test_other_connections_are_left_alone(certs, trusting):
    error = ConnectionResetError(104, "Connection reset by peer")
    assert explained(error, None) is None
    assert explained(error, socket.socket) is None
    assert explained(error, ssl.create_default_context()) is None
    with Server(echo, server_context(certs)) as server:
        with trusting.wrap_socket(server.connect(), server_hostname="localhost") as conn:
            conn.sendall(b"data")
            assert explained(error, conn) is not None  # an upload that has just begun
            conn.recv(10)
            assert explained(error, conn) is None
        assert (conn._sent, conn._received, explained(error, conn)) == (4, 4, None)


def test_the_with_block_explains(certs, trusting):
    def reset(conn):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01" + bytes(7))

    with Server(reset, server_context(certs)) as server:
        with pytest.raises(ConnectionResetError, match=REMEDY) as caught:
            with trusting.wrap_socket(server.connect(), server_hostname="localhost") as conn:
                conn.recv(10)
        assert conn.fileno() == -1
    assert type(caught.value.__cause__) is ConnectionResetError
    assert REMEDY not in str(caught.value.__cause__)
    with Server(echo, server_context(certs)) as server:
        with pytest.raises(KeyError):
            with trusting.wrap_socket(server.connect(), server_hostname="localhost"):
                raise KeyError("the block's own")


def test_how_a_connection_has_ended(certs, trusting):
    def ragged(conn):
        conn.recv(10)

    for handle, clean in ((echo, True), (ragged, False)):
        with Server(handle, server_context(certs)) as server:
            with trusting.wrap_socket(server.connect(), server_hostname="localhost") as conn:
                assert conn._clean is None
                conn.sendall(b"x")
                if handle is echo:
                    conn.recv(10)
                    conn.unwrap()
                else:
                    assert conn.recv(10) == b""
            assert conn._clean is clean
