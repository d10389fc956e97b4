"""Every server: its name, where it listens, and what it can do."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from . import commands

BOTH = ("127.0.0.1", "::1")
V4 = ("127.0.0.1",)
V6 = ("::1",)


@dataclass(frozen=True)
class Server:
    name: str
    family: str  # the program, whatever its configuration
    port: int
    command: Callable[[Server], list[str]] = field(repr=False)
    hosts: tuple[str, ...] = V4
    passive: int = 0  # the first port for data connections; 0: the daemon takes what the system gives
    ports: int = 100  # and how many
    python: bool = False  # written in Python: no root needed
    optional: bool = False  # nice to have: its absence is never a failure
    special: bool = False  # serves particular TLS tests only, left out of the plain ones
    # what it can do
    tls: str = ""  # "explicit", "forced" (no login and no data without), "implicit" (from the first byte) or "" (none)
    reuse: bool = False  # demands that a data connection resumes the control connection's TLS session
    client_certificate: bool = False  # demands one
    certificate: str = "server"  # which of `certificates` it shows
    chrooted: bool = True  # the user's home is "/"
    mlsd: bool = False
    active: bool = True
    complete: bool = True  # has all that ftplib's methods send; without: no SIZE, NLST, NOOP
    note: str = ""

    @property
    def last_passive(self) -> int:
        return self.passive + self.ports - 1

    @property
    def needs(self) -> tuple[str, ...]:
        """The parts of the set-up that it depends on. The certificates come with "python"."""
        return ("python",) if self.python else ("daemons", "python")


def _also(server: Server, suffix: str, step: int, **changes) -> Server:
    """The same daemon with another configuration, beside it."""
    passive = server.passive and server.passive + step * server.ports
    name = f"{server.name}-{suffix}"
    return replace(server, special=True, name=name, port=server.port + step, passive=passive, **changes)


VSFTPD = Server("vsftpd", "vsftpd", 13101, commands.vsftpd, passive=14000, tls="explicit", reuse=True)
# Of a range of ports it may give one to two sessions at once, of which one is refused: the system does not.
PROFTPD = Server("proftpd", "proftpd", 13121, commands.proftpd, BOTH, tls="explicit", reuse=True, mlsd=True)
# It allows half as many sessions as it has passive ports.
PUREFTPD = Server("pureftpd", "pureftpd", 13131, commands.pureftpd, passive=16000, ports=400, tls="explicit", mlsd=True)
PYFTPDLIB = Server(
    "pyftpdlib", "pyftpdlib", 13141, commands.pyftpdlib, BOTH, passive=18000, python=True, tls="explicit", mlsd=True
)
INETUTILS = Server("inetutils", "inetutils", 13151, commands.inetutils, BOTH, chrooted=False)
AIOFTP = Server("aioftp", "aioftp", 13171, commands.aioftp, BOTH, passive=19000, python=True)

SERVERS = (
    VSFTPD,
    replace(VSFTPD, name="vsftpd6", hosts=V6, passive=14900),
    _also(VSFTPD, "noreuse", 1, reuse=False),
    _also(VSFTPD, "strict", 2, note="a transfer that ends without close_notify fails"),
    _also(VSFTPD, "forced", 3, tls="forced"),
    _also(VSFTPD, "implicit", 4, tls="implicit"),
    _also(VSFTPD, "clientcert", 5, tls="forced", client_certificate=True),
    PROFTPD,
    _also(PROFTPD, "noreuse", 1, reuse=False),
    _also(PROFTPD, "implicit", 2, tls="implicit"),
    _also(PROFTPD, "clientcert", 3, client_certificate=True),
    _also(PROFTPD, "digest", 4, reuse=False, note="tells hashes: HASH, XSHA256 and its siblings"),
    _also(PROFTPD, "forced", 5, tls="forced"),
    PUREFTPD,
    replace(PUREFTPD, name="pureftpd6", hosts=V6, passive=17600),
    _also(PUREFTPD, "forced", 1, tls="forced"),
    PYFTPDLIB,
    _also(PYFTPDLIB, "implicit", 1, tls="implicit"),
    _also(PYFTPDLIB, "expired", 2, certificate="expired"),
    _also(PYFTPDLIB, "wronghost", 3, certificate="wronghost"),
    _also(PYFTPDLIB, "unknown", 4, certificate="unknown"),
    INETUTILS,
    replace(INETUTILS, name="netkit", family="netkit", command=commands.netkit, port=13161, optional=True),
    replace(AIOFTP, optional=True, mlsd=True, active=False, complete=False),
)


def _shifted(server: Server, by: int) -> Server:
    return replace(server, port=server.port + by, passive=server.passive and server.passive + by)


# A second set of servers, in a folder of its own (see `layout`), needs ports of its own.
SHIFT = int(os.environ.get("RFTPLIB_SERVERS_SHIFT", "0"))
CATALOGUE: dict[str, Server] = {server.name: _shifted(server, SHIFT) for server in SERVERS}
