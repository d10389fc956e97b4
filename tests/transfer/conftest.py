"""The fixtures of the tests on real servers, and of those that run one transfer each way."""

# ruff: noqa: F403

from support.real_fixtures import *
from support.transfer_fixtures import *
