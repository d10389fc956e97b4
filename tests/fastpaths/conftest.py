from __future__ import annotations

import pytest

pytest.register_assert_rewrite("fastpaths.support")

from fastpaths import support  # noqa: E402


@pytest.fixture
def same(tmp_path):
    """`same(script)`: run it with ftplib and with rftplib each way; see support.py."""

    def same(script, native=True):
        return support.same(script, tmp_path, native)

    return same
