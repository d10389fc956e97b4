"""The fixtures of the tests that run one transfer each way."""

# ruff: noqa: F403

from support.transfer_fixtures import *
