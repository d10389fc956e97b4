"""The control connection under TLS: its file."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import pytest
import rftplib
from rftplib import _rftplib
from support.certificates import SERVER_PEM, client_context


def connect(server):
    client = rftplib.FTP_TLS(context=client_context(), timeout=60)
    client.connect(*server.address)
    client.login("user", "secret")
    return client


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_file_over_tls_reads_like_makefiles(encoding):
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
            sock = client_context().wrap_socket(plain, server_hostname="localhost")
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
    ftp = connect(hostile)
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

    ftp = rftplib.FTP_TLS(context=client_context(), timeout=10)
    ftp.context.sslsocket_class = Own
    ftp.connect(*hostile.address)
    ftp.login("user", "secret")
    assert calls == [((), {"mode": "r", "encoding": "utf-8"})]
    ftp.close()
