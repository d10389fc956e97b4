"""Fixtures of the tests of sessions.

The real servers are started if they are set up (`python -m servers setup` in the folder above), and stopped by the last
test run that uses them. Where they can't be had the tests are skipped with the reason, but fail if
RFTPLIB_REQUIRE_SERVERS=1 or CI says that they must be had; then they are set up as well.
"""

from __future__ import annotations

import os

import pytest
from servers import Session
from support.sessions import ENDPOINTS, Endpoint, Work

REQUIRED = os.environ.get("RFTPLIB_REQUIRE_SERVERS") == "1" or os.environ.get("CI", "").lower() in ("1", "true")


def pytest_configure(config):
    config.addinivalue_line("markers", "endpoints(where=predicate): run only on the servers for which it is true")


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        chosen = ENDPOINTS
        for marker in metafunc.definition.iter_markers("endpoints"):
            chosen = [endpoint for endpoint in chosen if marker.kwargs["where"](endpoint)]
        metafunc.parametrize("endpoint", chosen, ids=str, indirect=True)


@pytest.fixture(scope="session")
def unavailable():
    """Why a server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
    session = Session(list(dict.fromkeys(endpoint.server.name for endpoint in ENDPOINTS)), setup=REQUIRED)
    try:
        yield session.open()
    finally:
        session.close()


@pytest.fixture
def endpoint(request, unavailable) -> Endpoint:
    reason = unavailable.get(request.param.server.name)
    if reason and REQUIRED and not request.param.server.optional:
        pytest.fail(f"{request.param.server.name} is required: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"{request.param.server.name}: {reason}")
    return request.param


@pytest.fixture(autouse=True)
def nothing_left(no_descriptor_left):
    """Of every test here."""


@pytest.fixture
def work(endpoint, no_descriptor_left):
    folder = Work(endpoint)
    try:
        yield folder
    finally:
        folder.close()
