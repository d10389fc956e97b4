"""Working folders for the tests of rftplib.fs."""

from __future__ import annotations

import fsspec
from servers.layout import PASSWORD, USER, certificate
from support.sessions import Work


class Area(Work):
    """A fresh folder on the server, and the filesystems that reach it."""

    @property
    def root(self) -> str:
        return f"/{self.name}"

    def options(self, **others):
        options = {"host": self.endpoint.host, "port": self.endpoint.port, "username": USER, "password": PASSWORD}
        if self.endpoint.protection != "plain":
            options["cafile"] = str(certificate("ca.crt"))
        return {**options, "timeouts": 30, **others}

    @property
    def protocol(self) -> str:
        return "rftp" if self.endpoint.protection == "plain" else "ftps"

    def fs(self, **options):
        fs = fsspec.filesystem(self.protocol, **self.options(**options))
        self._clients.callback(fs.site.close)
        return fs

    def put(self, name: str, content: bytes) -> str:
        path = self.path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        for folder in [path.parent, *path.parent.parents]:
            if folder == self.path:
                break
            folder.chmod(0o777)
        path.write_bytes(content)
        path.chmod(0o666)
        return f"{self.root}/{name}"

    def names(self) -> list[str]:
        """All that is below, as the disk has it."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.rglob("*"))
