"""The fixtures of the tests on real servers, and of those that run one transfer each way."""

# ruff: noqa: F403

import pytest
from rftplib import _lenient
from support.real_fixtures import *
from support.transfer_fixtures import *


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """The reply that says why an upload has failed may come as late as a busy machine has it."""
    monkeypatch.setattr(_lenient, "REASON", 50.0)
