"""The fixtures of the tests on real servers, with either library, and of those that run one transfer each way."""

# ruff: noqa: F403

import ftplib

import pytest
import rftplib
from support.needed import cases, chosen
from support.real import ENDPOINTS
from support.real_fixtures import *
from support.transfer_fixtures import *

# A listing is the same whatever the address is: over IPv6 one server is enough for every day.
DAILY = (*(str(one) for one in ENDPOINTS if not one.ipv6), "vsftpd-ipv6")


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        metafunc.parametrize("endpoint", cases(chosen(metafunc, ENDPOINTS), DAILY), indirect=True)


@pytest.fixture(params=[rftplib, ftplib], ids=["rftplib", "ftplib"])
def module(request):
    """What makes the client: rftplib.listing serves ftplib's, too."""
    return request.param
