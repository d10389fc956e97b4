"""Handshakes: those that fail, stall or are preceded by smuggled text. Nothing is sent after them."""

from __future__ import annotations

import io
import socket
import ssl

import pytest
import rftplib
from rftplib.tls import FTPS, ImplicitFTP_TLS
from support.certificates import SERVER_PEM, server_context
from support.clients import context, hasty
from support.ftps import TIMEOUT
from support.kinds import TLS_KINDS


def connect(server, kind="ssl", cls=rftplib.FTP_TLS):
    ftp = cls(context=context(kind), timeout=20)
    ftp.connect(*server.address)
    return ftp


@TLS_KINDS
@pytest.mark.parametrize("smuggled", [b"230 logged in already\r\n", b"200 a\r\n200 b\r\n", b"500 no\r\n"], ids=repr)
def test_smuggled_replies_are_never_read(hostile, kind, smuggled):
    """Clear text behind the reply to AUTH: it is taken for a broken handshake or thrown away, never for a reply."""
    hostile.smuggle = smuggled
    with connect(hostile, kind) as ftp:
        try:
            ftp.login("user", "secret")
        except ssl.SSLError:
            assert ("AUTH TLS", False) in hostile.lines
        else:
            assert ftp.voidcmd("NOOP") == "200 noop"
    assert not [line for line, encrypted in hostile.lines if not encrypted and line != "AUTH TLS"]


@TLS_KINDS
def test_smuggled_reply_that_was_read_with_the_one_to_auth(hostile, kind):
    """The worst case made certain: the reader holds both replies when the handshake begins."""
    ftp = connect(hostile, kind)
    try:
        genuine = ftp.file

        class Reader:
            """Gives the injected line after the genuine one, as if both had come in one segment."""

            lines = []

            def readline(self, limit):
                if not self.lines:
                    self.lines = [genuine.readline(limit), "230 injected\n"]
                return self.lines.pop(0)

            def close(self):
                genuine.close()

        ftp.file = Reader()
        assert ftp.auth() == "234 go"
        assert ftp.sendcmd("USER user") == "331 password"
    finally:
        ftp.close()
        genuine.close()


@TLS_KINDS
def test_clear_text_instead_of_the_handshake_is_no_reply(hostile, kind):
    def speak(session):
        session.say(b"234 go\r\n")
        session.wait_readable(session.conn)
        session.conn.recv(65536)
        session.say(b"230 no need to log in\r\n")

    hostile.replies["AUTH"] = speak
    with connect(hostile, kind) as ftp, pytest.raises(ssl.SSLError, match="(?i)wrong.version.number"):
        ftp.login("user", "secret")
    assert not [line for line, _ in hostile.lines if "USER" in line]


@TLS_KINDS
def test_control_handshake_that_stalls_times_out(hostile, kind):
    hostile.stall = "control"
    ftp = connect(hostile, kind, hasty(rftplib.FTP_TLS, 0.5))
    try:
        with pytest.raises(socket.timeout):
            ftp.login("user", "secret")
        with pytest.raises(OSError):
            ftp.voidcmd("USER user")
    finally:
        ftp.close()
    assert hostile.lines == [("AUTH TLS", False)]


@TLS_KINDS
def test_implicit_handshake_that_stalls_times_out(kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ftp = ImplicitFTP_TLS(context=context(kind), timeout=0.5)
        with pytest.raises(socket.timeout):
            ftp.connect(*silent.getsockname())
        assert ftp.sock is None


@TLS_KINDS
def test_data_handshake_that_stalls_times_out(hostile, kind):
    ftp = connect(hostile, kind)
    try:
        ftp.login("user", "secret")
        ftp.prot_p()
        hostile.stall, ftp.timeout = "data", 0.5
        with pytest.raises(socket.timeout):
            ftp.retrbinary("RETR x", lambda block: None)
    finally:
        ftp.close()


# --- certificates


CASES = {
    "expired": ("expired", "localhost", "certificate has expired"),
    "wrong-host": ("wronghost", "localhost", "Hostname mismatch|doesn't match|not valid for"),
    "wrong-address": ("wronghost", "127.0.0.1", "IP address mismatch|doesn't match|not valid for"),
    "unknown-authority": ("unknown", "localhost", "unable to get local issuer|self.signed"),
}


@TLS_KINDS
@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cls", [rftplib.FTP_TLS, ImplicitFTP_TLS, FTPS])
def test_certificate_that_does_not_verify(hostile, kind, cls, case, version):
    shown, host, message = CASES[case]
    hostile.tls, hostile.implicit = server_context(shown), cls is ImplicitFTP_TLS
    ftp = cls(context=context(kind, version), timeout=10)
    try:
        with pytest.raises(ssl.SSLCertVerificationError, match=message):
            ftp.connect(host, hostile.address[1])
            ftp.login("user", "secret")
        for _ in range(2):
            with pytest.raises((OSError, AttributeError)):
                ftp.voidcmd("USER user")
    finally:
        ftp.close()
    assert hostile.lines == ([] if cls is ImplicitFTP_TLS else [("AUTH TLS", False)])


@pytest.mark.native
@pytest.mark.servers("pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown")
def test_certificate_of_a_real_server_that_does_not_verify(endpoint):
    ftp = rftplib.FTP_TLS(context=endpoint.context(), timeout=TIMEOUT)
    try:
        ftp.connect(endpoint.host, endpoint.port)
        with pytest.raises(ssl.SSLCertVerificationError):
            ftp.login("user", "secret")
        with pytest.raises(OSError):
            ftp.voidcmd("USER user")
    finally:
        ftp.close()


@pytest.mark.servers("pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown")
def test_default_context_verifies_nothing_as_in_ftplib(endpoint):
    with rftplib.FTP_TLS(timeout=TIMEOUT) as ftp:
        ftp.connect(endpoint.host, endpoint.port)
        ftp.auth()
        assert isinstance(ftp.sock, ssl.SSLSocket)


@TLS_KINDS
def test_data_connection_with_another_name(hostile, kind):
    """The data connection's certificate is verified like the control connection's."""
    ftp = connect(hostile, kind)
    try:
        ftp.login("user", "secret")
        ftp.prot_p()
        ftp.host, ftp.reuse_session = "wrong.example", False
        with pytest.raises(ssl.SSLCertVerificationError):
            ftp.retrbinary("RETR x", lambda block: None)
    finally:
        ftp.close()


# --- client certificates


@pytest.mark.servers("vsftpd-clientcert", "proftpd-clientcert")
def test_client_certificate(work):
    ftp = work.client(context=work.endpoint.context(client=True))
    for number in range(3):
        assert ftp.storbinary(f"STOR file-{number}", io.BytesIO(b"data")).startswith("226")
        assert (work.path / f"file-{number}").read_bytes() == b"data"


@pytest.mark.servers("vsftpd-clientcert", "proftpd-clientcert")
def test_client_certificate_missing(endpoint):
    """In TLS 1.3 the server's refusal comes after the handshake, with the first reply."""
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError, rftplib.error_perm, rftplib.error_temp)):
        endpoint.login()


def test_client_certificate_by_keyfile_and_certfile(hostile):
    """The deprecated arguments, which ftplib has up to Python 3.11."""
    with pytest.warns(DeprecationWarning):
        ftp = rftplib.FTP_TLS(certfile=SERVER_PEM, keyfile=SERVER_PEM, timeout=10)
    with ftp:
        ftp.connect(*hostile.address)
        ftp.auth()
        assert isinstance(ftp.sock, ssl.SSLSocket)
