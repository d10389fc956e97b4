"""Fixtures for the tests against real servers: a folder's conftest.py imports them.

A test that takes `passive` too runs in passive and in active mode.
"""

from __future__ import annotations

import pytest
from support.needed import need, running
from support.real import ENDPOINTS, Endpoint, Pair, Work


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        chosen = ENDPOINTS
        for marker in metafunc.definition.iter_markers("endpoints"):
            chosen = [endpoint for endpoint in chosen if marker.kwargs["where"](endpoint)]
        if "passive" in metafunc.fixturenames:
            modes = [(endpoint, True) for endpoint in chosen]
            modes += [(endpoint, False) for endpoint in chosen if endpoint.server.active]
            names = [f"{endpoint}-{'passive' if passive else 'active'}" for endpoint, passive in modes]
            metafunc.parametrize("endpoint, passive", modes, ids=names, indirect=["endpoint"])
        else:
            metafunc.parametrize("endpoint", chosen, ids=str, indirect=True)


@pytest.fixture(scope="session")
def unavailable():
    """Why a server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
    with running(endpoint.server.name for endpoint in ENDPOINTS) as reasons:
        yield reasons


@pytest.fixture
def endpoint(request, unavailable) -> Endpoint:
    """Host, port, user, password and what the server can do (`endpoint.server`)."""
    need(request.param.server, unavailable)
    return request.param


@pytest.fixture
def work(endpoint, no_descriptor_left):
    folder = Work(endpoint)
    try:
        yield folder
    finally:
        folder.close()


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
