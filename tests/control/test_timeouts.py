"""Timeouts that fire, and what the objects are good for afterwards.

A server that never answers can't answer too early: the short times here are safe on a slow machine. Connecting, logging
in and replies that do come have the harness's long limit; the short one is set where silence is sure to follow.
"""

from __future__ import annotations

import io

import pytest
from support.actions import DOWNLOAD, open_data
from support.clients import brief_from, keeping, once_noted
from support.harness import same

SHORT = 0.05
SILENT = dict.fromkeys(["X", "RETR", "LIST", "STOR"])


def impatient(env, **kw):
    ftp = env.ftp(**kw)
    ftp.sock.settimeout(SHORT)
    return ftp


@pytest.mark.parametrize("method", ["sendcmd", "voidcmd"])
def test_no_reply(method):
    def script(lib, env):
        return getattr(impatient(env), method)("X")

    outcome = same(script, SILENT)
    assert outcome.exception["args"] == ["tuple", "'timed out'"]


@pytest.mark.parametrize("call", ["getline", "getresp", "getmultiline", "voidresp"])
def test_nothing_to_read(call):
    def script(lib, env):
        return getattr(impatient(env, debug=2), call)()

    same(script)


def test_reading_again_after_a_timeout():
    """Python's reader refuses for good; connecting anew, or a new reader, is the way out."""

    def script(lib, env):
        ftp = impatient(env, debug=2)
        env.attempt(ftp.sendcmd, "X")
        env.attempt(ftp.sendcmd, "NOOP")
        env.attempt(ftp.getline)
        ftp.sock.settimeout(20)
        env.attempt(ftp.sendcmd, "NOOP")
        ftp.file = ftp.sock.makefile("r", encoding="utf-8")
        env.note([ftp.getresp(), ftp.getresp(), ftp.sendcmd("NOOP")])
        env.attempt(ftp.quit)

    same(script, SILENT)


@pytest.mark.parametrize("part", [b"2", b"200 half", b"200 a\r", b"200-a\r\nb\r\n", b"200-a\r\n200", b"200 \xe2\x82"])
def test_half_a_reply_then_silence(part):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        ftp.putcmd("FIRST")
        ftp.getresp()  # what comes with it has arrived, or comes in the next read
        ftp.sock.settimeout(SHORT)
        env.attempt(ftp.getresp)
        env.attempt(ftp.getresp)
        env.attempt(ftp.close)

    same(script, {"FIRST": b"200 first\r\n" + part})


def test_timeout_while_greeting():
    def script(lib, env):
        ftp = env.unconnected(timeout=SHORT)
        env.attempt(ftp.connect, env.host, env.port)
        env.note(ftp.sock, ftp.file is None, ftp.welcome)
        env.attempt(ftp.getresp)

    same(script, greeting=None)


@pytest.mark.parametrize("way", ["with", "quit"])
def test_timeout_in_quit(way):
    def script(lib, env):
        ftp = impatient(env)
        if way == "with":
            with ftp:
                pass
        else:
            env.attempt(ftp.quit)
        env.note(ftp.sock)

    same(script, {"QUIT": None})


def stall(data):
    """Open the data connection, send this much, then neither more nor an end."""

    def action(session):
        session.open_data().sendall(data)
        session.server.note("sent")

    return action


SILENCES = [("retrbinary", b""), ("retrbinary", b"some"), ("nlst", b"a\r\n")]
SILENCES += [("retrlines", data) for data in (b"", b"some", b"line\r\n", b"line\r", b"line\r\nhalf", b"\xe2\x82")]


@pytest.mark.parametrize(("reader", "data"), SILENCES)
def test_silence_in_a_download(reader, data):
    def script(lib, env):
        ftp = env.ftp()
        ftp.timeout = SHORT  # for the data connection only; the control connection keeps its own
        blocks = []
        if reader == "nlst":
            env.attempt(ftp.nlst)
        else:
            env.attempt(getattr(ftp, reader), "RETR x", blocks.append)
        env.note(blocks if reader != "retrbinary" else b"".join(blocks))
        env.attempt(ftp.sendcmd, "NOOP")

    # The data is there before the 150 is: what doesn't come is sure.
    same(script, dict.fromkeys(["RETR", "NLST"], (stall(data), b"150 ok\r\n")))


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
def test_server_that_takes_no_upload(method):
    """The kernel's buffers fill, then sendall's timeout fires: how much has gone by then is the kernel's affair."""

    def script(lib, env):
        ftp = env.ftp()
        ftp.timeout = SHORT
        block = b"x" * 1000 + b"\n"
        endless = io.BytesIO(block * 40000)
        env.attempt(getattr(ftp, method), "STOR x", endless)
        env.attempt(ftp.sendcmd, "NOOP")

    same(script, {"STOR": (b"150 ok\r\n", open_data)})


def test_no_final_reply():
    def script(lib, env):
        ftp = env.ftp()

        def then_impatient(line):
            ftp.sock.settimeout(SHORT)

        env.attempt(ftp.retrlines, "LIST", then_impatient)
        env.attempt(ftp.voidresp)

    same(script, {"LIST": DOWNLOAD[:2]})


def test_no_answer_to_pasv_and_no_connection_in_active_mode():
    def script(lib, env):
        ftp = env.ftp()
        brief_from(ftp, "PASV", SHORT)
        env.attempt(ftp.nlst)
        ftp = env.ftp()
        ftp.set_pasv(False)
        ftp.timeout = SHORT
        env.attempt(ftp.nlst)
        env.attempt(ftp.sendcmd, "NOOP")

    same(script, {"PASV": None, "NLST": b"150 but I never connect\r\n"})


@pytest.mark.parametrize("timeout", [None, 17.5, "default"])
@pytest.mark.parametrize("active", [False, True])
def test_timeouts_of_the_data_sockets(timeout, active):
    def script(lib, env):
        kw = {} if timeout == "default" else {"timeout": timeout}
        ftp = env.keep(lib.FTP(**kw))
        lib.socket.setdefaulttimeout(19)
        try:
            ftp.connect(env.host, env.port)
            ftp.set_pasv(not active)
            conn = ftp.transfercmd("LIST")
            env.note(ftp.sock.gettimeout(), conn.gettimeout())
            conn.close()
            with ftp.makeport() as listening:
                env.note(listening.gettimeout())
        finally:
            lib.socket.setdefaulttimeout(None)

    same(script)


def test_timeout_changed_in_the_callback():
    def script(lib, env):
        ftp = env.ftp(keeping(lib.FTP))
        env.attempt(ftp.retrbinary, "RETR x", lambda block: ftp.conn.settimeout(SHORT))
        env.attempt(ftp.retrlines, "RETR x", lambda line: ftp.conn.settimeout(SHORT))
        del ftp.conn

    same(script, {"RETR": (stall(b"first\r\n"), b"150 ok\r\n")})


def test_non_blocking_sockets():
    """settimeout(0) on the control socket: BlockingIOError or None from the reader, as Python has it."""

    def script(lib, env):
        ftp = env.ftp()
        ftp.sock.settimeout(0)
        env.attempt(ftp.getline)
        env.attempt(ftp.getline)
        ftp.sock.settimeout(20)
        env.attempt(ftp.sendcmd, "NOOP")

    same(script)


def test_tls_data_handshake_that_never_ends():
    def script(lib, env):
        ftp = env.tls(context=lib.ssl._create_unverified_context())
        ftp.login("u", "p")
        ftp.prot_p()
        ftp.timeout = SHORT
        env.attempt(ftp.nlst)

    same(script, {"NLST": (b"150 ok\r\n", lambda session: session.open_data(tls=False))})


def test_tls_silence_in_a_download():
    def script(lib, env):
        ftp = env.tls(context=lib.ssl._create_unverified_context())
        ftp.login("u", "p")
        ftp.prot_p()

        once_noted(env.server, "sent", ftp, lambda conn: conn.settimeout(SHORT))  # it is there
        env.attempt(ftp.retrbinary, "RETR x", env.note)
        env.attempt(ftp.nlst)

    same(script, {"RETR": (b"150 ok\r\n", stall(b"some")), "NLST": (b"150 ok\r\n", stall(b"a\r\n"))})
