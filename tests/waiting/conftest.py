"""The fixtures of the tests on real servers. Nothing here may leave a descriptor behind."""

# ruff: noqa: F403

import pytest
from support.real_fixtures import *


@pytest.fixture(autouse=True)
def nothing_left(no_descriptor_left):
    """Of every test here."""
