"""`noop_interval`, and what ends a transfer in the middle: refusals, exceptions, abort(), own methods."""

from __future__ import annotations

import ftplib
import io
import itertools
import os

import pytest
import rftplib
from rftplib.session import recover
from support.clients import KINDS, Swallowing, connect
from support.kinds import ALL_KINDS
from support.noops import (
    MOMENTS,
    NOOPS,
    Scripted,
    answer,
    check_in_step,
    down,
    eager,
    end,
    script,
    to_callback,
)
from support.scripted_server import LIMIT, Server
from support.side_by_side import each

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"


# ------------------------------------------------------------------------ refusals in the middle


@pytest.mark.skipif(not NATIVE, reason="the loops in Python are ftplib's: they wait for the timeout")
def test_a_download_that_is_refused_when_it_stands_still():
    """Accepted, refused or never answered NOOPs beside it: all wait at once, for a second."""

    def check(case):
        noop, kind = case
        replies = script(answer(noop), RETR=(b"150 x\r\n", down, answer(noop), b"451 read error\r\n"))
        with Scripted(replies) as server:
            ftp = eager(server, kind)
            with pytest.raises(ftplib.error_temp, match="451 read error"):
                to_callback(ftp, server)
            check_in_step(ftp)
            ftp.close()

    each(itertools.product([b"200 a\r\n", b"500 a\r\n", None], ["plain", "ssl"]), check)


@pytest.mark.skipif(not NATIVE, reason="the loops in Python are ftplib's: they wait for the timeout")
def test_noops_that_are_refused_end_no_transfer_that_stands_still():
    """As the 500 of a command that isn't a NOOP's would after a second."""

    def pause(session):
        session.server.going_on.wait(1.5)

    replies = (b"150 x\r\n", down, answer(b"500 not now\r\n"), pause, end, b"226 done\r\n")
    with Scripted({"RETR": replies}) as server:
        ftp = eager(server)
        assert to_callback(ftp, server) == "226 done"
        check_in_step(ftp)
        ftp.close()


@pytest.mark.skipif(not NATIVE, reason="the loops in Python raise what the connection says")
@pytest.mark.parametrize("noop", [b"200 a\r\n", b"500 a\r\n"], ids=["accepted", "refused"])
def test_an_upload_that_is_refused(noop):
    def take(session):
        session.open_data().recv(1000)
        session.server.wait_for("sent", NOOPS)

    def hang_up(session):
        conn = session.data_conns[-1]
        conn.setsockopt(rftplib.socket.SOL_SOCKET, rftplib.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        conn.close()

    replies = (b"150 x\r\n", take, answer(noop), hang_up, b"552 quota exceeded\r\n")
    with Scripted({"STOR": replies}) as server:
        ftp = eager(server)
        with pytest.raises(ftplib.error_perm, match="552 quota exceeded"):
            ftp.storbinary("STOR x", io.BytesIO(bytes(50_000_000)))
        check_in_step(ftp)
        ftp.close()


# ------------------------------------------------------------------------ exceptions in the middle


class Stop(Exception):
    pass


@pytest.mark.parametrize("moment", ["at-once", "late", "never", "refused-at-once"])
def test_recover_after_a_callback_that_raised(moment):
    replies = dict(MOMENTS[moment], RETR=(b"150 x\r\n", down, (MOMENTS[moment]["RETR"][2]), end, b"426 broken\r\n"))
    replies["NOOP"] = replies["NOOP"] or b"200 noop\r\n"  # which recover() asks for

    def check(kind):
        def stop(block):
            if server.happened.count("sent") >= NOOPS:
                raise Stop

        with Scripted(replies) as server:
            ftp = eager(server, kind)
            with pytest.raises(Stop):
                ftp.retrbinary("RETR x", stop)
            ftp.noop_interval = None
            if NATIVE:  # no other command gets their replies
                with pytest.raises(OSError, match="replies to earlier commands are still to come"):
                    ftp.pwd()
            assert recover(ftp, 16)  # a quarter of it is lost where they never come
            check_in_step(ftp)
            ftp.close()

    each(KINDS, check)


@ALL_KINDS
@pytest.mark.parametrize("noop", [b"200 a\r\n", b"500 a\r\n"], ids=["accepted", "refused"])
def test_abort_gets_its_own_reply(noop, kind):
    def stop(block):
        if server.happened.count("sent") >= NOOPS:
            ftp.noop_interval = None
            assert ftp.abort() == "426 aborted"
            raise Stop

    # NOOPs that come behind the ABOR are answered by the table
    steps = (b"150 x\r\n", down, answer(noop), await_noops_and_abort(noop), b"426 aborted\r\n226 so it is\r\n", end)
    with Scripted({"RETR": steps}) as server:
        ftp = eager(server, kind)
        with pytest.raises(Stop):
            ftp.retrbinary("RETR x", stop)
        assert recover(ftp, 60)
        check_in_step(ftp)
        ftp.close()


def await_noops_and_abort(noop):
    def action(session):
        while "ABOR" not in session.read_line():
            session.say(noop)

    return action


def test_a_method_that_swallows_refusals_hides_none_from_the_loop():
    with Scripted({"RETR": (b"150 x\r\n", down, answer(b"200 a\r\n"), b"451 no\r\n")}) as server:
        ftp = eager(server, cls=Swallowing)
        if NATIVE:
            with pytest.raises(OSError, match="timed out"):
                ftp.retrbinary("RETR x", lambda block: None)
            check_in_step(ftp)
        ftp.close()


def test_the_error_tells_the_transfers_command():
    with Scripted(script(answer(b"200 a\r\n"), b"451 no\r\n")) as server:
        ftp = eager(server, structured_replies=True)
        with pytest.raises(ftplib.error_temp) as caught:
            to_callback(ftp, server)
        assert (caught.value.code, caught.value.command, caught.value.lines) == (451, "RETR x", ["451 no"])
        ftp.close()


def test_the_clients_own_methods_are_called():
    called = []

    class Client(rftplib.FTP):
        noop_interval = 0.001

        def putcmd(self, line):
            super().putcmd(line)
            if line == "NOOP":
                server.note("sent")

        def voidresp(self):
            reply = super().voidresp()
            called.append(reply)
            return reply

    with Scripted(script(answer(b"200 a\r\n"))) as server:
        ftp = Client(timeout=LIMIT)
        ftp.connect(*server.address)
        assert to_callback(ftp, server) == "226 done"
        assert "226 done" in called and "200 a" in called
        ftp.close()


def test_there_is_none_where_nobody_asks_for_it():
    with Server() as server:
        ftp = connect(server, "plain", LIMIT)
        assert ftp.noop_interval is None
        ftp.nlst()
        ftp.quit()
    assert "NOOP" not in server.commands()


def test_a_short_transfer_has_none():
    with Server() as server:
        ftp = connect(server, "plain", LIMIT)
        ftp.noop_interval = 60
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()
    assert not {"NOOP", "PWD"} & set(server.commands())


def test_a_server_that_doesnt_read_gets_a_thousand_at_most():
    """However long it takes: the data goes on for a while when there are so many."""

    def drip(session):
        conn, left = session.open_data(), 300
        try:
            while left:
                conn.sendall(b"x")
                session.server.going_on.wait(0.0005)
                left -= session.server.happened.count("sent") >= 1000
        finally:
            session.end_data()

    with Scripted({"RETR": (b"150 x\r\n", drip, b"226 done\r\n")}) as server:
        ftp = eager(server, interval=1e-6)
        assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
        check_in_step(ftp)
        ftp.close()
        assert server.happened.count("sent") == 1000
