"""Servers that know less of RFC 4217 than ftplib asks for."""

from __future__ import annotations

import ftplib
import ssl

import pytest
import rftplib.tls
from support.actions import auth_tls
from support.certificates import CA_FILE
from support.harness import run_both, same
from support.scripted_server import LIMIT, Server


def listing(lib, env):
    ftp = env.tls()
    ftp.login("user", "secret")
    env.note(ftp.prot_p())
    env.note(ftp.nlst())
    return ftp.quit()


@pytest.mark.parametrize("refusal", [b"500 PBSZ not understood\r\n", b"503 not now\r\n", b"536 no\r\n"])
def test_pbsz_may_be_refused(refusal):
    ours, theirs = run_both(listing, {"PBSZ": refusal})
    assert theirs.exception["type"] == "ftplib.error_perm"
    assert ours.exception is None and ours.notes == ["'200 prot'", ["list", "'one'", "'two'"]]


def test_prot_decides():
    ours, _ = run_both(listing, {"PBSZ": b"500 no PBSZ\r\n", "PROT": b"536 no PROT\r\n"})
    assert ours.exception["type"] == "ftplib.error_perm" and "no PROT" in str(ours.exception["args"])
    same(listing, {"PROT": b"536 no PROT\r\n"})
    same(listing, {"PBSZ": b"421 closing\r\n"})


def only_auth_ssl(refusal):
    def auth(session):
        if session.argument == "SSL":
            auth_tls(session)
        else:
            session.conn.sendall(refusal)

    return auth


@pytest.mark.parametrize("refusal", [b"504 unknown mechanism\r\n", b"500 what?\r\n"])
def test_auth_ssl_where_auth_tls_is_unknown(refusal):
    ours, theirs = run_both(listing, {"AUTH": only_auth_ssl(refusal)})
    assert theirs.exception["type"] == "ftplib.error_perm"
    assert ours.exception is None
    assert ours.wire[0].splitlines()[:2] == ["AUTH TLS", "AUTH SSL"]
    assert ours.notes == ["'200 prot'", ["list", "'one'", "'two'"]]


@pytest.mark.parametrize(
    "refusal", [b"502 no TLS here\r\n", b"530 log in first\r\n", b"534 policy\r\n", b"431 no key\r\n"]
)
def test_another_refusal_is_raised_at_once(refusal):
    same(listing, {"AUTH": refusal})


@pytest.mark.parametrize("second", [b"500 neither\r\n", b"534 policy\r\n"])
def test_where_both_are_refused_the_first_refusal_is_raised(second):
    ours, theirs = run_both(listing, {"AUTH": [b"504 TLS?\r\n", second]})
    assert ours.exception == theirs.exception


@pytest.mark.parametrize("second", [b"431 no key\r\n", None])
def test_what_else_happens_is_raised(second):
    def script(lib, env):
        env.tls(timeout=LIMIT if second else 0.3).auth()

    ours, _ = run_both(script, {"AUTH": [b"504 TLS?\r\n", second]})
    assert ours.exception["type"] in {"ftplib.error_temp", "builtins.TimeoutError", "socket.timeout"}


def test_the_certificate_is_verified_after_auth_ssl():
    with Server({"AUTH": only_auth_ssl(b"504 what?\r\n")}) as server:
        ftp = rftplib.tls.FTPS(timeout=20)
        with pytest.raises(ssl.SSLCertVerificationError):
            ftp.connect(server.host, server.port)
    assert server.commands()[:2] == ["AUTH TLS", "AUTH SSL"]


def test_ftps_takes_both():
    context = ssl.create_default_context(cafile=CA_FILE)
    replies = {"AUTH": only_auth_ssl(b"504 what?\r\n"), "PBSZ": b"500 what?\r\n"}
    with Server(replies) as server:
        with rftplib.tls.FTPS(timeout=20, context=context) as ftp:
            ftp.connect("localhost" if server.host == "127.0.0.1" else server.host, server.port)
            ftp.login("user", "secret")
            assert ftp.nlst() == ["one", "two"]


def test_ftps_names_what_to_do_where_both_are_refused():
    with Server({"AUTH": b"500 what?\r\n"}) as server:
        ftp = rftplib.tls.FTPS(timeout=20)
        with pytest.raises(ftplib.error_perm, match="implicit=True"):
            ftp.connect(server.host, server.port)
        assert ftp.sock is None
