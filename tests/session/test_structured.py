"""Exceptions that tell the reply they were made of: `structured_replies`."""

from __future__ import annotations

import copy
import pickle
from contextlib import closing

import pytest
import rftplib
from rftplib.session import batch
from rftplib.tls import FTPS
from support.clients import opened
from support.scripted_server import Server

MANY = "550-first\n second\n550 last"


class Overriding(rftplib.FTP):
    """Has its replies from a method of its own, and they are no exact str."""

    def getmultiline(self):
        return Text(super().getmultiline())


class Text(str):
    pass


CALLS = {
    "550": (lambda ftp: ftp.delete("x"), rftplib.error_perm, 550, "DELE x"),
    "450": (lambda ftp: ftp.sendcmd("SIZE x"), rftplib.error_temp, 450, "SIZE x"),
    "not a completion": (lambda ftp: ftp.voidcmd("RNFR x"), rftplib.error_reply, 350, "RNFR x"),
    "not what delete takes": (lambda ftp: ftp.delete("x"), rftplib.error_reply, 213, "DELE x"),
    "no reply": (lambda ftp: ftp.sendcmd("NOOP"), rftplib.error_proto, None, "NOOP"),
    "a transfer": (lambda ftp: ftp.retrlines("RETR x"), rftplib.error_perm, 550, "RETR x"),
    "the end of a transfer": (lambda ftp: ftp.retrlines("LIST", len), rftplib.error_temp, 426, "LIST"),
    "a password": (lambda ftp: ftp.login("user", "secret"), rftplib.error_perm, 530, "PASS ****"),
}
REPLIES = {
    "550": {"DELE": b"550-first\r\n second\r\n550 last\r\n"},
    "450": {"SIZE": b"450 busy\r\n"},
    "not what delete takes": {"DELE": b"213 what?\r\n"},
    "no reply": {"NOOP": b"what?\r\n"},
    "a transfer": {"RETR": b"550 no\r\n"},
    "the end of a transfer": {"LIST": (b"125 so\r\n", lambda session: session.open_data().close(), b"426 broken\r\n")},
    "a password": {"PASS": b"530 no\r\n"},
}


@pytest.mark.parametrize("cls", [rftplib.FTP, Overriding])
@pytest.mark.parametrize("name", CALLS)
def test_what_they_tell(name, cls):
    call, error, code, command = CALLS[name]
    with Server(REPLIES.get(name)) as server:
        with closing(opened(server, cls, structured_replies=True)) as ftp:
            with pytest.raises(error) as raised:
                call(ftp)
    exception = raised.value
    assert type(exception) is error
    assert (exception.code, exception.command) == (code, command)
    assert exception.lines == str(exception.args[0]).split("\n") and len(exception.args) == 1
    for again in (pickle.loads(pickle.dumps(exception)), copy.copy(exception)):
        assert type(again) is error
        assert (again.args, again.code, again.lines, again.command) == (
            exception.args,
            exception.code,
            exception.lines,
            exception.command,
        )


def test_off_they_are_ftplibs():
    with Server({"DELE": b"550 no\r\n"}) as server:
        with closing(opened(server)) as ftp:
            with pytest.raises(rftplib.error_perm) as raised:
                ftp.delete("x")
            assert vars(raised.value) == {}
            assert "_rftplib_command" not in vars(ftp)
    assert rftplib.FTP.structured_replies is rftplib.FTP_TLS.structured_replies is False
    assert FTPS.structured_replies is True


def test_the_end_of_a_batch():
    with Server({"SIZE": [b"213 1\r\n", b"421 bye\r\n"]}) as server:
        with closing(opened(server)) as ftp:
            with pytest.raises(rftplib.error_temp) as raised:
                batch(ftp, ["SIZE a", "SIZE b", "SIZE c"])
    assert (raised.value.code, raised.value.lines, raised.value.command) == (421, ["421 bye"], "SIZE b")
    assert raised.value.args == ("421 bye",)
