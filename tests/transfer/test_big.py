"""1 GiB up and down, once for each program."""

from __future__ import annotations

import filecmp
import shutil

import pytest
from servers.layout import locked
from support.real import content

GIB = 1 << 30
pytestmark = [
    pytest.mark.long,
    pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6 and not endpoint.server.optional),
]


@pytest.fixture(scope="module")
def gibibyte(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "gibibyte"
    block = content((1 << 20) - 8)
    with open(path, "wb") as file:
        for number in range(1024):
            file.write(number.to_bytes(8, "big") + block)  # each differs
    assert path.stat().st_size == GIB
    yield path
    path.unlink()


@pytest.fixture(autouse=True)
def alone():
    """One at a time among all test runs, or the disk gets so busy that servers stall for longer than clients wait."""
    with locked("big"):
        yield


def test_gibibyte(work, ftp, gibibyte, tmp_path):
    assert shutil.disk_usage(tmp_path).free > 2 * GIB, "no room"
    with open(gibibyte, "rb") as file:
        assert ftp.storbinary("STOR big", file).startswith("226")
    stored = work.path / "new" / "big"
    assert filecmp.cmp(gibibyte, stored, shallow=False)
    assert ftp.size("big") == GIB

    down = tmp_path / "down"
    with open(down, "wb") as file:
        assert ftp.retrbinary("RETR big", file.write).startswith("226")
    same = filecmp.cmp(gibibyte, down, shallow=False)
    down.unlink()
    assert same
