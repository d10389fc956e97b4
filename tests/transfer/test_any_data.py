"""Data both ways: the same lines, blocks and exceptions for any bytes in any pieces."""

from __future__ import annotations

import io
import socket

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.strategies import encodings, sizes, wire
from support.twins import arrived, chopped, connection, few, many, outcome, twins

pytestmark = pytest.mark.long


def transferring(lib, conn, encoding="utf-8"):
    """An FTP object whose next transfer goes over `conn`; the dialogue around it is left out."""
    ftp = lib.FTP(encoding=encoding)
    ftp.sendcmd = ftp.voidcmd = lambda cmd: "200 ok"
    ftp.transfercmd = lambda cmd, rest=None: conn
    ftp.voidresp = lambda: "226 done"
    return ftp


@given(wire, sizes, encodings, st.one_of(st.just(8192), st.integers(0, 12)))
@example(b"a\r\nb\rc\nd", [1], "utf-8", 8192)
@example(b"\xe2\x82", [1], "utf-8", 8192)
@many
def test_lines_received(data, pieces, encoding, maxline):
    def script(lib, way):
        near, far = connection(chopped(data, pieces), way)
        with far:
            ftp = transferring(lib, near, encoding)
            ftp.maxline = maxline
            lines = []
            result = outcome(ftp.retrlines, "LIST", lines.append)
            return lines, result, near.fileno()

    twins(script, ("native", "subclass"))


@given(wire, sizes, st.integers(1, 12))
@few
def test_blocks_received(data, pieces, blocksize):
    def script(lib, way):
        near, far = connection(chopped(data, pieces), way, socket.SOCK_STREAM)
        with far:
            blocks = []
            result = outcome(transferring(lib, near).retrbinary, "RETR x", blocks.append, blocksize)
            assert all(0 < len(block) <= blocksize and type(block) is bytes for block in blocks)
            return b"".join(blocks), result, near.fileno()

    twins(script, ("native", "subclass"))


def sent(lib, way, call):
    """What arrives, and the outcome, of one upload."""
    near, far = connection([], way, socket.SOCK_STREAM)
    with far:
        result = outcome(call, transferring(lib, near))
        return arrived(far), result, near.fileno()


@given(wire, st.one_of(st.just(8192), st.integers(1, 12)))
@example(b"a\r\nb\rc\n\rd\n\n", 8192)
@many
def test_lines_sent(data, maxline):
    def script(lib, way):
        seen = []

        def call(ftp):
            ftp.maxline = maxline
            return ftp.storlines("STOR x", io.BytesIO(data), seen.append)

        return sent(lib, way, call), seen

    twins(script, ("native", "subclass"))


class Source:
    """A source that gives what it is told to, whatever was asked for."""

    def __init__(self, parts):
        self.parts = iter(parts)

    def read(self, size=-1):
        return next(self.parts, b"")

    readline = read


part = st.one_of(
    wire,
    wire.map(bytearray),
    wire.map(memoryview),
    st.text(max_size=3),
    st.none(),
    st.lists(st.integers(0, 255), max_size=3),
)


@given(st.lists(part, max_size=5), st.booleans())
@many
def test_sources_that_give_odd_things(parts, binary):
    def script(lib, way):
        seen = []

        def call(ftp):
            return (ftp.storbinary if binary else ftp.storlines)("STOR x", Source(parts), callback=seen.append)

        return sent(lib, way, call), [(type(one), bytes(one)) for one in seen]

    twins(script, ("native", "subclass"))


@given(wire, st.integers(1, 12))
@few
def test_blocks_sent(data, blocksize):
    def script(lib, way):
        seen = []
        return sent(lib, way, lambda ftp: ftp.storbinary("STOR x", io.BytesIO(data), blocksize, seen.append)), seen

    twins(script, ("native", "subclass"))
