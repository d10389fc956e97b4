"""The fixtures of the tests on real servers. Nothing here may leave a descriptor behind."""

# ruff: noqa: F401

import pytest
from support.real_fixtures import (
    endpoint,
    ftp,
    pair,
    pytest_generate_tests,
    reading_pair,
    unavailable,
    work,
)


@pytest.fixture(autouse=True)
def nothing_left(no_descriptor_left):
    """Of every test here."""
