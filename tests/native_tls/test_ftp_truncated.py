"""A download that is cut short is no success, whatever the reply says; one that is whole is, however it ends."""

from __future__ import annotations

import io
import socket
import ssl

import pytest
import rftplib
from support.certificates import VERSIONS, server_context
from support.tls_server import Server

SIZE = 300_000
TIMEOUT = 20


class Script:
    """A server that sends SIZE bytes, or fewer, and ends the data connection in its own way."""

    def __init__(self, certs, version, sent, end, reply=b"226 done\r\n", announced=SIZE):
        self.context = server_context(version=version)
        self.sent, self.end, self.reply, self.announced = sent, end, reply, announced
        self.received = None

    def __call__(self, conn):
        conn.sendall(b"220 hello\r\n")
        with conn.makefile("rb", buffering=0) as commands:
            assert commands.readline() == b"AUTH TLS\r\n"
            conn.sendall(b"234 go on\r\n")
        with self.context.wrap_socket(conn, server_side=True) as secured, secured.makefile("rb") as commands:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                listener.settimeout(TIMEOUT)
                port = listener.getsockname()[1]
                replies = {
                    b"USER": b"230 in\r\n",
                    b"PASV": b"227 (127,0,0,1,%d,%d)\r\n" % divmod(port, 256),
                    b"RETR": b"150 Opening (%d bytes).\r\n" % self.announced,
                    b"STOR": b"150 go on\r\n",
                }
                for command in commands:
                    verb = command.split()[0]
                    secured.sendall(replies.get(verb, b"200 ok\r\n"))
                    if verb in (b"RETR", b"STOR"):
                        self.transfer(listener.accept()[0], verb)
                        secured.sendall(self.reply)

    def transfer(self, conn, verb):
        with conn, self.context.wrap_socket(conn, server_side=True) as data:
            data.settimeout(TIMEOUT)
            if verb == b"RETR":
                data.sendall(bytes(self.sent))
            else:
                self.received = sum(iter(lambda: len(data.recv(65536)), 0))
            self.end(data)


def close_notify(data):
    try:
        data.unwrap()
    except OSError:
        pass


def nothing(data):
    pass


@pytest.fixture(params=sorted(VERSIONS))
def start(certs, trusting, request):
    """(transfer, sent, end, ...) -> what transfer(ftp) returned on a session with such a Script."""

    def start(transfer, *arguments, **keywords):
        script = Script(certs, request.param, *arguments, **keywords)
        with Server(script) as server:
            ftp = rftplib.FTP_TLS(context=trusting, timeout=TIMEOUT)
            try:
                ftp.connect(*server.address)
                ftp.login("user", "secret")
                ftp.prot_p()
                return transfer(ftp), script
            finally:
                ftp.close()

    return start


def to_blocks(ftp):
    blocks = []
    assert ftp.retrbinary("RETR file", blocks.append)[:3] == "226"
    return sum(map(len, blocks))


def to_file(ftp, path):
    with open(path, "wb") as fp:
        assert ftp.retrbinary("RETR file", fp.write)[:3] == "226"
    return path.stat().st_size


@pytest.fixture(params=["blocks", "file"])
def download(request, tmp_path):
    return to_blocks if request.param == "blocks" else lambda ftp: to_file(ftp, tmp_path / "copy")


@pytest.mark.parametrize("end", [close_notify, nothing])
def test_all_has_come(start, download, end):
    assert start(download, SIZE, end)[0] == SIZE


def test_too_little_without_close_notify(start, download):
    with pytest.raises(ssl.SSLEOFError, match="100000 bytes received of at least 300000"):
        start(download, 100_000, nothing)


def test_too_little_with_close_notify_is_the_servers_word(start, download):
    assert start(download, 100_000, close_notify)[0] == 100_000


def test_a_reply_that_is_no_success(start, download):
    with pytest.raises(rftplib.error_temp, match="^451 disk$"):
        start(download, 100_000, nothing, reply=b"451 disk\r\n")
    with pytest.raises(rftplib.error_temp, match="^451 disk$"):
        start(download, SIZE, close_notify, reply=b"451 disk\r\n")


def upload(ftp):
    return ftp.storbinary("STOR file", io.BytesIO(bytes(SIZE)))


@pytest.mark.parametrize("end", [close_notify, nothing])
def test_an_upload_however_it_ends(start, end):
    resp, script = start(upload, 0, end)
    assert (resp, script.received) == ("226 done", SIZE)
