"""What the tests against real servers share: endpoints, working folders, comparison with ftplib."""

from __future__ import annotations

import ftplib
import os
from dataclasses import dataclass
from pathlib import Path

import rftplib
from servers import CATALOGUE
from servers.layout import PASSWORD, USER
from support.folders import Address, Folder
from support.folders import content as content

TIMEOUT = 60  # of every client here: more than any server takes, also while a disk is busy; less than a hung test run


@dataclass(frozen=True)
class Endpoint(Address):
    """One address of one server."""

    user: str = USER
    password: str = PASSWORD

    def __str__(self) -> str:
        return f"{self.server.family}-{'ipv6' if self.ipv6 else 'ipv4'}"

    def login(self, module=rftplib, **keywords):
        """A client of `module` (rftplib or ftplib), logged in."""
        return self.log_in(module.FTP(timeout=TIMEOUT, **keywords), self.user, self.password)


ENDPOINTS = [Endpoint(server, host) for server in CATALOGUE.values() if not server.special for host in server.hosts]


class Work(Folder):
    """A fresh folder with two below it, "new" for rftplib and "std" for ftplib: both do the same."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.folder("new"), self.folder("std")

    def client(self, module=rftplib, folder: str = "new", **keywords):
        """A client in a folder below this one; closed at the end of the test."""
        return self.enter(self.endpoint.login(module, **keywords), folder)

    def put(self, name: str, content: bytes, folder: str | None = None) -> Path:
        """A file that is there already, in both folders unless one is named."""
        for where in [folder] if folder is not None else ["new", "std"]:
            path = super().put(f"{where}/{name}", content)
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
