"""What tests on real servers share: an address of one, a fresh folder there, bytes to send."""

from __future__ import annotations

import contextlib
import functools
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from servers import Server
from servers.layout import PASSWORD, USER, home


@dataclass(frozen=True)
class Address:
    """One address of one server."""

    server: Server
    host: str

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def ipv6(self) -> bool:
        return ":" in self.host

    def log_in(self, client, user=USER, password=PASSWORD):
        """That client, connected and logged in; closed where that fails."""
        try:
            client.connect(self.host, self.port)
            client.login(user, password)
        except BaseException:
            client.close()
            raise
        return client


class Folder:
    """A fresh folder on the server, seen from the disk (`path`) and by clients, which are closed at the end."""

    def __init__(self, endpoint: Address) -> None:
        self.endpoint = endpoint
        self.name = f"t-{uuid.uuid4().hex}"
        self.path = home() / self.name
        self._clients = contextlib.ExitStack()
        self.folder(".")

    def folder(self, name: str) -> Path:
        """One in it."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        path.chmod(0o777)  # the server writes as another user than we
        return path

    def put(self, name: str, content: bytes) -> Path:
        """A file that is there already."""
        path = self.path / name
        path.write_bytes(content)
        path.chmod(0o666)
        return path

    def enter(self, client, folder: str | None = None):
        """That client, which has logged in, in this folder or in one below it."""
        self._clients.callback(client.close)
        client.cwd(self.name if folder is None else f"{self.name}/{folder}")
        return client

    def close(self) -> None:
        self._clients.close()
        shutil.rmtree(self.path)


@functools.lru_cache(maxsize=8)
def content(size: int) -> bytes:
    """Bytes in which no part equals another, so that lost or doubled blocks show. All byte values, CR and LF too."""
    block = bytes(range(256))
    return b"".join(number.to_bytes(4, "big") + block for number in range(size // 260 + 1))[:size]
