"""What the FTPS tests share: server set-ups, clients, working folders."""

from __future__ import annotations

from dataclasses import dataclass

import rftplib
from servers import CATALOGUE
from servers.layout import certificate
from servers.tls import client_context
from support.clients import native_context
from support.folders import Address, Folder
from support.folders import content as content

TIMEOUT = 20  # of every client here: far more than any server takes, far less than a hung test run
VERSIONS = ("1.2", "1.3")

# The set-ups on which every check of `checks` runs
EXPLICIT = [
    "vsftpd",
    "vsftpd6",
    "vsftpd-noreuse",
    "vsftpd-strict",
    "vsftpd-forced",
    "proftpd",
    "proftpd-noreuse",
    "pureftpd",
    "pureftpd6",
    "pureftpd-forced",
    "pyftpdlib",
]
IMPLICIT = ["vsftpd-implicit", "proftpd-implicit", "pyftpdlib-implicit"]

# What the catalogue of servers doesn't say
CCC = {"proftpd", "pureftpd"}  # families that know it
NO_TICKETS = {"pureftpd"}  # families that send no TLS 1.3 tickets: there is nothing to resume


@dataclass(frozen=True)
class Endpoint(Address):
    """One address of one server, spoken to in one version of TLS."""

    version: str
    native: bool = False  # with a NativeContext

    def __str__(self) -> str:
        return (
            f"{self.server.name}-{'ipv6' if self.ipv6 else 'ipv4'}-tls{self.version}{'-native' if self.native else ''}"
        )

    @property
    def resumes(self) -> bool:
        """Whether a data connection can resume the control connection's session."""
        return not (self.version == "1.3" and self.server.family in NO_TICKETS)

    def context(self, **options):
        """A context that trusts the servers' authority, in this version of TLS."""
        if self.native:
            return native_context(certificate("ca.crt"), self.version, **options)
        return client_context(self.version, **options)

    def login(self, lib=rftplib, cls=None, context=None, **options):
        """A client of `lib.FTP_TLS`, or of `cls`, logged in; its data connections not yet protected."""
        return self.log_in((cls or lib.FTP_TLS)(context=context or self.context(), timeout=TIMEOUT, **options))


def endpoints(names, native=False) -> list[Endpoint]:
    """Every address of the servers with those names, in every version of TLS; one address each for NativeContext."""
    servers = [CATALOGUE[name] for name in names]
    return [
        Endpoint(server, host, version, native)
        for server in servers
        for host in (server.hosts[:1] if native else server.hosts)
        for version in VERSIONS
    ]


class Work(Folder):
    """A fresh folder on the server, and clients of `lib` in it."""

    def __init__(self, endpoint: Endpoint, lib=rftplib) -> None:
        super().__init__(endpoint)
        self.lib = lib

    def client(self, protect=True, **options):
        """A client in this folder, closed at the end; with `protect` its data connections are encrypted."""
        client = self.enter(self.endpoint.login(self.lib, **options))
        if protect:
            client.prot_p()
        return client


class Watched(rftplib.FTP_TLS):
    """Notes of each data connection whether it has resumed a session."""

    def __init__(self, *args, **options):
        self.resumed = []
        super().__init__(*args, **options)

    def ntransfercmd(self, cmd, rest=None):
        conn, size = super().ntransfercmd(cmd, rest)
        self.resumed.append(conn.session_reused)
        return conn, size
