"""`noop_interval`: NOOPs while a transfer goes on. No reply to one is taken for the transfer's."""

from __future__ import annotations

import ftplib
import io
import itertools
import os

import pytest
from support.actions import close
from support.clients import KINDS
from support.kinds import ALL_KINDS, TLS_KINDS
from support.noops import (
    LINE,
    MOMENTS,
    NOOPS,
    WAYS,
    Scripted,
    answer,
    check_in_step,
    down,
    eager,
    end,
    more,
    script,
    to_callback,
    up,
)
from support.scripted_server import LIMIT
from support.side_by_side import each

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"


# ------------------------------------------------------------------------ the transfer's reply, and what is behind it


@pytest.mark.parametrize("way", WAYS)
def test_the_reply_is_the_transfers(way):
    def check(case):
        moment, kind = case
        with Scripted(MOMENTS[moment]) as server:
            ftp = eager(server, kind)
            assert WAYS[way](ftp, server) == "226 done"
            assert ftp.lastresp == "226"
            check_in_step(ftp)
            ftp.close()
            assert server.happened.count("sent") >= NOOPS

    each(itertools.product(MOMENTS, KINDS), check)


REPLIES = {
    # NOOPs answered at once or late, and the transfer's reply: what is returned or raised
    "426": (b"200 a\r\n", b"426 broken\r\n", b"200 b\r\n", ftplib.error_temp("426 broken")),
    "551": (b"500 a\r\n", b"551 page\r\n", b"500 b\r\n", ftplib.error_perm("551 page")),
    "425-where-noops-are-refused": (None, b"425 no\r\n", b"530 b\r\n", ftplib.error_temp("425 no")),
    "452-late": (None, b"452 full\r\n", b"200 b\r\n", ftplib.error_temp("452 full")),
    "550-never": (answer(None), b"550 gone\r\n", None, ftplib.error_perm("550 gone")),
    "1xx": (b"200 a\r\n", b"150 0.947 seconds\r\n", b"200 b\r\n", ftplib.error_reply("150 0.947 seconds")),
    "several-lines": (
        b"200-a\r\n226 b\r\n200 c\r\n",
        b"226-d\r\n200 e\r\n226 f\r\n",
        b"200 g\r\n",
        "226-d\n200 e\n226 f",
    ),
    # what a NOOP could get, too: as many are waited for as are to come
    "250": (b"200 a\r\n", b"250 completed\r\n", b"200 b\r\n", "250 completed"),
    "250-late": (None, b"250 completed\r\n", b"200 b\r\n", "250 completed"),
    "250-where-noops-are-refused": (b"500 a\r\n", b"250 completed\r\n", b"500 b\r\n", "250 completed"),
    "200-where-noops-are-refused": (b"502 a\r\n", b"200 stored\r\n", b"502 b\r\n", "200 stored"),
    "500-where-noops-are-not": (b"200 a\r\n", b"500 broken\r\n", b"200 b\r\n", ftplib.error_perm("500 broken")),
    "500-late": (None, b"500 broken\r\n", b"200 b\r\n", ftplib.error_perm("500 broken")),
    "500-where-noops-are-refused": (b"500 a\r\n", b"500 broken\r\n", b"500 b\r\n", ftplib.error_perm),
}


@pytest.mark.parametrize("kind", ["plain", "ssl"])
@pytest.mark.parametrize("way", ["to_callback", "from_source"])
@pytest.mark.parametrize("row", REPLIES)
def test_a_reply(row, way, kind):
    at_once, final, late, expected = REPLIES[row]
    at_once = answer(at_once) if isinstance(at_once, bytes) else at_once
    with Scripted(script(at_once, final, late)) as server:
        ftp = eager(server, kind)
        if isinstance(expected, str):
            assert WAYS[way](ftp, server) == expected
        else:
            kind = expected if isinstance(expected, type) else type(expected)
            with pytest.raises(kind) as caught:
                WAYS[way](ftp, server)
            assert type(caught.value) is kind
            assert isinstance(expected, type) or str(caught.value) == str(expected)
        check_in_step(ftp)
        ftp.close()


PIECES = {
    "before": b"200 a\r\n" * NOOPS + b"226 done\r\n",
    "behind": b"226 done\r\n" + b"200 a\r\n" * NOOPS,
    "around": b"200 a\r\n226 done\r\n" + b"200 a\r\n" * (NOOPS - 1),
    "some-never": b"200 a\r\n226 done\r\n",
}


@pytest.mark.parametrize("piece", PIECES)
def test_all_replies_in_one_piece(piece):
    with Scripted(script(answer(None), PIECES[piece])) as server:
        ftp = eager(server)
        assert to_callback(ftp, server) == "226 done"
        check_in_step(ftp)
        ftp.close()


def test_the_final_reply_overtakes_the_data():
    """It is there, and so are replies to NOOPs, while there is still something to receive."""
    replies = (b"150 x\r\n", down, answer(b"200 a\r\n"), b"226 done\r\n", down_once_more, end)
    with Scripted({"RETR": replies}) as server:
        ftp = eager(server)
        assert to_callback(ftp, server) == "226 done"
        check_in_step(ftp)
        ftp.close()


def down_once_more(session):
    session.server.going_on.wait(0.3)
    more(session)


def test_a_server_that_ends_the_connection_behind_its_reply():
    with Scripted(script(answer(None), (b"226 done\r\n", close))) as server:
        ftp = eager(server)
        assert to_callback(ftp, server) == "226 done"
        with pytest.raises((EOFError, OSError)):
            ftp.pwd()
        ftp.close()


@pytest.mark.parametrize("final", [b"421 shutting down\r\n", (b"421 shutting down\r\n", close)], ids=["421", "closed"])
def test_a_server_that_shuts_down(final):
    with Scripted(script(answer(b"200 a\r\n"), final)) as server:
        ftp = eager(server)
        with pytest.raises(ftplib.error_temp, match="421 shutting down"):
            to_callback(ftp, server)
        ftp.close()


def test_a_server_that_ends_the_connection_in_place_of_a_reply():
    with Scripted(script(answer(b"200 a\r\n"), close)) as server:
        ftp = eager(server)
        with pytest.raises((EOFError, ConnectionResetError)):  # the latter if a NOOP lies unread when it is closed
            to_callback(ftp, server)
        ftp.close()


def test_a_control_connection_that_is_lost_doesnt_stop_the_data():
    """A NOOP that can't be sent is nobody's error: the final reply, which can't come, is."""

    def lose(session):
        socket_of(session).shutdown(2)

    def socket_of(session):
        return session.conn

    replies = (b"150 x\r\n", down, lose, down_once_more, down_once_more, end)
    with Scripted({"RETR": replies}) as server:
        ftp = eager(server)
        blocks = []
        with pytest.raises((EOFError, ConnectionError)):
            ftp.retrbinary("RETR x", blocks.append)
        assert b"".join(blocks) == server.expected
        ftp.close()


# ------------------------------------------------------------------------ while the reply is waited for


@pytest.mark.skipif(not NATIVE, reason="the wait for a reply is that of Python's own file")
@ALL_KINDS
def test_noops_while_the_final_reply_is_waited_for(kind):
    """A server may work on a file for minutes when all of it has come."""

    def work(session):
        session.server.wait_for("sent", NOOPS)

    replies = {"STOR": (b"150 x\r\n", up, end, work, b"226 stored\r\n")}
    with Scripted(replies) as server:
        ftp = eager(server, kind, 0.1)
        assert ftp.storbinary("STOR x", io.BytesIO(LINE)) == "226 stored"
        check_in_step(ftp)
        assert ftp.sock.gettimeout() == LIMIT
        ftp.close()


@TLS_KINDS
def test_a_server_that_awaits_the_end_of_the_connection_before_it_replies(kind):
    """As ProFTPD does, for ten seconds: what is kept for TLS is let go of when the server has ended its side."""

    def await_end(session):
        session.end_data()
        try:
            while session.data_conns[-1].recv(65536):
                pass
        except ConnectionResetError:
            pass

    with Scripted({"STOR": (b"150 x\r\n", up, await_end, b"226 stored\r\n")}) as server:
        ftp = eager(server, kind, 0.1)
        assert ftp.storbinary("STOR x", io.BytesIO(LINE)) == "226 stored"
        check_in_step(ftp)
        ftp.close()


def test_the_wait_for_the_final_reply_has_its_timeout():
    with Scripted({"RETR": (b"150 x\r\n", down, end)}) as server:
        ftp = eager(server, interval=0.01)
        ftp.sock.settimeout(0.5)
        with pytest.raises(OSError, match="timed out"):
            to_callback(ftp, server)
        assert ftp.sock.gettimeout() == 0.5
        ftp.close()
