"""What the tests against real servers share: endpoints, working folders, comparison with ftplib."""

from __future__ import annotations

import contextlib
import ftplib
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

import rftplib
from servers import CATALOGUE, Server
from servers.layout import PASSWORD, USER, home

TIMEOUT = 60  # of every client here: more than any server takes, also while a disk is busy; less than a hung test run


@dataclass(frozen=True)
class Endpoint:
    """One address of one server."""

    server: Server
    host: str
    user: str = USER
    password: str = PASSWORD

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def ipv6(self) -> bool:
        return ":" in self.host

    def __str__(self) -> str:
        return f"{self.server.family}-{'ipv6' if self.ipv6 else 'ipv4'}"

    def login(self, module=rftplib, **keywords):
        """A client of `module` (rftplib or ftplib), logged in."""
        client = module.FTP(timeout=TIMEOUT, **keywords)
        try:
            client.connect(self.host, self.port)
            client.login(self.user, self.password)
        except BaseException:
            client.close()
            raise
        return client


ENDPOINTS = [Endpoint(server, host) for server in CATALOGUE.values() if not server.special for host in server.hosts]


class Work:
    """A fresh folder on the server, seen from the disk (`path`) and by clients.

    Below it are two folders, "new" for rftplib and "std" for ftplib, so that both can do the same and be compared.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.name = f"t-{uuid.uuid4().hex}"
        self.path = home() / self.name
        for path in (self.path, self.path / "new", self.path / "std"):
            path.mkdir()
            path.chmod(0o777)  # the server writes as another user than we
        self._clients = contextlib.ExitStack()

    def client(self, module=rftplib, folder: str = "new", **keywords):
        """A client in a folder below this one; closed at the end of the test."""
        client = self.endpoint.login(module, **keywords)
        self._clients.callback(client.close)
        client.cwd(f"{self.name}/{folder}")
        return client

    def put(self, name: str, content: bytes, folder: str | None = None) -> Path:
        """A file that is there already, in both folders unless one is named."""
        for where in [folder] if folder is not None else ["new", "std"]:
            path = self.path / where / name
            path.write_bytes(content)
            path.chmod(0o666)
            os.utime(path, (1_600_000_000, 1_600_000_000))
        return path

    def neutral(self, value):
        """Without what must differ between the two clients: the name of their folder."""
        if isinstance(value, str):
            for folder in ("new", "std"):
                value = value.replace(f"{self.name}/{folder}", "FOLDER")
            return value
        if isinstance(value, (list, tuple)):
            return [self.neutral(item) for item in value]
        return value

    def close(self) -> None:
        self._clients.close()
        shutil.rmtree(self.path)


class Pair:
    """rftplib and ftplib side by side on the same server. A call on the pair must do the same on both."""

    def __init__(self, work: Work, std_folder: str = "std", **keywords) -> None:
        self._work = work
        self.new = work.client(rftplib, "new", **keywords)
        self.std = work.client(ftplib, std_folder, **keywords)

    def same(self, call, *arguments):
        """call(client, *arguments) on both; asserts equal results, or equal exceptions. Returns what rftplib did."""
        expected, _ = self._outcome(call, self.std, arguments)
        got, result = self._outcome(call, self.new, arguments)
        assert got == expected, f"rftplib differs from ftplib, arguments {arguments}"
        return result

    def _outcome(self, call, client, arguments):
        try:
            result = call(client, *arguments)
        except Exception as error:
            return ("raised", type(error), self._work.neutral(error.args)), error
        return ("returned", self._work.neutral(result)), result


def content(size: int) -> bytes:
    """Bytes in which no part equals another, so that lost or doubled blocks show. All byte values, CR and LF too."""
    block = bytes(range(256))
    return b"".join(number.to_bytes(4, "big") + block for number in range(size // 260 + 1))[:size]
