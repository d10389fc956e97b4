"""Callbacks that misbehave, in both directions: what is raised, what is left open, and which reply comes next."""

from __future__ import annotations

import io
import sys

import pytest
from support.actions import recv_data, send_data
from support.clients import keeping
from support.harness import same
from support.sources import Source, closed, fails, fails_second, stops, temporary

DONE = b"226 done\r\n"


class Written:
    """A sink that answers what no file does."""

    def __init__(self, answer):
        self.answer, self.blocks = answer, []

    def write(self, block):
        self.blocks.append(block)
        return self.answer


DOWNLOAD_CALLBACKS = {
    "raises": lambda env: fails,
    "raises-second": lambda env: fails_second(),
    "stops": lambda env: stops,
    "none": lambda env: None,
    "not-callable": lambda env: 5,
    "no-parameters": lambda env: lambda: None,
    "closed-bytesio": lambda env: closed(io.BytesIO)().write,
    "closed-file": lambda env: closed(temporary("wb"))().write,
    "read-only-file": lambda env: env.close_later(temporary("rb")()).write,
    "text-file": lambda env: env.close_later(temporary("w")()).write,
    "stringio": lambda env: io.StringIO().write,
    "odd-answer": lambda env: Written("?").write,
    "set.add": lambda env: set().add,
    "list.extend": lambda env: [].extend,
    "frozen-list": lambda env: ().count,
    "class": lambda env: bytes,
    "full-device": lambda env: env.close_later(open("/dev/full", "wb", buffering=0)).write,
}


@pytest.mark.parametrize("callback", DOWNLOAD_CALLBACKS)
@pytest.mark.parametrize("method", ["retrbinary", "retrlines"])
def test_download_callback(method, callback):
    def script(lib, env):
        ftp = env.ftp()
        with_print = io.StringIO()
        sys.stdout, kept = with_print, sys.stdout
        try:
            env.attempt(getattr(ftp, method), "RETR x", DOWNLOAD_CALLBACKS[callback](env))
        finally:
            sys.stdout = kept
        env.note(with_print.getvalue())
        env.attempt(ftp.getresp)
        env.attempt(ftp.sendcmd, "NOOP")

    same(script, data=b"one\r\ntwo\r\n", replies={"RETR": (b"150 ok\r\n", send_data(), DONE, b"226 spare\r\n")})


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
@pytest.mark.parametrize("exc", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_callback_raises_what_is_no_exception(method, exc):
    def script(lib, env):
        ftp = env.ftp()

        def callback(block):
            raise exc("stop")

        try:
            if method.startswith("retr"):
                getattr(ftp, method)("RETR x", callback)
            else:
                getattr(ftp, method)("STOR x", io.BytesIO(b"one\ntwo\n"), callback=callback)
        except exc as caught:
            env.note(caught)
        env.attempt(ftp.voidresp)

    same(script, {"STOR": (b"150 ok\r\n", recv_data, DONE)})


def test_the_callback_of_an_upload_gets_the_very_block():
    def script(lib, env):
        ftp = env.ftp()
        blocks = [bytearray(b"one"), b"two", memoryview(b"three"), b""]
        remaining, seen = iter(blocks), []
        ftp.storbinary("STOR x", Source(lambda size: next(remaining)), callback=seen.append)
        return [a is b for a, b in zip(seen, blocks)]

    assert same(script).result == ["list", "True", "True", "True"]


CLOSED = [
    (method, what)
    for method in ("retrbinary", "retrlines", "storbinary", "storlines")
    for what in ("sock", "file", "ftp", "conn")
]
CLOSED.remove(("retrlines", "conn"))  # see test_deviations


@pytest.mark.parametrize(("method", "close_what"), CLOSED)
def test_callback_closes_things(method, close_what):
    def script(lib, env):
        ftp = env.ftp(keeping(lib.FTP))

        def callback(block):
            (ftp if close_what == "ftp" else getattr(ftp, close_what)).close()
            if close_what == "ftp":
                env.note(ftp.sock)

        if method.startswith("retr"):
            env.attempt(getattr(ftp, method), "RETR x", callback)
        else:
            env.attempt(getattr(ftp, method), "STOR x", io.BytesIO(b"one\n" * 10), callback=callback)
        env.note(ftp.conn, ftp.sock)
        del ftp.conn

    same(script, data=b"one\r\n")


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
def test_callback_talks_to_the_server(method):
    """The reply comes out of turn, as ftplib's users know: the 226 is already there."""

    def script(lib, env):
        ftp = env.ftp()

        def callback(block):
            env.attempt(ftp.sendcmd, "NOOP")

        if method.startswith("retr"):
            env.attempt(getattr(ftp, method), "RETR x", callback)
        else:
            env.attempt(getattr(ftp, method), "STOR x", io.BytesIO(b"one\n"), callback=callback)
        return ftp.sendcmd("NOOP")

    replies = {"RETR": (b"150 ok\r\n", send_data(), DONE), "STOR": (b"150 ok\r\n", recv_data, DONE)}
    if method.startswith("stor"):
        replies["STOR"] = (b"150 ok\r\n200 ahead\r\n", recv_data, DONE)
    same(script, replies, data=b"one\r\n")
