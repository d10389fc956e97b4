"""The fixtures of the tests on real servers."""

# ruff: noqa: F403

from support.real_fixtures import *
