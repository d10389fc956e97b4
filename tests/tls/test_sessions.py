"""Offered sessions that a server can't take, and contexts that are no ordinary SSLContext."""

from __future__ import annotations

import io
import logging
import ssl

import pytest
import rftplib
from rftplib import _ftp_tls
from support.certificates import CA_FILE, client_context


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The reply behind a failed handshake may take its time."""
    monkeypatch.setattr(_ftp_tls, "ANSWER", 20.0)


def connect(server, made=None, **attributes):
    ftp = rftplib.FTP_TLS(context=made or client_context(), timeout=20)
    for name, value in attributes.items():
        setattr(ftp, name, value)
    ftp.connect(*server.address)
    ftp.login("user", "secret")
    ftp.prot_p()
    return ftp


@pytest.mark.parametrize("refusal", [None, b"425 no data connection\r\n", b"522 session reuse failed\r\n"])
@pytest.mark.parametrize("transfer", ["download", "upload", "lines"])
def test_a_server_that_cant_take_its_own_session(hostile, transfer, refusal, caplog):
    """It answers the handshake by an alert: the transfer begins once more, without a session, and so do all others."""
    hostile.alerts, hostile.refusal, hostile.payload = 1, refusal, b"some line\r\n"
    ftp = connect(hostile)
    received = []
    calls = {
        "download": lambda: ftp.retrbinary("RETR x", received.append),
        "upload": lambda: ftp.storbinary("STOR x", io.BytesIO(b"data")),
        "lines": lambda: ftp.retrlines("LIST", received.append),
    }
    with caplog.at_level(logging.WARNING, "rftplib"):
        assert calls[transfer]() == "226 done"
    assert [record for record in caplog.records if "reuse_session is False from now on" in record.getMessage()]
    assert ftp.reuse_session is False and rftplib.FTP_TLS.reuse_session is True
    if transfer == "upload":
        assert hostile.uploaded == b"data"
    else:
        assert b"".join(block if isinstance(block, bytes) else block.encode() for block in received)
    assert ftp.voidcmd("NOOP").startswith("200"), "all replies have been read"
    assert calls[transfer]() == "226 done"
    assert hostile.resumed == [False, False]
    ftp.close()


def test_a_transfer_that_cant_be_repeated_says_what_to_do(hostile):
    """STOU makes another file each time."""
    hostile.alerts = 1
    ftp = connect(hostile)
    with pytest.raises(ssl.SSLError) as caught:
        ftp.transfercmd("STOU")
    assert "reuse_session" in str(caught.value)
    assert ftp.reuse_session is True
    ftp.close()


def test_a_server_that_closes_the_control_connection_then(hostile):
    hostile.alerts, hostile.final = 1, None
    ftp = connect(hostile)
    with pytest.raises(ssl.SSLError, match="reuse_session"):
        ftp.retrbinary("RETR x", lambda block: None)
    ftp.close()


def test_a_server_that_refuses_every_handshake(hostile):
    """It wasn't the session: the first error is raised, as in ftplib, and nothing is remembered."""
    hostile.alerts = 2
    ftp = connect(hostile)
    with pytest.raises(ssl.SSLError) as caught:
        ftp.retrbinary("RETR x", lambda block: None)
    assert "ALERT" in caught.value.reason and "reuse_session" not in str(caught.value)
    assert ftp.reuse_session is True
    ftp.close()


def test_no_second_try_without_an_offer(hostile):
    hostile.alerts = 1
    ftp = connect(hostile, reuse_session=False)
    with pytest.raises(ssl.SSLError):
        ftp.retrbinary("RETR x", lambda block: None)
    assert [line for line, _ in hostile.lines].count("RETR x") == 1
    assert ftp.voidresp() == "226 done", "the reply is left for the caller, as in ftplib"
    ftp.close()


class Wrapping(ssl.SSLContext):
    """As truststore's SSLContext: it makes its sockets by another context, within."""

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made.inner = ssl.create_default_context(cafile=CA_FILE)
        return made

    def __init__(self):
        pass

    def wrap_socket(self, sock, server_side=False, server_hostname=None, session=None):
        return self.inner.wrap_socket(sock, server_hostname=server_hostname, session=session)


def test_a_context_that_wraps_another_resumes(hostile):
    hostile.payload = b"data"
    ftp = connect(hostile, Wrapping())
    for _ in range(2):
        assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
    assert hostile.resumed == [True, True]
    ftp.close()


class Choosy(Wrapping):
    """Takes no session of others, as an SSLContext does."""

    def wrap_socket(self, sock, server_side=False, server_hostname=None, session=None):
        if session is not None:
            raise ValueError("Session refers to a different SSLContext.")
        return super().wrap_socket(sock, server_side, server_hostname)


def test_a_context_that_refuses_the_session_is_done_without(hostile):
    hostile.payload = b"data"
    ftp = connect(hostile, Choosy())
    for _ in range(2):
        assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
    assert hostile.resumed[-1] is False
    ftp.close()
