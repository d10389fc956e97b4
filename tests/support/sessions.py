"""What the tests of sessions share: real servers in clear text and under TLS, and working folders on them."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from dataclasses import dataclass

import rftplib
from rftplib.tls import FTPS, NativeContext
from servers import CATALOGUE, Server
from servers.layout import PASSWORD, USER, certificate, home
from servers.tls import client_context
from support.real import ENDPOINTS as PLAIN
from support.real import TIMEOUT


@dataclass(frozen=True)
class Endpoint:
    """One address of one server, and how it is spoken to: "plain", "tls1.2", "tls1.3" or "native" (a NativeContext)."""

    server: Server
    host: str
    protection: str = "plain"

    def __str__(self) -> str:
        return f"{self.server.family}-{'ipv6' if ':' in self.host else 'ipv4'}-{self.protection}"

    @property
    def port(self) -> int:
        return self.server.port

    def context(self):
        if self.protection == "native":
            return NativeContext(cafile=certificate("ca.crt"))
        return client_context(self.protection[3:])

    def client(self, **options):
        """An unconnected client for it."""
        if self.protection == "plain":
            return rftplib.FTP(timeout=TIMEOUT, **options)
        return FTPS(timeout=TIMEOUT, context=self.context(), **options)

    def login(self, **options):
        ftp = self.client(**options)
        try:
            ftp.connect(self.host, self.port)
            ftp.login(USER, PASSWORD)
        except BaseException:
            ftp.close()
            raise
        return ftp


SECURED = [
    Endpoint(CATALOGUE[name], CATALOGUE[name].hosts[0], protection)
    for name in ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
    for protection in ("tls1.2", "tls1.3", "native")
]
ENDPOINTS = [Endpoint(endpoint.server, endpoint.host) for endpoint in PLAIN] + SECURED


class Work:
    """A fresh folder on the server, seen from the disk (`path`) and by clients."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.name = f"session-{uuid.uuid4().hex}"
        self.path = home() / self.name
        self._clients = contextlib.ExitStack()
        self.folder(".")

    def folder(self, name: str):
        path = self.path / name
        path.mkdir(exist_ok=True)
        path.chmod(0o777)  # the server writes as another user than we
        return path

    def client(self, folder: str = ".", **options):
        """A client in a folder below this one, in TYPE I; closed at the end of the test."""
        ftp = self.endpoint.login(**options)
        self._clients.callback(ftp.close)
        ftp.cwd(f"{self.name}/{folder}")
        ftp.voidcmd("TYPE I")
        return ftp

    def close(self) -> None:
        self._clients.close()
        shutil.rmtree(self.path)
