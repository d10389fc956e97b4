"""Replies to PASV and EPSV that ftplib refuses and that name an address all the same."""

from __future__ import annotations

import ftplib
import re
import socket

import pytest
import rftplib
from support.harness import run_both, same
from support.scripted_server import Server


def told(template):
    """An action: `template` with the address where the server listens for data connections."""

    def action(session):
        session.active = None
        session.take_leftover()
        port = session.data_address()[1]
        session.conn.sendall(template.format(port // 256, port % 256, port).encode() + b"\r\n")

    return action


PASV = {
    "blanks": "227 Entering Passive Mode (127, 0, 0, 1, {0}, {1})",
    "blanks-no-parentheses": "227 Entering Passive Mode 127, 0, 0, 1, {0}, {1}",
    "blanks-before": "227 Entering Passive Mode (127 ,0 ,0 ,1 ,{0} ,{1}).",
    "tab": "227 (127,\t0,0,1,{0},{1})",
    "multi-line": "227-at your service\r\n227 (127, 0, 0, 1, {0}, {1})",
    "229": "229 Entering Extended Passive Mode (|||{2}|)",
    "229-other-delimiter": "229 ok (!!!{2}!)",
    "229-no-parentheses": "229 Entering Extended Passive Mode |||{2}|",
}
EPSV = {
    "227": "227 Entering Passive Mode (127,0,0,1,{0},{1}).",
    "227-another-host": "227 Entering Passive Mode (192,0,2,1,{0},{1}).",
    "no-parentheses": "229 Entering Extended Passive Mode |||{2}|",
    "blanks": "229 Entering Extended Passive Mode ( |||{2}| )",
}


def listing(lib, env):
    ftp = env.ftp()
    env.note(ftp.nlst())
    return ftp.quit()


def extended_listing(lib, env):
    ftp = env.ftp()
    ftp.af = socket.AF_INET6
    env.note(ftp.nlst())
    return ftp.quit()


@pytest.mark.parametrize("form", PASV)
def test_pasv(form):
    ours, theirs = run_both(listing, {"PASV": told(PASV[form])})
    assert theirs.exception["type"] in {"ftplib.error_reply", "ftplib.error_proto"}
    assert ours.exception is None
    assert ours.notes == [["list", "'one'", "'two'"]] and ours.result == "'221 bye'"


@pytest.mark.parametrize("form", EPSV)
def test_epsv(form):
    ours, theirs = run_both(extended_listing, {"EPSV": told(EPSV[form])})
    assert theirs.exception["type"] in {"ftplib.error_reply", "ftplib.error_proto"}
    assert ours.exception is None
    assert ours.notes == [["list", "'one'", "'two'"]]


@pytest.mark.parametrize(
    "form", ["227 Passive 127,0,0,1,{0},{1}", "227 =127,0,0,1,{0},{1}", "227 at 1,2 (127,0,0,1,{0},{1})"]
)
def test_what_ftplib_takes_is_taken_alike(form):
    same(listing, {"PASV": told(form)})


@pytest.mark.parametrize(
    "reply",
    ["227 (127.0.0.1:{2})", "227 (127, 0, 0, 1, {0}, 256)", "227 (127, 0, 0, 1, 0, 0)", "227 ok",
     "200 (127,0,0,1,{0},{1})", "229 (|||0|)", "229 (|||65536|)", "229 |||x|", "350 (|||{2}|)"],
)  # fmt: skip
def test_what_is_no_address_is_refused_as_by_ftplib(reply):
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.makepasv)
        if not reply.startswith("229"):
            ftp.af = socket.AF_INET6
            env.attempt(ftp.makepasv)

    reply = reply.format(1, 2, 258)
    same(script, {"PASV": told(reply), "EPSV": told(reply)})


@pytest.mark.parametrize("trusted", [False, True])
def test_whose_host_is_connected_to(trusted):
    with Server(
        {"PASV": [told("227 (192, 0, 2, 1, 1, 2)"), told("229 (|||258|)")], "EPSV": told("227 (192,0,2,1,1,2)")}
    ) as server:
        ftp = rftplib.FTP(timeout=20)
        ftp.connect(server.host, server.port)
        ftp.trust_server_pasv_ipv4_address = trusted
        named = "192.0.2.1" if trusted else "127.0.0.1"
        assert ftp.makepasv() == (named, 258)
        assert ftp.makepasv() == ("127.0.0.1", 258)  # the reply names no host
        ftp.af = socket.AF_INET6
        assert ftp.makepasv() == (named, 258)
        ftp.quit()


def test_the_parsers_themselves_are_ftplibs():
    for reply in ["227 (1, 2, 3, 4, 5, 6)", "229 (|||6446|)"]:
        for lib in (ftplib, rftplib):
            with pytest.raises((ftplib.error_proto, ftplib.error_reply), match=re.escape(reply)):
                lib.parse227(reply)
    for reply in ["229 |||6446|", "227 (1,2,3,4,5,6)"]:
        for lib in (ftplib, rftplib):
            with pytest.raises((ftplib.error_proto, ftplib.error_reply), match=re.escape(reply)):
                lib.parse229(reply, ("192.0.2.1", 21))


@pytest.mark.parametrize("name", ["parse227", "parse229"])
def test_a_parser_of_somebody_elses_has_the_last_word(name, monkeypatch):
    def script(lib, env):
        asked = []

        def parser(resp, *peer):
            asked.append(resp)
            raise lib.error_proto("not by me")

        monkeypatch.setattr(lib, name, parser)
        ftp = env.ftp()
        ftp.af = socket.AF_INET if name == "parse227" else socket.AF_INET6
        env.attempt(ftp.makepasv)
        env.note(len(asked))

    same(script)


def test_a_pattern_of_somebody_elses_has_the_last_word(monkeypatch):
    def script(lib, env):
        monkeypatch.setattr(lib, "_227_re", re.compile(r"<(\d+) (\d+) (\d+) (\d+) (\d+) (\d+)>"))
        ftp = env.ftp()
        env.note(ftp.makepasv())
        env.attempt(ftp.makepasv)

    same(script, {"PASV": [told("227 <127 0 0 1 1 2>"), told("227 (127, 0, 0, 1, 1, 2)")]})


def test_ftpcp_takes_them_too():
    with Server({"PASV": told("227 (192, 0, 2, 1, {0}, {1})"), "RETR": (b"150 x\r\n226 y\r\n")}) as source:
        with Server({"STOR": (b"150 x\r\n226 y\r\n")}) as target:
            one, two = rftplib.FTP(timeout=20), rftplib.FTP(timeout=20)
            one.connect(source.host, source.port)
            two.connect(target.host, target.port)
            rftplib.ftpcp(one, "file", two)
            one.quit(), two.quit()
            assert target.commands()[1] == "PORT 127,0,0,1,..."
