"""Sides that fsspec knows: all that is there is seen, and what was there stays until the new file is whole."""

from __future__ import annotations

import errno
import os

import pytest
from rftplib.mirror import mirror, plan
from support.mirror_server import TreeServer

fsspec = pytest.importorskip("fsspec")
LARGE = b"x" * ((1 << 20) + 1)


@pytest.fixture
def disk(tmp_path):
    """A file system `disk://`, which can be full: of each file half is written then."""
    from fsspec.implementations.local import LocalFileSystem

    class Disk(LocalFileSystem):
        protocol, full, error = "disk", False, OSError(errno.ENOSPC, "No space left on device")

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.replace("disk://", "", 1))

        def pipe_file(self, path, value, **keywords):
            super().pipe_file(path, value[: len(value) // 2] if Disk.full else value)
            if Disk.full:
                raise Disk.error

        def put_file(self, lpath, rpath, **keywords):
            with open(lpath, "rb") as file:
                self.pipe_file(rpath, file.read())

    fsspec.register_implementation("disk", Disk, clobber=True)
    Disk.url = f"disk://{tmp_path}/target"
    return Disk


@pytest.mark.parametrize("content", [b"12345", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("before", [None, b"old but whole"])
def test_a_disk_that_is_full(content, before, disk, tmp_path):
    (tmp_path / "target").mkdir()
    if before is not None:
        (tmp_path / "target" / "a").write_bytes(before)
    with TreeServer({"a": content}).site() as site:
        disk.full = True
        report = mirror(site, disk.url)
        assert [one.path for one in report.failures] == ["a"] and "No space left" in str(report)
        left = {path.name: path.read_bytes() for path in (tmp_path / "target").iterdir()}
        assert left == ({} if before is None else {"a": before})
        disk.full = False
        assert mirror(site, disk.url).ok
    assert {path.name: path.read_bytes() for path in (tmp_path / "target").iterdir()} == {"a": content}


@pytest.mark.parametrize("refused", [False, True])
def test_a_file_system_that_renames_over_nothing(refused, disk, tmp_path, monkeypatch):
    """What was there is put aside, and comes back if the new one doesn't get its name."""
    real = disk.mv

    def mv(self, source, target, **keywords):
        if os.path.exists(self._strip_protocol(target)):
            raise FileExistsError(errno.EEXIST, "File exists", target)
        if refused and source.endswith(".part") and target.endswith("/a") and os.path.getsize(source) == 1:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, source, target, **keywords)

    monkeypatch.setattr(disk, "mv", mv)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "a").write_bytes(b"old but whole")
    with TreeServer({"a": b"1"}).site() as site:
        assert mirror(site, disk.url).ok is not refused
    left = {path.name: path.read_bytes() for path in (tmp_path / "target").iterdir()}
    assert left == {"a": b"old but whole" if refused else b"1"}


def test_what_a_file_system_raises_of_its_own_is_told_of_the_file(disk, tmp_path, monkeypatch):
    from rftplib.mirror import _copy

    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))

    class ClientError(Exception):
        pass

    disk.full, disk.error = True, ClientError("AccessDenied")
    with TreeServer({"a": b"1"}).site() as site:
        report = mirror(site, disk.url)
    assert [(one.path, one.error) for one in report.failures] == [("a", "ClientError: AccessDenied")]


def test_a_local_path_by_another_name_is_one(tmp_path):
    """Written by descriptors below the root: a link in the target doesn't lead out of it."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "sub").symlink_to(tmp_path / "elsewhere")
    with TreeServer({"sub": {"a": b"1"}}).site() as site:
        assert not mirror(site, f"local://{tmp_path}/target").ok
    assert os.listdir(tmp_path / "elsewhere") == []


@pytest.fixture
def memory():
    """memory://, which is empty at the beginning and at the end."""
    found = fsspec.filesystem("memory")
    found.store.clear()
    found.pseudo_dirs[:] = [""]
    yield found
    found.store.clear()
    found.pseudo_dirs[:] = [""]


@pytest.mark.parametrize("root", ["", "photos", "2024/photos"])
def test_a_directory_that_is_called_like_the_one_it_lies_in(root, memory):
    """Nor is anything left out at the root, whose name is empty."""
    files = ("top", "photos/a", "photos/photos/b", "2024/photos/c")
    for path in files:
        memory.pipe_file(f"/{root}/{path}".replace("//", "/"), b"1")
    with TreeServer({}).site() as site:
        assert {one.path for one in plan(f"memory://{root}", site) if one.kind == "copy"} == set(files)


def test_a_second_mirror_to_the_root_of_a_file_system_has_nothing_to_do(memory):
    with TreeServer({"top": b"1", "d": {"d": {"a": b"2"}}}).site() as site:
        assert mirror(site, "memory://").ok
        assert list(plan(site, "memory://", delete=True, max_delete=None)) == []
    assert sorted(memory.store) == ["/d/d/a", "/top"]
