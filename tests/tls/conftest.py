"""Fixtures of the FTPS tests."""

from __future__ import annotations

import pytest
from support.ftps import EXPLICIT, IMPLICIT, Work, endpoints
from support.needed import endpoint, nothing_left, unavailable_of, work_of  # noqa: F401
from tls.checks import applicable
from tls.ends import login

OTHERS = ["vsftpd-clientcert", "proftpd-clientcert", "pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown"]


def is_long(one):
    """Each version over one kind of address is enough for every day, and NativeContext in TLS 1.3 on two servers."""
    if one.native:
        return one.version == "1.2" or one.server.name not in ("vsftpd", "pyftpdlib")
    return (":" in one.host) is (one.version == "1.3")


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


unavailable = unavailable_of(EXPLICIT + IMPLICIT + OTHERS)
work = work_of(Work)


@pytest.fixture(params=["ssl-1.2", "ssl-1.3", "native-1.2", "native-1.3"])
def ftp(request, hostile):
    """A client of the hostile server, its data connections protected; `kind` says by what."""
    kind, version = request.param.split("-")
    client = login(hostile, version, kind=kind)
    client.kind = kind
    yield client
    client.close()
