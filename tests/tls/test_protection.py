"""When data connections are protected, and what happens where the server doesn't do that."""

from __future__ import annotations

import functools

import pytest
import rftplib
from rftplib.tls import FTPS, ImplicitFTP_TLS
from support.certificates import client_context


@pytest.mark.parametrize("refusal", [b"500 what?\r\n", b"421 no\r\n"])
def test_server_that_cannot_be_secure(hostile, refusal):
    """Nothing is sent, neither then nor later."""
    hostile.replies.update({"AUTH": refusal})
    ftp = FTPS(context=client_context(), timeout=10)
    with pytest.raises((rftplib.error_perm, rftplib.error_temp), match=refusal.decode()[:3]):
        ftp.connect(*hostile.address)
    assert ftp.sock is None and ftp.file is None
    with pytest.raises(AttributeError):
        ftp.login("user", "secret")
    assert {line for line, _ in hostile.lines} <= {"AUTH TLS", "AUTH SSL"}


@pytest.mark.parametrize("refusal", [b"530 log in first\r\n", b"534 no\r\n", b"431 not now\r\n"])
def test_server_that_never_protects(hostile, refusal):
    """FTPS transfers nothing, whatever the attribute of ImplicitFTP_TLS says."""
    hostile.replies.update({"PROT": refusal})
    ftp = FTPS(context=client_context(), timeout=10)
    ftp.allow_clear_data = True
    ftp.connect(*hostile.address)
    with pytest.raises((rftplib.error_perm, rftplib.error_temp), match=refusal.decode()[:3]):
        ftp.login("user", "secret")
    assert ftp.sock is None
    with pytest.raises(ValueError, match="never transfers in clear text"):
        ftp.transfercmd("NLST")


def test_nothing_is_transferred_before_the_login(hostile):
    with FTPS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        for call in (ftp.nlst, lambda: ftp.transfercmd("RETR secret-name")):
            with pytest.raises(ValueError, match=r"call login\(\), or prot_p\(\) after a login by hand"):
                call()
        ftp.login("user", "secret")
        assert ftp.nlst() == []
    assert not any("secret-name" in line for line, _ in hostile.lines)
    assert all(encrypted for line, encrypted in hostile.lines if line != "AUTH TLS")
    assert hostile.resumed == [True]


def test_a_login_by_hand(hostile):
    hostile.replies.update({"PROT": [b"534 no\r\n", b"200 ok\r\n"]})
    with FTPS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        ftp.sendcmd("USER user")
        ftp.sendcmd("PASS secret")
        with pytest.raises(rftplib.error_perm, match="534"):
            ftp.prot_p()
        with pytest.raises(ValueError, match="prot_p"):
            ftp.voidcmd("TYPE A")
            ftp.transfercmd("NLST")
        assert ftp.prot_p() == "200 ok"
    sent = [line for line, encrypted in hostile.lines if encrypted]
    assert sent == ["USER user", "PASS secret", *["PBSZ 0", "PROT P"], "TYPE A", *["PBSZ 0", "PROT P"], "QUIT"]


@pytest.mark.parametrize("make", [ImplicitFTP_TLS, functools.partial(FTPS, implicit=True)], ids=["plain", "FTPS"])
def test_server_that_knows_prot_but_not_pbsz(hostile, make):
    hostile.implicit = True
    hostile.replies.update({"PBSZ": b"500 what?\r\n"})
    with make(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        ftp.login("user", "secret")
        assert ftp.nlst() == []
    assert hostile.resumed == [True]  # None would be clear text


@pytest.mark.parametrize("way", ["class", "subclass", "object"])
def test_implicit_tls_goes_on_in_clear_text_if_it_is_allowed(hostile, monkeypatch, way):
    hostile.implicit = True
    hostile.replies.update({"PBSZ": b"550 what?\r\n", "PROT": b"550 what?\r\n"})  # rclone serve ftp

    class Client(ImplicitFTP_TLS):
        pass

    ftp = Client(context=client_context(), timeout=10)
    target = {"class": ImplicitFTP_TLS, "subclass": Client, "object": ftp}[way]
    with ftp:
        ftp.connect(*hostile.address)
        with pytest.raises(rftplib.error_perm, match="550 .*allow_clear_data = True") as caught:
            ftp.login("user", "secret")
        assert caught.value.args == ("550 what?",)
        monkeypatch.setattr(target, "allow_clear_data", True, raising=False)
        assert ftp.login("user", "secret") == "230 logged in"
        hostile.payload = b"name\r\n"
        assert ftp.nlst() == ["name"]
    assert hostile.resumed == [None]


def test_a_refusal_for_now_is_no_reason_to_go_on_in_clear_text(hostile):
    hostile.implicit = True
    hostile.replies.update({"PROT": b"431 not now\r\n"})
    with ImplicitFTP_TLS(context=client_context(), timeout=10) as ftp:
        ftp.allow_clear_data = True
        ftp.connect(*hostile.address)
        with pytest.raises(rftplib.error_temp, match="431"):
            ftp.login("user", "secret")
