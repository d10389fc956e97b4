"""Clients in clear text, under TLS by `ssl`, and by NativeContext; and every kind of transfer that may have to wait."""

from __future__ import annotations

import ftplib
import functools
import io
import itertools
import tempfile

import rftplib
from rftplib.tls import NativeContext
from support.certificates import CA_FILE, client_context
from support.scripted_server import LIMIT
from support.transfers import NATIVE
from support.waiting import until_main_thread_asleep

KINDS = ["plain", "ssl", "native"]


@functools.lru_cache(None)
def native_context(cafile=CA_FILE, version=None):
    """One for all tests: to make one takes 50 ms, in which the TLS library reads the system's certificates."""
    versions = {f"{end}_version": f"TLSv{version}" for end in ("minimum", "maximum")} if version else {}
    return NativeContext(cafile=str(cafile), **versions)


def context(kind, version=None, cafile=CA_FILE):
    """A context that trusts our authority, and speaks this version of TLS alone if one is given ("1.2", "1.3")."""
    if kind == "ssl":
        return client_context(version, cafile)
    return native_context(cafile, version)


def unconnected(kind, timeout=None, module=rftplib, **settings):
    """A client that remembers its data connection, as a script would that wants to cancel it."""

    class Client(module.FTP if kind == "plain" else module.FTP_TLS):
        data = None

        def ntransfercmd(self, cmd, rest=None):
            self.data, size = super().ntransfercmd(cmd, rest)
            return self.data, size

    if kind != "plain":
        settings["context"] = context(kind)
    return Client(timeout=timeout, **settings)


def connect(server, kind, timeout=None, module=rftplib):
    """One that is logged in, with data connections that are protected if that can be."""
    ftp = unconnected(kind, timeout, module)
    ftp.connect("localhost", server.address[1])
    ftp.login("user", "secret")
    if kind != "plain":
        ftp.prot_p()
    return ftp


def opened(server, cls=rftplib.FTP, **attributes):
    """One that is connected and not logged in, with these attributes set before."""
    ftp = cls(timeout=LIMIT)
    vars(ftp).update(attributes)
    ftp.connect(server.host, server.port)
    return ftp


def brief_from(ftp, verb, seconds):
    """Its control connection has that timeout from the first command of that verb on: replies to those before may be
    late."""

    def putcmd(line):
        if line.startswith(verb):
            ftp.sock.settimeout(seconds)
        type(ftp).putcmd(ftp, line)

    ftp.putcmd = putcmd


def hasty(cls, seconds):
    """That class with a client that waits for replies as others do, and for so long only for what comes behind them:
    the handshake behind the one to AUTH."""

    class Hasty(cls):
        def voidcmd(self, cmd):
            reply = super().voidcmd(cmd)
            self.sock.settimeout(seconds)
            return reply

    return Hasty


def once_noted(server, event, ftp, act):
    """Each transfer of `ftp` begins when the server has noted `event` once more, and act(conn) has been called."""
    start, times = ftp.ntransfercmd, itertools.count(1)

    def ntransfercmd(cmd, rest=None):
        conn, size = start(cmd, rest)
        server.wait_for(event, next(times))
        act(conn)
        return conn, size

    ftp.ntransfercmd = ntransfercmd


def say_then_brief(session, reply, ftp, seconds=0.2):
    """What a server says to a client of the main thread, which waits for it; the timeout for what would come next is
    brief.

    rftplib's own waits see at once that it has changed, those of Python when they begin.
    """
    until_main_thread_asleep()
    if not NATIVE:
        ftp.sock.settimeout(seconds)
    session.say(reply)
    if NATIVE:
        ftp.sock.settimeout(seconds)


def keeping(cls):
    """A class whose clients have their data connection in `conn`, for callbacks that do something to it."""

    class Client(cls):
        def transfercmd(self, cmd, rest=None):
            self.conn = super().transfercmd(cmd, rest)
            return self.conn

    return Client


def failing_at_unwrap(cls, error):
    """A class whose data connections raise that by unwrap()."""

    class Client(cls):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = super().ntransfercmd(cmd, rest)
            conn.unwrap = unwrap
            return conn, size

    def unwrap():
        raise error

    return Client


class Swallowing(rftplib.FTP):
    """What a script does that wants no refusal to be an exception."""

    def voidresp(self):
        try:
            return super().voidresp()
        except ftplib.Error as error:
            return str(error)


class Endless:
    """A source that never ends and is no file."""

    def read(self, size):
        return b"x" * size

    def readline(self, size=-1):
        return b"x" * 1000 + b"\n"


def to_file(ftp, name):
    with tempfile.TemporaryFile() as file:
        ftp.retrbinary(f"RETR {name}", file.write)


def from_file(ftp, name):
    """Of a file that is larger than all buffers on the way, and takes no room."""
    with tempfile.TemporaryFile() as file:
        file.truncate(1 << 40)
        ftp.storbinary(f"STOR {name}", file)


TRANSFERS = {
    "callback": lambda ftp, name="x": ftp.retrbinary(f"RETR {name}", lambda block: None),
    "list": lambda ftp, name="x": ftp.retrbinary(f"RETR {name}", [].append),
    "file": lambda ftp, name="x": to_file(ftp, name),
    "memory": lambda ftp, name="x": ftp.retrbinary(f"RETR {name}", io.BytesIO().write),
    "lines": lambda ftp, name="x": ftp.retrlines(f"NLST {name}", lambda line: None),
    "names": lambda ftp, name="x": ftp.nlst(name),
    "upload": lambda ftp, name="x": ftp.storbinary(f"STOR {name}", Endless()),
    "upload-file": lambda ftp, name="x": from_file(ftp, name),
    "upload-memory": lambda ftp, name="x": ftp.storbinary(f"STOR {name}", io.BytesIO(bytes(1 << 26))),
    "upload-lines": lambda ftp, name="x": ftp.storlines(f"STOR {name}", Endless()),
}
# Each loop in the clear, and each kind of loop on each kind of connection
CHOSEN = {
    "plain": list(TRANSFERS),
    "ssl": ["callback", "memory", "lines", "upload", "upload-lines"],
    "native": ["file", "lines", "upload-file"],
}


class Loop(rftplib.FTP):
    """Somebody's own loops, in which nothing of rftplib's counts."""

    def retrbinary(self, cmd, callback, blocksize=8192, rest=None):
        self.voidcmd("TYPE I")
        with self.transfercmd(cmd, rest) as conn:
            while block := conn.recv(blocksize):
                callback(block)
        return self.voidresp()
