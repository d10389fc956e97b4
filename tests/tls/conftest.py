"""Fixtures of the FTPS tests."""

from __future__ import annotations

import pytest
from support.ftps import EXPLICIT, IMPLICIT, Work, endpoints
from support.needed import need, running
from tls.checks import applicable

OTHERS = ["vsftpd-clientcert", "proftpd-clientcert", "pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown"]


def is_long(endpoint):
    """Each version over one kind of address is enough for every day, and NativeContext in TLS 1.3 on two servers."""
    if endpoint.native:
        return endpoint.version == "1.2" or endpoint.server.name not in ("vsftpd", "pyftpdlib")
    return (":" in endpoint.host) is (endpoint.version == "1.3")


def pytest_generate_tests(metafunc):
    if "check" in metafunc.fixturenames:
        cases = [
            pytest.param(
                endpoint,
                name,
                id=f"{endpoint}-{name}",
                marks=[pytest.mark.long] if is_long(endpoint) else [],
            )
            for endpoint in endpoints(EXPLICIT) + endpoints(EXPLICIT, native=True)
            for name in applicable(endpoint)
        ]
        metafunc.parametrize("endpoint, check", cases, indirect=["endpoint"])
    elif "endpoint" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("servers")
        names = marker.args if marker else EXPLICIT
        native = metafunc.definition.get_closest_marker("native")
        chosen = [] if native and native.kwargs.get("only") else endpoints(names)
        if native:
            chosen += endpoints(names, native=True)
        if metafunc.definition.get_closest_marker("tls13"):
            chosen = [endpoint for endpoint in chosen if endpoint.version == "1.3" and ":" not in endpoint.host]
        cases = [pytest.param(one, id=str(one), marks=[pytest.mark.long] if is_long(one) else []) for one in chosen]
        metafunc.parametrize("endpoint", cases, indirect=True)


@pytest.fixture(scope="session")
def unavailable():
    """Why a server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
    with running(EXPLICIT + IMPLICIT + OTHERS) as reasons:
        yield reasons


@pytest.fixture
def endpoint(request, unavailable):
    """Where a server is, in which version of TLS it is spoken to, and what it can do (`endpoint.server`)."""
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
