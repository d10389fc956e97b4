"""What users do to the module and to the classes: patches, replaced sockets, helpers used from outside."""

from __future__ import annotations

import io
import socket
import types
from unittest import mock

import pytest
import rftplib as ftplib
from support.clients import opened
from support.scripted_server import LIMIT, Server


def test_class_patch_of_makepasv(monkeypatch):
    _old_makepasv = ftplib.FTP.makepasv
    seen = []

    def _new_makepasv(self):
        host, port = _old_makepasv(self)
        seen.append(port)
        return self.sock.getpeername()[0], port

    monkeypatch.setattr(ftplib.FTP, "makepasv", _new_makepasv)
    with Server() as server:
        for cls in (ftplib.FTP, ftplib.FTP_TLS):
            ftp = opened(server, cls)
            assert ftp.nlst() == ["one", "two"]
            ftp.quit()
    assert len(seen) == 2


def test_port_set_on_the_class(monkeypatch):
    with Server() as server:
        monkeypatch.setattr(ftplib.FTP, "port", server.port)
        with ftplib.FTP(server.host, "u", "p", timeout=LIMIT) as ftp:
            assert ftp.pwd() == "/home"
        assert ftplib.FTP_TLS.port == server.port
        ftplib.FTP_TLS.port = 990
        try:
            assert (ftplib.FTP.port, ftplib.FTP_TLS().port) == (server.port, 990)
        finally:
            del ftplib.FTP_TLS.port
        assert ftplib.FTP_TLS.port == server.port
    monkeypatch.undo()
    assert ftplib.FTP.port == ftplib.FTP_PORT == 21


def test_maxline_changed_on_the_class(monkeypatch):
    monkeypatch.setattr(ftplib.FTP, "maxline", ftplib.FTP.maxline * 48)
    with Server(data=b"x" * 100000 + b"\r\n") as server:
        ftp = opened(server)
        assert [len(line) for line in ftp.nlst()] == [100000]
        monkeypatch.undo()
        with pytest.raises(ftplib.Error, match="got more than 8192 bytes"):
            ftp.nlst()
        ftp.close()


def test_changing_the_constant_has_no_effect(monkeypatch):
    monkeypatch.setattr(ftplib, "MAXLINE", 5)
    monkeypatch.setattr(ftplib, "FTP_PORT", 5)
    assert (ftplib.FTP.maxline, ftplib.FTP.port) == (8192, 21)


class CountingSocket(socket.socket):
    """As PySocks's socksocket and gevent's socket: a class of its own, whose methods must be used."""

    calls: list = []

    def connect(self, address):
        self.calls.append("connect")
        return super().connect(address)

    def recv(self, *args):
        self.calls.append("recv")
        return super().recv(*args)

    def recv_into(self, *args):
        self.calls.append("recv_into")
        return super().recv_into(*args)

    def sendall(self, *args):
        self.calls.append("sendall")
        return super().sendall(*args)

    def accept(self):
        self.calls.append("accept")
        return super().accept()


def fake_socket_module(create_connection=None):
    """A module that looks like `socket`, as gevent.socket and wrapped modules do."""
    fake = types.ModuleType("fake_socket")
    fake.__dict__.update({name: value for name, value in vars(socket).items() if not name.startswith("__")})

    def connect(address, timeout=socket._GLOBAL_DEFAULT_TIMEOUT, source_address=None):
        sock = CountingSocket()
        if timeout is not socket._GLOBAL_DEFAULT_TIMEOUT:
            sock.settimeout(timeout)
        sock.connect(address)
        return sock

    fake.create_connection = create_connection or connect
    fake.socket = CountingSocket
    return fake


@pytest.fixture
def calls(monkeypatch):
    monkeypatch.setattr(CountingSocket, "calls", [])
    return CountingSocket.calls


def whole_session(server):
    ftp = opened(server)
    ftp.login("u", "p")
    blocks = []
    ftp.retrbinary("RETR x", blocks.append)
    assert ftp.nlst() == ["one", "two"]
    ftp.storbinary("STOR x", io.BytesIO(b"binary"))
    ftp.storlines("STOR x", io.BytesIO(b"text\n"))
    ftp.quit()
    assert b"".join(blocks) == b"one\r\ntwo\r\n"
    assert [bytes(data) for data in server.sessions[0].uploads[2:]] == [b"binary", b"text\r\n"]


def test_socket_module_replaced(monkeypatch, calls):
    """`ftplib.socket = gevent.socket`: every byte goes through the replacement's methods."""
    monkeypatch.setattr(ftplib, "socket", fake_socket_module())
    with Server() as server:
        whole_session(server)
        assert calls.count("connect") == 5
        # 2 logins, 4 TYPE, 4 PASV, 4 transfers, QUIT, and the two uploads' data
        assert calls.count("sendall") == 17
        assert "recv_into" in calls and calls.count("recv") >= 2


def test_socket_class_replaced(monkeypatch, calls):
    """`socks.wrap_module(ftplib)` is `ftplib.socket.socket = socksocket`, which create_connection uses."""
    monkeypatch.setattr(socket, "socket", CountingSocket)
    with Server() as server:
        whole_session(server)
        assert calls.count("connect") == 5 and calls.count("sendall") >= 17


def test_names_of_the_socket_module():
    assert ftplib.socket is socket
    assert ftplib.socket.error is OSError
    with pytest.raises(ftplib.socket.gaierror):
        raise socket.gaierror(-2, "Name or service not known")


def test_create_connection_patched():
    with mock.patch("rftplib.socket.create_connection", side_effect=OSError("nope")) as create:
        with pytest.raises(OSError, match="nope"):
            ftplib.FTP("host", timeout=3)
    create.assert_called_once_with(("host", 21), 3, source_address=None)


def test_a_connection_through_a_stand_in():
    """A proxy's connection: no socket at all, only its methods (recv, sendall, makefile, close...)."""
    connect = socket.create_connection
    with Server() as server:

        class Tunnel:
            def __init__(self, address, *args, **kw):
                self.real = connect(address, LIMIT)
                self.family = self.real.family

            def __getattr__(self, name):
                if name in ("fileno", "detach"):
                    raise AttributeError(name)
                return getattr(self.real, name)

            def __enter__(self):
                return self

            def __exit__(self, *args):
                self.real.close()

        with mock.patch("rftplib.socket.create_connection", Tunnel):
            whole_session(server)


def test_a_wrapper_round_the_data_connection():
    with Server() as server:

        class Client(ftplib.FTP):
            def ntransfercmd(self, cmd, rest=None):
                conn, size = super().ntransfercmd(cmd, rest)
                return Wrapped(conn), size

        class Wrapped:
            """Throttles, counts, or shows a progress bar."""

            def __init__(self, conn):
                self.conn, self.amount = conn, 0
                total.append(self)

            def recv(self, size):
                data = self.conn.recv(min(size, 3))
                self.amount += len(data)
                return data

            def sendall(self, data):
                self.amount += len(data)
                return self.conn.sendall(data)

            def __enter__(self):
                return self

            def __exit__(self, *args):
                self.conn.close()

        total, blocks = [], []
        ftp = opened(server, Client)
        ftp.retrbinary("RETR x", blocks.append)
        ftp.storbinary("STOR x", io.BytesIO(b"12345"))
        ftp.quit()
        assert [w.amount for w in total] == [10, 5]
        assert max(map(len, blocks)) == 3


def test_parse_helpers_from_outside():
    with Server() as server:
        ftp = opened(server)
        host, port = ftplib.parse227(ftp.sendcmd("PASV"))
        assert (host, port) == server.data_address()
        assert ftplib.parse229(ftp.sendcmd("EPSV"), ftp.sock.getpeername()) == (server.host, server.data_address()[1])
        assert ftplib.parse257(ftp.sendcmd("PWD")) == "/home"
        assert ftplib.parse150("150 Opening x (77 bytes).") == 77
        ftp.quit()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("parse227", lambda ftp: ftp.makepasv()),
        ("parse229", lambda ftp: (setattr(ftp, "af", socket.AF_INET6), ftp.makepasv())),
        ("parse150", lambda ftp: ftp.ntransfercmd("RETR x")),
        ("parse257", lambda ftp: ftp.pwd()),
        ("parse257", lambda ftp: ftp.mkd("d")),
        ("print_line", lambda ftp: ftp.dir()),
    ],
)
def test_module_functions_are_looked_up_at_each_call(name, call, monkeypatch):
    class Found(Exception):
        pass

    def replacement(*args):
        raise Found(name)

    with Server() as server:
        ftp = opened(server)
        monkeypatch.setattr(ftplib, name, replacement)
        with pytest.raises(Found):
            call(ftp)
        ftp.close()


def test_all_errors_catches_everything():
    for exc in (
        ftplib.error_perm("550 x"),
        ftplib.error_proto(),
        OSError(),
        EOFError(),
        TimeoutError(),
        ftplib.ssl.SSLError(),
    ):
        with pytest.raises(ftplib.all_errors):
            raise exc


def test_texts_and_codes_as_scripts_use_them():
    with Server({"DELE": b"550-no\r\n550 such file\r\n", "RNFR": b"450 busy\r\n"}) as server:
        ftp = opened(server)
        with pytest.raises(ftplib.error_perm) as caught:
            ftp.delete("x")
        assert str(caught.value)[:3] == "550" and caught.value.args == ("550-no\n550 such file",)
        assert ftp.lastresp == "550" and int(ftp.lastresp) == 550
        with pytest.raises(ftplib.error_temp) as caught:
            ftp.rename("a", "b")
        assert caught.value.args[0].split(None, 1)[0] == "450"
        ftp.quit()
