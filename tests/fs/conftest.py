"""Fixtures of the tests of rftplib.fs: four real servers, each in clear text and under TLS."""

from __future__ import annotations

from pathlib import Path

import fsspec
import pytest
from servers.layout import PASSWORD, USER, certificate
from support.needed import chosen, endpoint, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import ENDPOINTS as ALL
from support.sessions import Work

SERVERS = ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
ENDPOINTS = [
    one
    for one in ALL
    if one.server.name in SERVERS and one.host == "127.0.0.1" and one.protection in ("plain", "tls1.3")
]


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", chosen(metafunc, ENDPOINTS), ids=str, indirect=True)


def pytest_collection_modifyitems(items):
    """fsspec's patterns, by the dozen."""
    for item in items:
        if "test_abstract" in item.nodeid and "glob_edge_cases" in item.name:
            item.add_marker(pytest.mark.long)


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
        return sorted(str(Path(path).relative_to(self.path)) for path in self.path.rglob("*"))


unavailable = unavailable_of(SERVERS)
area = work = work_of(Area)


@pytest.fixture
def fs(work):
    return work.fs()


@pytest.fixture(autouse=True)
def no_instance_left():
    """Instances are cached, and with them their connections."""
    yield
    for protocol in ("rftp", "ftps", "ftpes"):
        fsspec.get_filesystem_class(protocol).clear_instance_cache()
