"""The fixtures of the tests on real servers. Nothing here may leave a descriptor behind."""

# ruff: noqa: F401

import pytest
from support.real_fixtures import (
    endpoint,
    ftp,
    no_descriptor_left,
    pair,
    pytest_generate_tests,
    reading_pair,
    unavailable,
    work,
)


@pytest.fixture(autouse=True)
def nothing_left(request):
    request.getfixturevalue("no_descriptor_left")
