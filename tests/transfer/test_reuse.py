"""The same object after a fault: closed and connected again it is as good as new."""

from __future__ import annotations

import pytest
import rftplib
from support import misbehave as bad
from support.actions import close, reset
from support.harness import same
from support.scripted_server import Server

FAULTS = {
    "closed": close,
    "reset": reset,
    "silence": None,
    "an endless line": bad.endless(b"x" * 65536),
    "undecodable": b"200 \xff\xfe\r\n",
    "half a reply of many lines": (b"200-a\r\nb\r\n", close),
    "a reply too many": b"200 a\r\n550 b\r\n",
}


@pytest.mark.parametrize("closes", [True, False])
@pytest.mark.parametrize("name", FAULTS)
def test_connected_again(name, closes):
    """Nothing of the old connection is believed on the new one: no line, no half character, no timeout. ftplib lets a
    script connect without close(), too: the old connection goes when nobody holds it."""

    def script(lib, env):
        ftp = env.ftp()
        if name == "silence":
            ftp.sock.settimeout(0.1)
        env.attempt(ftp.voidcmd, "NOOP")
        if closes:
            ftp.close()
        env.attempt(ftp.connect, env.host, env.port)
        env.attempt(ftp.login, "user", "secret")
        env.attempt(ftp.nlst)
        env.attempt(ftp.retrbinary, "RETR x", lambda block: None)
        env.attempt(ftp.quit)

    outcome = same(script, {"NOOP": FAULTS[name]})
    assert outcome.notes[1:] == [
        "'220 ready'",
        "'230 logged in'",
        ["list", "'one'", "'two'"],
        "'226 done'",
        "'221 bye'",
    ]


@pytest.mark.parametrize(
    "between",
    [
        lambda ftp, server: (ftp.close(), ftp.connect(server.host, server.port)),
        lambda ftp, server: ftp.connect(server.host, server.port),
        lambda ftp, server: ftp.sendcmd("TYPE A"),
        lambda ftp, server: ftp.putcmd("type a") or ftp.getresp(),
        lambda ftp, server: ftp.nlst(),
        lambda ftp, server: ftp.sendcmd("REIN"),
    ],
    ids=["closed", "connected", "TYPE A", "type a", "a listing", "REIN"],
)
def test_a_type_that_is_no_longer_in_force_is_sent(between):
    """skip_redundant_type must never let a file be sent in the wrong type: it would be altered."""
    with Server({"REIN": b"220 ready\r\n"}) as server:
        ftp = rftplib.FTP(timeout=20)
        ftp.skip_redundant_type = True
        ftp.connect(server.host, server.port)
        ftp.retrbinary("RETR x", lambda block: None)
        ftp.retrbinary("RETR x", lambda block: None)
        between(ftp, server)
        sent = len(server.sessions[-1].received)
        ftp.retrbinary("RETR x", lambda block: None)
        assert bytes(server.sessions[-1].received[sent:]).startswith(b"TYPE I\r\n")
        assert sum(bytes(session.received).count(b"TYPE I") for session in server.sessions) == 2
        ftp.close()
