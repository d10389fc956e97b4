"""`connect_timeout` and `data_timeout`: other limits than the one for replies.

As in test_timeouts, a short limit is set only where silence is sure to follow.
"""

from __future__ import annotations

import io
import socket

import pytest
import rftplib
from rftplib.tls import FTPS
from support.actions import auth_tls, fall_silent, open_data, prot
from support.certificates import CA_FILE
from support.clients import opened
from support.scripted_server import Server
from support.slow_server import unanswering_port
from support.twins import LIMIT

SHORT = 0.1


def encrypted():
    return FTPS(context=rftplib.ssl.create_default_context(cafile=CA_FILE), timeout=LIMIT)


@pytest.mark.parametrize("active", [False, True], ids=["passive", "active"])
@pytest.mark.parametrize(
    "options", [{}, {"connect_timeout": 11}, {"data_timeout": 13}, {"connect_timeout": 11, "data_timeout": 13}]
)
@pytest.mark.parametrize("timeout", [LIMIT, None, "default"])
def test_the_timeouts_of_the_sockets(timeout, options, active):
    """While they are used; and, by a factory's look, while they are made."""
    made = []

    def factory(address, timeout, source_address=None):
        made.append(timeout)
        return socket.create_connection(address, timeout, source_address)

    socket.setdefaulttimeout(19)
    try:
        usual = 19 if timeout == "default" else timeout
        with Server() as server:
            ftp = rftplib.FTP(**({} if timeout == "default" else {"timeout": timeout}))
            vars(ftp).update(options)
            for ftp.socket_factory in (None, factory):
                ftp.connect(*server.address)
                ftp.set_pasv(not active)
                assert ftp.sock.gettimeout() == usual
                if active:
                    with ftp.makeport() as listener:
                        assert listener.gettimeout() == options.get("connect_timeout", usual)
                with ftp.transfercmd("NLST") as conn:
                    assert conn.gettimeout() == options.get("data_timeout", usual)
                ftp.close()
            assert set(made) == {options.get("connect_timeout", usual)}
    finally:
        socket.setdefaulttimeout(None)


def test_a_server_that_isnt_there():
    with unanswering_port() as address:
        ftp = rftplib.FTP(timeout=LIMIT)
        ftp.connect_timeout = SHORT
        with pytest.raises(socket.timeout):
            ftp.connect(*address)
        assert ftp.sock is None


def test_no_data_connection_in_active_mode():
    with Server({"NLST": b"150 but I never connect\r\n"}) as server, opened(server, connect_timeout=SHORT) as ftp:
        ftp.set_pasv(False)
        with pytest.raises(socket.timeout):
            ftp.nlst()
        assert ftp.sendcmd("NOOP") == "200 noop"  # the timeout for replies is as it was


def test_a_data_connection_that_stalls():
    with Server({"NLST": (open_data, b"150 ok\r\n"), "STOR": (open_data, b"150 ok\r\n")}) as server:
        with opened(server, data_timeout=SHORT) as ftp:
            with pytest.raises(socket.timeout):
                ftp.nlst()
            with pytest.raises(socket.timeout):
                ftp.storbinary("STOR x", io.BytesIO(bytes(1 << 26)))
            assert ftp.sendcmd("NOOP") == "200 noop"


def test_a_handshake_that_never_ends():
    with Server({"AUTH": (b"234 go\r\n", fall_silent)}) as server:
        ftp = encrypted()
        ftp.connect_timeout = SHORT
        with pytest.raises(socket.timeout):
            ftp.connect("localhost", server.port)
        assert ftp.sock is None


def test_a_handshake_for_data_that_never_ends():
    replies = {"AUTH": auth_tls, "PROT": prot, "NLST": (lambda session: session.open_data(tls=False), b"150 ok\r\n")}
    with Server(replies) as server:
        ftp = encrypted()
        ftp.connect("localhost", server.port)
        ftp.login()
        ftp.connect_timeout = SHORT
        with pytest.raises(socket.timeout):
            ftp.nlst()
        ftp.close()


def test_after_the_handshakes_the_others_count():
    with Server({"AUTH": auth_tls, "PROT": prot}) as server:
        ftp = encrypted()
        ftp.connect_timeout, ftp.data_timeout = 11, 13
        ftp.connect("localhost", server.port)
        with ftp:
            assert ftp.sock.gettimeout() == LIMIT
            ftp.login()
            with ftp.transfercmd("NLST") as conn:
                assert conn.gettimeout() == 13
            ftp.voidresp()


@pytest.mark.parametrize("name", ["connect_timeout", "data_timeout", "noop_interval"])
@pytest.mark.parametrize(
    "value, error",
    [("1", TypeError), (True, TypeError), ([], TypeError), (0, ValueError), (-1, ValueError),
     (float("nan"), ValueError), (float("inf"), ValueError), (1e300, ValueError)],
)  # fmt: skip
def test_wrong_timeouts(name, value, error):
    with Server() as server, opened(server) as ftp:
        setattr(ftp, name, value)
        for passive in (True, False):
            ftp.set_pasv(passive)
            with pytest.raises(error, match=f"^{name} must be "):
                ftp.nlst()
        other = rftplib.FTP(timeout=LIMIT)
        other.connect_timeout = value
        with pytest.raises(error, match="^connect_timeout must be "):
            other.connect(*server.address)
        assert other.sock is None
