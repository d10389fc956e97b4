"""rftplib.listing on real servers: what it says is what is on the disk, by MLSD and by LIST."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone

import pytest
import rftplib
from rftplib.listing import Entry, ListingError, parse, scandir, stat, stat_many, walk

NAMES = [
    "plain",
    ".hidden",
    "with blank",
    "  two before",
    "behind ",
    "-x",
    "--",
    "a;b; c",
    "[x]*",
    "~",
    "ü☃",
    "2020",
    "a -> b",
    *("09:14 notes.txt", "09:15 notes.txt"),  # of each kind an old one and a recent one
    *("2024 report", "2023 report"),
    *("Jan  1  2020 x", "Jan  2  2020 x"),
    *("12 Jan  1  2020 x", "12 Jan  2  2020 x"),
]
NOW = int(time.time())
OLD = 1_600_000_000  # a date without a time of day in LIST
RECENT = NOW - 3 * 86_400


@pytest.fixture
def tree(work):
    """A folder with many kinds of names; returns it."""
    folder = work.path / "new" / "dir with blank"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        file = folder / name
        file.write_bytes(b"x" * number)
        file.chmod(0o644)
        os.utime(file, (OLD, OLD) if number % 2 else (RECENT, RECENT))
    for name in ("sub", "-l", "empty one"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
        os.utime(folder / name, (OLD, OLD))
    (folder / "sub" / "deep").mkdir()
    (folder / "sub" / "deep" / "file").write_bytes(b"inner")
    (folder / "link").symlink_to("plain")
    folder.chmod(0o755)
    return folder


def on_disk(folder):
    """What must be listed: {name: (type, size)}"""
    found = {}
    for item in os.scandir(folder):
        if item.is_symlink():
            found[item.name] = ("link", None)
        elif item.is_dir():
            found[item.name] = ("dir", None)
        else:
            found[item.name] = ("file", item.stat().st_size)
    return found


def listed(entries):
    return {entry.name: (entry.type, entry.size) for entry in entries}


@pytest.fixture
def by_list(ftp):
    """The client, as if its server had no MLSD."""
    from rftplib import _scan

    _scan.server_of(ftp).mlsd = False
    return ftp


def check(folder, entries):
    entries = list(entries)
    got, want = listed(entries), on_disk(folder)
    # some say of a link what is so of its target
    if got.get("link") == want["plain"]:
        want["link"] = want["plain"]
    assert got == want
    assert {entry.path for entry in entries} == {"dir with blank/" + name for name in want}
    for entry in entries:
        if entry.type != "file" or entry.name == "link":
            continue
        at = datetime.fromtimestamp((folder / entry.name).stat().st_mtime, timezone.utc)
        assert abs(entry.modified - at) < max(entry.resolution, timedelta(seconds=1)), entry.name
    return entries


def test_a_directory_as_it_is(endpoint, ftp, tree):
    check(tree, scandir(ftp, "dir with blank"))


def test_a_directory_by_list(endpoint, by_list, tree):
    entries = check(tree, scandir(by_list, "dir with blank"))
    assert {entry.resolution for entry in entries if entry.type == "file"} <= {timedelta(days=1), timedelta(minutes=1)}


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)
def test_exact_times(endpoint, by_list, tree):
    entries = check(tree, scandir(by_list, "dir with blank", exact_times=True))
    assert {entry.resolution for entry in entries if entry.type == "file"} == {timedelta(seconds=1)}


def test_the_current_directory_stays(endpoint, by_list, tree):
    before = by_list.pwd()
    list(scandir(by_list, "dir with blank"))
    with pytest.raises(rftplib.error_perm):
        scandir(by_list, "missing")
    assert by_list.pwd() == before
    by_list.cwd("dir with blank")
    for path in ("", ".", "../dir with blank", by_list.pwd()):
        assert {entry.name for entry in scandir(by_list, path)} == set(on_disk(tree))


@pytest.mark.parametrize("way", ["as it is", "by list"])
def test_scandir_of_what_is_not_there(way, ftp, tree):
    from rftplib import _scan

    if way == "by list":
        _scan.server_of(ftp).mlsd = False
    for path in ("missing", "missing one", "dir with blank/missing", "dir with blank/plain", "-a"):
        with pytest.raises(rftplib.error_perm):
            scandir(ftp, path)
    assert list(scandir(ftp, "dir with blank/empty one")) == []
    assert [entry.name for entry in scandir(ftp, "dir with blank/sub")] == ["deep"]
    assert ftp.sendcmd("PWD")[:3] == "257"


@pytest.mark.parametrize("way", ["as it is", "by list"])
def test_a_directory_that_can_not_be_read_is_no_empty_one(way, ftp, tree):
    from rftplib import _scan

    if way == "by list":
        _scan.server_of(ftp).mlsd = False
    closed = tree / "closed"
    closed.mkdir()
    (closed / "file").write_bytes(b"x")
    closed.chmod(0o711)
    for path in ("dir with blank/closed", "dir with blank/closed"):
        try:
            names = [entry.name for entry in scandir(ftp, path)]
        except (rftplib.error_perm, rftplib.error_temp, ListingError):
            continue
        assert names == ["file"]  # by a server that runs as the owner


def test_walk(ftp, tree):
    found = [entry.path for entry in walk(ftp, "dir with blank")]
    assert sorted(found) == sorted(
        [
            *("dir with blank/" + name for name in on_disk(tree)),
            "dir with blank/sub/deep",
            "dir with blank/sub/deep/file",
        ]
    )
    assert found.index("dir with blank/sub") < found.index("dir with blank/sub/deep")


def test_stat(endpoint, ftp, tree):
    paths = ["dir with blank/" + name for name in ("with blank", "missing", "sub", ".hidden", "2020", "sub/deep/file")]
    paths += ["dir with blank/", "."]
    found = stat_many(ftp, paths)
    kinds = [entry.type if isinstance(entry, Entry) else type(entry) for entry in found]
    assert kinds == ["file", rftplib.error_perm, "dir", "file", "file", "file", "dir", "dir"]
    assert [entry.size for entry in found if isinstance(entry, Entry)] == [2, None, 1, 11, 5, None, None]
    assert [entry.path for entry in found if isinstance(entry, Entry)][:2] == [paths[0], paths[2]]
    assert found[0].modified == datetime.fromtimestamp(RECENT, timezone.utc)
    assert stat(ftp, "dir with blank/plain").size == 0
    with pytest.raises(rftplib.error_perm):
        stat(ftp, "missing")


def test_the_lines_of_list_by_themselves(endpoint, by_list, tree):
    by_list.cwd("dir with blank")
    for command in ("LIST", "LIST -a") if endpoint.server.complete else ("LIST",):
        lines = []
        by_list.retrlines(command, lines.append)
        names = {entry.name for entry in parse(lines)}
        assert names in (set(on_disk(tree)), {name for name in on_disk(tree) if name[0] != "."})
