"""Fixtures of the FTPS tests."""

from __future__ import annotations

import pytest
from support.ftps import EXPLICIT, IMPLICIT, Work, endpoints
from support.needed import endpoint, nothing_left, unavailable_of, work_of  # noqa: F401
from tls.checks import applicable
from tls.ends import login

OTHERS = ["vsftpd-clientcert", "proftpd-clientcert", "pyftpdlib-expired", "pyftpdlib-wronghost", "pyftpdlib-unknown"]


# Where a hundred megabytes go every day
BIG = ("vsftpd-ipv4-tls1.3", "proftpd-ipv6-tls1.2", "pyftpdlib-ipv4-tls1.3-native")


def is_long(one, check=""):
    """Each version over one kind of address is enough for every day, and NativeContext in TLS 1.3 on two servers.

    Nor are those asked every day that take all that the same server takes elsewhere in this list.
    """
    if one.server.name.endswith(("-noreuse", "-forced")) or check.startswith("big_") and str(one) not in BIG:
        return True
    if one.native:
        return one.version == "1.2" or one.server.name not in ("vsftpd", "pyftpdlib")
    return (":" in one.host) is (one.version == "1.3")


def case(one, check="", also=()):
    """One of the parameters; `also`: the names of servers that are long in this test."""
    marks = [pytest.mark.long] if is_long(one, check) or one.server.name in also else []
    return pytest.param(one, *filter(None, [check]), id="-".join(filter(None, [str(one), check])), marks=marks)


def pytest_generate_tests(metafunc):
    if "check" in metafunc.fixturenames:
        cases = [
            case(endpoint, name)
            for endpoint in endpoints(EXPLICIT) + endpoints(EXPLICIT, native=True)
            for name in applicable(endpoint)
        ]
        metafunc.parametrize("endpoint, check", cases, indirect=["endpoint"])
    elif "endpoint" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("servers")
        also = marker.kwargs.get("long", ()) if marker else ()
        names = (*marker.args, *also) if marker else EXPLICIT
        native = metafunc.definition.get_closest_marker("native")
        chosen = [] if native and native.kwargs.get("only") else endpoints(names)
        if native:
            chosen += endpoints(names, native=True)
        if metafunc.definition.get_closest_marker("tls13"):
            chosen = [endpoint for endpoint in chosen if endpoint.version == "1.3" and ":" not in endpoint.host]
        metafunc.parametrize("endpoint", [case(one, also=also) for one in chosen], indirect=True)


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
