"""Mocks and monkeypatches of rftplib, as other projects' test suites make them."""

from __future__ import annotations

import ftplib as standard
from unittest import mock

import pytest
import rftplib as ftplib
from support.scripted_server import LIMIT, Server


def test_autospec_of_the_class():
    with mock.patch("rftplib.FTP", autospec=True) as fake:
        ftp = ftplib.FTP("host", timeout=3)
        ftp.retrbinary("RETR x", print, 100)
        ftp.login(user="u", passwd="p")
        fake.assert_called_once_with("host", timeout=3)
        ftp.retrbinary.assert_called_once_with("RETR x", callback=print, blocksize=100)
        for wrong in (
            lambda: ftp.pwd(1),
            lambda: ftp.login(name="u"),
            lambda: ftplib.FTP(nothing=1),
            lambda: ftp.size(),
        ):
            with pytest.raises(TypeError):
                wrong()
        with pytest.raises(AttributeError):
            ftp.no_such_method()
        assert ftp.port == 21 or isinstance(ftp.port, mock.NonCallableMagicMock)


@pytest.mark.parametrize("cls", ["FTP", "FTP_TLS"])
def test_autospec_takes_what_ftplibs_takes(cls):
    ours, theirs = (mock.create_autospec(getattr(lib, cls)) for lib in (ftplib, standard))
    assert {name for name in dir(theirs) if not name.startswith("_")} <= set(dir(ours))
    for name in dir(getattr(standard, cls)):
        if not name.startswith("_"):
            # each mock has a class of its own
            assert type(getattr(ours, name)).__name__ == type(getattr(theirs, name)).__name__, name


def test_spec_has_the_attributes():
    fake = mock.Mock(spec=ftplib.FTP)
    fake.sock.getpeername.return_value = ("h", 1)
    fake.trust_server_pasv_ipv4_address = False
    assert isinstance(fake, ftplib.FTP)
    for name in ("sock", "file", "welcome", "maxline", "passiveserver", "debugging", "host", "port"):
        getattr(fake, name)
    with pytest.raises(AttributeError):
        fake.no_such  # noqa: B018


def test_init_patched_away():
    with mock.patch("rftplib.FTP.__init__", return_value=None) as init:
        ftp = ftplib.FTP("host", "user")
    init.assert_called_once_with("host", "user")
    assert vars(ftp) == {}
    with mock.patch("rftplib.FTP_TLS.__init__", return_value=None):
        assert vars(ftplib.FTP_TLS("host")) == {}
    assert list(vars(ftplib.FTP())) == ["encoding", "source_address", "timeout"]


@pytest.mark.parametrize("cls", ["FTP", "FTP_TLS"])
def test_connect_and_login_patched(cls):
    with mock.patch(f"rftplib.{cls}.connect") as connect, mock.patch(f"rftplib.{cls}.login") as login:
        getattr(ftplib, cls)("host", "user", "secret", "acct")
        connect.assert_called_once_with("host")
        login.assert_called_once_with("user", "secret", "acct")
    with mock.patch(f"rftplib.{cls}.connect", autospec=True) as connect:
        ftp = getattr(ftplib, cls)("host")
        connect.assert_called_once_with(ftp, "host")


def test_monkeypatch_and_undo(monkeypatch):
    original = ftplib.FTP.login
    monkeypatch.setattr(ftplib.FTP, "login", lambda self, *args, **kwargs: "patched")
    assert ftplib.FTP().login() == ftplib.FTP_TLS.__mro__[1].login(None) == "patched"
    monkeypatch.undo()
    assert ftplib.FTP.login is original


@pytest.mark.parametrize("name", ["pwd", "getresp", "putline", "retrbinary", "port", "sock", "maxline"])
def test_attributes_of_the_class_can_be_deleted_and_come_back(name, monkeypatch):
    original = ftplib.FTP.__dict__[name]
    monkeypatch.delattr(ftplib.FTP, name)
    assert not hasattr(ftplib.FTP, name) and not hasattr(ftplib.FTP(), name)
    monkeypatch.undo()
    assert ftplib.FTP.__dict__[name] is original
    setattr(ftplib.FTP, "added_" + name, 5)
    try:
        assert getattr(ftplib.FTP_TLS(), "added_" + name) == 5
    finally:
        delattr(ftplib.FTP, "added_" + name)


@pytest.mark.parametrize("name", ["getresp", "voidresp", "sendcmd", "putcmd", "putline", "getline", "getmultiline"])
def test_patch_object_is_reached_from_inside(name):
    with Server() as server:
        ftp = ftplib.FTP(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        real = getattr(ftplib.FTP, name)
        with mock.patch.object(ftplib.FTP, name, autospec=True, side_effect=real) as patched:
            ftp.nlst()
            ftp.pwd()
        assert patched.call_count >= 1
        assert all(call[0][0] is ftp for call in patched.call_args_list)
        with mock.patch.object(ftp, name, wraps=getattr(ftp, name)) as patched:
            ftp.nlst()
            ftp.pwd()
        assert patched.call_count >= 1
        ftp.quit()


def test_a_mock_in_place_of_the_socket():
    ftp = ftplib.FTP()
    ftp.sock, ftp.file = mock.Mock(), mock.Mock()
    ftp.file.readline.side_effect = ["200-a\r\n", "200 b\n", '257 "/x"\r', ""]
    assert ftp.sendcmd("X") == "200-a\n200 b"
    assert ftp.pwd() == "/x"
    with pytest.raises(EOFError):
        ftp.voidcmd("NOOP")
    assert ftp.sock.sendall.call_args_list == [mock.call(b"X\r\n"), mock.call(b"PWD\r\n"), mock.call(b"NOOP\r\n")]
    assert ftp.file.readline.call_args_list == [mock.call(8193)] * 4
    file, sock = ftp.file, ftp.sock
    ftp.close()
    file.close.assert_called_once_with()
    sock.close.assert_called_once_with()
    assert ftp.file is None and ftp.sock is None


def test_close_closes_the_socket_even_if_the_file_fails():
    ftp = ftplib.FTP()
    ftp.sock, ftp.file = mock.Mock(), mock.Mock()
    ftp.file.close.side_effect = OSError("file")
    sock = ftp.sock
    with pytest.raises(OSError, match="file"):
        ftp.close()
    sock.close.assert_called_once_with()
    assert ftp.file is None and ftp.sock is None


def test_a_mock_in_place_of_the_data_connection():
    ftp = ftplib.FTP()
    conn = mock.MagicMock()
    conn.__enter__.return_value = conn
    conn.recv.side_effect = [b"one", b"two", b""]
    blocks = []
    with mock.patch.multiple(
        ftplib.FTP, voidcmd=mock.DEFAULT, transfercmd=mock.DEFAULT, voidresp=mock.DEFAULT
    ) as patched:
        patched["transfercmd"].return_value = conn
        patched["voidresp"].return_value = "226 done"
        assert ftp.retrbinary("RETR x", blocks.append, 10) == "226 done"
        patched["voidcmd"].assert_called_once_with("TYPE I")
        patched["transfercmd"].assert_called_once_with("RETR x", None)
    assert blocks == [b"one", b"two"]
    assert conn.recv.call_args_list == [mock.call(10)] * 3
    assert conn.__exit__.called and not conn.unwrap.called


def test_instance_check_and_subclass_hook():
    assert issubclass(ftplib.FTP_TLS, ftplib.FTP) and not issubclass(ftplib.FTP, standard.FTP)
    assert isinstance(mock.Mock(spec=ftplib.FTP_TLS), ftplib.FTP_TLS)
