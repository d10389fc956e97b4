"""Sessions and their resumption, as with `ssl`: `session`, `session_reused` and `wrap_socket(session=)`."""

from __future__ import annotations

import copy
import pickle
import ssl

import pytest
from rftplib.tls import NativeContext, NativeSession
from support.certificates import VERSIONS, server_context
from support.tls_server import Server, Thread, echo


@pytest.fixture(params=sorted(VERSIONS))
def version(request):
    return request.param


@pytest.fixture
def server(certs, version):
    with Server(greeting, server_context(version=version)) as server:
        yield server


def greeting(conn):
    conn.sendall(b"220")  # behind the tickets
    reused = conn.session_reused
    echo(conn)
    return reused


def connect(server, context, session=None, name="localhost"):
    conn = context.wrap_socket(server.connect(), server_hostname=name, session=session)
    assert conn.recv(3) == b"220"
    return conn


def first(server, context):
    with connect(server, context) as conn:
        assert conn.session_reused is False
        session = conn.session
        conn.unwrap()
    return session


def test_a_session_is_resumed_any_number_of_times(certs, trusting, version):
    with Server(greeting, server_context(version=version)) as server:
        session = first(server, trusting)
        assert type(session) is NativeSession
        for _ in range(3):
            with connect(server, trusting, session) as conn:
                assert conn.session_reused is True
                assert type(conn.session) is NativeSession
                conn.sendall(b"data")
                assert conn.recv(10) == b"data"
                conn.unwrap()
    assert server.results == [False, True, True, True]


def test_what_resumes_can_be_resumed(server, trusting):
    session = first(server, trusting)
    with connect(server, trusting, session) as conn:
        again = conn.session
        conn.unwrap()
    with connect(server, trusting, again) as conn:
        assert conn.session_reused is True
        conn.unwrap()


def test_a_connection_that_is_cut_spoils_nothing(server, trusting):
    """OpenSSL takes the session of one that isn't ended by a close_notify for spoilt, so each has a copy of its own."""
    session = first(server, trusting)
    with connect(server, trusting, session) as cut:
        assert cut.session_reused is True
    with connect(server, trusting, session) as conn:
        assert conn.session_reused is True
        conn.unwrap()


def test_the_session_outlives_the_encryption(server, trusting):
    conn = connect(server, trusting)
    with conn:
        conn.unwrap()
        assert (conn.version(), conn.session_reused) == (None, None)
        session = conn.session
    assert conn.session is None  # closed
    with connect(server, trusting, session) as conn:
        assert conn.session_reused is True
        conn.unwrap()


def test_there_is_none_before_the_server_has_sent_one(certs, trusting, version):
    context = server_context(version=version)
    context.num_tickets = 0  # of TLS 1.3
    with Server(greeting, context) as server:
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        with conn:
            assert (conn.session, conn.session_reused) == (None, False)
            assert conn.recv(3) == b"220"
            assert (conn.session is None) == (version == "1.3")
            conn.unwrap()


def test_a_server_that_has_forgotten_it_shakes_hands_anew(certs, trusting, version):
    with Server(greeting, server_context(version=version)) as server:
        session = first(server, trusting)
    with Server(greeting, server_context(version=version)) as server:
        with connect(server, trusting, session) as conn:
            assert conn.session_reused is False
            assert conn.getpeercert(True)
            conn.unwrap()


def test_a_session_is_bound_to_context_and_name(certs, server, trusting):
    """The certificate isn't verified again when a session is resumed."""
    session = first(server, trusting)
    other = NativeContext(cafile=certs / "ca.crt")
    anyone = NativeContext(danger_accept_invalid_certs=True)
    with server.connect() as sock:
        refused = [
            (ValueError, "different NativeContext", other, session, "localhost"),
            (ValueError, "different NativeContext", anyone, session, None),
            (ValueError, "different server_hostname", trusting, session, "127.0.0.1"),
            (TypeError, "NativeSession", trusting, object(), "localhost"),
            (TypeError, "NativeSession", trusting, ssl.SSLSession, "localhost"),
        ]
        for kind, words, context, given, name in refused:
            with pytest.raises(kind, match=words):
                context.wrap_socket(sock, server_hostname=name, session=given)
        # and the socket is still what it was
        with trusting.wrap_socket(sock, server_hostname="localhost", session=session) as conn:
            assert conn.recv(3) == b"220"
            assert conn.session_reused is True
            conn.unwrap()


def test_connections_without_a_name_have_sessions_of_their_own(server):
    context = NativeContext(danger_accept_invalid_certs=True)
    with connect(server, context, name=None) as conn:
        session = conn.session
        conn.unwrap()
    with connect(server, context, session, name=None) as conn:
        assert conn.session_reused is True
        conn.unwrap()
    with server.connect() as sock, pytest.raises(ValueError, match="server_hostname"):
        context.wrap_socket(sock, server_hostname="localhost", session=session)


def test_its_secrets_stay_in_it(server, trusting):
    session = first(server, trusting)
    for take in (pickle.dumps, copy.copy, copy.deepcopy, vars, bytes):
        with pytest.raises(TypeError):
            take(session)
    assert "NativeSession object at" in repr(session)
    with pytest.raises(TypeError):
        NativeSession()


def test_python_s_own_connections_beside_ours(certs, server, trusting):
    """OpenSSL tells of those as well where both share the library: nothing is mixed up."""
    theirs = ssl.create_default_context(cafile=certs / "ca.crt")
    session = first(server, trusting)
    for _ in range(2):
        with theirs.wrap_socket(server.connect(), server_hostname="localhost") as conn:
            assert (conn.recv(3), conn.session_reused) == (b"220", False)
            conn.unwrap()
        with connect(server, trusting, session) as conn:
            assert conn.session_reused is True
            conn.unwrap()


def test_threads_offer_it_at_once(certs, trusting, version):
    context = server_context(version=version)
    with Server(greeting, context) as server:
        session = first(server, trusting)

    def work():
        with Server(greeting, context) as server:
            for _ in range(5):
                with connect(server, trusting, session) as conn:
                    assert conn.session_reused is True
                    conn.unwrap()
            return server.results

    assert [thread.end() for thread in [Thread(work) for _ in range(8)]] == [[True] * 5] * 8


@pytest.mark.parametrize("name", ["expired", "wronghost"])
def test_a_refused_certificate_leaves_nothing_to_resume(certs, trusting, version, name):
    with Server(greeting, server_context(name, version)) as server:
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        with conn, pytest.raises(ssl.SSLCertVerificationError):
            conn.do_handshake()
        assert conn.session is None
