"""What the tests of the ends of data connections share: clients, ways to receive, scripts that suppress unwrap()."""

from __future__ import annotations

import contextlib
import io
import ssl

import pytest
import rftplib
from rftplib.tls import FTPS
from support.clients import context, once_noted
from support.ftps import content
from support.hostile_ftps import TELLS_EOF

VERSIONS = pytest.mark.parametrize(
    "version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["tls1.2", "tls1.3"]
)
DATA = content(300_001)
SIZE = b"150 Opening BINARY mode data connection for x (%d bytes)\r\n"


def login(server, version=None, cls=rftplib.FTP_TLS, kind="ssl"):
    """A client whose data connections are protected."""
    ftp = cls(context=context(kind, version), timeout=10)
    ftp.connect("localhost", server.address[1])
    ftp.login("user", "secret")
    ftp.prot_p()
    return ftp


def once_secured(server, ftp, act=lambda conn: None):
    """Each transfer begins when the server is through with the handshake, too, and act(conn) has been called: what it
    sends at the end of that mustn't meet a client that has gone, however slow it is."""
    once_noted(server, "secured", ftp, act)


def tells_eof(ftp):
    """Python 3.9 may take the end of a connection for the end of TLS. NativeContext doesn't."""
    return TELLS_EOF or ftp.kind == "native"


class Sink:
    """A callback that tells the server when it has got everything."""

    def __init__(self, server, expected):
        self.server, self.expected, self.data = server, expected, bytearray()

    def __call__(self, block):
        self.data += block
        if len(self.data) >= self.expected:
            self.server.taken.set()


def as_reader(name):
    """Every way to receive: blocks, a file in memory, lines."""

    def blocks(ftp, sink):
        return ftp.retrbinary("RETR x", sink)

    def memory(ftp, sink):
        target = io.BytesIO()
        reply = ftp.retrbinary("RETR x", target.write)
        sink(target.getvalue())
        return reply

    def lines(ftp, sink):
        return ftp.retrlines("RETR x", lambda line: sink(line.encode("latin-1") + b"\r\n"))

    return {"blocks": blocks, "memory": memory, "lines": lines}[name]


READERS = pytest.mark.parametrize("reader", ["blocks", "memory", "lines"])


class Quiet(ssl.SSLSocket):
    def unwrap(self):
        pass


class Recipe:
    """Suppresses the exchange of close_notify, as scripts do."""

    how = ""

    def ntransfercmd(self, cmd, rest=None):
        conn, size = super().ntransfercmd(cmd, rest)
        if self.how == "instance":
            conn.unwrap = lambda: None
        elif self.how == "class":
            conn.__class__ = Quiet
        return conn, size


class Suppressing(Recipe, FTPS):
    pass


@contextlib.contextmanager
def suppressed(ftp, how, lib=rftplib):
    ftp.how = how
    with pytest.MonkeyPatch.context() as patch:
        if how == "module":
            patch.setattr(lib, "_SSLSocket", None)
        yield


def payload_for(reader):
    return b"some line\r\n" * 5000 if reader == "lines" else DATA
