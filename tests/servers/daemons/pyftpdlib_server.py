"""pyftpdlib on both address families. The settings come as JSON in the first argument."""

from __future__ import annotations

import json
import logging
import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.filesystems import AbstractedFS
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import MultiprocessFTPServer


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


def main() -> None:
    settings = json.loads(sys.argv[1])
    first, last = settings["passive"]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    authorizer = DummyAuthorizer()
    authorizer.add_user(settings["user"], settings["password"], settings["home"], perm="elradfmwMT")
    authorizer.add_anonymous(settings["anonymous"])
    handler = ImplicitHandler if settings["implicit"] else TLS_FTPHandler
    handler.authorizer, handler.abstracted_fs = authorizer, Filesystem
    handler.certfile, handler.keyfile = settings["certificate"], settings["key"]
    handler.passive_ports = range(first, last + 1)
    handler.auth_failed_timeout = 0
    handler.banner = "pyftpdlib"
    # A process for each connection: in one process TLS sessions now and then make pyftpdlib deaf to a plain one beside
    # them. And one for each address, as these servers can't share a loop.
    for host in settings["hosts"][1:]:
        if os.fork() == 0:
            serve(host, settings["port"], handler)
    serve(settings["hosts"][0], settings["port"], handler)


def serve(host: str, port: int, handler: type) -> None:
    MultiprocessFTPServer((host, port), handler).serve_forever(handle_exit=False)


main()
