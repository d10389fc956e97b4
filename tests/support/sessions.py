"""What the tests of sessions share: real servers in clear text and under TLS, and working folders on them."""

from __future__ import annotations

from dataclasses import dataclass

import rftplib
from rftplib.session import Site, Timeouts
from rftplib.tls import FTPS
from servers import CATALOGUE
from servers.layout import PASSWORD, USER, certificate
from servers.tls import client_context
from support.clients import native_context
from support.folders import Address, Folder
from support.real import ENDPOINTS as PLAIN
from support.real import TIMEOUT


@dataclass(frozen=True)
class Endpoint(Address):
    """One address of one server, and how it is spoken to: "plain", "tls1.2", "tls1.3" or "native" (a NativeContext)."""

    protection: str = "plain"

    def __str__(self) -> str:
        return f"{self.server.family}-{'ipv6' if self.ipv6 else 'ipv4'}-{self.protection}"

    def context(self):
        if self.protection == "native":
            return native_context(certificate("ca.crt"))
        return client_context(self.protection[3:])

    def client(self, **options):
        """An unconnected client for it."""
        if self.protection == "plain":
            return rftplib.FTP(timeout=TIMEOUT, **options)
        return FTPS(timeout=TIMEOUT, context=self.context(), **options)

    def url(self, directory=""):
        """For a Site in another process, with Python's ssl where it is under TLS."""
        scheme, query = ("ftp", "") if self.protection == "plain" else ("ftpes", f"?cafile={certificate('ca.crt')}")
        host = f"[{self.host}]" if self.ipv6 else self.host
        return f"{scheme}://{USER}:{PASSWORD}@{host}:{self.port}/{directory}{query}"

    def login(self, **options):
        return self.log_in(self.client(**options))


SECURED = [
    Endpoint(CATALOGUE[name], CATALOGUE[name].hosts[0], protection)
    for name in ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
    for protection in ("tls1.2", "tls1.3", "native")
]
ENDPOINTS = [Endpoint(endpoint.server, endpoint.host) for endpoint in PLAIN] + SECURED

# Each server, each kind of address, each kind of TLS: that is enough for every day.
DAILY = (
    *(f"{endpoint.server.family}-ipv4-plain" for endpoint in PLAIN),
    "vsftpd-ipv6-plain",
    "vsftpd-ipv4-tls1.3",
    "vsftpd-ipv4-native",
    "proftpd-ipv4-tls1.3",
    "pureftpd-ipv4-tls1.2",
    "pyftpdlib-ipv4-native",
)


class Work(Folder):
    """A fresh folder on the server, and clients in TYPE I."""

    def client(self, folder: str = ".", **options):
        """A client in a folder below this one; closed at the end of the test."""
        ftp = self.enter(self.endpoint.login(**options), folder)
        ftp.voidcmd("TYPE I")
        return ftp

    def site(self, connect=None, folder="."):
        """A Site in a folder below this one; its connections are made by `connect`, a socket_factory."""
        endpoint = self.endpoint

        def factory(site):
            ftp = endpoint.client()
            ftp.socket_factory = connect
            return ftp

        url, _, _ = endpoint.url(f"{self.name}/{folder}").partition("?")  # the client has its certificates
        return Site(url, factory=factory, timeouts=Timeouts(30, 30, 30))
