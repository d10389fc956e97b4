"""`socket_factory`: what makes the connections, such as through a proxy."""

from __future__ import annotations

import io
import re
import socket
import threading
from pathlib import Path

import pytest
import rftplib
from rftplib.tls import FTPS, ImplicitFTP_TLS
from support.actions import auth_tls
from support.certificates import CA_FILE
from support.scripted_server import Server
from support.twins import LIMIT

PAGE = Path(__file__).resolve().parents[2] / "docs" / "options.md"


class HTTPProxy:
    """CONNECT, for as many connections as come. `asked`: what the first lines were."""

    def __init__(self, answer=b"HTTP/1.1 200 yes\r\nX: y\r\n\r\n"):
        self.answer, self.asked, self.threads = answer, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        socket.socket.shutdown(self.listener, socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(LIMIT)
        self.listener.close()

    def _start(self, function, *args):
        self.threads.append(threading.Thread(target=function, args=args, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        while True:
            try:
                near = self.listener.accept()[0]
            except OSError:
                return
            self._start(self._serve, near)

    def _serve(self, near):
        with near:
            near.settimeout(LIMIT)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += near.recv(1)
            self.asked.append(request.split(b"\r\n")[0].decode())
            near.sendall(self.answer)
            host, port = re.match(r"CONNECT (.*):(\d+) ", self.asked[-1]).groups()
            if b" 200 " not in self.answer:
                return
            with socket.create_connection((host, int(port)), LIMIT) as far:
                back = threading.Thread(target=pump, args=(far, near), daemon=True)
                back.start()
                pump(near, far)
                back.join(LIMIT)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def factory_of_the_page(name, proxy):
    """The function of that name in the documentation's example, for another proxy."""
    if not PAGE.exists():
        pytest.skip("no docs/options.md beside these tests")
    block = re.search(rf"(def {name}\(.*?)\n\n\nwith", PAGE.read_text(encoding="utf-8"), re.S).group(1)
    host, port = proxy
    block = re.sub(r'\("proxy.example.org", \d+\)', repr(proxy), block)
    names = {"socket": socket}
    exec("from __future__ import annotations\n" + block, names)
    return names[name]


@pytest.mark.parametrize("tls", [False, "explicit", "implicit"])
def test_every_connection_goes_through_the_http_proxy(tls, no_descriptor_left):
    with HTTPProxy() as proxy, Server({"AUTH": auth_tls}, implicit=tls == "implicit") as server:
        if tls:
            context = rftplib.ssl.create_default_context(cafile=CA_FILE)
            ftp = FTPS(context=context, implicit=tls == "implicit", timeout=LIMIT)
        else:
            ftp = rftplib.FTP(timeout=LIMIT)
        ftp.socket_factory = factory_of_the_page("through_http", proxy.address)
        ftp.connect("localhost", server.port)
        with ftp:
            ftp.login("user", "password")
            assert ftp.nlst() == ["one", "two"]
            ftp.storbinary("STOR x", io.BytesIO(b"content"))
        data_port = server.data_listener.getsockname()[1]
        # the server's name, not the address of the connection's peer: that is the proxy
        assert proxy.asked == [f"CONNECT localhost:{port} HTTP/1.1" for port in (server.port, data_port, data_port)]
    assert server.sessions[0].uploads[-1] == b"content"


def test_a_proxy_that_refuses():
    with HTTPProxy(b"HTTP/1.1 403 no\r\n\r\n") as proxy:
        ftp = rftplib.FTP(timeout=LIMIT)
        ftp.socket_factory = factory_of_the_page("through_http", proxy.address)
        with pytest.raises(OSError, match="the proxy refuses.*403 no"):
            ftp.connect("localhost", 21)
        assert ftp.sock is None


def test_a_factory_that_makes_nothing():
    ftp = rftplib.FTP(timeout=LIMIT)
    ftp.socket_factory = lambda *args, **keywords: None
    with pytest.raises(TypeError, match="^socket_factory returned None"):
        ftp.connect("localhost", 1)
    assert ftp.sock is None


@pytest.mark.parametrize("timeout, given", [(17, 17), (None, None), ("default", 19)])
@pytest.mark.parametrize("cls", [rftplib.FTP, ImplicitFTP_TLS])
def test_what_it_is_called_with(cls, timeout, given):
    calls = []

    def factory(address, timeout, **keywords):
        calls.append((address, timeout, keywords))
        return socket.create_connection(address, timeout, **keywords)

    socket.setdefaulttimeout(19)
    try:
        with Server(implicit=cls is not rftplib.FTP) as server:
            ftp = cls(source_address=("127.0.0.1", 0), **({} if timeout == "default" else {"timeout": timeout}))
            ftp.socket_factory = factory
            ftp.connect(*server.address)
            assert ftp.sock.gettimeout() == given
            with ftp.transfercmd("NLST") as conn:
                assert conn.gettimeout() == given
            ftp.close()
            data = server.data_address()
    finally:
        socket.setdefaulttimeout(None)
    assert calls == [(address, given, {"source_address": ("127.0.0.1", 0)}) for address in (server.address, data)]


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("ipv6", [False, True])
def test_where_data_connections_go(ipv6, trusted):
    """To the server's name, or where a PASV reply says, if that is trusted."""
    with Server(ipv6=ipv6, **({} if ipv6 else {"replies": {"PASV": b"227 (127,0,0,9,1,2)\r\n"}})) as server:
        ftp = rftplib.FTP(timeout=LIMIT)
        ftp.socket_factory = lambda address, *args, **keywords: socket.create_connection(
            server.address, *args, **keywords
        )
        ftp.trust_server_pasv_ipv4_address = trusted
        ftp.connect("no-such-name.invalid", 4711)
        with ftp:
            host, port = ftp.makepasv()
            assert host == ("127.0.0.9" if trusted and not ipv6 else "no-such-name.invalid")
            assert port == (server.data_address()[1] if ipv6 else 258)


@pytest.mark.parametrize("value", [7, "socks", ("localhost", 1080)])
def test_wrong_socket_factory(value):
    with Server() as server:
        ftp = rftplib.FTP(timeout=LIMIT)
        ftp.socket_factory = value
        with pytest.raises(TypeError, match="^socket_factory must be callable or None, not "):
            ftp.connect(*server.address)
        assert ftp.sock is None
        ftp.socket_factory = None
        ftp.connect(*server.address)
        with ftp:
            ftp.socket_factory = value
            with pytest.raises(TypeError, match="^socket_factory "):
                ftp.nlst()
            assert ftp.sendcmd("NOOP") == "200 noop"
