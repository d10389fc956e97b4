"""Where data connections go to and come from: nobody can send the client, or another server, elsewhere."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import rftplib
from rftplib import _data
from support import misbehave as bad
from support.actions import send_data
from support.clock import Clock
from support.harness import describe, run, same
from support.scripted_server import LIMIT, Server


def retrieve(lib, env, prepare=lambda ftp: None):
    ftp = env.ftp()
    prepare(ftp)
    got = []
    env.attempt(ftp.retrbinary, "RETR x", got.append)
    return b"".join(got)


@pytest.mark.parametrize("host", ["10,9,8,7", "127,0,0,2", "0,0,0,0", "255,255,255,255", "999,999,999,999"])
def test_the_host_of_a_227_reply_is_not_used(host):
    outcome = same(retrieve, {"PASV": bad.elsewhere(host)})
    assert outcome.notes == ["'226 done'"]


def test_unless_it_is_trusted():
    """127.0.0.2 is this machine as well, but nobody listens there."""

    def script(lib, env):
        return retrieve(lib, env, lambda ftp: setattr(ftp, "trust_server_pasv_ipv4_address", True))

    outcome = same(script, {"PASV": bad.elsewhere("127,0,0,2"), "RETR": b"150 go\r\n"})
    assert outcome.notes[0][1]["type"] == "builtins.ConnectionRefusedError"


def test_the_host_of_a_229_reply_is_not_used():
    def script(lib, env):
        return retrieve(lib, env, lambda ftp: setattr(ftp, "af", socket.AF_INET6))

    outcome = same(script, {"EPSV": bad.elsewhere_extended("|1|10.9.8.7|%d|")})
    assert outcome.notes == ["'226 done'"]


# --- active mode: who may connect


TIMEOUT = f"{socket.timeout.__module__}.{socket.timeout.__name__}"


def active(ftp):
    ftp.set_pasv(False)


STRANGER_FIRST = (b"150 go\r\n", bad.stranger("127.0.0.2", b"poison"), send_data(b"the truth"), b"226 done\r\n")


def outcome_of(script, replies):
    server = Server(replies)
    try:
        return run(rftplib, script, server)
    finally:
        server.close()


def test_a_stranger_is_turned_away():
    outcome = outcome_of(lambda lib, env: retrieve(lib, env, active), {"RETR": STRANGER_FIRST})
    assert (outcome.result, outcome.notes) == (repr(b"the truth"), ["'226 done'"])


def test_unless_anybody_may_come():
    def anybody(ftp):
        active(ftp)
        ftp.accept_any_active_peer = True

    replies = {"RETR": (b"150 go\r\n", bad.stranger("127.0.0.2", b"from elsewhere"), b"226 done\r\n")}
    outcome = outcome_of(lambda lib, env: retrieve(lib, env, anybody), replies)
    assert (outcome.result, outcome.notes) == (repr(b"from elsewhere"), ["'226 done'"])


def test_strangers_do_not_prolong_the_timeout():
    """Connections from elsewhere come without end, the server's own never does."""
    done = threading.Event()

    def pester(session):
        def loop():
            while not done.wait(0.02):
                try:
                    bad.stranger("127.0.0.2", b"x")(session)
                except OSError:
                    return

        threading.Thread(target=loop, daemon=True).start()

    def script(lib, env):
        ftp = env.ftp()
        active(ftp)
        ftp.timeout = 0.5
        began = time.monotonic()
        env.attempt(ftp.retrbinary, "RETR x", lambda block: None)
        done.set()
        return time.monotonic() - began

    outcome = outcome_of(script, {"RETR": (b"150 go\r\n", pester)})
    assert outcome.notes[0][1]["type"] == TIMEOUT
    assert 0.5 <= float(outcome.result) < 15


def test_who_was_turned_away_is_told(caplog, monkeypatch):
    """A server that connects from another address: several times, and from several."""
    strangers = [bad.stranger(f"127.0.0.{host}", b"data") for host in (2, 3, 2, 4, 5, 6, 7)]
    who = "127.0.0.2, 127.0.0.3, 127.0.0.4, 127.0.0.5"
    text = f"connections from {who} were refused, as the server is 127.0.0.1: see accept_any_active_peer"

    clock = Clock()
    monkeypatch.setattr(_data, "time", clock)

    def script(lib, env):
        ftp = env.ftp()
        active(ftp)
        with pytest.raises(socket.timeout) as caught:
            ftp.nlst()
        return caught.value.errno, caught.value.args, type(caught.value) is socket.timeout

    outcome = outcome_of(
        script, {"NLST": (b"150 go\r\n", *strangers[:-1], lambda session: clock.sleep(LIMIT - 0.1), strangers[-1])}
    )
    assert outcome.result == describe((None, (f"timed out: {text}",), True))
    told = [record.getMessage() for record in caplog.records if record.name == "rftplib.data"]
    assert told[0] == "data connection from 127.0.0.2 refused, as the server is 127.0.0.1: see accept_any_active_peer"
    assert len(told) == 5 and told[-1] == f"waiting for the server to connect failed: timed out: {text}"


def test_nobody_connects(caplog):
    """As in ftplib."""

    def script(lib, env):
        ftp = env.ftp()
        active(ftp)
        ftp.timeout = 0.3
        env.attempt(ftp.nlst)

    outcome = same(script, {"NLST": b"150 go\r\n"})
    assert outcome.notes[0][1]["args"] == ["tuple", "'timed out'"]
    assert "waiting for the server to connect failed: timed out" in caplog.messages


def test_no_transfer_without_a_control_connection():
    """Who can reset the control connection doesn't become the server by that."""
    gone = threading.Event()

    def cut(session):
        session.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bad.HARD)
        session.conn.close()
        gone.set()

    def script(lib, env):
        class Client(lib.FTP):
            def getresp(self):
                reply = super().getresp()
                assert not reply.startswith("150") or gone.wait(LIMIT)
                return reply

        ftp = env.ftp(Client)
        active(ftp)
        got = []
        env.attempt(ftp.retrbinary, "RETR x", got.append)
        return b"".join(got)

    outcome = outcome_of(script, {"RETR": (b"150 go\r\n", cut, bad.stranger("127.0.0.2", b"poison"), bad.leave)})
    assert outcome.notes[0][0] == "raised"
    assert outcome.result == repr(b"")
