"""The fixtures of the tests on real servers, with either library, and of those that run one transfer each way."""

# ruff: noqa: F403

import ftplib

import pytest
import rftplib
from support.real_fixtures import *
from support.transfer_fixtures import *


@pytest.fixture(params=[rftplib, ftplib], ids=["rftplib", "ftplib"])
def module(request):
    """What makes the client: rftplib.listing serves ftplib's, too."""
    return request.param
