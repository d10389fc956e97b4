"""rftplib.tls: implicit TLS, and the class that is encrypted and verified or fails."""

from __future__ import annotations

import inspect
import io
import ssl

import pytest
import rftplib
from rftplib.tls import FTPS, FTPS_PORT, ImplicitFTP_TLS, NativeContext, NativeSocket
from servers.layout import PASSWORD, USER, certificate
from support.certificates import client_context
from support.ftps import IMPLICIT, TIMEOUT, content
from support.ports import REFUSING

BOTH = pytest.mark.parametrize("cls", [ImplicitFTP_TLS, FTPS], ids=["ImplicitFTP_TLS", "FTPS"])
PROTECTION = [("PBSZ 0", True), ("PROT P", True)]


def implicit(cls, **options):
    return cls(implicit=True, **options) if cls is FTPS else cls(**options)


def transfer(work, ftp):
    ftp.cwd(work.name)
    for number in range(3):
        data = content(100_000 * number + 1)
        assert ftp.storbinary(f"STOR file-{number}", io.BytesIO(data)).startswith("226")
        assert (work.path / f"file-{number}").read_bytes() == data
        blocks = []
        assert ftp.retrbinary(f"RETR file-{number}", blocks.append).startswith("226")
        assert b"".join(blocks) == data
    assert len(ftp.nlst()) >= 3


# --- real servers


@pytest.mark.servers(*IMPLICIT)
@BOTH
def test_ftps_with_implicit_tls(work, cls):
    with implicit(cls, context=work.endpoint.context(), timeout=TIMEOUT) as ftp:
        assert ftp.connect(work.endpoint.host, work.endpoint.port).startswith("220")
        assert ftp.login(USER, PASSWORD).startswith("230")
        transfer(work, ftp)
        with ftp.transfercmd("NLST") as conn:
            assert isinstance(conn, ssl.SSLSocket)
            assert conn.session_reused
            while conn.recv(1000):
                pass
            conn.unwrap()
        assert ftp.voidresp().startswith("226")


def test_ftps(work):
    with FTPS(context=work.endpoint.context(), timeout=TIMEOUT) as ftp:
        ftp.connect(work.endpoint.host, work.endpoint.port)
        assert isinstance(ftp.sock, ssl.SSLSocket)
        assert ftp.login(USER, PASSWORD).startswith("230")
        transfer(work, ftp)


@pytest.mark.servers("pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown")
def test_ftps_with_a_server_that_does_not_verify(endpoint):
    ftp = FTPS(context=endpoint.context(), timeout=TIMEOUT)
    with pytest.raises(ssl.SSLCertVerificationError):
        ftp.connect(endpoint.host, endpoint.port)
    assert ftp.sock is None


@pytest.mark.servers("pyftpdlib")
def test_ftps_by_default_trusts_only_the_system(endpoint):
    with pytest.raises(ssl.SSLCertVerificationError):
        FTPS(timeout=TIMEOUT).connect(endpoint.host, endpoint.port)


@pytest.mark.servers("vsftpd", "proftpd", "proftpd-noreuse", "pyftpdlib")
def test_ftps_with_tls_in_rust(work):
    trusting = NativeContext(cafile=str(certificate("ca.crt")), maximum_version=f"TLSv{work.endpoint.version}")
    with FTPS(context=trusting, timeout=TIMEOUT) as ftp:
        ftp.connect(work.endpoint.host, work.endpoint.port)
        ftp.login(USER, PASSWORD)
        assert ftp.sock.version() == f"TLSv{work.endpoint.version}"
        transfer(work, ftp)


@pytest.mark.servers("pyftpdlib-implicit")
@BOTH
def test_implicit_tls_in_rust(work, cls):
    with implicit(cls, context=NativeContext(cafile=str(certificate("ca.crt"))), timeout=TIMEOUT) as ftp:
        ftp.connect(work.endpoint.host, work.endpoint.port)
        ftp.login(USER, PASSWORD)
        assert type(ftp.sock) is NativeSocket
        transfer(work, ftp)


def test_dangerous_contexts_in_rust_are_refused():
    with pytest.raises(ValueError, match="verify_mode"):
        FTPS(context=NativeContext(danger_accept_invalid_certs=True))
    with pytest.raises(ValueError, match="check_hostname"):
        FTPS(context=NativeContext(danger_accept_invalid_hostnames=True))


# --- the dialogue


def test_the_dialogue_of_implicit_tls(hostile):
    hostile.implicit = True
    with ImplicitFTP_TLS(context=client_context(), timeout=10) as ftp:
        assert ftp.connect(*hostile.address) == "220 ready"
        assert ftp.sock.server_hostname == "127.0.0.1"
        assert ftp.login("user", "secret") == "230 logged in"
        ftp.login("user", "secret")
    assert hostile.lines == [
        ("USER user", True),
        ("PASS secret", True),
        *PROTECTION,
        ("USER user", True),
        ("PASS secret", True),
        ("QUIT", True),
    ]


def test_the_dialogue_of_ftps(hostile):
    with FTPS(context=client_context(), timeout=10) as ftp:
        assert ftp.connect(*hostile.address) == "220 ready"
        assert ftp.login("user", "secret") == "230 logged in"
    assert hostile.lines == [
        ("AUTH TLS", False),
        ("USER user", True),
        ("PASS secret", True),
        *PROTECTION,
        ("QUIT", True),
    ]


def test_the_dialogue_of_implicit_ftps(hostile):
    hostile.implicit = True
    with FTPS(implicit=True, context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
    assert hostile.lines == [("USER user", True), ("PASS secret", True), *PROTECTION, ("QUIT", True)]


@BOTH
def test_everything_in_the_constructor(hostile, cls, monkeypatch):
    hostile.implicit = True
    monkeypatch.setattr(cls, "port", hostile.address[1])
    if cls is FTPS:
        monkeypatch.setattr("rftplib.tls.FTPS_PORT", hostile.address[1])
    with implicit(cls, host="127.0.0.1", user="user", passwd="secret", context=client_context(), timeout=10) as ftp:
        assert ftp.nlst() == []
    assert ("PASS secret", True) in hostile.lines
    assert all(encrypted for _, encrypted in hostile.lines)


@BOTH
def test_reconnecting_protects_again(hostile, cls):
    hostile.implicit = True
    ftp = implicit(cls, context=client_context(), timeout=10)
    for _ in range(2):
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
        ftp.nlst()
        ftp.close()
    assert hostile.lines.count(("PROT P", True)) == 2
    assert hostile.resumed == [True, True]


def test_prot_c_on_implicit_tls(hostile):
    hostile.implicit = True
    with ImplicitFTP_TLS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
        ftp.prot_c()
        assert ftp.nlst() == []
    assert hostile.resumed == [None]


# --- what FTPS refuses


@pytest.mark.parametrize("call", ["prot_c", "ccc"])
def test_ftps_never_goes_back_to_clear_text(hostile, call):
    with FTPS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        with pytest.raises(ValueError, match=rf"{call}\(\) is refused"):
            getattr(ftp, call)()
        with pytest.raises(ValueError, match="secure=False is refused"):
            ftp.login("user", "secret", secure=False)
        with pytest.raises(ValueError, match="Already using TLS"):
            ftp.auth()
        ftp.login("user", "secret")
        assert ftp.nlst() == []
    assert {line for line, encrypted in hostile.lines if not encrypted} == {"AUTH TLS"}


def test_contexts_that_verify_nothing_are_refused():
    unverified = client_context()
    unverified.check_hostname = False
    with pytest.raises(ValueError, match="check_hostname"):
        FTPS(context=unverified)
    unverified.verify_mode = ssl.CERT_NONE
    with pytest.raises(ValueError, match="verify_mode"):
        FTPS(context=unverified)
    with pytest.raises(ValueError, match="verify_mode"):
        FTPS(context=object())


def test_context_that_is_weakened_later_is_refused(hostile):
    ftp = FTPS(context=client_context(), timeout=10)
    ftp.connect(*hostile.address)
    ftp.login("user", "secret")
    ftp.context.check_hostname = False
    with pytest.raises(ValueError, match="check_hostname"):
        ftp.nlst()
    ftp.close()
    with pytest.raises(ValueError, match="check_hostname"):
        ftp.connect(*hostile.address)


def test_login_on_a_socket_that_was_put_there_by_hand(hostile):
    """A tunnel, for one: TLS comes before the login all the same."""
    import socket

    ftp = FTPS(context=client_context(), timeout=10)
    ftp.host = "127.0.0.1"
    ftp.sock = socket.create_connection(hostile.address)
    ftp.af = ftp.sock.family
    ftp.file = ftp.sock.makefile("r", encoding="utf-8")
    try:
        ftp.welcome = ftp.getresp()
        ftp.login("user", "secret")
        assert ftp.nlst() == []
    finally:
        ftp.close()
    assert [line for line, encrypted in hostile.lines if not encrypted] == ["AUTH TLS"]
    assert ("PROT P", True) in hostile.lines


# --- the API


def test_default_context_of_ftps_verifies():
    made = FTPS().context
    assert made.verify_mode is ssl.CERT_REQUIRED and made.check_hostname
    assert made.get_ca_certs() is not None


def test_defaults_of_implicit_tls_are_those_of_ftp_tls():
    made = ImplicitFTP_TLS().context
    assert made.verify_mode is ssl.CERT_NONE and not made.check_hostname


def test_ports():
    assert FTPS_PORT == ImplicitFTP_TLS.port == ImplicitFTP_TLS().port == FTPS(implicit=True).port == 990
    assert FTPS.port == FTPS().port == 21


@BOTH
def test_arguments_as_in_ftp(cls):
    made = implicit(cls, context=client_context(), timeout=7, source_address=("127.0.0.1", 0), encoding="latin-1")
    assert (made.timeout, made.source_address, made.encoding) == (7, ("127.0.0.1", 0), "latin-1")
    assert inspect.signature(cls.connect) == inspect.signature(rftplib.FTP.connect)
    assert inspect.signature(cls.login) == inspect.signature(rftplib.FTP_TLS.login)
    with pytest.raises(ValueError, match="timeout=0"):
        made.connect("127.0.0.1", 1, timeout=0)


@BOTH
def test_refused_connection(cls):
    with pytest.raises(ConnectionRefusedError):
        implicit(cls, context=client_context(), timeout=5).connect("127.0.0.1", REFUSING)


@BOTH
def test_audit_event(hostile, cls):
    import sys

    hostile.implicit = True
    seen = []
    listening = [True]

    def hook(event, args):
        if listening and event == "ftplib.connect":
            seen.append(args[1:])

    sys.addaudithook(hook)
    try:
        with implicit(cls, context=client_context(), timeout=10) as ftp:
            ftp.connect(*hostile.address)
    finally:
        listening.clear()
    assert seen == [hostile.address]


def test_names_of_the_module():
    import rftplib.tls

    assert {"FTPS", "FTPS_PORT", "ImplicitFTP_TLS", "NativeContext", "NativeSocket"} <= set(rftplib.tls.__all__)
    assert all(hasattr(rftplib.tls, name) for name in rftplib.tls.__all__)
    assert {cls.__module__ for cls in (FTPS, ImplicitFTP_TLS, NativeContext, NativeSocket)} == {"rftplib.tls"}
    with pytest.raises(TypeError):
        NativeSocket()
