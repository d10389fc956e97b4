"""Fixtures for the tests against real servers: a folder's conftest.py imports them.

A test that takes `passive` too runs in passive and in active mode.
"""

from __future__ import annotations

import pytest
from support.needed import chosen, endpoint, unavailable_of, work_of  # noqa: F401
from support.real import ENDPOINTS, Pair, Work


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        where = chosen(metafunc, ENDPOINTS)
        if "passive" in metafunc.fixturenames:
            modes = [(endpoint, True) for endpoint in where]
            modes += [(endpoint, False) for endpoint in where if endpoint.server.active]
            names = [f"{endpoint}-{'passive' if passive else 'active'}" for endpoint, passive in modes]
            metafunc.parametrize("endpoint, passive", modes, ids=names, indirect=["endpoint"])
        else:
            metafunc.parametrize("endpoint", where, ids=str, indirect=True)


unavailable = unavailable_of([one.server.name for one in ENDPOINTS])
work = work_of(Work)


@pytest.fixture
def ftp(work):
    """rftplib, logged in, in a fresh folder (work.path / "new" on disk)."""
    return work.client()


@pytest.fixture
def pair(work) -> Pair:
    """rftplib and ftplib, each logged in, each in a fresh folder."""
    return Pair(work)


@pytest.fixture
def reading_pair(work) -> Pair:
    """rftplib and ftplib in one and the same folder (work.path / "new"), whose listings must be equal to the letter."""
    return Pair(work, std_folder="new")
