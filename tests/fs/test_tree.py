"""What is there, and what is changed: listings, times, names, directories."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest

WHEN = 1_600_000_000


@pytest.fixture
def tree(work):
    for name in ("a.csv", "b c.csv", "sub/x.csv", "sub/deep/y.csv", "-odd [1]*.csv", "äöü.csv"):
        work.put(name, name.encode())
        os.utime(work.path / name, (WHEN, WHEN))
    work.folder("empty")
    return work.root


def test_listings_and_single_paths_tell_the_same(fs, work, tree):
    listed = fs.ls(tree)
    assert sorted(info["name"] for info in listed) == sorted(
        f"{tree}/{name}" for name in ("a.csv", "b c.csv", "sub", "empty", "-odd [1]*.csv", "äöü.csv")
    )
    assert sorted(fs.ls(tree, detail=False)) == sorted(info["name"] for info in listed)
    for info in listed:
        alone = fs.info(info["name"])
        names = ("name", "type", "size", "mtime") if info["type"] == "file" else ("name", "type", "size")
        assert [alone[name] for name in names] == [info[name] for name in names]
    assert fs.ls(f"{tree}/a.csv") == [fs.info(f"{tree}/a.csv")]
    assert fs.ls(f"{tree}/empty") == []
    assert fs.info("/")["type"] == "directory"
    found = fs.find(tree, detail=True)
    assert list(found) == sorted(f"{tree}/{name}" for name in work.names() if name.endswith(".csv"))
    assert {name: info["size"] for name, info in found.items()} == {
        f"{tree}/{name}": (work.path / name).stat().st_size for name in work.names() if name.endswith(".csv")
    }
    assert fs.find(f"{tree}/a.csv") == [f"{tree}/a.csv"]
    assert fs.find(f"{tree}/missing") == []
    assert sorted(fs.find(tree, maxdepth=1, withdirs=True)) == sorted([tree, *(info["name"] for info in listed)])
    with pytest.raises(ValueError):
        fs.find(tree, maxdepth=0)
    assert fs.du(f"{tree}/sub") == len("sub/x.csv") + len("sub/deep/y.csv")
    assert [(path, sorted(dirs), sorted(files)) for path, dirs, files in fs.walk(f"{tree}/sub")] == [
        (f"{tree}/sub", ["deep"], ["x.csv"]),
        (f"{tree}/sub/deep", [], ["y.csv"]),
    ]
    assert fs.glob(f"{tree}/**/?.csv") == [f"{tree}/a.csv", f"{tree}/sub/deep/y.csv", f"{tree}/sub/x.csv"]
    assert (fs.isdir(tree), fs.isfile(tree), fs.exists(f"{tree}/missing")) == (True, False, False)


def test_times_and_what_tells_versions_apart(fs, work, tree):
    path = f"{tree}/a.csv"
    assert fs.modified(path) == datetime.fromtimestamp(WHEN, timezone.utc)
    before = fs.checksum(path), fs.ukey(path)
    assert (fs.checksum(path), fs.ukey(path)) == before
    os.utime(work.path / "a.csv", (WHEN + 60, WHEN + 60))
    assert fs.checksum(path) != before[0] and fs.ukey(path) != before[1]


def test_touching(fs, work):
    path = f"{work.root}/file"
    fs.pipe_file(path, b"data")  # not put(): a time is for the owner to set
    try:
        fs.touch(path, truncate=False)
    except NotImplementedError:
        assert work.endpoint.server.name == "vsftpd"
    else:
        assert abs(fs.modified(path) - datetime.now(timezone.utc)) < timedelta(minutes=5)
    assert fs.cat_file(path) == b"data"
    fs.touch(path)
    assert fs.cat_file(path) == b""


def test_links_are_not_followed_where_that_could_destroy(fs, work, tree):
    work.put("kept/file", b"kept")
    work.put("sub/target", b"four")
    (work.path / "sub/to-file").symlink_to("target")
    (work.path / "sub/to-dir").symlink_to("../kept")
    if work.endpoint.server.name in ("vsftpd", "pureftpd"):  # others don't list it, so it can't be known
        (work.path / "sub/nowhere").symlink_to("nothing")
        assert fs.lexists(f"{tree}/sub/nowhere") and not fs.exists(f"{tree}/sub/nowhere")
    types = {info["name"].rpartition("/")[2]: info["type"] for info in fs.ls(f"{tree}/sub")}
    assert types["to-dir"] in ("link", "directory")
    assert f"{tree}/sub/to-file" in fs.find(f"{tree}/sub")
    assert fs.cat_file(f"{tree}/sub/to-file") == b"four"
    assert fs.info(f"{tree}/sub/to-file")["size"] == 4
    assert fs.isdir(f"{tree}/sub/to-dir")
    fs.rm(f"{tree}/sub", recursive=True)
    assert (work.path / "kept/file").read_bytes() == b"kept"
    assert not (work.path / "sub").exists()
    (work.path / "link").symlink_to("kept")
    fs.rm(f"{tree}/link", recursive=True)
    assert (work.path / "kept/file").read_bytes() == b"kept"
    assert not os.path.lexists(work.path / "link")


def test_deleting(fs, work, tree):
    fs.rm(f"{tree}/a.csv")
    fs.rm([f"{tree}/b c.csv", f"{tree}/äöü.csv"])
    fs.rm(f"{tree}/sub/d*", recursive=True)
    assert work.names() == ["-odd [1]*.csv", "empty", "sub", "sub/x.csv"]
    fs.rmdir(f"{tree}/empty")
    fs.rm_file(f"{tree}/sub/x.csv")
    for path in ("missing", "sub/missing"):
        for recursive in (False, True):
            with pytest.raises(FileNotFoundError):
                fs.rm(f"{tree}/{path}", recursive=recursive)
    fs.rm(tree, recursive=True)
    assert not work.path.exists()
    work.path.mkdir()


def test_hundreds_of_files_are_deleted_at_once(fs, work):
    for number in range(300):
        work.put(f"many/{number % 7}/{number}", b"")
    fs.rm(f"{work.root}/many", recursive=True)
    assert work.names() == []


def test_renaming(fs, work, tree):
    fs.mv(f"{tree}/a.csv", f"{tree}/new.csv")
    fs.mv(f"{tree}/new.csv", f"{tree}/b c.csv")  # which is replaced
    assert (work.path / "b c.csv").read_bytes() == b"a.csv"
    fs.mv(f"{tree}/b c.csv", f"{tree}/empty")
    fs.mv(f"{tree}/sub", f"{tree}/empty/")
    assert (work.path / "empty/b c.csv").read_bytes() == b"a.csv"
    assert (work.path / "empty/sub/deep/y.csv").exists()
    fs.mv(f"{tree}/empty", f"{tree}/full", recursive=True)
    assert "full/sub/x.csv" in work.names()
    with pytest.raises(FileNotFoundError):
        fs.mv(f"{tree}/missing", f"{tree}/other")


def test_directories(fs, work):
    fs.mkdir(f"{work.root}/a/b/c")
    fs.makedirs(f"{work.root}/a/b/c", exist_ok=True)
    fs.makedirs(f"{work.root}/a/d")
    fs.mkdir(f"{work.root}/e", create_parents=False)
    assert work.names() == ["a", "a/b", "a/b/c", "a/d", "e"]
    for again in (fs.mkdir, fs.makedirs):
        with pytest.raises(FileExistsError):
            again(f"{work.root}/a")
    with pytest.raises(FileNotFoundError):
        fs.mkdir(f"{work.root}/x/y", create_parents=False)


def test_copies(fs, work, tree):
    fs.cp_file(f"{tree}/a.csv", f"{tree}/copy")
    assert (work.path / "copy").read_bytes() == b"a.csv"
    fs.copy(f"{tree}/sub", f"{tree}/other", recursive=True)
    assert (work.path / "other/deep/y.csv").read_bytes() == b"sub/deep/y.csv"
