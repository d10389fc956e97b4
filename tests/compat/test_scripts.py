"""What scripts do around transfers: by hand, stopped early, from several threads, with live socket options."""

from __future__ import annotations

import socket

import pytest
import rftplib as ftplib
from support.clients import opened
from support.scripted_server import LIMIT, Server

BIG = b"0123456789abcdef" * 65536


def test_manual_transfers():
    with Server(data=BIG) as server:
        ftp = opened(server)
        conn = ftp.transfercmd("RETR x", rest=0)
        received = b"".join(iter(lambda: conn.recv(65536), b""))
        conn.close()
        assert ftp.voidresp() == "226 done"
        conn = ftp.transfercmd("STOR x")
        file = conn.makefile("wb")
        conn.close()
        file.write(received)
        file.close()
        assert ftp.voidresp() == "226 stored"
        conn = ftp.transfercmd("STOR x")
        assert conn.send(b"abc") == 3
        conn.shutdown(socket.SHUT_RDWR)
        conn.close()
        assert ftp.voidresp() == "226 stored"
        ftp.quit()
        assert received == BIG and bytes(server.sessions[0].uploads[1]) == BIG


def test_a_callback_that_stops_then_abort():
    """fsspec: raise from the callback, then abort() and read the second reply."""

    class TransferDone(Exception):
        pass

    def endless(session):
        try:
            session.open_data().sendall(BIG * 20)
        except OSError:
            pass  # the client has closed

    replies = {"RETR": (b"150 ok\r\n", endless, b"426 cut\r\n"), "ABOR": b"226 aborted\r\n"}
    with Server(replies) as server:
        ftp = opened(server)
        received = []

        def callback(data):
            received.append(data)
            if sum(map(len, received)) >= 100:
                raise TransferDone

        with pytest.raises(TransferDone):
            ftp.retrbinary("RETR x", callback, blocksize=64)
        assert ftp.abort() == "426 cut"
        assert ftp.getmultiline() == "226 aborted"
        assert ftp.pwd() == "/home"
        assert ftp.lastresp == "257"
        ftp.quit()
        assert b"".join(received)[:100] == BIG[:100]


def test_socket_options_on_the_live_connection():
    with Server() as server:
        ftp = opened(server)
        ftp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            ftp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        assert ftp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        ftp.sock.settimeout(12)
        assert (ftp.sock.gettimeout(), ftp.timeout) == (12, LIMIT)
        lines = []
        ftp.retrlines("LIST", lambda line: (lines.append(line), ftp.sock.settimeout(7)))
        assert ftp.sock.gettimeout() == 7
        ftp.quit()


def test_with_statement_swallows_only_the_networks_errors():
    server = Server({"QUIT": b"550 stay\r\n"})
    server.start()
    try:
        with pytest.raises(ftplib.error_perm):
            with opened(server) as ftp:
                pass
        assert ftp.sock is None
        with pytest.raises(KeyError):
            with opened(server) as ftp:
                ftp.voidcmd = lambda cmd: (_ for _ in ()).throw(EOFError)
                raise KeyError
        assert ftp.sock is None
    finally:
        server.finish()
        server.discard()
        server.close()
