"""The fixtures of the tests that run one transfer each way."""

# ruff: noqa: F401

from support.transfer_fixtures import plain, same
