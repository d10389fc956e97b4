"""Fixtures of the tests of sessions."""

from __future__ import annotations

from support.needed import cases, chosen, endpoint, no_pool_left, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import DAILY, ENDPOINTS, Work


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", cases(chosen(metafunc, ENDPOINTS), DAILY), indirect=True)


unavailable = unavailable_of([one.server.name for one in ENDPOINTS])
work = work_of(Work)
