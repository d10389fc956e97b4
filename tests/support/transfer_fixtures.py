"""The fixtures of tests that run one transfer each way: with ftplib, on native loops, on portable ones."""

from __future__ import annotations

import pytest
from support import transfers


@pytest.fixture(params=[None, "ssl", "NativeContext"], ids=["plain", "ssl", "native-tls"])
def same(request, tmp_path):
    """`same(script)`: run it with ftplib and with rftplib each way; see transfers.py."""

    def same(script, native=True):
        return transfers.same(script, tmp_path, request.param, native)

    return same


@pytest.fixture
def plain(tmp_path):
    """The same in the clear only: where TLS would add nothing, or has errors of its own."""

    def same(script, native=True):
        return transfers.same(script, tmp_path, None, native)

    return same
