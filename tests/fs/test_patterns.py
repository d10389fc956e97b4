"""Names with the characters of patterns: what is there is itself, and nothing in a list is a pattern."""

from __future__ import annotations

import pytest

NAMES = ("a1", "a[1]", "x*", "xyz")


@pytest.fixture
def root(work):
    for name in NAMES:
        work.put(name, name.encode())
    return work.root


def test_deleting(fs, work, root):
    fs.rm(f"{root}/a[1]")
    assert work.names() == ["a1", "x*", "xyz"]
    fs.rm([path for path in fs.find(root) if path.endswith("*")])
    assert work.names() == ["a1", "xyz"]
    with pytest.raises(FileNotFoundError):
        fs.rm([f"{root}/x*"])
    fs.rm(f"{root}/x*")  # by which there is nothing now: a pattern
    assert work.names() == ["a1"]


def test_deleting_directories(fs, work, root):
    work.put("dir [1]/file", b"")
    work.put("dir 1/x*", b"")
    fs.rm(f"{root}/dir [1]", recursive=True)
    assert work.names() == ["a1", "a[1]", "dir 1", "dir 1/x*", "x*", "xyz"]
    fs.rm([root + "/dir 1"], recursive=True)
    assert work.names() == list(NAMES)


def test_reading(fs, root):
    assert fs.cat(f"{root}/a[1]") == b"a[1]"
    assert fs.cat([f"{root}/x*", f"{root}/a[1]"]) == {f"{root}/x*": b"x*", f"{root}/a[1]": b"a[1]"}
    assert fs.cat(f"{root}/x?z") == {f"{root}/xyz": b"xyz"}
    assert fs.expand_path(f"{root}/[ax]?") == [f"{root}/{name}" for name in ("a1", "x*")]


def test_copies(fs, work, root, tmp_path):
    fs.get(f"{root}/a[1]", str(tmp_path / "file"))
    fs.get(f"{root}/a[1]", str(tmp_path))
    fs.get(f"{root}/a*", f"{tmp_path}/all/")
    assert {
        path.relative_to(tmp_path).as_posix(): path.read_text() for path in tmp_path.rglob("*") if path.is_file()
    } == {
        "file": "a[1]",
        "a[1]": "a[1]",
        "all/a1": "a1",
        "all/a[1]": "a[1]",
    }
    work.folder("dir")
    fs.copy(f"{root}/x*", f"{root}/copy")
    fs.copy(f"{root}/x*", f"{root}/dir")
    assert ((work.path / "copy").read_bytes(), (work.path / "dir/x*").read_bytes()) == (b"x*", b"x*")


def test_renaming(fs, work, root):
    fs.mv(f"{root}/a[1]", f"{root}/moved")
    assert (work.path / "moved").read_bytes() == b"a[1]"
    work.folder("dir")
    fs.mv([f"{root}/x*"], f"{root}/dir")
    assert work.names() == ["a1", "dir", "dir/x*", "moved", "xyz"]
    fs.mv(f"{root}/[ax]*", f"{root}/dir/")
    assert work.names() == ["dir", "dir/a1", "dir/x*", "dir/xyz", "moved"]
    fs.mv([f"{root}/dir/a1", f"{root}/dir/xyz"], [f"{root}/one", f"{root}/two"])
    assert ((work.path / "one").read_bytes(), (work.path / "two").read_bytes()) == (b"a1", b"xyz")
    with pytest.raises(ValueError):
        fs.mv([f"{root}/moved", f"{root}/dir/moved"], f"{root}/")
    assert work.names() == ["dir", "dir/x*", "moved", "one", "two"]


def test_what_is_moved_to_where_it_is_stays(fs, work, root):
    (work.path / "link").symlink_to(".")
    fs.mv(f"{root}/a*", f"{root}/link/")
    fs.mv([f"{root}/x*"], f"{root}/link/")
    assert sorted(set(work.names()) - {"link"}) == list(NAMES)


def test_what_rsync_deletes(fs, work, root):
    """A list of URLs."""
    fs.rm([fs.unstrip_protocol(f"{root}/x*"), fs.unstrip_protocol(f"{root}/a[1]")])
    assert work.names() == ["a1", "xyz"]
