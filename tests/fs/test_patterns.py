"""Names with the characters of patterns: what is there is itself, and nothing in a list is a pattern."""

from __future__ import annotations

import pytest

NAMES = ("a1", "a[1]", "x*", "xyz")


@pytest.fixture
def root(work):
    for name in NAMES:
        work.put(name, name.encode())
    return work.root


def test_deleting_names_like_patterns(fs, work, root):
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


def files(path):
    return {one.relative_to(path).as_posix(): one.read_text() for one in path.rglob("*") if one.is_file()}


def test_uploads_of_names_like_patterns(fs, work, tmp_path):
    """A local file that is there is itself as well, given as a text, as a path or in a list."""
    for name in ("a[1]", "a1", "s*", "star", "d[1]/x", "d[1]/deep/y", "d1/z"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    work.folder("dir")
    for path, target in (("a[1]", "one"), ("a[1]", "dir/"), ("s*", "dir"), ("s*", "two")):
        fs.put(f"{tmp_path}/{path}", f"{work.root}/{target}")
    fs.put(tmp_path / "a[1]", f"{work.root}/three")
    fs.put([str(tmp_path / "s*"), str(tmp_path / "a[1]")], f"{work.root}/list")
    fs.put(f"{tmp_path}/d[1]", f"{work.root}/nothing")
    fs.put(f"{tmp_path}/d[1]", f"{work.root}/new", recursive=True)
    fs.put(f"{tmp_path}/d[1]", f"{work.root}/dir", recursive=True)
    fs.put(f"{tmp_path}/d[1]", f"{work.root}/flat", recursive=True, maxdepth=1)
    assert files(work.path) == {
        "one": "a[1]", "dir/a[1]": "a[1]", "dir/s*": "s*", "two": "s*", "three": "a[1]",
        "list/s*": "s*", "list/a[1]": "a[1]", "new/x": "d[1]/x", "new/deep/y": "d[1]/deep/y",
        "dir/d[1]/x": "d[1]/x", "dir/d[1]/deep/y": "d[1]/deep/y", "flat/x": "d[1]/x",
    }  # fmt: skip
    fs.put(f"{tmp_path}/a?", f"{work.root}/pattern/")
    assert (work.path / "pattern" / "a1").read_text() == "a1"


@pytest.mark.parametrize("name", ["d[1]", "e?", "plain"])
def test_directories_with_names_like_patterns(fs, work, name, tmp_path):
    """They are taken as those are whose names could be no patterns."""
    for other in (name, "d1", "ee"):
        work.put(f"{other}/x", other.encode())
        work.folder(f"{other}/deep")
        work.put(f"{other}/deep/y", other.encode())
    (tmp_path / "there").mkdir()
    work.folder("there")
    source, found = f"{work.root}/{name}", {"x": name, "deep/y": name}
    fs.get(source, str(tmp_path / "new"), recursive=True)
    fs.get(source, str(tmp_path / "there"), recursive=True)
    fs.get(source + "/", str(tmp_path / "into"), recursive=True)
    fs.get(source, str(tmp_path / "nothing"))
    places = {"new": "new", "there": f"there/{name}", "into": "into"}
    assert files(tmp_path) == {f"{place}/{path}": text for place in places.values() for path, text in found.items()}
    fs.copy(source, f"{work.root}/new", recursive=True)
    fs.copy(source, f"{work.root}/there", recursive=True)
    assert files(work.path / "new") == found and files(work.path / "there") == {
        f"{name}/{path}": text for path, text in found.items()
    }


def test_copies_of_names_like_patterns(fs, work, root, tmp_path):
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


def test_renaming_names_like_patterns(fs, work, root):
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
