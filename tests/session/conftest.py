"""Fixtures of the tests of sessions."""

from __future__ import annotations

import pytest
from support.needed import need, running
from support.sessions import ENDPOINTS, Endpoint, Work


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        chosen = ENDPOINTS
        for marker in metafunc.definition.iter_markers("endpoints"):
            chosen = [endpoint for endpoint in chosen if marker.kwargs["where"](endpoint)]
        metafunc.parametrize("endpoint", chosen, ids=str, indirect=True)


@pytest.fixture(scope="session")
def unavailable():
    """Why a server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
    with running(endpoint.server.name for endpoint in ENDPOINTS) as reasons:
        yield reasons


@pytest.fixture
def endpoint(request, unavailable) -> Endpoint:
    need(request.param.server, unavailable)
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
