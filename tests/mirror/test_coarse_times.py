"""A target whose file system rounds times: what was copied is the same, and isn't copied anew by each run."""

from __future__ import annotations

import datetime
import os

import pytest
from rftplib.mirror import mirror, plan
from rftplib.mirror._compare import is_cut
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


def microseconds(text):
    return (datetime.datetime.fromisoformat(text) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)


# A file system's first or last time, and how many seconds from it a copy's may be: FAT's are local.
EARLIEST = {
    "ext4 with small inodes": ("1901-12-13 20:45:52", 1),
    "unsigned": ("1970-01-01 00:00:00", 1),
    "nanoseconds": ("1677-09-21 00:12:43", 1),
    "FAT": ("1980-01-01 00:00:00", 86_400),
}
LATEST = {
    "ext4 with small inodes": ("2038-01-19 03:14:07", 1),
    "unsigned": ("2106-02-07 06:28:15", 1),
    "ext4": ("2446-05-10 22:38:55", 1),
    "xfs": ("2486-07-02 20:20:24", 1),
    "nanoseconds": ("2262-04-11 23:47:16", 1),
    "FAT": ("2107-12-31 23:59:59", 86_400),
}
LIMITS = [*((*limit, -1) for limit in EARLIEST.values()), *((*limit, 1) for limit in LATEST.values())]


@pytest.mark.parametrize("limit, near, beyond", LIMITS)
def test_a_file_system_holds_no_times_beyond_its_limit(limit, near, beyond):
    limit, near, beyond = microseconds(limit), near * 1_000_000, beyond * 1_000_000
    year = 365 * 86_400 * beyond
    for got in (limit, limit - near, limit + near):
        assert is_cut(limit + beyond, got) and is_cut(limit + year, got)
        assert not is_cut(limit, got) and not is_cut(limit - year, got), "it could be held"
    for got in (limit - near - 1_000_000, limit + near + 1_000_000):
        assert not is_cut(limit + year, got), "that is no limit, but another time"
