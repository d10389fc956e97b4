"""Resumption of the control connection's TLS session by data connections."""

from __future__ import annotations

import io
import ssl

import pytest
import rftplib
from support.certificates import client_context
from support.ftps import CCC, EXPLICIT, Watched

DEMANDING = ("vsftpd", "vsftpd6", "vsftpd-strict", "vsftpd-forced", "proftpd")


@pytest.mark.native
@pytest.mark.servers(*EXPLICIT)
@pytest.mark.parametrize("passive", [True, False], ids=["passive", "active"])
def test_every_data_connection_resumes(work, passive):
    ftp = work.client(cls=Watched)
    ftp.set_pasv(passive)
    for number in range(4):
        ftp.storbinary(f"STOR file-{number}", io.BytesIO(b"data"))
        ftp.nlst()
    assert ftp.resumed == [work.endpoint.resumes] * 8


@pytest.mark.long
@pytest.mark.native(only=True)
@pytest.mark.servers("vsftpd", "vsftpd-strict", "proftpd", "pureftpd", "pyftpdlib")
def test_three_hundred_in_a_row(work):
    """The session of the control connection is offered again and again, and each time a copy of it."""
    ftp = work.client(cls=Watched)
    for number in range(100):
        ftp.set_pasv(number % 10 != 9)
        ftp.storbinary(f"STOR file-{number}", io.BytesIO(b"data"))
        blocks = []
        ftp.retrbinary(f"RETR file-{number}", blocks.append)
        assert b"".join(blocks) == b"data"
        assert f"file-{number}" in [name.rpartition("/")[2] for name in ftp.nlst()]
    assert ftp.resumed == [work.endpoint.resumes] * 300


@pytest.mark.native
@pytest.mark.servers(*(name for name in EXPLICIT if name.split("-")[0] in CCC))
def test_after_ccc_the_session_from_before_is_resumed(work):
    ftp = work.client(cls=Watched)
    ftp.ccc()
    for number in range(3):
        ftp.storbinary(f"STOR file-{number}", io.BytesIO(b"data"))
    assert ftp.resumed == [work.endpoint.resumes] * 3


@pytest.mark.native
@pytest.mark.servers(*DEMANDING)
def test_turned_off_these_servers_refuse(work):
    """The attribute is looked at for each data connection; and the demand is real."""
    ftp = work.client(cls=Watched)
    ftp.reuse_session = False
    with pytest.raises((rftplib.Error, OSError)):
        ftp.storbinary("STOR file", io.BytesIO(b"data" * 100_000))
    assert ftp.resumed in ([False], [])


@pytest.mark.native
@pytest.mark.servers("vsftpd-noreuse", "proftpd-noreuse", "pureftpd", "pyftpdlib")
def test_turned_off_by_a_subclass(work):
    class Fresh(Watched):
        reuse_session = False

    ftp = work.client(cls=Fresh)
    ftp.storbinary("STOR file", io.BytesIO(b"data"))
    ftp.nlst()
    assert ftp.resumed == [False, False]


def test_reconnecting_resumes_the_new_session(hostile):
    ftp = rftplib.FTP_TLS(context=client_context(), timeout=10)
    for _ in range(2):
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
        ftp.prot_p()
        ftp.nlst()
        ftp.nlst()
        ftp.close()
    assert hostile.resumed == [True] * 4


def login(server, **options):
    ftp = rftplib.FTP_TLS(timeout=10, **options)
    ftp.connect(*server.address)
    ftp.login("user", "secret")
    ftp.prot_p()
    return ftp


def test_another_context_for_data_gets_no_session(hostile):
    """OpenSSL refuses a session in another context than its own."""
    ftp = login(hostile, context=client_context())
    try:
        ftp.context = client_context()
        ftp.nlst()
        assert hostile.resumed == [False]
    finally:
        ftp.close()


def test_contexts_whose_wrap_socket_knows_no_session(hostile):
    class Plain(ssl.SSLContext):
        def wrap_socket(self, sock, server_hostname=None):
            return super().wrap_socket(sock, server_hostname=server_hostname)

    class Open(ssl.SSLContext):
        def wrap_socket(self, *args, **options):
            return super().wrap_socket(*args, **options)

    for cls, resumed in ((Plain, False), (Open, True)):
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made.load_verify_locations(context_ca())
        ftp = login(hostile, context=made)
        try:
            ftp.nlst()
            ftp.nlst()
        finally:
            ftp.close()
        assert hostile.resumed[-2:] == [resumed, resumed]


def context_ca():
    from support.certificates import CA_FILE

    return CA_FILE


def test_context_that_is_no_sslcontext(hostile):
    """Anything with wrap_socket will do; it is called as ftplib calls it."""

    class Wrapper:
        protocol = ssl.PROTOCOL_TLS_CLIENT
        calls = []

        def wrap_socket(self, sock, server_hostname):
            self.calls.append(server_hostname)
            return inner.wrap_socket(sock, server_hostname=server_hostname)

    inner = client_context()
    ftp = login(hostile, context=Wrapper())
    try:
        ftp.nlst()
    finally:
        ftp.close()
    assert Wrapper.calls == ["127.0.0.1", "127.0.0.1"]
    assert hostile.resumed == [False]


def test_without_a_session_the_keyword_is_not_passed(hostile):
    """A protected data connection beside a clear control connection."""
    calls = []

    class Noting(ssl.SSLContext):
        def wrap_socket(self, *args, **options):
            calls.append(sorted(options))
            return super().wrap_socket(*args, **options)

    made = Noting(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(context_ca())
    ftp = rftplib.FTP_TLS(context=made, timeout=10)
    try:
        ftp.connect(*hostile.address)
        ftp.prot_p()
        ftp.nlst()
    finally:
        ftp.close()
    assert calls == [["server_hostname"]]
