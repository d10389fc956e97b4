"""One object of ftplib and one of rftplib, given the same bytes: what a user sees must be equal.

The bytes come over a pair of SOCK_SEQPACKET sockets: each `recv` gives one record, so both libraries see the very same
pieces, without threads. rftplib goes three ways: over its own reader and native loops, over `socket.makefile` (what a
script may put in the place of `file`), and over a subclass of socket, which gets the portable loops.
"""

from __future__ import annotations

import ftplib
import socket

import rftplib
from hypothesis import settings
from rftplib import _rftplib

WAYS = ("native", "makefile", "subclass")
LIMIT = 20.0

# The same examples in every run. What is slow is the machine, never the test: no deadline.
few = settings(derandomize=True, database=None, deadline=None, max_examples=100)
many = settings(few, max_examples=400)


class Socket(socket.socket):
    """Not exactly a socket.socket: no native loop may touch it."""


def connection(pieces, way="native", kind=socket.SOCK_SEQPACKET):
    """A connected socket over which these pieces come, then the end; and the peer, where what is sent can be read."""
    near, far = socket.socketpair(socket.AF_UNIX, kind)
    far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    if way == "subclass":
        near = Socket(near.family, near.type, near.proto, fileno=near.detach())
    near.settimeout(LIMIT)
    far.settimeout(LIMIT)
    for piece in pieces:
        far.send(piece)
    far.shutdown(socket.SHUT_WR)
    return near, far


def arrived(far):
    """All that has been sent to the peer, until it was shut down."""
    whole = bytearray()
    while True:
        block = far.recv(65536)
        if not block:
            return bytes(whole)
        whole += block


def chopped(data, sizes):
    """`data` in pieces of these sizes, again and again."""
    pieces, at, turn = [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[at : at + size])
        at, turn = at + size, turn + 1
    return pieces


def client(lib, sock, encoding="utf-8", way="native"):
    """An FTP object made by hand around a socket, without connect()."""
    ftp = lib.FTP.__new__(lib.FTP)
    ftp.sock, ftp.encoding, ftp.af = sock, encoding, socket.AF_INET
    ftp.file = None
    if lib is rftplib and way == "native":
        ftp.file = _rftplib.open_reader(sock, encoding)
    if ftp.file is None:
        ftp.file = sock.makefile("r", encoding=encoding)
    return ftp


def outcome(call, *args):
    try:
        return "returned", call(*args)
    except Exception as exc:
        return "raised", type(exc), exc.args


def twins(script, ways=WAYS):
    """Run `script(lib, way)` with ftplib, then with rftplib in each way, and compare what it returns."""
    expected = script(ftplib, "native")
    for way in ways:
        assert script(rftplib, way) == expected, way
    return expected
