"""The fixtures of the tests on real servers."""

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
