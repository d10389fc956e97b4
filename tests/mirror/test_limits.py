"""How many entries a side may have: what is listed is held in memory, so a server without end is refused."""

from __future__ import annotations

import contextlib

import pytest
from rftplib.listing import ListingError
from rftplib.mirror import Refused, _tree, plan
from support.mirror_server import TreeServer
from support.snapshots import contents

MOST = 12


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(_tree, "MAX_ENTRIES", MOST)


def tree_of(directories, files):
    """So many entries: directories, and files that lie in them, about as many in each."""
    names = [f"f{number:02}" for number in range(files)]
    return {f"d{number}": {name: b"1" for name in names[number::directories]} for number in range(directories)}


def filled(root, tree):
    for directory, files in tree.items():
        (root / directory).mkdir(parents=True)
        for name, content in files.items():
            (root / directory / name).write_bytes(content)
    return root


@contextlib.contextmanager
def source_of(kind, tree, tmp_path):
    if kind == "a server":
        with TreeServer(tree).site() as site:
            yield site
    elif kind == "local":
        yield filled(tmp_path / "source", tree)
    else:
        pytest.importorskip("fsspec")
        yield f"memory://{tmp_path.name}"


@pytest.fixture
def memory(tmp_path):
    fsspec = pytest.importorskip("fsspec")
    found = fsspec.filesystem("memory")
    yield found
    if found.exists(f"/{tmp_path.name}"):
        found.rm(f"/{tmp_path.name}", recursive=True)


@pytest.mark.parametrize("kind", ["a server", "local", "fsspec"])
@pytest.mark.parametrize("files, fits", [(MOST - 4, True), (MOST - 3, False)])
def test_entries_in_all(kind, files, fits, tmp_path, memory):
    """A directory is one; they are counted over all directories of a side."""
    tree, target = tree_of(4, files), tmp_path / "target"
    if kind == "fsspec":
        for directory, content in tree.items():
            for name, data in content.items():
                memory.pipe_file(f"/{tmp_path.name}/{directory}/{name}", data)
    with source_of(kind, tree, tmp_path) as source, contextlib.ExitStack() as undo:
        if kind != "a server":
            target = undo.enter_context(TreeServer({}).site())
        if fits:
            assert len(plan(source, target)) == MOST
        else:
            with pytest.raises(Refused, match=f"more than {MOST} entries: mirror its directories one by one"):
                plan(source, target)
    assert not (tmp_path / "target").exists()


def test_entries_of_the_target(tmp_path):
    target = filled(tmp_path / "target", tree_of(4, MOST))
    before = contents(target)
    with TreeServer({"a": b"1"}).site() as site:
        with pytest.raises(Refused, match=f"more than {MOST} entries"):
            plan(site, target, delete=True, max_delete=None)
    assert contents(target) == before


def test_what_is_excluded_is_counted_as_well(tmp_path, pathspec):
    """It is held, too: a server that says nothing else mustn't fill the memory with it."""
    for files, fits in ((MOST - 4, True), (MOST - 3, False)):
        with TreeServer(tree_of(4, files)).site() as site:
            with contextlib.nullcontext() if fits else pytest.raises(Refused, match=f"more than {MOST} entries"):
                assert len(plan(site, tmp_path, exclude="f*")) == 4


def test_entries_of_one_listing(tmp_path):
    """That is noticed while it is read, before anything is made of it."""
    with TreeServer({f"f{number:02}": b"1" for number in range(MOST + 1)}).site() as site:
        with pytest.raises(ListingError, match="more entries than allowed"):
            plan(site, tmp_path)
