"""The fixtures of the tests on real servers, and of those that run one transfer each way."""

# ruff: noqa: F401

from support.real_fixtures import (
    endpoint,
    ftp,
    pair,
    pytest_generate_tests,
    reading_pair,
    unavailable,
    work,
)
from support.transfer_fixtures import plain, same
