"""What a NativeSocket is beside its traffic: as far as possible what an `ssl.SSLSocket` is, the measure here."""

from __future__ import annotations

import inspect
import io
import os
import pickle
import re
import resource
import socket
import ssl

import pytest
from rftplib.tls import NativeSocket
from support.certificates import server_context
from support.tls_server import Server, echo, read_all

# What native-tls doesn't tell, and what is for servers or for Windows.
MISSING = {
    "get_channel_binding",
    "get_unverified_chain",
    "get_verified_chain",
    "group",
    "client_sigalg",
    "server_sigalg",
    "selected_npn_protocol",
    "share",
    "shared_ciphers",
    "verify_client_post_handshake",
}


@pytest.fixture
def pair(certs, trusting):
    """(ours, ssl's): a connection of each kind to an echo()."""
    theirs = ssl.create_default_context(cafile=certs / "ca.crt")
    # one server for each, for a server has one connection at a time
    context = server_context()
    with Server(echo, context) as one, Server(echo, context) as two:
        with trusting.wrap_socket(one.connect(7), server_hostname="localhost") as ours:
            with theirs.wrap_socket(two.connect(7), server_hostname="localhost") as theirs:
                yield ours, theirs


def test_it_has_the_methods_of_an_ssl_socket():
    public = {name for name in dir(ssl.SSLSocket) if not name.startswith("_")}
    assert public - set(dir(NativeSocket)) <= MISSING
    for name in public - MISSING:
        ours, theirs = getattr(NativeSocket, name), getattr(ssl.SSLSocket, name)
        assert isinstance(ours, property) == isinstance(theirs, property), name
        if inspect.isfunction(theirs) and name not in ("connect", "connect_ex"):  # it is connected
            needed = [
                parameter.name
                for parameter in inspect.signature(theirs).parameters.values()
                if parameter.default is parameter.empty and parameter.kind is not parameter.VAR_POSITIONAL
            ]
            inspect.signature(ours).bind(*needed)


def test_it_is_a_socket(pair):
    for conn in pair:
        assert isinstance(conn, socket.socket)
    ours, theirs = pair
    same = ["family", "type", "proto", "timeout", "server_side", "server_hostname", "session_reused"]
    same += ["do_handshake_on_connect", "suppress_ragged_eofs"]
    for name in same:
        assert getattr(ours, name) == getattr(theirs, name), name
        assert type(getattr(ours, name)) is type(getattr(theirs, name)), name
    for name in ("gettimeout", "getblocking", "get_inheritable", "version", "selected_alpn_protocol", "compression"):
        assert getattr(ours, name)() == getattr(theirs, name)(), name
    assert ours.cipher() == theirs.cipher()
    assert ours.getpeercert(True) == theirs.getpeercert(True)
    assert re.sub(r"\d+", "0", repr(ours)) == re.sub(r"\d+", "0", repr(theirs)).replace(
        "ssl.SSLSocket", "rftplib.tls.NativeSocket"
    )
    for conn in pair:
        conn.mark = 1  # users keep things there
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        assert conn.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


REFUSED = {
    "dup": lambda conn: conn.dup(),
    "recvfrom": lambda conn: conn.recvfrom(1),
    "recvfrom_into": lambda conn: conn.recvfrom_into(bytearray(1)),
    "recvmsg": lambda conn: conn.recvmsg(1),
    "recvmsg_into": lambda conn: conn.recvmsg_into([bytearray(1)]),
    "sendmsg": lambda conn: conn.sendmsg([b"x"]),
    "sendto": lambda conn: conn.sendto(b"x", ("127.0.0.1", 1)),
    "pickle": pickle.dumps,
    "constructor": lambda conn: type(conn)(),
    "flags": lambda conn: conn.recv(1, socket.MSG_PEEK),
    "no bytes": lambda conn: conn.sendall("text"),
}


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_ssl_refuses_is_refused(pair, what):
    errors = []
    for conn in pair:
        with pytest.raises(Exception) as caught:
            REFUSED[what](conn)
        errors.append(type(caught.value))
        conn.sendall(b"x")  # nothing was sent or received
        assert conn.recv(10) == b"x"
    assert errors[0] is errors[1]


def test_reading_and_writing_by_other_names(pair):
    for conn in pair:
        assert conn.write(b"abcdef") == 6
        room = bytearray(10)
        assert (conn.read(2), conn.read(3, room), conn.read()) == (b"ab", 3, b"f")
        assert bytes(room[:3]) == b"cde"


def test_a_file_is_sent_under_tls(pair, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    for conn in pair:
        with open(path, "rb") as file:
            assert conn.sendfile(file, 2, 5) == 5
        received = b""
        while len(received) < 5:
            received += conn.recv(10)
        assert received == b"23456"


def test_a_closed_one(pair):
    for conn in pair:
        conn.close()
        assert "[closed]" in repr(conn)
        assert (conn.fileno(), conn.version(), conn.pending() if conn is pair[0] else 0) == (-1, None, 0)
        with conn.makefile("rb") as file, pytest.raises(OSError):
            file.read(1)


def test_an_abstract_file_over_it(pair):
    for conn in pair:
        with conn.makefile("rwb") as file:
            assert isinstance(file, io.BufferedRWPair)
            file.write(b"line\n")
            file.flush()
            assert file.readline() == b"line\n"


# -- descriptors -------------------------------------------------------------------------------------------------------


def test_it_costs_one_descriptor(certs, trusting):
    with Server(echo, server_context()) as server:
        sock = server.connect()
        before = set(os.listdir("/proc/self/fd"))
        with trusting.wrap_socket(sock, server_hostname="localhost") as conn:
            conn.sendall(b"x")
            assert conn.recv(1) == b"x"
            assert len(os.listdir("/proc/self/fd")) == len(before)


def test_it_can_be_had_when_there_is_no_descriptor_to_spare(certs, trusting):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Server(echo, server_context()) as server:
        sock = server.connect()
        spare = []
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
            with pytest.raises(OSError, match="Too many open files"):
                while True:
                    spare.append(os.dup(0))
            with trusting.wrap_socket(sock, server_hostname="localhost") as conn:
                conn.sendall(b"x")
                assert conn.recv(1) == b"x"
                conn.unwrap()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for number in spare:
                os.close(number)
    assert server.results == ["closed"]


def test_a_handshake_that_fails_leaves_none(certs, trusting):
    with Server(read_all, server_context("unknown")) as server:
        before = set(os.listdir("/proc/self/fd"))
        sock = server.connect()
        file = sock.makefile("rb")  # which would keep an ordinary socket open
        with pytest.raises(ssl.SSLCertVerificationError):
            trusting.wrap_socket(sock, server_hostname="localhost")
        assert sock.fileno() == -1
        file.close()
        assert len(os.listdir("/proc/self/fd")) <= len(before) + 1  # the server's end, for a moment
