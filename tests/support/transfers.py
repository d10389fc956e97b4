"""One transfer with ftplib and with rftplib, on native and on portable loops: what a user sees must be equal.

    def script(run):                                  # called once for each library and way
        with run.download(b"data") as ftp, open(...) as fp:
            result = run.attempt(ftp.retrbinary, "RETR x", fp.write)
        return result, fp.tell()

    same(script)

The data connection is a TCP connection over loopback, in the clear or in TLS, whose other end is a thread; the dialogue
around it is left out.
"""

from __future__ import annotations

import contextlib
import ftplib
import os
import socket
import ssl
import threading

import rftplib
from rftplib import _loops
from rftplib.tls import NativeContext
from support.certificates import server_context

NATIVE = os.environ.get("RFTPLIB_NATIVE") != "0"  # without native loops all go the portable way
LIMIT = 30.0
DONE = ("returned", "226 done")  # what a transfer that went well comes to, by `attempt`
LOOPS = ("download", "upload", "retrlines", "storlines")
portable_calls = []


def _watched(name):
    loop = getattr(_loops, name)

    def watched(*args):
        portable_calls.append(name)
        return loop(*args)

    return watched


for _name in LOOPS:  # so that a test can tell which way a transfer went
    setattr(_loops, _name, _watched(_name))


class Subclass(socket.socket):
    """Not exactly a socket.socket: no native loop may touch it."""


class TlsSubclass(ssl.SSLSocket):
    """Not exactly an ssl.SSLSocket."""


def _contexts():
    server = server_context(
        num_tickets=0
    )  # a client that closes with one unread resets the connection, and what was sent is lost
    clients = []
    for sslsocket_class in (ssl.SSLSocket, TlsSubclass):
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        client.sslsocket_class = sslsocket_class
        clients.append(client)
    return server, *clients


SERVER, CLIENT, SUBCLASSED = _contexts()
NATIVE_CLIENT = NativeContext(danger_accept_invalid_certs=True)


class Run:
    """One library, one way: "ftplib", "native" or "portable"; in the clear or in TLS ("ssl" or "NativeContext")."""

    def __init__(self, way, folder, tls=None):
        self.way, self.folder, self.tls = way, folder, tls
        self.lib = ftplib if way == "ftplib" else rftplib
        self.arrived = b""

    def __repr__(self):
        return f"Run({self.way})"

    def path(self, name="file", content=None):
        """A path of this run's own, with that content if it is given."""
        path = self.folder / name
        if content is not None:
            path.write_bytes(content)
        return path

    def client(self, conn, **attributes):
        """An FTP object whose next transfer goes over `conn`."""
        ftp = self.lib.FTP(encoding=attributes.pop("encoding", "utf-8"))
        ftp.sendcmd = ftp.voidcmd = lambda cmd: "200 ok"
        ftp.transfercmd = lambda cmd, rest=None: conn
        ftp.voidresp = lambda: "226 done"
        for name, value in attributes.items():
            setattr(ftp, name, value)
        return ftp

    @contextlib.contextmanager
    def against(self, peer, **attributes):
        """A client whose data connection leads to `peer(far)`, which runs in a thread and then closes it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(LIMIT)
            near = socket.create_connection(listener.getsockname(), LIMIT)
            far, _ = listener.accept()
        if self.way == "ftplib":  # which sends the end of TLS 40 ms after the data; rftplib sees to that itself
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        far.settimeout(LIMIT)
        far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with _thread(peer, far, self.tls), contextlib.ExitStack() as stack:
            near = stack.enter_context(self._dressed(near))
            yield self.client(near, **attributes)

    def _dressed(self, near):
        """The client's end as this way wants it."""
        if self.tls == "NativeContext" and self.way == "native":
            return NATIVE_CLIENT.wrap_socket(near, server_hostname="localhost")
        if self.tls:
            return (SUBCLASSED if self.way == "portable" else CLIENT).wrap_socket(near)
        if self.way == "portable":
            near = Subclass(near.family, near.type, near.proto, fileno=near.detach())
            near.settimeout(LIMIT)
        return near

    def download(self, *pieces, **attributes):
        """A client to which these bytes will be sent, each piece in one send, then the end."""

        def feed(far):
            for piece in pieces:
                far.sendall(piece)

        return self.against(feed, **attributes)

    @contextlib.contextmanager
    def upload(self, before=None, **attributes):
        """A client whose bytes are taken until it closes; then they are in `arrived`. `before(far)` comes first."""
        received = bytearray()

        def drain(far):
            if before:
                received.extend(before(far))
            while True:
                block = far.recv(1 << 16)
                if not block:
                    return
                received.extend(block)

        self.arrived = b""
        with self.against(drain, **attributes) as ftp:
            yield ftp
        self.arrived = bytes(received)

    @staticmethod
    def attempt(call, *args, **kwargs):
        """What a call returned or raised."""
        try:
            return "returned", call(*args, **kwargs)
        except Exception as exc:
            return "raised", type(exc), exc.args, str(exc)


@contextlib.contextmanager
def _thread(peer, far, tls):
    """`peer(far)` in a thread that ends with the block. The client's errors may cut it short: that is no failure."""
    failures = []

    def run():
        try:
            if not tls:
                with far:
                    peer(far)
            else:
                with SERVER.wrap_socket(far, server_side=True) as secure:
                    peer(secure)
                    secure.unwrap()
        except OSError:
            pass
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(LIMIT)
    assert not thread.is_alive(), "the other end of the data connection is stuck"
    if failures:
        raise failures[0]


def same(script, folder, tls=None, native=True):
    """Run `script(run)` each way and compare what it returns with what ftplib's gives. `native=False`: this transfer is
    one that rftplib, too, leaves to the connection's own methods."""
    ways = ["ftplib", "native", "portable"]
    if tls == "NativeContext":
        ways.remove("portable")  # what "ssl" has
    outcomes = {}
    for way in ways:
        (folder / way).mkdir()
        del portable_calls[:]
        outcomes[way] = script(Run(way, folder / way, tls))
        on_native_loops = way == "native" and native
        if way != "ftplib" and NATIVE:
            assert (not portable_calls) == on_native_loops, f"{way}: portable loops run: {portable_calls}"
        assert outcomes[way] == outcomes["ftplib"], way
    return outcomes["ftplib"]
