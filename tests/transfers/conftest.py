"""Fixtures of the tests of rftplib.transfer."""

from __future__ import annotations

import os

import pytest
from support.file_server import DATA, TIME
from support.needed import chosen, endpoint, no_pool_left, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import ENDPOINTS, Work

FAMILIES = ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
CHOSEN = [
    one
    for one in ENDPOINTS
    if one.server.family in FAMILIES and ":" not in one.host and one.protection in ("plain", "tls1.3", "native")
]


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", chosen(metafunc, CHOSEN), ids=str, indirect=True)


unavailable = unavailable_of([one.server.name for one in CHOSEN])
work = work_of(Work)


@pytest.fixture
def local(tmp_path):
    """An empty directory."""
    path = tmp_path / "local"
    path.mkdir()
    return path


@pytest.fixture
def source(local):
    """A file with DATA that isn't new."""
    path = local / "b"
    path.write_bytes(DATA)
    os.utime(path, (TIME, TIME))
    return path
