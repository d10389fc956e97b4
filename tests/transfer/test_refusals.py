"""A transfer that the server refuses in the middle: its reply is what is raised, at once or soon, and not a timeout.

Where nothing moves, soon is after a second: the cases of such a test wait for it side by side.
"""

from __future__ import annotations

import ftplib
import io
import itertools
import os
import socket
import threading
import time

import pytest
import rftplib
from support.actions import DEFAULTS, close, open_data, send_data
from support.clients import Swallowing, connect
from support.harness import Env, same
from support.scripted_server import Server
from support.side_by_side import each
from support.uploads import MUCH, UP, abort_upload, large_file
from support.waiting import until_asleep

pytestmark = pytest.mark.skipif(
    os.environ.get("RFTPLIB_NATIVE") == "0", reason="the loops in Python are ftplib's: they wait for the timeout"
)

LONG = 50.0  # a timeout that no test waits for
KINDS = ["plain", "ssl"]
TLS = ["ssl", "native"]


def send(data):
    return lambda session: session.data_conns[-1].sendall(data)


def receive(count):
    def action(session):
        conn = session.data_conns[-1]
        while count > len(session.uploads[-1]):
            session.uploads[-1] += conn.recv(65536)

    return action


def pause(seconds):
    return lambda session: time.sleep(seconds)


BOTH = pytest.mark.parametrize("kind", KINDS)

# ------------------------------------------------------------------------ the data connection stands still


DOWN = {
    "blocks": lambda ftp, file: ftp.retrbinary("RETR x", lambda block: file.write(block)),
    "file": lambda ftp, file: ftp.retrbinary("RETR x", file.write),
    "lines": lambda ftp, file: ftp.retrlines("RETR x", lambda line: file.write(line.encode() + b"\n")),
}


def test_a_download_that_stands_still(tmp_path):
    stalls = (b"150 x\r\n", open_data, send(b"line\n" * 100), b"451 read error\r\n")

    def check(case):
        way, kind = case
        path = tmp_path / f"{way}-{kind}"
        with Server({"RETR": stalls}) as server:
            ftp = connect(server, kind, LONG)
            with open(path, "wb") as file, pytest.raises(ftplib.error_temp, match="451 read error"):
                DOWN[way](ftp, file)
            assert path.read_bytes() == b"line\n" * 100  # what has come is handed out
            assert ftp.pwd() == "/home"  # the reply has been read
            ftp.quit()

    each(itertools.product(DOWN, KINDS), check)


def test_an_upload_that_stands_still():
    stalls = (b"150 x\r\n", open_data, receive(1000), b"452 no space left\r\n")

    def check(case):
        way, kind = case
        with Server({"STOR": stalls}) as server, large_file() as file:
            ftp = connect(server, kind, LONG)
            with pytest.raises(ftplib.error_temp, match="452 no space left"):
                UP[way](ftp, file)
            assert ftp.pwd() == "/home"
            ftp.quit()

    each(itertools.product(UP, KINDS), check)


def test_ftplib_waits_for_the_timeout():
    with Server({"NLST": (b"150 x\r\n", open_data, b"451 read error\r\n")}) as server:
        ftp = ftplib.FTP(timeout=LONG)
        ftp.connect(server.host, server.port)
        ftp.timeout = 0.3
        with pytest.raises(socket.timeout):
            ftp.nlst()
        ftp.close()


def test_a_refusal_in_one_piece_with_the_150():
    def check(kind):
        with Server({"NLST": (b"150 x\r\n425 no connection\r\n", open_data)}) as server:
            ftp = connect(server, kind, LONG)
            with pytest.raises(ftplib.error_temp, match="425 no connection"):
                ftp.nlst()
            assert ftp.pwd() == "/home"
            ftp.quit()

    each(KINDS, check)


@BOTH
def test_a_timeout_that_is_shorter_than_the_patience(kind):
    # in one piece: it is there before that timeout begins
    with Server({"NLST": (b"150 x\r\n451-read\r\n451 error\r\n", open_data)}) as server:
        ftp = connect(server, kind, LONG)
        ftp.timeout = 0.5
        with pytest.raises(ftplib.error_temp, match="451-read\n451 error"):
            ftp.nlst()
        assert ftp.pwd() == "/home"
        ftp.quit()


def test_a_handshake_that_stands_still():
    stalls = (b"150 x\r\n", lambda session: session.open_data(tls=False), b"522 no TLS here\r\n")

    def check(case):
        active, kind, delay = case
        with Server({"NLST": [stalls, DEFAULTS["NLST"]]}) as server:
            ftp = connect(server, kind, LONG)
            ftp.handshake_delay = delay
            ftp.set_pasv(not active)
            with pytest.raises(ftplib.error_perm, match="522 no TLS here"):
                ftp.nlst()
            assert ftp.pwd() == "/home"
            assert ftp.nlst() == ["one", "two"]
            ftp.quit()

    each(itertools.product([True, False], TLS, [None, 0.0]), check)


def test_a_handshake_that_is_late():
    """What comes on the control connection meanwhile is no refusal."""

    def late(session):
        conn = session.open_data(tls=False)
        time.sleep(1.2)
        session.data_conns[-1] = session.server.tls.wrap_socket(conn, server_side=True)
        session.data_conns[-1].sendall(b"one\r\n")
        session.end_data()

    def check(kind):
        with Server({"NLST": (b"150 x\r\n226 done\r\n", late)}) as server:
            ftp = connect(server, kind, LONG)
            assert ftp.nlst() == ["one"]
            assert ftp.pwd() == "/home"
            ftp.quit()

    each(TLS, check)


# ------------------------------------------------------------------------ what is still on its way isn't cut off


def downloads(lib, env):
    env.server.slow = lib is rftplib  # the other one doesn't look at the reply meanwhile

    def note(line):
        env.note(line)
        env.server.note("line")
        env.server.moments.append(time.monotonic())

    ftp = env.ftp()
    env.attempt(ftp.retrlines, "RETR x", note)
    env.attempt(ftp.pwd)


def drip(count, seconds):
    def action(session):
        for _ in range(count):
            time.sleep(seconds if session.server.slow else 0.1)
            session.data_conns[-1].sendall(b"line\r\n")
            session.server.moments.append(time.monotonic())
        session.end_data()

    return action


ROWS = {
    "226-first": (b"150 x\r\n", open_data, b"226 done\r\n", drip(2, 1.3)),
    "226-with-the-150": (b"150 x\r\n226 done\r\n", open_data, drip(1, 1.3)),
    "451-and-data": (b"150 x\r\n", open_data, b"451 no more\r\n", drip(6, 0.3)),
    # ftplib's file decodes all that has come at once: the 150 is to have been read before
    "undecodable-226-first": (
        b"150 x\r\n", open_data, send(b"line\r\n"), lambda session: session.server.wait_for("line"),
        b"226 \xff\r\n", drip(1, 1.3)
    ),
    "control-closed-first": (b"150 x\r\n", open_data, lambda session: session.conn.shutdown(1), drip(1, 1.3)),
    "control-closed-after-226": (
        b"150 x\r\n", open_data, b"226 y\r\n", lambda session: session.conn.shutdown(1), drip(1, 1.3)
    ),
    "remnant-first": (b"150 x\r\n", open_data, b"\r\n\0", drip(1, 1.3), b"226 done\r\n"),
    "nothing-first": (b"150 x\r\n", open_data, drip(1, 1.3), b"226 done\r\n"),
}  # fmt: skip


# Where no line may come a second after the last one. If a busy machine was late with one, that run proves nothing.
STEADY, LATE, TIMES = "451-and-data", 0.8, 10


@pytest.fixture(scope="module")
def outcomes():
    """{row: what rftplib and ftplib have noted, and whether the data connections are closed}, of all rows at once."""
    found = {row: {} for row in ROWS}

    def check(case):
        row, lib = case
        for _ in range(TIMES if row == STEADY else 1):
            with Server({"RETR": ROWS[row]}) as server:
                env, server.moments = Env(lib, server), [time.monotonic()]
                downloads(lib, env)
                server.finish()
                found[row][lib] = env.notes, server.client_closed()
                env.clients[0].close()
            if max((later - moment for moment, later in zip(server.moments, server.moments[1:])), default=0) < LATE:
                break

    each(itertools.product(ROWS, [rftplib, ftplib]), check)
    return found


@pytest.mark.parametrize("row", ROWS)
def test_data_that_comes_after_the_reply(row, outcomes):
    (ours, closed), theirs = outcomes[row][rftplib], outcomes[row][ftplib]
    if row == "remnant-first":  # which ftplib takes for the reply
        assert ours[-2:] == ["'226 done'", "'/home'"]
        ours[-2:] = theirs[0][-2:]
    assert (ours, closed) == theirs


def test_a_reply_to_another_thread_ends_nothing():
    """One that keeps the connection alive, by a command that the server doesn't know."""
    answered = threading.Event()

    def answer(session):
        session.read_line()
        until_asleep(thread.native_id)  # or nobody would wait for the reply yet
        session.conn.sendall(b"500 what?\r\n")
        assert answered.wait(20)

    got, replies = [], []

    def keep_alive():
        try:
            ftp.voidcmd("NOOP")
        except ftplib.error_perm as error:
            replies.append(str(error))
        answered.set()

    def note(line):
        got.append(line)
        if len(got) == 1:
            thread.start()

    script = (b"150 x\r\n", open_data, send(b"one\r\n"), answer, pause(1.5), send_last, b"226 y\r\n")
    with Server({"RETR": script}) as server:
        ftp = connect(server, "plain", LONG)
        thread = threading.Thread(target=keep_alive)
        assert ftp.retrlines("RETR x", note) == "226 y"
        thread.join()
        ftp.quit()
    assert (got, replies) == (["one", "two"], ["500 what?"])


def send_last(session):
    session.data_conns[-1].sendall(b"two\r\n")
    session.end_data()


# ------------------------------------------------------------------------ whose code reads the reply


def test_the_reply_is_read_by_the_clients_own_methods():
    called = []

    class Client(rftplib.FTP):
        def voidresp(self):
            called.append("voidresp")
            return super().voidresp()

        def getresp(self):
            called.append("getresp")
            return super().getresp()

    with Server({"RETR": (b"150 x\r\n", open_data, b"451 no\r\n")}) as server:
        ftp = Client(timeout=LONG)
        ftp.connect(server.host, server.port)
        with pytest.raises(ftplib.error_temp, match="451 no"):
            ftp.retrbinary("RETR x", print)
        assert called[-2:] == ["voidresp", "getresp"] and called.count("voidresp") == 2  # the other is that of TYPE
        ftp.quit()


def test_who_swallows_the_refusal_gets_the_timeout():
    """A file that isn't whole never passes for one."""

    replies = {"RETR": (b"150 x\r\n", open_data, b"451 no\r\n"), "STOR": (b"150 x\r\n", abort_upload, b"552 full\r\n")}
    with Server(replies) as server:
        ftp = Swallowing(timeout=LONG)
        ftp.connect(server.host, server.port)
        with pytest.raises(socket.timeout):
            ftp.retrbinary("RETR x", print)
        with pytest.raises(ConnectionError):
            ftp.storbinary("STOR x", io.BytesIO(bytes(MUCH)))
        assert ftp.pwd() == "/home"
        ftp.quit()


# ------------------------------------------------------------------------ active mode


@pytest.mark.parametrize("anyone", [False, True])
@pytest.mark.parametrize("reply", [(b"150 x\r\n425 no\r\n",), (b"150 x\r\n", pause(0.1), b"425-n\r\n425 no\r\n")])
def test_a_server_that_doesnt_connect_after_all(reply, anyone):
    with Server({"NLST": reply}) as server:
        ftp = connect(server, "plain", LONG)
        ftp.accept_any_active_peer = anyone
        ftp.set_pasv(False)
        with pytest.raises(ftplib.error_temp, match="425 no"):
            ftp.nlst()
        assert ftp.pwd() == "/home"
        ftp.quit()


def test_a_server_that_connects_late():
    def script(lib, env):
        ftp = env.ftp()
        ftp.set_pasv(False)
        env.note(ftp.nlst())
        return ftp.quit()

    same(script, {"NLST": (b"150 x\r\n", pause(0.2), send_data(), b"226 y\r\n")})
    same(script, {"NLST": (b"150 x\r\n", send_data(), b"226 y\r\n")})


def test_a_server_that_never_connects():
    def script(lib, env):
        ftp = env.ftp()
        ftp.set_pasv(False)
        ftp.timeout = 0.1
        env.attempt(ftp.nlst)

    same(script, {"NLST": b"150 x\r\n"})
    same(script, {"NLST": (b"150 x\r\n", close)})
