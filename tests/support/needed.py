"""The real servers that a folder's tests need.

They are started if they are set up (`python -m servers setup` in tests/), and stopped by the last test run that uses
them. Where they can't be had the tests are skipped with the reason, but fail if RFTPLIB_REQUIRE_SERVERS=1 or CI says
that they must be had; then they are set up as well.
"""

from __future__ import annotations

import contextlib
import os

import pytest
from servers import Session

REQUIRED = os.environ.get("RFTPLIB_REQUIRE_SERVERS") == "1" or os.environ.get("CI", "").lower() in ("1", "true")


@contextlib.contextmanager
def running(names):
    """Why a server can't be had: {name: reason}. Those that can are up as long as the block lasts."""
    session = Session(list(dict.fromkeys(names)), setup=REQUIRED)
    try:
        yield session.open()
    finally:
        session.close()


def need(server, unavailable):
    """Skip the test, or let it fail, if this server can't be had."""
    reason = unavailable.get(server.name)
    if reason and REQUIRED and not server.optional:
        pytest.fail(f"{server.name} is required: {reason}", pytrace=False)
    if reason:
        pytest.skip(f"{server.name}: {reason}")
