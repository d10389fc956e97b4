"""`noop_interval`: NOOPs while a transfer goes on. Whatever becomes of their replies, none is taken for the transfer's.

The server decides when it answers: at once, when the transfer is over, or never. It sends until the client has sent
NOOPS of them, or the client's source does, so that nothing depends on time.
"""

from __future__ import annotations

import ftplib
import io
import itertools
import os
import tempfile

import pytest
import rftplib
from rftplib.session import recover
from support.actions import close
from support.clients import ALL_KINDS, TLS_KINDS, Swallowing, connect, unconnected
from support.scripted_server import LIMIT, Server

NOOPS = 3
LINE = b"0123456789" * 9 + b"\r\n"
NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"


def down(session):
    """Send lines until the client has sent NOOPS NOOPs."""
    session.open_data()
    while session.server.happened.count("sent") < NOOPS:
        more(session)
        session.server.going_on.wait(0.01)
    more(session)


def more(session):
    session.data_conns[-1].sendall(LINE)
    session.server.expected += LINE


def up(session):
    conn = session.open_data()
    while True:
        session.wait_readable(conn)
        block = conn.recv(65536)
        if not block:
            return
        session.uploads[-1] += block


def answer(reply):
    """Read the NOOPs, and answer each; None: with nothing."""

    def action(session):
        for _ in range(NOOPS):
            assert session.read_line() == "NOOP"
            if reply is not None:
                session.say(reply)

    return action


def end(session):
    session.end_data()


def script(at_once=None, final=b"226 done\r\n", late=b"200 late\r\n", **others):
    """A server that answers NOOPs by the action `at_once` in the middle, if any, and by `late` behind `final`."""
    answers = () if at_once is None else at_once
    steps = {"RETR": (b"150 x\r\n", down, answers, end, final), "STOR": (b"150 x\r\n", up, answers, end, final)}
    return {**steps, "NOOP": late, **others}


class Scripted(Server):
    def start(self):
        self.expected = b""
        super().start()


def eager(server, kind="plain", interval=0.001, cls=None, **options):
    """A client that sends many NOOPs; the server knows how many."""
    ftp = cls(timeout=LIMIT) if cls else unconnected(kind, LIMIT)
    vars(ftp).update(options)
    ftp.noop_interval = interval
    ftp.connect("localhost", server.port)
    if kind != "plain":
        ftp.login("user", "secret")
        ftp.prot_p()

    def putcmd(line):
        type(ftp).putcmd(ftp, line)
        if line == "NOOP":
            server.note("sent")

    ftp.putcmd = putcmd
    return ftp


class Source:
    """What is uploaded until the client has sent NOOPS NOOPs."""

    def __init__(self, server):
        self.server, self.given = server, b""

    def read(self, size=-1):
        if self.server.happened.count("sent") >= NOOPS:
            return b""
        self.server.going_on.wait(0.01)
        self.given += LINE
        return LINE

    readline = read


def to_callback(ftp, server):
    blocks = []
    reply = ftp.retrbinary("RETR x", blocks.append)
    assert b"".join(blocks) == server.expected
    return reply


def to_file(ftp, server):
    with tempfile.TemporaryFile() as file:
        reply = ftp.retrbinary("RETR x", file.write)
        file.seek(0)
        assert file.read() == server.expected
    return reply


def to_lines(ftp, server):
    lines = []
    reply = ftp.retrlines("RETR x", lines.append)
    assert "".join(line + "\r\n" for line in lines).encode() == server.expected
    return reply


def from_source(ftp, server):
    source = Source(server)
    reply = ftp.storbinary("STOR x", source)
    assert server.sessions[0].uploads[-1] == source.given
    return reply


def from_lines(ftp, server):
    source = Source(server)
    reply = ftp.storlines("STOR x", source)
    assert server.sessions[0].uploads[-1] == source.given
    return reply


WAYS = {way.__name__: way for way in (to_callback, to_file, to_lines, from_source, from_lines)}


def check_in_step(ftp):
    """Each command gets its own reply."""
    assert [ftp.pwd(), ftp.size("x"), ftp.sendcmd("REST 0"), ftp.pwd()] == ["/home", 1234, "350 restart", "/home"]


# ------------------------------------------------------------------------ the transfer's reply, and what is behind it

MOMENTS = {
    "at-once": script(answer(b"200 fine\r\n")),
    "late": script(),
    "never": script(answer(None), late=None),
    "refused-at-once": script(answer(b"500 not now\r\n")),
    "refused-late": script(late=b"502 what?\r\n"),
}


@ALL_KINDS
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_reply_is_the_transfers(moment, way, kind):
    with Scripted(MOMENTS[moment]) as server:
        ftp = eager(server, kind)
        assert WAYS[way](ftp, server) == "226 done"
        assert ftp.lastresp == "226"
        check_in_step(ftp)
        ftp.close()
        assert server.happened.count("sent") >= NOOPS


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


# ------------------------------------------------------------------------ refusals in the middle


@pytest.mark.skipif(not NATIVE, reason="the loops in Python are ftplib's: they wait for the timeout")
@pytest.mark.parametrize("kind", ["plain", "ssl"])
@pytest.mark.parametrize("noop", [b"200 a\r\n", b"500 a\r\n", None], ids=["accepted", "refused", "never"])
def test_a_download_that_is_refused_when_it_stands_still(noop, kind):
    with Scripted(script(answer(noop), RETR=(b"150 x\r\n", down, answer(noop), b"451 read error\r\n"))) as server:
        ftp = eager(server, kind)
        with pytest.raises(ftplib.error_temp, match="451 read error"):
            to_callback(ftp, server)
        check_in_step(ftp)
        ftp.close()


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


@ALL_KINDS
@pytest.mark.parametrize("moment", ["at-once", "late", "never", "refused-at-once"])
def test_recover_after_a_callback_that_raised(moment, kind):
    replies = dict(MOMENTS[moment], RETR=(b"150 x\r\n", down, (MOMENTS[moment]["RETR"][2]), end, b"426 broken\r\n"))
    replies["NOOP"] = replies["NOOP"] or b"200 noop\r\n"  # which recover() asks for

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
        assert recover(ftp, 5)  # a quarter of it is lost where they never come
        check_in_step(ftp)
        ftp.close()


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
        assert recover(ftp, 10)
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
    count = itertools.count()

    def drip(session):
        conn = session.open_data()
        try:
            while next(count) < 3000:
                conn.sendall(b"x")
                session.server.going_on.wait(0.0005)
        finally:
            session.end_data()

    with Scripted({"RETR": (b"150 x\r\n", drip, b"226 done\r\n")}) as server:
        ftp = eager(server, interval=1e-6)
        assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
        check_in_step(ftp)
        ftp.close()
        assert server.happened.count("sent") <= 1000
