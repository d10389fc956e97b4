"""Fixtures for the tests with a server that misbehaves."""

from __future__ import annotations

import pytest
from hostile.resources import threads


@pytest.fixture(scope="session", autouse=True)
def quiet():
    """How many threads there are while nothing goes on."""
    return threads()
