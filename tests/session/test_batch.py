"""Batches against a scripted server: what goes out when, what ends one, and whose methods are called."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import socket
import sys
from unittest import mock

import pytest
import rftplib
from rftplib.session import Reply, batch, recover
from support.actions import close, half_close, reset
from support.clients import say_then_brief
from support.scripted_server import LIMIT, Server
from support.waiting import Waiter, interrupt_main_thread

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"
SIZES = [f"SIZE {number}" for number in range(200)]


def size(session):
    session.conn.sendall(f"213 {session.argument}\r\n".encode())


def refused(session):
    session.conn.sendall(f"550-{session.argument}\r\n550 no such file\r\n".encode())


class Overriding(rftplib.FTP):
    """Has the replies read by a method of its own: the loop in Python."""

    def getresp(self):
        return super().getresp()


class Counting(rftplib.FTP):
    """Has each command sent by a method of its own: one by one."""

    def __init__(self, *args, **keywords):
        self.sent = []
        super().__init__(*args, **keywords)

    def sendcmd(self, cmd):
        self.sent.append(cmd)
        return super().sendcmd(cmd)


CLASSES = {"FTP": rftplib.FTP, "getresp": Overriding, "sendcmd": Counting}
kinds = pytest.mark.parametrize("kind", CLASSES)
pipelined = pytest.mark.parametrize("kind", ["FTP", "getresp"])


class Client:
    """A client of that kind, connected."""

    def __init__(self, server, kind="FTP", **options):
        options.setdefault("timeout", LIMIT)
        self.ftp = CLASSES[kind](**options)
        self.ftp.connect(server.host, server.port)

    def __enter__(self):
        return self.ftp

    def __exit__(self, *exception):
        self.ftp.close()


@kinds
@pytest.mark.parametrize("window", [1, 3, 64, 1000])
def test_replies_come_in_the_order_of_the_commands(kind, window):
    with Server({"SIZE": size, "MDTM": refused}) as server:
        with Client(server, kind) as ftp:
            commands = [f"{verb} {number}" for number in range(100) for verb in ("SIZE", "MDTM")]
            replies = batch(ftp, commands, window)
            assert [reply.command for reply in replies] == commands
            assert [reply.text for reply in replies[::2]] == [f"213 {number}" for number in range(100)]
            assert replies[7] == Reply("MDTM 3", "550-3\n550 no such file")
            assert ftp.lastresp == "550"
            assert ftp.sendcmd("NOOP") == "200 noop"
        assert server.commands() == [*commands, "NOOP"]


def test_a_reply_is_a_value():
    reply = Reply("MDTM 3", "550-3\n550 no such file")
    assert (reply.code, reply.lines, reply.ok) == (550, ["550-3", "550 no such file"], False)
    assert (Reply("NOOP", "2").code, Reply("NOOP", "2").ok) == (200, True)
    assert pickle.loads(pickle.dumps(reply)) == copy.copy(reply) == reply
    assert len({reply, Reply("MDTM 3", "550-3\n550 no such file"), Reply("MDTM 4", "550 no")}) == 2
    with pytest.raises(AttributeError):
        reply.text = "213 3"


def test_nothing_to_send():
    assert batch(None, []) == []


@pipelined
@pytest.mark.parametrize("window", [1, 5, 64])
def test_as_many_commands_as_the_window_has_go_out_unanswered(kind, window):
    """The server answers a command only when the window is full, or the last command has come."""
    most = []

    def wait_for_the_window(session):
        expected = min(window, len(SIZES) - len(most))
        while session.pending.count(b"\r\n") + 1 < expected:
            session.wait_readable(session.conn)
            session.pending += session.conn.recv(65536)
        most.append(session.pending.count(b"\r\n") + 1)
        size(session)

    with Server({"SIZE": wait_for_the_window}) as server:
        with Client(server, kind) as ftp:
            assert [reply.text for reply in batch(ftp, SIZES, window)] == [f"213 {number}" for number in range(200)]
    assert max(most) == window


@pipelined
def test_it_reads_while_it_writes(kind):
    """Neither side's buffers hold what the other sends: who only writes never ends."""
    lines = b"213-" + b"x" * 4000 + b"\r\n" + b" y\r\n" * 100 + b"213 end\r\n"
    commands = [f"STAT {'n' * 1000}" for _ in range(5000)]

    def answer_at_once(session):
        session.conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        session.conn.sendall(lines)

    with Server({"STAT": answer_at_once}) as server:
        with Client(server, kind) as ftp:
            ftp.max_reply = None
            replies = batch(ftp, commands, 5000)
            assert len(replies) == 5000
            assert {len(reply.lines) for reply in replies} == {102}


@kinds
@pytest.mark.parametrize(
    "command",
    ["RETR a", "stor a", "LIST", "NLST", "MLSD", "APPE a", "STOU", "PASV", "EPSV", "PORT 1,2,3,4,5,6", "EPRT x", "QUIT",
     "ABOR", "AUTH TLS", "REIN", "USER x", "PASS x", "PBSZ 0", "PROT C", "CCC", "", " SIZE a", "SIZE\ta"],
)  # fmt: skip
def test_other_commands_are_refused_before_anything_is_sent(kind, command):
    with Server() as server:
        with Client(server, kind) as ftp:
            with pytest.raises(ValueError) as refusal:
                batch(ftp, ["NOOP", command])
            assert repr(command.split(" ")[0]) in str(refusal.value)
            assert ftp.sendcmd("NOOP") == "200 noop"
        assert server.commands() == ["NOOP"]


@kinds
@pytest.mark.parametrize("command", ["SIZE a\r\nDELE b", "SIZE a\n", "SIZE a\r"])
def test_line_breaks_are_refused_as_in_ftplib(kind, command):
    with Server() as server:
        with Client(server, kind) as ftp:
            with pytest.raises(ValueError, match="^an illegal newline character should not be contained$"):
                batch(ftp, ["NOOP", command])
        assert server.commands() == []


@pytest.mark.parametrize(
    "commands, window, error",
    [([b"NOOP"], 64, TypeError), ([None], 64, TypeError), (["NOOP"], 0, ValueError), (["NOOP"], -1, ValueError),
     (["NOOP"], "64", TypeError), (["NOOP"], 1.5, TypeError), (None, 64, TypeError)],
)  # fmt: skip
def test_other_values_are_refused(commands, window, error):
    with Server() as server:
        with Client(server) as ftp, pytest.raises(error):
            batch(ftp, commands, window)
        assert server.commands() == []


ENDS = {
    "421": (b"421 too long\r\n", rftplib.error_temp, "421 too long (after 2 of 200 replies)"),
    "421-and-gone": ((b"421 too long\r\n", reset), (rftplib.error_temp, OSError), "after 2 of 200 replies"),
    "eof": (close, (EOFError, OSError), "after 2 of 200 replies"),
    "half-closed": (half_close, EOFError, "after 2 of 200 replies"),
    "half-a-reply": ((b"213", half_close), EOFError, "after 3 of 200 replies"),
    "half-of-many-lines": ((b"213-a\r\n", half_close), EOFError, "after 2 of 200 replies"),
    "no-reply": (b"what?\r\n", rftplib.error_proto, "what? (after 2 of 200 replies)"),
    "two-preliminary": (b"150 a\r\n150 b\r\n", rftplib.error_reply, "150 b (after 2 of 200 replies)"),
    "a-long-line": (b"213 " + b"x" * 9000 + b"\r\n", rftplib.Error, "8192 bytes (after 2 of 200 replies)"),
    "undecodable": (b"213 \xff\r\n", UnicodeDecodeError, "can't decode byte 0xff"),
}


@pipelined
@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_batch_says_how_far_it_came(kind, end):
    action, error, text = ENDS[end]
    with Server({"SIZE": [size, size, action, None]}) as server:
        with Client(server, kind) as ftp:
            with pytest.raises(error) as raised:
                batch(ftp, SIZES)
            assert text in str(raised.value)
            if error is not UnicodeDecodeError:
                replies = raised.value.replies
                assert [reply.text for reply in replies][:2] == ["213 0", "213 1"]
                again = pickle.loads(pickle.dumps(raised.value))
                assert (again.args, again.replies, str(again)) == (raised.value.args, replies, str(raised.value))


@pipelined
def test_what_has_come_behind_the_end_is_nobody_elses(kind):
    """All replies come in one piece, that of another thread's command for one, and are read ahead."""
    with Server({"SIZE": [size, None, b"what?\r\n213 2\r\n213 3\r\n"], "PWD": b'257 "/home"\r\n'}) as server:
        with Client(server, kind) as ftp:
            with pytest.raises(rftplib.error_proto):
                batch(ftp, SIZES[:4])
            if os.environ.get("RFTPLIB_NATIVE") != "0":  # Python's own file can't refuse
                with pytest.raises(OSError, match="replies to earlier commands are still to come"):
                    ftp.pwd()
            assert recover(ftp) and ftp.pwd() == "/home"


@kinds
def test_a_preliminary_reply_is_followed_by_the_commands_own(kind):
    with Server({"HASH": (b"150 wait\r\n", b"213 at last\r\n"), "SIZE": size}) as server:
        with Client(server, kind) as ftp:
            assert [reply.text for reply in batch(ftp, ["HASH a", "SIZE 1"])] == ["213 at last", "213 1"]


@pipelined
def test_the_multi_line_replies_are_limited_together(kind):
    with Server({"STAT": b"213-" + b"x" * 600 + b"\r\n213 end\r\n"}) as server:
        with Client(server, kind) as ftp:
            ftp.max_reply = 1000
            assert len(batch(ftp, ["STAT a"])) == 1
            with pytest.raises(rftplib.Error, match="max_reply characters in one batch .after 1 of 3 replies"):
                batch(ftp, ["STAT a"] * 3)


@pipelined
def test_a_server_that_never_stops_talking_is_bounded(kind):
    def talk(session):
        while True:
            session.conn.sendall(b"213 x\r\n" * 10000)

    with Server({"SIZE": talk}) as server:
        with Client(server, kind) as ftp:
            assert len(batch(ftp, SIZES)) == len(SIZES)


@kinds
def test_a_timeout(kind):
    def size_then_nothing(session):
        say_then_brief(session, b"213 0\r\n", ftp)

    with Server({"SIZE": [size_then_nothing, None]}) as server:
        with Client(server, kind) as ftp:
            with pytest.raises(socket.timeout) as raised:
                batch(ftp, SIZES)
            assert [reply.text for reply in raised.value.replies] == ["213 0"]
            # what is still to come is nobody's reply
            with pytest.raises((OSError, AttributeError)):
                ftp.sendcmd("NOOP")


@pytest.mark.skipif(not NATIVE, reason="without the native loops rftplib waits as ftplib does")
def test_close_from_another_thread_ends_it():
    with Server({"SIZE": None}) as server:
        with Client(server, timeout=None) as ftp:
            waiter = Waiter(lambda: batch(ftp, SIZES))
            server.wait_for("SIZE")
            assert isinstance(waiter.ended_by(ftp.close), OSError)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals here")
@kinds
def test_a_signal_ends_it(kind):
    class Stop(Exception):
        pass

    def stop(number, frame):
        raise Stop

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        with Server({"SIZE": [size, None]}) as server:
            with Client(server, kind, timeout=None) as ftp:
                stopping = Waiter(lambda: (server.wait_for("SIZE", 2), interrupt_main_thread()))
                with pytest.raises(Stop):
                    batch(ftp, SIZES)
                assert stopping.join() is None
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_what_is_printed_and_remembered_is_what_sendcmd_prints(capsys):
    with Server({"SIZE": size}) as server:
        with Client(server) as ftp:
            ftp.set_debuglevel(1)
            ftp.sendcmd("SIZE 1")
            expected = capsys.readouterr().out
            batch(ftp, ["SIZE 1"])
            assert capsys.readouterr().out == expected


def test_each_command_is_audited():
    seen, wanted = [], True
    sys.addaudithook(lambda event, args: wanted and event == "ftplib.sendcmd" and seen.append(args[1]))
    with Server({"SIZE": size}) as server:
        with Client(server) as ftp:
            batch(ftp, SIZES)
    wanted = False
    assert seen == SIZES


def test_the_type_in_force_is_forgotten():
    with Server() as server:
        with Client(server) as ftp:
            ftp.skip_redundant_type = True
            ftp.retrlines("LIST", lambda line: None)
            batch(ftp, ["TYPE I"])
            ftp.retrlines("LIST", lambda line: None)
        assert [line for line in server.commands() if line.startswith("TYPE")] == ["TYPE A", "TYPE I", "TYPE A"]


def test_whoever_replaces_sendcmd_is_called_for_each_command():
    with Server({"SIZE": size}) as server:
        with Client(server, "sendcmd") as ftp:
            batch(ftp, SIZES)
            assert ftp.sent == SIZES
    ftp = mock.Mock(spec=["sendcmd"])
    ftp.sendcmd.side_effect = ["213 1", rftplib.error_perm("550 no")]
    assert [reply.code for reply in batch(ftp, ["SIZE a", "SIZE b"])] == [213, 550]
    with Server({"SIZE": size}) as server:
        with Client(server) as ftp:
            with mock.patch.object(rftplib.FTP, "sendcmd", return_value="213 patched"):
                assert batch(ftp, ["SIZE a"]) == [Reply("SIZE a", "213 patched")]
            ftp.sendcmd = lambda cmd: "213 own"
            assert batch(ftp, ["SIZE a"]) == [Reply("SIZE a", "213 own")]


@kinds
def test_a_batch_in_other_encodings(kind):
    def back(session):
        session.conn.sendall(b"213 " + session.argument.encode("latin-1") + b"\r\n")

    with Server({"SIZE": back}) as server:
        for encoding in ("utf-8", "latin-1", "cp1252"):
            with Client(server, kind, encoding=encoding) as ftp:
                assert batch(ftp, ["SIZE ä", "SIZE a"]) == [Reply("SIZE ä", "213 ä"), Reply("SIZE a", "213 a")]
        with Client(server, kind, encoding="ascii") as ftp, pytest.raises(UnicodeEncodeError):
            batch(ftp, ["SIZE ä"])
