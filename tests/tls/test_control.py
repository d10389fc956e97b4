"""The control connection under TLS: its file, and that nothing waits longer than it has to."""

from __future__ import annotations

import contextlib
import errno
import ftplib
import socket
import ssl
import threading
import time

import pytest
import rftplib
from rftplib import _rftplib
from rftplib.tls import ImplicitFTP_TLS
from support.hostile_ftps import SERVER_PEM, context
from support.waiting import LIMIT, Waiter, check_interruptible


def explicit(server, version, cls=rftplib.FTP_TLS, timeout=60):
    client = cls(context=context(version), timeout=timeout)
    client.connect(*server.address)
    client.login("user", "secret")
    return client


def implicit(server, version):
    server.implicit = True
    client = ImplicitFTP_TLS(context=context(version), timeout=60)
    client.connect(*server.address)
    client.login("user", "secret")
    return client


CONNECT = pytest.mark.parametrize("connect", [explicit, implicit])
VERSION = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["tls1.2", "tls1.3"])


@CONNECT
@VERSION
@pytest.mark.parametrize("timeout", [60, None], ids=["60-s", "no-timeout"])
def test_close_by_another_thread(hostile, connect, version, timeout):
    hostile.replies["NOOP"] = b""
    ftp = connect(hostile, version)
    ftp.sock.settimeout(timeout)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))

    def close():
        began = time.monotonic()
        ftp.close()
        assert time.monotonic() - began < LIMIT

    assert waiter.after(close) < LIMIT
    assert isinstance(waiter.error, OSError) and waiter.error.errno == errno.EBADF
    assert ftp.sock is None and ftp.file is None


@VERSION
def test_a_shorter_timeout_from_another_thread(hostile, version):
    hostile.replies["NOOP"] = b""
    ftp = explicit(hostile, version)
    waiter = Waiter(lambda: ftp.voidcmd("NOOP"))
    assert waiter.after(lambda: ftp.sock.settimeout(0.05)) < LIMIT
    assert isinstance(waiter.error, socket.timeout)
    assert ftp.sock.gettimeout() == 0.05
    ftp.close()


@pytest.mark.parametrize("timeout", [0.05, 0.35])
def test_a_timeout_is_that_of_ftplib(hostile, timeout):
    """And so is what comes after it."""
    hostile.replies["NOOP"] = b""
    seen = []
    for cls in (ftplib.FTP_TLS, rftplib.FTP_TLS):
        ftp = explicit(hostile, None, cls, timeout=10)
        ftp.sock.settimeout(timeout)
        errors = []
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises(OSError) as caught:
                ftp.voidcmd("NOOP")
            errors.append((type(caught.value), str(caught.value)))
            waited = time.monotonic() - began
            assert waited < timeout + 2
            assert waited >= timeout - 0.01 or len(errors) == 2
        seen.append((errors, ftp.sock.gettimeout()))
        ftp.close()
    assert seen[0] == seen[1]
    assert seen[0][0][1] == (OSError, "cannot read from timed out object")


def test_ctrl_c(hostile):
    """In a process of its own, whose main thread waits for a reply."""
    hostile.replies["NOOP"] = b""
    prepare = f"""
from tls.test_control import explicit
ftp = explicit(type("Server", (), {{"address": {hostile.address!r}}}), None)
"""

    def until_it_waits():
        while ("NOOP", True) not in hostile.commands:
            time.sleep(0.01)

    check_interruptible(prepare, 'ftp.voidcmd("NOOP")', until_it_waits)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_file_reads_like_makefiles(encoding):
    """Line ends of every kind, characters cut in two by records, a limit that counts characters; then the end."""
    text = "220 grüß\r\nlone\rfeed\nlong " + "ü" * 20_000 + "\r\n\r\nlast"
    data = text.encode(encoding)
    pieces = [data[at : at + 777] for at in range(0, len(data), 777)]
    seen = []
    for make in (lambda sock, encoding: sock.makefile("r", encoding=encoding), _rftplib.open_reader):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=_serve, args=(listener, pieces), daemon=True)
            thread.start()
            plain = socket.create_connection(listener.getsockname(), 10)
            sock = context().wrap_socket(plain, server_hostname="localhost")
            file = make(sock, encoding)
            with sock, file:
                lines = [file.readline(limit) for limit in (8193, -1, -1, 10)] + [*file, file.readline()]
                state = [file.encoding, file.errors, file.fileno() == sock.fileno(), file.closed]
                state += [file.mode, file.readable(), file.writable(), file.seekable()]
                file.close()
                after = [_after(call) for call in (file.read, file.fileno)]
                seen.append((lines, state, file.closed, sock._io_refs, after))
            thread.join(10)
    assert seen[0] == seen[1]


def _serve(listener, pieces):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(SERVER_PEM)
    with server.wrap_socket(listener.accept()[0], server_side=True) as conn:
        for piece in pieces:
            conn.sendall(piece)
        with contextlib.suppress(OSError):  # the client is gone
            conn.unwrap()


def _after(call):
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


def test_the_socket_stays_open_as_long_as_the_file(hostile):
    """As with makefile()."""
    ftp = explicit(hostile, None)
    ftp.sock.close()
    assert ftp.sock.fileno() != -1
    assert ftp.voidcmd("NOOP").startswith("200")
    ftp.file.close()
    assert ftp.sock.fileno() == -1
    ftp.close()


def test_somebodys_own_makefile_is_called(hostile):
    calls = []

    class Own(ssl.SSLSocket):
        def makefile(self, *args, **kwargs):
            calls.append((args, kwargs))
            return super().makefile(*args, **kwargs)

    ftp = rftplib.FTP_TLS(context=context(), timeout=10)
    ftp.context.sslsocket_class = Own
    ftp.connect(*hostile.address)
    ftp.login("user", "secret")
    assert calls == [((), {"mode": "r", "encoding": "utf-8"})]
    ftp.close()
