"""The real servers that a folder's tests need.

They are started if they are set up (`python -m servers setup` in tests/), and stopped by the last test run that uses
them. Where they can't be had the tests are skipped with the reason, but fail if RFTPLIB_REQUIRE_SERVERS=1 or CI says
that they must be had; then they are set up as well.
"""

from __future__ import annotations

import contextlib
import os

import pytest
from rftplib import _pool
from servers import Session

REQUIRED = os.environ.get("RFTPLIB_REQUIRE_SERVERS") == "1" or os.environ.get("CI", "").lower() in ("1", "true")


@contextlib.contextmanager
def running(names):
    """Why a server can't be had: {name: reason}. Those that can are up as long as the block lasts."""
    session = Session(list(dict.fromkeys(names)), setup=REQUIRED)
    try:
        yield session.open()
    finally:
        session.close()


def need(server, unavailable):
    """Skip the test, or let it fail, if this server can't be had."""
    reason = unavailable.get(server.name)
    if reason and REQUIRED and not server.optional:
        pytest.fail(f"{server.name} is required: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"{server.name}: {reason}")


def chosen(metafunc, endpoints):
    """Those of the endpoints on which the test runs, by its marks `endpoints(where=...)`."""
    for marker in metafunc.definition.iter_markers("endpoints"):
        endpoints = [endpoint for endpoint in endpoints if marker.kwargs["where"](endpoint)]
    return endpoints


def cases(endpoints, daily):
    """The endpoints as parameters; those that aren't among the `daily` ones (by their names) are long."""
    return [pytest.param(one, id=str(one), marks=() if str(one) in daily else pytest.mark.long) for one in endpoints]


# --- fixtures, which a folder's conftest.py imports or makes


def unavailable_of(names):
    """The fixture `unavailable`, for the servers of these names."""

    @pytest.fixture(scope="session")
    def unavailable():
        """Why a server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
        with running(names) as reasons:
            yield reasons

    return unavailable


@pytest.fixture
def endpoint(request, unavailable):
    """Where a server is, and what it can do (`endpoint.server`)."""
    need(request.param.server, unavailable)
    return request.param


def work_of(cls):
    """The fixture `work`: a `cls` of the endpoint, closed after the test."""

    @pytest.fixture
    def work(endpoint, no_descriptor_left):
        folder = cls(endpoint)
        try:
            yield folder
        finally:
            folder.close()

    return work


@pytest.fixture(autouse=True)
def nothing_left(no_descriptor_left):
    """Of every test of the folder."""


@pytest.fixture(autouse=True)
def no_pool_left(no_descriptor_left):
    """Before the descriptors are counted: a pool is there as long as a Site is, and pytest keeps log records, with them
    exceptions, and with their tracebacks Sites."""
    yield
    for pool in list(_pool._pools.values()):
        pool.close_idle()
