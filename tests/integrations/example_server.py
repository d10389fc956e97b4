"""A small world for the documentation's examples: ftp.example.org and proxy.example.org, on the ports that users know.

It is a network namespace of its own, with an /etc/hosts of its own: nothing in it leads anywhere else. The server lacks
the command that the environment names as WITHOUT.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

HOST, PROXY = "ftp.example.org", "proxy.example.org"
USER, PASSWORD = "user", "password"
SECONDS = 60


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str
    tunnels: int  # how many connections the proxy was asked for


def world(*command: str) -> list[str]:
    """The command, in a world of its own; its working directory needs a file named hosts."""
    unshare = ["unshare", "--net", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare.append("--map-root-user")
    return [*unshare, "sh", "-c", f"mount --bind hosts /etc/hosts && exec {shlex.join(command)}"]


def run_example(program: str, cwd: Path, home: Path, certificate: Path, environment: dict[str, str]) -> Done:
    (cwd / "example.py").write_text(program, encoding="utf-8")
    (cwd / "hosts").write_text(f"127.0.0.1 localhost {HOST} {PROXY}\n", encoding="utf-8")
    command = world(sys.executable, __file__, str(home), str(certificate))
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=SECONDS + 30)
    assert done.returncode == 0, done.stderr
    return Done(*json.loads(done.stdout))


@contextlib.contextmanager
def Server(home: str, certificate: str):
    """FTP with explicit and with implicit TLS."""
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

    class Explicit(TLS_FTPHandler):
        authorizer = DummyAuthorizer()
        certfile = certificate

    class Implicit(Explicit):
        def handle(self):
            self.secure_connection(self.ssl_context)

        def handle_ssl_established(self):
            super().handle()

    without = os.environ.get("WITHOUT")
    Explicit.proto_cmds = {name: text for name, text in Explicit.proto_cmds.items() if name != without}
    Explicit.authorizer.add_user(USER, PASSWORD, home, perm="elradfmwMT")
    Explicit.authorizer.add_anonymous(home)
    loop = IOLoop()
    server = FTPServer(("127.0.0.1", 21), Explicit, ioloop=loop)
    FTPServer(("127.0.0.1", 2121), Explicit, ioloop=loop)
    FTPServer(("127.0.0.1", 990), Implicit, ioloop=loop)
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            loop.loop(timeout=0.1, blocking=False)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)
        server.close_all()


def bring_up_loopback() -> None:
    """A new network namespace has it, but down."""
    up = struct.pack("16sh", b"lo", 1)  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, up)  # SIOCSIFFLAGS


def main() -> None:
    from socks_server import HttpTunnel, Proxy

    bring_up_loopback()
    with Server(*sys.argv[1:]), Proxy(1080) as proxy, Proxy(3128, HttpTunnel) as http_proxy:
        command = [sys.executable, "-W", "error", "example.py"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        print(json.dumps([done.returncode, done.stdout, done.stderr, len(proxy.tunnels + http_proxy.tunnels)]))


if __name__ == "__main__":
    main()
