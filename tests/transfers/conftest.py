"""Fixtures of the tests of rftplib.transfer."""

from __future__ import annotations

import os

import pytest
from rftplib.transfer import _upload
from support.file_server import DATA, TIME
from support.needed import cases, chosen, endpoint, no_pool_left, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import ENDPOINTS, Work

FAMILIES = ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
CHOSEN = [
    one
    for one in ENDPOINTS
    if one.server.family in FAMILIES and ":" not in one.host and one.protection in ("plain", "tls1.3", "native")
]
# Each server, and each kind of TLS on one of them: that is enough for every day.
DAILY = (*(str(one) for one in CHOSEN if one.protection == "plain"), "vsftpd-ipv4-tls1.3", "pyftpdlib-ipv4-native")


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", cases(chosen(metafunc, CHOSEN), DAILY), indirect=True)


unavailable = unavailable_of([*(one.server.name for one in CHOSEN), "proftpd-digest"])
work = work_of(Work)


@pytest.fixture
def local(tmp_path):
    """An empty directory."""
    path = tmp_path / "local"
    path.mkdir()
    return path


@pytest.fixture
def settled(monkeypatch):
    """For servers that write nothing more once they have ended the connection: that isn't waited for."""
    monkeypatch.setattr(_upload, "SETTLED", 0.01)


@pytest.fixture
def source(local):
    """A file with DATA that isn't new."""
    path = local / "b"
    path.write_bytes(DATA)
    os.utime(path, (TIME, TIME))
    return path
