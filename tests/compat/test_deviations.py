"""What rftplib does otherwise than the running ftplib, on purpose. Each is in DIFFERENCES.md."""

from __future__ import annotations

import errno
import ftplib
import inspect
import os
import re
import ssl
import sys
import warnings
from unittest import mock

import pytest
import rftplib
from support.certificates import CA_FILE, SERVER_PEM, server_context
from support.clients import keeping
from support.harness import run, same
from support.scripted_server import Server

OLD = sys.version_info < (3, 12)
SIGNATURE = (
    "(host='', user='', passwd='', acct='', keyfile=None, certfile=None, context=None, timeout=<sentinel>, "
    "source_address=None, *, encoding='utf-8')"
)


# ------------------------------------------------------------------------ keyfile and certfile, on every Python


def without_address(signature):
    return re.sub(r"timeout=<object object at 0x\w+>", "timeout=<sentinel>", str(signature))


def test_signature_is_that_of_3_11():
    assert without_address(inspect.signature(rftplib.FTP_TLS)) == SIGNATURE
    assert without_address(inspect.signature(rftplib.FTP_TLS().__init__)) == SIGNATURE
    unbound = without_address(inspect.signature(rftplib.FTP_TLS.__init__))
    assert unbound.replace("self, /, ", "").replace("self, ", "") == SIGNATURE
    if OLD:
        assert without_address(inspect.signature(ftplib.FTP_TLS)) == SIGNATURE


GIVEN = {
    "keyfile": ((), {"keyfile": SERVER_PEM, "certfile": SERVER_PEM}),
    "certfile": ((), {"certfile": SERVER_PEM}),
    "positional": (("", "", "", "", SERVER_PEM, SERVER_PEM), {}),
    "no-keyfile-positional": (("", "", "", "", None, SERVER_PEM), {}),
}


@pytest.mark.parametrize("given", GIVEN)
def test_a_client_certificate_reaches_the_server(given):
    args, kwargs = GIVEN[given]
    tls = server_context(verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion.TLSv1_2)
    tls.load_verify_locations(CA_FILE)

    def script(lib, env):
        ftp = env.keep(lib.FTP_TLS(*args, **kwargs))
        ftp.connect(env.host, env.port, 20)
        ftp.login("user", "secret")
        env.note(env.server.sessions[0].conn.getpeercert()["subject"])
        env.note(ftp.keyfile == kwargs.get("keyfile", args[4] if args else None), ftp.certfile == SERVER_PEM)
        return ftp.quit()

    server = Server(tls=tls)
    try:
        outcome = run(rftplib, script, server)
    finally:
        server.close()
    assert outcome.exception is None
    assert "commonName" in str(outcome.notes[0]) and outcome.notes[1] == ["tuple", "True", "True"]
    assert (
        "DeprecationWarning",
        "keyfile and certfile are deprecated, use a custom context instead",
    ) in outcome.warnings
    if OLD:
        same(script, tls=tls)


def test_without_a_client_certificate_that_server_refuses():
    tls = server_context(verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion.TLSv1_2)
    tls.load_verify_locations(CA_FILE)
    outcome = same(lambda lib, env: env.tls().login("user", "secret"), tls=tls)
    assert outcome.exception is not None


@pytest.mark.parametrize("given", GIVEN)
def test_the_warning_points_at_the_caller(given):
    args, kwargs = GIVEN[given]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rftplib.FTP_TLS(*args, **kwargs)
    ours = [w for w in caught if "keyfile and certfile" in str(w.message)]
    assert [(w.category, w.filename) for w in ours] == [(DeprecationWarning, __file__)]


def test_no_warning_without_them():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rftplib.FTP_TLS(context=ssl._create_unverified_context())
        rftplib.FTP_TLS("", "", "", "")
    assert not caught


@pytest.mark.parametrize("name", ["keyfile", "certfile"])
def test_together_with_a_context_they_raise_what_this_python_raises(name):
    context = ssl._create_unverified_context()
    with pytest.raises(Exception) as theirs:
        ftplib.FTP_TLS(context=context, **{name: SERVER_PEM})
    with pytest.raises(Exception) as ours:
        rftplib.FTP_TLS(context=context, **{name: SERVER_PEM})
    assert type(ours.value) is type(theirs.value) is (ValueError if OLD else TypeError)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"certfile": "/no/such/file.pem"}, FileNotFoundError),
        ({"keyfile": "/no/such/file.pem"}, ValueError),  # "certfile must be specified"
        ({"certfile": CA_FILE}, ssl.SSLError),  # no private key in it
        ({"certfile": 5}, TypeError),
    ],
)
def test_files_that_are_of_no_use(given, error):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error):
            rftplib.FTP_TLS(**given)
        if OLD:
            with pytest.raises(error):
                ftplib.FTP_TLS(**given)


def test_attributes_as_the_running_ftplib_has_them():
    assert list(vars(rftplib.FTP_TLS())) == list(vars(ftplib.FTP_TLS()))
    ftp = rftplib.FTP_TLS()
    assert (ftp.keyfile, ftp.certfile, ftp.ssl_version) == (None, None, ssl.PROTOCOL_TLS_CLIENT)


# ------------------------------------------------------------------------ ftpcp trusts no PASV host (CPython, May 2026)


def pair(pasv="227 ok (10,11,12,13,1,2)", trust=False):
    source, target = mock.Mock(spec=rftplib.FTP), mock.Mock(spec=rftplib.FTP)
    source.sock.getpeername.return_value = ("192.0.2.1", 21)
    source.trust_server_pasv_ipv4_address = trust
    source.sendcmd.side_effect = [pasv, "150 ok"]
    target.sendcmd.return_value = "150 ok"
    return source, target


@pytest.mark.parametrize(("trust", "host"), [(False, "192.0.2.1"), (True, "10.11.12.13")])
def test_ftpcp_host(trust, host):
    source, target = pair(trust=trust)
    assert rftplib.ftpcp(source, "a", target, "b") is None
    target.sendport.assert_called_once_with(host, 258)
    assert source.method_calls == [
        mock.call.voidcmd("TYPE I"),
        mock.call.sendcmd("PASV"),
        *([] if trust else [mock.call.sock.getpeername()]),
        mock.call.sendcmd("RETR a"),
        mock.call.voidresp(),
    ]
    assert target.method_calls == [
        mock.call.voidcmd("TYPE I"),
        mock.call.sendport(host, 258),
        mock.call.sendcmd("STOR b"),
        mock.call.voidresp(),
    ]


@pytest.mark.parametrize("which", ["source", "target"])
@pytest.mark.parametrize("reply", ["226 ok", "125 ok", "150 ok", "350 ok", "1"])
def test_ftpcp_preliminary_replies(which, reply):
    """As in ftplib: anything but 125 and 150 is `error_proto`, the bare class."""

    def outcome(lib):
        source, target = pair(trust=True)
        if which == "source":
            source.sendcmd.side_effect = ["227 ok (10,11,12,13,1,2)", reply]
        else:
            target.sendcmd.return_value = reply
        try:
            return lib.ftpcp(source, "a", target)
        except Exception as exc:
            return type(exc), exc.args

    assert outcome(rftplib) == outcome(ftplib)


@pytest.mark.parametrize(("targetname", "type"), [("", "I"), ("other", "A"), (None, "I")])
def test_ftpcp_between_two_connections(targetname, type):
    """On loopback the PASV host is the true one, so the running ftplib does the same, fixed or not."""

    def script(lib, env):
        source, target = env.ftp(debug=1), env.ftp(debug=1)
        lib.ftpcp(source, "from", target, targetname, type)
        return source.lastresp, target.lastresp

    outcome = same(script, data=b"server to server")
    assert outcome.uploads[-1] == b"server to server"


def test_ftpcp_errors():
    def script(lib, env):
        env.attempt(lib.ftpcp, env.ftp(), "from", env.ftp())
        env.attempt(lib.ftpcp, None, "from", env.ftp())
        env.attempt(lib.ftpcp, env.ftp(), None, env.ftp())
        env.attempt(lib.ftpcp, env.ftp(), "a\nb", env.ftp())

    same(script, {"RETR": b"550 no\r\n", "STOR": b"150 wait\r\n"})


# ------------------------------------------------------------------------ the exceptions are ftplib's own


@pytest.mark.parametrize("name", ["Error", "error_reply", "error_temp", "error_perm", "error_proto"])
def test_exceptions_are_ftplibs(name):
    assert getattr(rftplib, name) is getattr(ftplib, name)
    assert getattr(rftplib, name).__module__ == "ftplib"


def test_either_module_catches_both():
    server = Server({"X": b"550 no\r\n"})
    try:
        for lib, other in ((ftplib, rftplib), (rftplib, ftplib)):

            def script(_, env, lib=lib, other=other):
                ftp = env.ftp(lib.FTP)
                try:
                    ftp.sendcmd("X")
                except other.error_perm as exc:
                    return str(exc)

            assert run(lib, script, server).result == "'550 no'"
    finally:
        server.close()


# ------------------------------------------------------------------------ closing takes effect


@pytest.mark.skipif(os.environ.get("RFTPLIB_NATIVE") == "0", reason="the portable loops read as ftplib does")
def test_the_data_connection_closed_in_a_retrlines_callback():
    """ftplib's file object keeps it open and reads on."""

    def script(lib, env):
        ftp = env.ftp(keeping(lib.FTP))
        env.attempt(ftp.retrlines, "LIST", lambda line: ftp.conn.close())
        del ftp.conn
        return ftp.getresp()

    server = Server()
    try:
        outcome = run(rftplib, script, server)
    finally:
        server.close()
    assert outcome.notes[0][1]["type"] == "builtins.OSError"
    assert outcome.notes[0][1]["errno"] == errno.EBADF
    assert outcome.result == "'226 done'"


# ------------------------------------------------------------------------ no descriptor is left to the collector


def test_a_refused_port_leaves_no_listening_socket():
    """ftplib leaves it to the garbage collector; rftplib closes it at once."""

    def script(lib, env):
        sockets = []

        class Kept:
            def __getattr__(self, name):
                return getattr(ftplib.socket, name)

            def create_server(self, *args, **kw):
                sockets.append(ftplib.socket.create_server(*args, **kw))
                return sockets[-1]

        ftp = env.ftp()
        ftp.set_pasv(False)
        with mock.patch.object(lib, "socket", Kept()):
            env.attempt(ftp.nlst)
        assert sockets
        closed = [sock.fileno() == -1 for sock in sockets]
        for sock in sockets:
            sock.close()
        return closed

    server = Server({"PORT": b"500 no\r\n"})
    try:
        assert run(rftplib, script, server).result == ["list", "True"]
    finally:
        server.close()
