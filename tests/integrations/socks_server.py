"""A SOCKS5 proxy (RFC 1928) and an HTTP proxy for the tests: CONNECT only, without authentication, on loopback."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading


class Tunnel(socketserver.StreamRequestHandler):
    timeout = 60
    granted = b"\x05\x00\x00\x01" + bytes(6)

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            host, port = self.wanted()
            with socket.create_connection((host, port), 10) as far:
                self.server.tunnels.append((host, port))
                self.connection.sendall(self.granted)
                far.settimeout(60)
                back = threading.Thread(target=self.pump, args=(far, self.connection), daemon=True)
                back.start()
                self.pump(self.connection, far)
                back.join(60)

    def wanted(self) -> tuple[str, int]:
        version, count = self.rfile.read(2)
        assert version == 5
        self.rfile.read(count)
        self.connection.sendall(b"\x05\x00")
        version, command, _, kind = self.rfile.read(4)
        assert (version, command) == (5, 1)
        if kind == 1:
            host = socket.inet_ntoa(self.rfile.read(4))
        elif kind == 3:
            host = self.rfile.read(self.rfile.read(1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET6, self.rfile.read(16))
        return host, struct.unpack("!H", self.rfile.read(2))[0]

    @staticmethod
    def pump(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(65536)
                if not data:
                    break
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


class HttpTunnel(Tunnel):
    granted = b"HTTP/1.1 200 go\r\n\r\n"

    def wanted(self) -> tuple[str, int]:
        method, place, _ = self.rfile.readline().split()
        assert method == b"CONNECT"
        while self.rfile.readline().strip():
            pass
        host, _, port = place.decode().rpartition(":")
        return host, int(port)


class Proxy(socketserver.ThreadingTCPServer):
    """Serves in background threads within `with`. `tunnels`: where it has connected to."""

    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, port: int = 0, tunnel: type[Tunnel] = Tunnel) -> None:
        super().__init__(("127.0.0.1", port), tunnel)
        self.tunnels: list[tuple[str, int]] = []
        self.port = self.server_address[1]

    def __enter__(self) -> Proxy:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
