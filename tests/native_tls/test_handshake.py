"""The handshake: who is accepted, who is refused, and what the socket is before and after it."""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest
from rftplib.tls import NativeContext, NativeSocket
from support.certificates import VERSIONS, server_context
from support.tls_server import Relay, Server, Thread, echo, read_all

BOTH = pytest.mark.parametrize("version", sorted(VERSIONS))


def der(path):
    return ssl.PEM_cert_to_DER_cert(path.read_text())


@BOTH
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["ipv4", "ipv6"])
def test_the_socket_is_taken_over(certs, trusting, version, family):
    with Server(echo, server_context(version=version), family) as server:
        sock = server.connect(timeout=7)
        names = sock.getsockname(), sock.getpeername()
        conn = trusting.wrap_socket(sock, server_hostname="localhost")
        with conn:
            assert type(conn) is NativeSocket
            assert (sock.fileno(), conn.fileno() >= 0) == (-1, True)
            assert (conn.gettimeout(), conn.timeout) == (7, 7)
            assert (conn.family, conn.type, conn.proto) == (family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            assert (conn.getsockname(), conn.getpeername()) == names
            assert (conn.context, conn.server_hostname, conn.server_side) == (trusting, "localhost", False)
            assert conn.version() == f"TLSv{version}"
            name, protocol, bits = conn.cipher()
            assert "AES" in name or "CHACHA" in name
            assert (protocol, bits >= 128) == (f"TLSv{version}", True)
            assert conn.getpeercert(True) == der(certs / "server.crt")
            assert conn.getpeercert(binary_form=True) == conn.getpeercert(True)
            with pytest.raises(NotImplementedError, match=r"getpeercert\(True\)"):
                conn.getpeercert()
            assert conn.selected_alpn_protocol() is conn.compression() is None
            assert conn.session_reused is False
            conn.sendall(b"hello")
            assert conn.recv(100) == b"hello"
            conn.unwrap()
    assert server.errors == []


REFUSED = {
    "expired": ("expired", "localhost", "certificate has expired", 10),
    "unknown": ("unknown", "localhost", "unable to get local issuer certificate", 20),
    "name": ("wronghost", "localhost", "not valid for 'localhost'", 62),
    "address": ("server", "127.0.0.9", "not valid for '127.0.0.9'", 64),
}


@BOTH
@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_certificate_is_refused(certs, trusting, version, case):
    name, host, reason, code = REFUSED[case]
    with Server(read_all, server_context(name, version)) as server:
        sock = server.connect()
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed: ") as caught:
            trusting.wrap_socket(sock, server_hostname=host)
    assert reason in str(caught.value)
    assert reason in caught.value.verify_message
    assert (caught.value.verify_code, caught.value.errno) == (code, ssl.SSL_ERROR_SSL)
    assert (caught.value.reason, caught.value.library) == ("CERTIFICATE_VERIFY_FAILED", "SSL")
    assert sock.fileno() == -1
    # the server was told why, and no data came
    assert (server.results, [type(error) for error in server.errors]) == ([], [ssl.SSLError])
    assert "alert" in str(server.errors[0])


@BOTH
@pytest.mark.parametrize("name", ["expired", "unknown", "wronghost"])
def test_the_danger_options_accept(certs, version, name):
    anything = NativeContext(danger_accept_invalid_certs=True)
    named = NativeContext(cafile=certs / "ca.crt", danger_accept_invalid_hostnames=True)
    with Server(echo, server_context(name, version)) as server:
        for host in ("localhost", None):
            with anything.wrap_socket(server.connect(), server_hostname=host) as conn:
                assert conn.getpeercert(True) == der(certs / f"{name}.crt")
        if name == "wronghost":
            named.wrap_socket(server.connect()).close()
        else:
            with pytest.raises(ssl.SSLCertVerificationError):
                named.wrap_socket(server.connect())


# Where the system's roots are is asked once a process, so this needs one of its own.
DEFAULT = """
import socket, sys
from rftplib.tls import NativeContext
sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
conn = NativeContext().wrap_socket(sock, server_hostname="localhost")
conn.sendall(b"x"); conn.recv(1); conn.unwrap(); conn.close()
"""


def connect_by_default(server):
    command = [sys.executable, "-c", DEFAULT, *map(str, server.address)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_default_trusts_the_system_not_the_tests(certs, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)  # scripts/suites.py sets it
    with Server(echo, server_context()) as server:
        assert "SSLCertVerificationError" in connect_by_default(server).stderr
    assert server.results == []


def test_system_roots_are_those_of_openssl(certs, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certs / "ca.crt"))
    with Server(echo, server_context()) as server:
        done = connect_by_default(server)
    assert (done.returncode, done.stderr, server.results) == (0, "", ["closed"])


def test_names_are_sent_and_addresses_are_not(certs):
    seen = []
    context = server_context()
    context.sni_callback = lambda conn, name, _: seen.append(name)
    anything = NativeContext(danger_accept_invalid_certs=True)
    with Server(read_all, context) as server:
        for host in ("localhost", "bücher.example", "127.0.0.1", "::1", None):
            anything.wrap_socket(server.connect(), server_hostname=host).close()
    assert seen == ["localhost", "xn--bcher-kva.example", None, None, None]


def test_alpn(certs):
    context = server_context()
    context.set_alpn_protocols(["ftp", "http/1.1"])
    ours = NativeContext(cafile=certs / "ca.crt", alpn=["h2", "ftp"])
    with Server(read_all, context) as server:
        with ours.wrap_socket(server.connect(), server_hostname="localhost") as conn:
            assert conn.selected_alpn_protocol() == "ftp"


def test_versions_that_do_not_meet(certs):
    old = NativeContext(cafile=certs / "ca.crt", maximum_version="TLSv1.2")
    with Server(read_all, server_context(version="1.3")) as server:
        with pytest.raises(ssl.SSLError, match="protocol version"):
            old.wrap_socket(server.connect(), server_hostname="localhost")
    new = NativeContext(cafile=certs / "ca.crt", minimum_version=ssl.TLSVersion.TLSv1_3)
    with Server(read_all, server_context(version="1.2")) as server:
        with pytest.raises(ssl.SSLError, match="(?i)version"):
            new.wrap_socket(server.connect(), server_hostname="localhost")


# -- servers that misbehave --------------------------------------------------------------------------------------------


def hang_up(conn):
    conn.recv(65536)


def reset(conn):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01" + bytes(7))
    conn.recv(65536)


def talk_clear_text(conn):
    conn.sendall(b"220 Welcome\r\n230 smuggled in\r\n")
    read_all(conn)


@pytest.mark.parametrize(
    ("handle", "expected", "words"),
    [
        (hang_up, ssl.SSLEOFError, "EOF occurred in violation of protocol"),
        (reset, ConnectionResetError, "reset by peer"),
        (talk_clear_text, ssl.SSLError, "wrong version number"),
    ],
)
def test_a_server_that_speaks_no_tls(trusting, handle, expected, words):
    with Server(handle) as server:
        sock = server.connect()
        with pytest.raises(expected, match=words):
            trusting.wrap_socket(sock, server_hostname="localhost")
        assert sock.fileno() == -1


def test_a_stalled_handshake_times_out(trusting):
    with Server(read_all) as server:
        sock = server.connect(timeout=0.3)
        began = time.monotonic()
        with pytest.raises(socket.timeout, match="^timed out$"):
            trusting.wrap_socket(sock, server_hostname="localhost")
        assert 0.25 <= time.monotonic() - began < 15
        assert sock.fileno() == -1
    assert server.results[0][:1] == b"\x16"  # a ClientHello, then the end: the connection was closed


@contextlib.contextmanager
def waiting_handshake(context):
    """Its socket, and the thread in which it waits for the server."""
    arrived = threading.Event()

    def handle(conn):
        conn.recv(1)
        arrived.set()
        return read_all(conn)

    with Server(handle) as server:
        sock = server.connect(timeout=None)
        waiting = Thread(lambda: context.wrap_socket(sock, server_hostname="localhost"))
        assert arrived.wait(10)
        yield sock, waiting


def test_a_timeout_changed_while_the_handshake_waits(trusting):
    with waiting_handshake(trusting) as (sock, waiting):
        sock.settimeout(0.1)
        with pytest.raises(socket.timeout):
            waiting.end()


def test_a_close_while_the_handshake_waits(trusting):
    with waiting_handshake(trusting) as (sock, waiting):
        began = time.monotonic()
        sock.close()
        with pytest.raises(OSError) as caught:
            waiting.end()
        assert caught.value.errno == errno.EBADF
        assert time.monotonic() - began < 15


@BOTH
def test_a_handshake_that_comes_byte_by_byte(certs, trusting, version):
    with Server(echo, server_context(version=version)) as server, Relay(server.address, step=1) as relay:
        with trusting.wrap_socket(relay.connect(), server_hostname="localhost") as conn:
            assert conn.version() == f"TLSv{version}"
            conn.sendall(b"slow")
            assert conn.recv(100) == b"slow"
            conn.unwrap()
    assert server.errors == []


# -- later, or not at all ----------------------------------------------------------------------------------------------


def test_a_handshake_that_is_put_off(certs, trusting):
    with Server(echo, server_context()) as server:
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        with conn:
            assert (conn.version(), conn.cipher(), conn.selected_alpn_protocol()) == (None, None, None)
            with pytest.raises(ValueError, match="handshake not done yet"):
                conn.getpeercert(True)
            conn.do_handshake()
            assert conn.version() == "TLSv1.3"
            conn.do_handshake()  # done already
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        with conn:
            conn.sendall(b"first")  # does it on the way
            assert conn.recv(100) == b"first"


def test_a_put_off_handshake_that_fails_sends_nothing(certs, trusting):
    with Server(read_all, server_context("unknown")) as server:
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        with conn:
            for attempt in range(2):
                with pytest.raises(ssl.SSLError, match="verify failed" if attempt == 0 else "handshake has failed"):
                    conn.sendall(b"secret")
    assert server.results == []


def test_a_non_blocking_handshake(certs, trusting):
    with Server(echo, server_context()) as server:
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        conn.setblocking(False)
        with conn:
            for _ in range(100):
                try:
                    conn.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    assert select.select([conn], [], [], 10)[0]
            assert conn.version() == "TLSv1.3"
        conn = trusting.wrap_socket(server.connect(), do_handshake_on_connect=False, server_hostname="localhost")
        conn.settimeout(0)
        with conn:
            conn.do_handshake(block=True)
            assert (conn.version(), conn.gettimeout()) == ("TLSv1.3", 0)


def test_arguments_that_are_refused_leave_the_socket_alone(certs, trusting):
    def refused(expected, words, sock, **keywords):
        keywords.setdefault("server_hostname", "localhost")
        with pytest.raises(expected, match=words):
            trusting.wrap_socket(sock, **keywords)

    with Server(read_all) as server, server.connect() as sock:
        refused(ValueError, "check_hostname requires server_hostname", sock, server_hostname=None)
        refused(ValueError, "empty string", sock, server_hostname="")
        refused(ValueError, "leading dot", sock, server_hostname=".example")
        refused(ValueError, "null character", sock, server_hostname="local\0host")
        refused(UnicodeError, None, sock, server_hostname="x" * 300)
        refused(TypeError, "server_hostname should be str, not int", sock, server_hostname=3)
        refused(NotImplementedError, "server_side", sock, server_side=True)
        refused(TypeError, "NativeSession", sock, session=object())
        sock.setblocking(False)
        refused(ValueError, "non-blocking", sock)
        assert sock.fileno() >= 0
        sock.setblocking(True)
        sock.sendall(b"still mine")
    assert server.results == [b"still mine"]


def test_what_is_no_plain_connected_socket_is_refused(trusting):
    class Mine(socket.socket):
        pass

    def refused(expected, sock, words=None):
        with pytest.raises(expected, match=words):
            trusting.wrap_socket(sock, server_hostname="localhost")

    refused(TypeError, object(), "plain socket.socket, not builtins.object")
    with Mine() as sock:
        refused(TypeError, sock, "Mine")
    with socket.socket(type=socket.SOCK_DGRAM) as sock:
        refused(NotImplementedError, sock, "stream")
    with socket.socket() as sock:
        refused(OSError, sock)  # not connected
    refused(OSError, sock)  # closed
    with Server(read_all) as server, server.connect() as sock:
        with ssl.create_default_context().wrap_socket(
            sock, server_hostname="localhost", do_handshake_on_connect=False
        ) as conn:
            refused(TypeError, conn, "SSLSocket")
