"""`prefer_epsv` and `tcp_keepalive`."""

from __future__ import annotations

import socket

import pytest
import rftplib
from support.actions import auth_tls
from support.clients import opened
from support.scripted_server import Server
from support.twins import LIMIT


@pytest.mark.parametrize("ipv6", [False, True])
def test_epsv_comes_first(ipv6):
    with Server(ipv6=ipv6) as server, opened(server, prefer_epsv=True) as ftp:
        assert ftp.nlst() == ftp.nlst() == ["one", "two"]
    assert server.commands() == ["TYPE A", "EPSV", "NLST"] * 2 + ["QUIT"]


@pytest.mark.parametrize(
    "refusal", [b"500 what?\r\n", b"502 no\r\n", b"522 no\r\n", b"229 no port\r\n", b"200 yes\r\n"]
)
def test_pasv_where_it_is_refused_remembered_for_the_connection(refusal):
    with Server({"EPSV": refusal}) as server:
        ftp = opened(server, prefer_epsv=True)
        assert ftp.nlst() == ftp.nlst() == ["one", "two"]
        ftp.quit()
        ftp.connect(*server.address)
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()
    once = ["TYPE A", "EPSV", "PASV", "NLST"]
    assert server.commands() == [*once, "TYPE A", "PASV", "NLST", "QUIT"]
    assert server.commands(1) == [*once, "QUIT"]


def test_a_passing_trouble_is_raised_and_not_remembered():
    with Server({"EPSV": [b"425 later\r\n", b"502 no\r\n"]}) as server, opened(server, prefer_epsv=True) as ftp:
        with pytest.raises(rftplib.error_temp):
            ftp.nlst()
        assert ftp.nlst() == ["one", "two"]
    assert server.commands() == ["TYPE A", "EPSV", "TYPE A", "EPSV", "PASV", "NLST", "QUIT"]


def test_what_is_no_reply_is_raised():
    """The next one may be that to EPSV: it mustn't be taken for another command's."""
    with Server({"EPSV": b"??\r\n"}) as server, opened(server, prefer_epsv=True) as ftp:
        with pytest.raises(rftplib.error_proto, match="^[?][?]$"):
            ftp.nlst()
    assert "PASV" not in server.commands()


def test_it_goes_through_the_objects_methods_and_the_modules_parser(monkeypatch):
    sent, parsed = [], []

    class Client(rftplib.FTP):
        prefer_epsv = True

        def sendcmd(self, cmd):
            sent.append(cmd)
            return super().sendcmd(cmd)

    real = rftplib.parse229
    monkeypatch.setattr(rftplib, "parse229", lambda *args: parsed.append(args) or real(*args))
    with Server() as server, opened(server, Client) as ftp:
        assert ftp.makepasv() == server.data_address()
        assert sent == ["EPSV"] and parsed[0][1] == server.address


def test_as_in_ftplib_unless_it_is_set():
    with Server() as server, opened(server) as ftp:
        ftp.nlst()
    assert server.commands() == ["TYPE A", "PASV", "NLST", "QUIT"]


def option(sock, name):
    return sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) if hasattr(socket, name) else None


@pytest.mark.parametrize("cls", [rftplib.FTP, rftplib.FTP_TLS])
@pytest.mark.parametrize("given, seconds", [(7, 7), (2.6, 3), (0.1, 1), (10**6, 32767)])
def test_the_control_connection_is_probed(cls, given, seconds):
    with Server({"AUTH": auth_tls}) as server, opened(server, cls, tcp_keepalive=given) as ftp:
        if cls is rftplib.FTP_TLS:
            ftp.auth()
        assert ftp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
        assert option(ftp.sock, "TCP_KEEPIDLE") in (seconds, None)
        assert option(ftp.sock, "TCP_KEEPINTVL") in (seconds, None)
        assert option(ftp.sock, "TCP_KEEPCNT") in (4, None)


def test_it_is_not_unless_it_is_set():
    with Server() as server, opened(server) as ftp:
        assert ftp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0


@pytest.mark.parametrize("value, error", [("60", TypeError), (True, TypeError), (0, ValueError), (-1, ValueError)])
def test_wrong_tcp_keepalive(value, error, no_descriptor_left):
    with Server() as server:
        ftp = rftplib.FTP(timeout=LIMIT)
        ftp.tcp_keepalive = value
        with pytest.raises(error, match="^tcp_keepalive must be "):
            ftp.connect(*server.address)
        assert ftp.sock is None
