"""pyftpdlib on both address families. The settings come as JSON in the first argument."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import MultiprocessFTPServer

# The state of a TCP connection that both sides have open (tcp_info.tcpi_state)
ESTABLISHED = 1

# For how many seconds a client may be gone before its process ends
GONE_FOR = 5


class Filesystem(AbstractedFS):
    """pyftpdlib's own moves the process itself for a moment: a folder deleted just then leaves the server dead."""

    def chdir(self, path):
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY))
        self.cwd = self.fs2ftp(path)


class ImplicitHandler(TLS_FTPHandler):
    """TLS from the first byte: the greeting waits for the handshake."""

    def handle(self):
        self.secure_connection(self.ssl_context)

    def handle_ssl_established(self):
        super().handle()


class Server(MultiprocessFTPServer):
    """A process for each connection, which ends with it."""

    def _loop(self, handler):
        threading.Thread(target=leave_with, args=(handler,), daemon=True).start()
        super()._loop(handler)


def leave_with(handler) -> None:
    """End this process when the client has been gone for a while: pyftpdlib may spin for ever on its TLS."""
    gone = 0
    while gone < GONE_FOR:
        time.sleep(1)
        try:
            peer = socket.socket(fileno=handler.socket.fileno())
        except (OSError, ValueError, AttributeError):
            gone += 1  # closed here: the loop is about to end
            continue
        try:
            state = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        finally:
            peer.detach()
        gone = 0 if state == ESTABLISHED else gone + 1
    os._exit(0)


def main() -> None:
    settings = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    authorizer = DummyAuthorizer()
    authorizer.add_user(settings["user"], settings["password"], settings["home"], perm="elradfmwMT")
    authorizer.add_anonymous(settings["anonymous"])
    handler = ImplicitHandler if settings["implicit"] else TLS_FTPHandler
    handler.authorizer, handler.abstracted_fs = authorizer, Filesystem
    handler.certfile, handler.keyfile = settings["certificate"], settings["key"]
    handler.auth_failed_timeout = 0
    handler.unicode_errors = "surrogateescape"  # as it comes, it hides what names that are no UTF-8 really are
    handler.banner = "pyftpdlib"
    # A process for each connection: in one process TLS sessions now and then make pyftpdlib deaf to a plain one beside
    # them. And one for each address, as these servers can't share a loop.
    for host in settings["hosts"][1:]:
        if os.fork() == 0:
            serve(host, settings["port"], handler)
    serve(settings["hosts"][0], settings["port"], handler)


def serve(host: str, port: int, handler: type) -> None:
    Server((host, port), handler).serve_forever(handle_exit=False)


main()
