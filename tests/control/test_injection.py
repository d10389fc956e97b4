"""CR, LF and NUL in every argument of every method: no second command is ever sent."""

from __future__ import annotations

import inspect
import io

import pytest
import rftplib
from support.harness import same

SECOND = "DELE everything"
BREAKS = [f"\r{SECOND}", f"\n{SECOND}", f"\r\n{SECOND}", "\r\n", "\n"]


def source():
    return io.BytesIO(b"")


def unheard(line):
    pass


# (method, parameter) -> a call with the text in that argument
CALLS = {
    ("putline", "line"): lambda ftp, evil: ftp.putline("NOOP" + evil),
    ("putcmd", "line"): lambda ftp, evil: ftp.putcmd("NOOP" + evil),
    ("sendcmd", "cmd"): lambda ftp, evil: ftp.sendcmd("NOOP" + evil),
    ("voidcmd", "cmd"): lambda ftp, evil: ftp.voidcmd("NOOP" + evil),
    ("login", "user"): lambda ftp, evil: ftp.login("user" + evil, "pw"),
    ("login", "passwd"): lambda ftp, evil: ftp.login("user", "pw" + evil),
    ("login", "acct"): lambda ftp, evil: ftp.login("user", "pw", "account" + evil),
    ("acct", "password"): lambda ftp, evil: ftp.acct("account" + evil),
    ("sendport", "host"): lambda ftp, evil: ftp.sendport("127.0.0.1" + evil, 2000),
    ("sendeprt", "host"): lambda ftp, evil: ftp.sendeprt("127.0.0.1" + evil, 2000),
    ("ntransfercmd", "cmd"): lambda ftp, evil: ftp.ntransfercmd("RETR x" + evil),
    ("ntransfercmd", "rest"): lambda ftp, evil: ftp.ntransfercmd("RETR x", "5" + evil),
    ("transfercmd", "cmd"): lambda ftp, evil: ftp.transfercmd("RETR x" + evil),
    ("transfercmd", "rest"): lambda ftp, evil: ftp.transfercmd("RETR x", "5" + evil),
    ("retrbinary", "cmd"): lambda ftp, evil: ftp.retrbinary("RETR x" + evil, unheard),
    ("retrbinary", "rest"): lambda ftp, evil: ftp.retrbinary("RETR x", unheard, rest="5" + evil),
    ("retrlines", "cmd"): lambda ftp, evil: ftp.retrlines("RETR x" + evil, unheard),
    ("storbinary", "cmd"): lambda ftp, evil: ftp.storbinary("STOR x" + evil, source()),
    ("storbinary", "rest"): lambda ftp, evil: ftp.storbinary("STOR x", source(), rest="5" + evil),
    ("storlines", "cmd"): lambda ftp, evil: ftp.storlines("STOR x" + evil, source()),
    ("nlst", "args"): lambda ftp, evil: ftp.nlst("a", "b" + evil),
    ("dir", "args"): lambda ftp, evil: ftp.dir("a" + evil, unheard),
    ("mlsd", "path"): lambda ftp, evil: list(ftp.mlsd("path" + evil)),
    ("mlsd", "facts"): lambda ftp, evil: list(ftp.mlsd("path", ["type", "size" + evil])),
    ("rename", "fromname"): lambda ftp, evil: ftp.rename("a" + evil, "b"),
    ("rename", "toname"): lambda ftp, evil: ftp.rename("a", "b" + evil),
    ("delete", "filename"): lambda ftp, evil: ftp.delete("a" + evil),
    ("cwd", "dirname"): lambda ftp, evil: ftp.cwd("a" + evil),
    ("size", "filename"): lambda ftp, evil: ftp.size("a" + evil),
    ("mkd", "dirname"): lambda ftp, evil: ftp.mkd("a" + evil),
    ("rmd", "dirname"): lambda ftp, evil: ftp.rmd("a" + evil),
    ("ftpcp", "sourcename"): lambda ftp, evil: ("a" + evil, "b"),
    ("ftpcp", "targetname"): lambda ftp, evil: ("a", "b" + evil),
    ("ftpcp", "type"): lambda ftp, evil: ("a", "b", "I" + evil),
}
# Arguments that never reach the control connection: who adds one decides where it belongs.
NEVER_SENT = {
    "acct", "blocksize", "callback", "certfile", "context", "encoding", "fp", "host", "keyfile", "level", "passwd",
    "port", "s", "secure", "source", "source_address", "target", "timeout", "user", "val",
}  # fmt: skip
REPLIES = {"USER": b"331 a\r\n", "PASS": b"332 b\r\n"}


def run(method, parameter, evil):
    def script(lib, env):
        ftp = env.ftp()
        call = CALLS[method, parameter]
        if method == "ftpcp":
            return lib.ftpcp(ftp, call(ftp, evil)[0], env.ftp(), *call(ftp, evil)[1:])
        result = call(ftp, evil)
        if method in ("ntransfercmd", "transfercmd"):
            env.close_later(result if method == "transfercmd" else result[0])
            return ftp.voidresp()
        return result if isinstance(result, (str, type(None))) else "something"

    return same(script, REPLIES)


@pytest.mark.parametrize("evil", BREAKS, ids=repr)
@pytest.mark.parametrize("method, parameter", CALLS)
def test_line_breaks_are_refused(method, parameter, evil):
    outcome = run(method, parameter, evil)
    assert outcome.exception["type"] == "builtins.ValueError"
    assert outcome.exception["args"] == ["tuple", "'an illegal newline character should not be contained'"]
    for wire in outcome.wire:
        assert "DELE" not in wire
        assert wire.replace("\r\n", "").isprintable(), "a command that the server would split"


def no_nul(method, parameter):
    """In sendport and sendeprt the address with a NUL is refused by the test's server."""
    return method in ("sendport", "sendeprt", "ftpcp")


@pytest.mark.parametrize("method, parameter", [names for names in CALLS if not no_nul(*names)])
def test_nuls_are_sent_as_they_are(method, parameter):
    """As by ftplib: RFC 959 allows them in names, and they end no command."""
    outcome = run(method, parameter, "\0")
    assert outcome.exception is None or outcome.exception["type"].startswith("ftplib.error")
    assert sum(wire.count("\0") for wire in outcome.wire) == 1


@pytest.mark.parametrize("place", range(3))
def test_the_constructor(place):
    """FTP(host, user, passwd, acct) logs in as login() does."""

    def script(lib, env):
        arguments = ["user", "pw", "account"]
        arguments[place] += f"\r\n{SECOND}"

        class Here(lib.FTP):
            port = env.port

        env.keep(Here.__new__(Here)).__init__(env.host, *arguments, timeout=20)

    outcome = same(script, REPLIES)
    assert outcome.exception["type"] == "builtins.ValueError"
    assert SECOND not in outcome.wire[0]


def test_the_port_of_sendport_is_a_number():
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.sendport, "127.0.0.1", f"20\r\n{SECOND}")
        env.attempt(ftp.sendeprt, "127.0.0.1", f"20\r\n{SECOND}")

    assert SECOND not in same(script).wire[0].replace("\\r\\n" + SECOND, "")


def parameters():
    """Every parameter of every public method of the classes, and of ftpcp."""
    functions = [("ftpcp", rftplib.ftpcp)]
    for cls in (rftplib.FTP, rftplib.FTP_TLS):
        functions += [(name, function) for name, function in inspect.getmembers(cls, callable) if name[:1] != "_"]
    for name, function in functions:
        for parameter in inspect.signature(function).parameters:
            if parameter != "self":
                yield name, parameter


def test_no_argument_is_forgotten():
    forgotten = {names for names in parameters() if names not in CALLS and names[1] not in NEVER_SENT}
    # the ports are numbers: see above
    assert forgotten - {("sendport", "port"), ("sendeprt", "port")} == set()
