"""FTP_TLS on NativeContext against a scripted server: what goes out in clear text, and what comes in before TLS."""

from __future__ import annotations

import ssl

import pytest
import rftplib
import rftplib.tls
from rftplib.tls import NativeContext, NativeSocket
from servers.layout import PASSWORD, USER, certificate
from support.certificates import server_context
from support.tls_server import Server, Thread, read_all

TIMEOUT = 20


def line(conn):
    """One command, read byte by byte: what follows belongs to somebody else."""
    data = b""
    while not data.endswith(b"\n"):
        byte = conn.recv(1)
        if not byte:
            return data
        data += byte
    return data


def answer(conn, replies, heard):
    """Read a command for each of the replies, and send it."""
    for reply in replies:
        heard.append(line(conn))
        conn.sendall(reply)


def login(server, context):
    ftp = rftplib.FTP_TLS(context=context, timeout=TIMEOUT)
    try:
        ftp.connect(*server.address)
        return ftp, ftp.login("user", "secret")
    except BaseException:
        ftp.close()
        raise


@pytest.mark.parametrize("name", ["expired", "elsewhere", "unknown"])
def test_nothing_follows_a_refused_certificate(certs, trusting, name):
    heard = []

    def handle(conn):
        conn.sendall(b"220 hello\r\n")
        answer(conn, [b"234 go on\r\n"], heard)
        try:
            with server_context(name).wrap_socket(conn, server_side=True) as secured:
                heard.append(read_all(secured))
        except ssl.SSLError as error:
            heard.append(error.reason)

    with Server(handle) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            login(server, trusting)
    assert (heard[0], "ALERT" in heard[1], len(heard)) == (b"AUTH TLS\r\n", True, 2)


def test_a_server_without_tls_is_told_nothing(trusting):
    heard = []

    def handle(conn):
        conn.sendall(b"220 hello\r\n")
        answer(conn, [b"502 what?\r\n"], heard)
        heard.append(read_all(conn))

    with Server(handle) as server:
        with pytest.raises(rftplib.error_perm, match="502"):
            login(server, trusting)
    assert heard == [b"AUTH TLS\r\n", b""]


def test_clear_text_that_came_with_the_reply_is_discarded(certs, trusting):
    heard = []

    def handle(conn):
        conn.sendall(b"220 hello\r\n")
        answer(conn, [b"234 go on\r\n230 smuggled in\r\n"], heard)
        with server_context().wrap_socket(conn, server_side=True) as secured:
            answer(secured, [b"331 password?\r\n", b"230 welcome\r\n"], heard)
            secured.unwrap()

    with Server(handle) as server:
        ftp, resp = login(server, trusting)
        with ftp.sock:
            assert resp == "230 welcome"
            assert type(ftp.sock) is NativeSocket
            ftp.sock.unwrap()
        ftp.close()
    assert heard == [b"AUTH TLS\r\n", b"USER user\r\n", b"PASS secret\r\n"]
    assert server.errors == []


def test_clear_text_instead_of_the_handshake_is_no_reply(trusting):
    heard = []

    def handle(conn):
        conn.sendall(b"220 hello\r\n")
        answer(conn, [b"234 go on\r\n"], heard)
        conn.recv(1)  # of the ClientHello
        conn.sendall(b"230 no need to log in\r\n")
        read_all(conn)

    with Server(handle) as server:
        with pytest.raises(ssl.SSLError, match="wrong version number"):
            login(server, trusting)
    assert heard == [b"AUTH TLS\r\n"]


def test_close_by_another_thread_while_auth_waits(trusting):
    def handle(conn):
        conn.sendall(b"220 hello\r\n")
        line(conn)
        conn.sendall(b"234 go on\r\n")
        conn.recv(1)
        stalled.append(True)
        return read_all(conn)

    stalled = []
    with Server(handle) as server:
        ftp = rftplib.FTP_TLS(context=trusting, timeout=None)
        ftp.connect(*server.address)
        waiting = Thread(ftp.auth)
        while not stalled and waiting.is_alive():
            waiting.join(0.05)
        ftp.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            waiting.end()


def test_the_names_in_rftplib_tls():
    assert (rftplib.tls.NativeContext, rftplib.tls.NativeSocket) == (NativeContext, NativeSocket)
    assert NativeContext.__module__ == NativeSocket.__module__ == "rftplib.tls"
    with pytest.raises(TypeError):
        NativeSocket()


def test_implicit_tls(real):
    context = rftplib.tls.NativeContext(cafile=certificate("ca.crt"))
    server = real("pyftpdlib-implicit")
    with rftplib.tls.ImplicitFTP_TLS(context=context, timeout=TIMEOUT) as ftp:
        ftp.connect("127.0.0.1", server.port)
        ftp.login(USER, PASSWORD)
        assert type(ftp.sock) is NativeSocket
        with ftp.transfercmd("LIST") as conn:
            assert type(conn) is NativeSocket
            read_all(conn)
        assert ftp.voidresp()[:3] == "226"


def test_the_safe_class_takes_a_context_that_verifies(real):
    with pytest.raises(ValueError):
        rftplib.tls.FTPS(context=NativeContext(danger_accept_invalid_certs=True))
    context = NativeContext(cafile=certificate("ca.crt"))
    with rftplib.tls.FTPS(context=context, timeout=TIMEOUT) as ftp:
        ftp.connect("127.0.0.1", real("pyftpdlib").port)
        ftp.login(USER, PASSWORD)
        assert isinstance(ftp.nlst(), list)
