"""Fixtures of the tests of rftplib.fs: four real servers, each in clear text and under TLS."""

from __future__ import annotations

import fsspec
import pytest
from rftplib.fs import _read, _write
from support.areas import Area
from support.needed import cases, chosen, endpoint, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import ENDPOINTS as ALL

SERVERS = ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
ENDPOINTS = [
    one
    for one in ALL
    if one.server.name in SERVERS and one.host == "127.0.0.1" and one.protection in ("plain", "tls1.3")
]


# Each server once a day; the others are `long`.
DAILY = ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-plain", "pureftpd-ipv4-plain", "pyftpdlib-ipv4-tls1.3")
PATTERNS = ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-plain", "pureftpd-ipv4-plain", "pyftpdlib-ipv4-plain")


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        daily = getattr(metafunc.module, "DAILY", DAILY)
        metafunc.parametrize("endpoint", cases(chosen(metafunc, ENDPOINTS), daily), indirect=True)


def pytest_collection_modifyitems(config, items):
    """fsspec's patterns come by the dozen, and it is fsspec that takes them apart: once a server is enough."""
    left_out = []
    for item in items:
        if "test_abstract" in item.nodeid:
            endpoint, patterns = item.callspec.params["endpoint"], "glob_edge_cases" in item.name
            if patterns:
                item.add_marker(pytest.mark.long)
            where = PATTERNS if patterns else item.module.DAILY
            if str(endpoint) not in where and (patterns or endpoint.protection == "plain"):
                left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


unavailable = unavailable_of(SERVERS)
area = work = work_of(Area)


@pytest.fixture
def fs(work):
    return work.fs()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The reply to what is broken off is waited for: a busy server says it late, and then other things are done."""
    for module in (_read, _write):
        monkeypatch.setattr(module, "PATIENCE", 30.0)


@pytest.fixture(autouse=True)
def no_instance_left():
    """Instances are cached, and with them their connections."""
    yield
    for protocol in ("rftp", "ftps", "ftpes"):
        fsspec.get_filesystem_class(protocol).clear_instance_cache()
