from __future__ import annotations

import pytest

pytest.register_assert_rewrite("fastpaths.support")

from fastpaths import support  # noqa: E402


@pytest.fixture(params=[None, "ssl", "NativeContext"], ids=["plain", "ssl", "native-tls"])
def same(request, tmp_path):
    """`same(script)`: run it with ftplib and with rftplib each way; see support.py."""

    def same(script, native=True):
        return support.same(script, tmp_path, request.param, native)

    return same


@pytest.fixture
def plain(tmp_path):
    """The same in the clear only: where TLS would add nothing, or has errors of its own."""

    def same(script, native=True):
        return support.same(script, tmp_path, None, native)

    return same
