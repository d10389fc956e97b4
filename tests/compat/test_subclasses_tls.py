"""FTP_TLS as users extend it; only the import line is changed."""

from __future__ import annotations

import io
import socket
import ssl

import pytest
import rftplib as ftplib
from support import recipes
from support.certificates import server_context
from support.scripted_server import LIMIT, Server

BIG = b"0123456789abcdef" * 4096
VERSIONS = ["TLSv1_2", "TLSv1_3"]


def reuse_is_counted(counts):
    """A server that notes whether each data connection resumed a session."""

    def action(session):
        conn = session.open_data()
        counts.append(conn.session_reused)
        conn.sendall(BIG)
        session.end_data()

    return action


def test_implicit_tls_by_a_sock_property():
    with Server(implicit=True, data=BIG) as server:
        ftp = recipes.implicit_by_property(ftplib)(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        assert isinstance(ftp.sock, ssl.SSLSocket) and "sock" not in vars(ftp)
        ftp.login("u", "p")
        ftp.prot_p()
        blocks = []
        assert ftp.retrbinary("RETR x", blocks.append) == "226 done"
        assert ftp.storbinary("STOR x", io.BytesIO(BIG)) == "226 stored"
        ftp.quit()
        assert ftp.sock is None
        assert b"".join(blocks) == BIG
        assert bytes(server.sessions[0].uploads[1]) == BIG
        assert server.commands()[:4] == ["USER u", "PASS p", "PBSZ 0", "PROT P"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("recipe", recipes.SESSION + recipes.NO_UNWRAP)
def test_the_session_of_the_control_connection_is_reused(recipe, version, monkeypatch):
    monkeypatch.setattr(ftplib, "_SSLSocket", ftplib._SSLSocket)  # which a recipe replaces
    reused = []
    action = (b"150 ok\r\n", reuse_is_counted(reused), b"226 done\r\n")
    tls = server_context(minimum_version=ssl.TLSVersion[version], maximum_version=ssl.TLSVersion[version])
    with Server({"RETR": action}, tls=tls) as server:
        ftp = recipe(ftplib)(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        ftp.login("u", "p")
        ftp.prot_p()
        for _ in range(2):
            blocks = []
            assert ftp.retrbinary("RETR x", blocks.append) == "226 done"
            assert b"".join(blocks) == BIG
        ftp.quit()
    assert reused == [True, True]


def test_login_that_protects_the_data_connections():
    class FTPSClient(ftplib.FTP_TLS):
        def login(self, *args, **kwargs):
            resp = ftplib.FTP_TLS.login(self, *args, **kwargs)
            self.prot_p()
            return resp

    with Server() as server:
        FTPSClient.port = server.port
        with FTPSClient(server.host, "u", "p", timeout=LIMIT) as ftp:
            assert ftp.nlst() == ["one", "two"]
        assert server.commands()[:6] == ["AUTH TLS", "USER u", "PASS p", "PBSZ 0", "PROT P", "TYPE A"]


def test_tls_by_hand():
    """The connection of a proxy: sock, af, file and welcome set by the caller, TLS from the first byte."""
    with Server(implicit=True) as server:
        ftp = ftplib.FTP_TLS(context=ssl._create_unverified_context())
        raw = socket.create_connection((server.host, server.port), LIMIT)
        ftp.host = "printer"
        ftp.sock = ftp.context.wrap_socket(raw, server_hostname=ftp.host)
        ftp.af = ftp.sock.family
        ftp.file = ftp.sock.makefile("r", encoding="utf-8")
        ftp.welcome = ftp.getresp()
        ftp.login("u", "p", secure=False)
        ftp.prot_p()
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()


def test_ssl_version_can_be_set_and_read():
    ftp = ftplib.FTP_TLS()
    assert ftp.ssl_version == ssl.PROTOCOL_TLS_CLIENT
    ftp.ssl_version = ssl.PROTOCOL_TLS_CLIENT
    assert ftp.ssl_version is ftplib.FTP_TLS.ssl_version


def test_a_context_of_the_users_own():
    class Context(ssl.SSLContext):
        """Python 3.13 and others make old servers work by such things."""

        wrapped: list = []

        def wrap_socket(self, sock, *args, **kwargs):
            self.wrapped.append(kwargs.get("server_hostname"))
            return super().wrap_socket(sock, *args, **kwargs)

    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with Server() as server:
        ftp = ftplib.FTP_TLS(context=context, timeout=LIMIT)
        ftp.connect(server.host, server.port)
        ftp.login("u", "p")
        ftp.prot_p()
        ftp.nlst()
        ftp.quit()
    assert context.wrapped == [server.host] * 2


def test_ssl_replaced_in_the_module(monkeypatch):
    """`ftplib.ssl` is looked up at each call, as `ftplib.socket` is."""

    class Module:
        def __getattr__(self, name):
            seen.append(name)
            return getattr(ssl, name)

    seen = []
    monkeypatch.setattr(ftplib, "ssl", Module())
    with Server() as server:
        ftp = ftplib.FTP_TLS(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        ftp.login("u", "p")
        ftp.quit()
    assert "_create_stdlib_context" in seen and "SSLSocket" in seen
