"""Commands: the same bytes on the wire, or the same refusal, for any argument."""

from __future__ import annotations

import ftplib
import socket

import pytest
import rftplib
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import encodings, text
from support.twins import arrived, client, connection, few, many, outcome, twins

pytestmark = pytest.mark.long

ANSWER = b"200 ok\r\n" * 4


def on_the_wire(call, encoding="utf-8", answer=ANSWER):
    def script(lib, way):
        near, far = connection([answer], way, socket.SOCK_STREAM)
        with near, far:
            ftp = client(lib, near, encoding, way)
            result = outcome(call, ftp)
            near.shutdown(socket.SHUT_WR)
            wire = arrived(far)
            ftp.file.close()
            return wire, result

    return script


@given(text, encodings)
@many
def test_any_line(line, encoding):
    twins(on_the_wire(lambda ftp: ftp.putline(line), encoding))
    twins(on_the_wire(lambda ftp: ftp.sendcmd("STAT " + line), encoding))


@given(text)
@few
def test_a_line_break_sends_nothing(line):
    for lib in (ftplib, rftplib):
        wire, result = on_the_wire(lambda ftp: ftp.putcmd("DELE a" + line + "\nDELE b"))(lib, "native")
        assert (wire, result[1]) == (b"", ValueError)


@given(text, st.integers(-5, 1 << 40))
@few
def test_addresses_to_connect_to(host, port):
    twins(on_the_wire(lambda ftp: ftp.sendport(host, port)))
    twins(on_the_wire(lambda ftp: ftp.sendeprt(host, port)))


@given(text, text, text)
@few
def test_any_login(user, password, account):
    twins(on_the_wire(lambda ftp: ftp.login(user, password, account), answer=b"331 a\r\n332 b\r\n230 c\r\n"))


@pytest.mark.parametrize("line", [b"NOOP", None, 7, bytearray(b"NOOP"), ["N"], ("a", "b")])
def test_what_is_no_text(line):
    twins(on_the_wire(lambda ftp: ftp.putline(line)))


@given(text, st.sampled_from(["213 ", "213", "213-x\r\n213 ", "250 ", "257 "]))
@few
def test_sizes_and_directories(tail, start):
    reply = (start + tail.replace("\r", "").replace("\n", "") + "\r\n").encode("utf-8", "replace")
    for call in (
        lambda ftp: ftp.size("x"),
        lambda ftp: ftp.pwd(),
        lambda ftp: ftp.mkd("x"),
        lambda ftp: ftp.delete("x"),
    ):
        twins(on_the_wire(call, answer=reply))
