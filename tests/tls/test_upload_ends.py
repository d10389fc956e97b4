"""The end of an upload's data connection: close_notify is waited for, for a bounded time, and the reply decides."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
import time

import pytest
import rftplib
from rftplib import _lenient
from support.ftps import content
from tls.ends import DATA, VERSIONS, Recipe, login, once_secured, suppressed


@pytest.mark.parametrize("end", ["notify", "eof", "reset", "chatter"])
@pytest.mark.parametrize("method", ["storbinary", "storlines"])
def test_upload_that_the_server_calls_complete(hostile, ftp, end, method):
    data = b"a line of text\r\n" * 20_000
    for _ in range(2):
        hostile.uploaded.clear()
        hostile.end = end
        assert getattr(ftp, method)("STOR x", io.BytesIO(data)) == "226 done"
        assert hostile.uploaded == data
    assert ftp.voidcmd("NOOP").startswith("200")


@pytest.mark.parametrize("end", ["notify", "eof", "reset", "chatter", "silent"])
@pytest.mark.parametrize(
    "final, error", [(b"452 disk full\r\n", ftplib.error_temp), (b"553 no\r\n", ftplib.error_perm)], ids=["452", "553"]
)
def test_upload_that_the_server_calls_failed(hostile, ftp, end, final, error):
    hostile.end, hostile.final = end, final
    with pytest.raises(error, match=final.decode().strip()):
        ftp.storbinary("STOR x", io.BytesIO(DATA))
    assert ftp.voidcmd("NOOP").startswith("200")


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["SSLSocket", "subclass"])
def test_a_refused_upload_leaves_the_control_connection_alone(hostile, ftp, method, wrapped, monkeypatch):
    """What OpenSSL has noted of the failed write must not be taken for an error of the other connection."""
    monkeypatch.setattr(_lenient, "REASON", 0.05)  # the reply comes later than that
    if wrapped and ftp.kind == "native":
        pytest.skip("NativeContext has no sslsocket_class")
    if wrapped:
        ftp.context.sslsocket_class = type("Wrapped", (ssl.SSLSocket,), {})
    hostile.end, hostile.final = "refuse", b"552 disk full\r\n"
    with pytest.raises((ConnectionError, ssl.SSLEOFError)):  # as Python 3.10 and 3.11 call a reset
        getattr(ftp, method)("STOR x", io.BytesIO(b"a line of text\r\n" * 500_000))
    ftp.sock.settimeout(0.1)
    with pytest.raises(socket.timeout):
        ftp.sock.recv(1)
    ftp.sock.settimeout(10)
    hostile.taken.set()
    with pytest.raises(ftplib.error_perm, match="552 disk full"):
        ftp.voidresp()
    assert ftp.voidcmd("NOOP").startswith("200")


def test_upload_to_a_server_that_never_answers_close_notify(hostile, ftp):
    """It waits for the client to close: the bound is waited for, once."""
    hostile.end, hostile.final_waits = "silent", True
    ftp.unwrap_timeout, ftp.timeout = 0.3, 60
    once_secured(hostile, ftp)
    began = time.monotonic()
    assert ftp.storbinary("STOR x", io.BytesIO(DATA)) == "226 done"
    assert 0.27 < time.monotonic() - began < 15
    assert hostile.uploaded == DATA
    assert ftp.voidcmd("NOOP").startswith("200")


def test_the_bound_is_never_longer_than_the_timeout(hostile):
    hostile.end, hostile.final_waits = "silent", True
    ftp = login(hostile)
    ftp.unwrap_timeout = 60
    try:
        once_secured(hostile, ftp, lambda conn: conn.settimeout(0.7))
        began = time.monotonic()
        assert ftp.storbinary("STOR x", io.BytesIO(DATA)) == "226 done"
        assert 0.6 < time.monotonic() - began < 15
    finally:
        ftp.close()


def test_no_wait_at_all(hostile, ftp, monkeypatch):
    """Else it would go on for a minute, or until the server is tired of it."""
    monkeypatch.setattr(rftplib.FTP_TLS, "unwrap_timeout", 60)
    hostile.end, hostile.final_waits, ftp.unwrap_timeout, ftp.timeout = "silent", True, 0, 60
    began = time.monotonic()
    assert ftp.storbinary("STOR x", io.BytesIO(b"data")) == "226 done"
    assert time.monotonic() - began < 15


def test_a_reply_ends_the_wait_for_close_notify(hostile, ftp):
    """What the server has acknowledged needs no close_notify."""
    hostile.end = "silent"
    ftp.unwrap_timeout = ftp.timeout = 60
    began = time.monotonic()
    assert ftp.storbinary("STOR x", io.BytesIO(DATA)) == "226 done"
    assert time.monotonic() - began < 15
    assert hostile.uploaded == DATA


def test_the_default_bound():
    assert 1 <= rftplib.FTP_TLS.unwrap_timeout <= 10
    assert "unwrap_timeout" not in vars(rftplib.FTP_TLS())


@VERSIONS
@pytest.mark.parametrize("how", ["module", "instance"])
def test_upload_without_unwrap_arrives_whole(hostile, version, how):
    """Unread TLS 1.3 tickets must not make the kernel reset the connection."""
    hostile.end = "eof"
    ftp = login(hostile, version, type("Client", (Recipe, rftplib.FTP_TLS), {}))
    try:
        for size in (1, 100_000, 5_000_000):
            hostile.uploaded.clear()
            with suppressed(ftp, how):
                assert ftp.storbinary("STOR x", io.BytesIO(content(size))) == "226 done"
            assert hostile.uploaded == content(size)
    finally:
        ftp.close()
