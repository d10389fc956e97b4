"""Other people's libraries, unmodified, with rftplib in ftplib's place, against real servers.

They need the packages of the extra `integrations`, so they have an environment of their own: scripts/integrations.
Elsewhere they are skipped; with RFTPLIB_REQUIRE_INTEGRATIONS=1 nothing is.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import rftplib
from servers import CATALOGUE, Server, Session
from servers.layout import PASSWORD, USER, certificate, home
from support.folders import content

PACKAGES = (
    "dask",
    "distributed",
    "fsspec",
    "ftputil",
    "gevent",
    "pandas",
    "pathspec",
    "pyarrow",
    "pyftpdlib",
    "rich",
    "smart_open",
    "socks",
    "tqdm",
)
REQUIRED = os.environ.get("RFTPLIB_REQUIRE_INTEGRATIONS") == "1"
LACKING = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
SERVERS = ("pyftpdlib", "pyftpdlib-implicit", "vsftpd", "proftpd", "proftpd-implicit", "pureftpd")


def pytest_collection_modifyitems(items):
    if LACKING and not REQUIRED:
        reason = "in an environment of their own: scripts/integrations"
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="package", autouse=True)
def in_ftplibs_place():
    """Before any of the libraries is imported: they take what they need from ftplib then."""
    assert not (REQUIRED and LACKING), f"not installed: {', '.join(LACKING)}"
    with rftplib.install():
        yield


@dataclass(frozen=True)
class Area:
    """A fresh folder on a server: as clients see it, and on the disk."""

    server: Server
    name: str

    host = "127.0.0.1"
    user = USER
    password = PASSWORD

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def path(self) -> Path:
        return home() / self.name

    def url(self, name: str = "", scheme: str = "ftp") -> str:
        return f"{scheme}://{USER}:{PASSWORD}@{self.host}:{self.port}/{self.name}/{quote(name)}"

    def put(self, name: str, content: bytes) -> None:
        (self.path / name).write_bytes(content)
        (self.path / name).chmod(0o666)

    def get(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


@pytest.fixture(scope="session")
def unavailable():
    session = Session(SERVERS, setup=REQUIRED)
    try:
        yield session.open()
    finally:
        session.close()


@pytest.fixture
def area_on(unavailable, monkeypatch):
    """area_on(server's name): an Area; whoever asks ssl for the system's certificates trusts the servers'."""
    made = []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate("ca.crt")))

    def area_on(name: str) -> Area:
        if name in unavailable:
            (pytest.fail if REQUIRED else pytest.skip)(f"{name}: {unavailable[name]}")
        area = Area(CATALOGUE[name], f"lib-{uuid.uuid4().hex}")
        area.path.mkdir()
        area.path.chmod(0o777)
        made.append(area)
        return area

    yield area_on
    for area in made:
        shutil.rmtree(area.path)


@pytest.fixture(params=["pyftpdlib", "vsftpd", "proftpd", "pureftpd"])
def area(request, area_on) -> Area:
    """An area on each of four servers, which speak plain FTP here."""
    return area_on(request.param)


DATA = content(300_001)
