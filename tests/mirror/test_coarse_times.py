"""A target whose file system rounds times: what was copied is the same, and isn't copied anew by each run."""

from __future__ import annotations

import os

import pytest
from rftplib.mirror import mirror, plan
from servers.demo import serving


@pytest.mark.parametrize("compare, reason", [("auto", "time differs"), ("newer", "newer")])
@pytest.mark.parametrize("way", ["up", "down"])
def test_even_seconds(way, compare, reason, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    for number in range(10):
        (source / str(number)).write_bytes(b"x")
        os.utime(source / str(number), (1_000_000_000 + 3 * number,) * 2)
    with serving(target if way == "up" else source) as server:
        sides = [source, server.url] if way == "up" else [server.url, target]
        assert mirror(*sides).copied == 10
        assert not plan(*sides, compare=compare)
        for path in target.iterdir():
            os.utime(path, (path.stat().st_mtime // 2 * 2,) * 2)  # as FAT has them
        assert not plan(*sides, compare=compare)
        os.utime(source / "5", (1_000_000_016,) * 2)
        assert [(action.path, action.reason) for action in plan(*sides, compare=compare)] == [("5", reason)]
        os.utime(target / "5", (1_000_000_015,) * 2)  # this one isn't rounded, so none was
        assert len(plan(*sides, compare=compare)) > 1
