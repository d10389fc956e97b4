"""Sides that fsspec knows: all that is there is seen, and what was there stays until the new file is whole."""

from __future__ import annotations

import errno
import hashlib
import io
import os

import pytest
from mirror.test_two_runs import server_of
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


@pytest.fixture
def impatient(monkeypatch):
    """Few attempts, without pauses."""
    from rftplib.mirror import _copy

    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))


def test_what_a_file_system_raises_of_its_own_is_told_of_the_file(disk, tmp_path, impatient):
    class ClientError(Exception):
        pass

    disk.full, disk.error = True, ClientError("AccessDenied")
    with TreeServer({"a": b"1"}).site() as site:
        report = mirror(site, disk.url)
    assert [(one.path, one.error) for one in report.failures] == [("a", "ClientError: AccessDenied")]


@pytest.mark.parametrize("url", ["file://localhost{}", "file://{}", "FILE://LocalHost{}", "local://{}"])
def test_urls_of_local_paths(url, tmp_path):
    with TreeServer({"a": b"1"}).site() as site:
        assert str(plan(site, url.format(tmp_path)).target) == str(tmp_path)


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


@pytest.mark.parametrize("content", [b"12345", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("names", [["x*", "xy"], ["y?"], ["a[1].txt", "a1.txt"], ["[!b]c"], ["d[1]/z", "d1/z"]])
def test_names_that_could_be_patterns(names, content, memory):
    tree = {}
    for name in names:
        directory, _, last = name.rpartition("/")
        (tree.setdefault(directory, {}) if directory else tree)[last] = name.encode() + content
    with TreeServer(tree).site() as site:
        for _ in range(2):
            report = mirror(site, "memory://t", delete=True, max_delete=None)
            assert report.ok, report
        assert report.copied == 0
        assert {path: memory.cat_file(path) for path in memory.store} == {
            f"/t/{name}": name.encode() + content for name in names
        }
        memory.pipe_file("/t/x*", b"unwanted")
        memory.pipe_file(f"/t/{names[0]}", b"older")
        assert mirror(site, "memory://t", delete=True, max_delete=None).ok
        assert set(memory.store) == {f"/t/{name}" for name in names}


def test_what_was_made_or_changed_or_replaced_meanwhile_stays(memory):
    """But what is the same as the copy: another run was quicker."""
    theirs, names = b"since then", ("made", "changed", "same", "large", "unwanted")
    tree = {"made": b"1", "changed": b"2", "same": b"3", "large": LARGE, "other": b"4"}
    answers = {"SIZE": f"213 {len(LARGE)}", "MDTM": "213 20200102030405"}
    with TreeServer(tree, **answers).site() as site:
        for name in ("changed", "unwanted", "left"):
            memory.pipe_file(f"/t/{name}", b"older")
        made = plan(site, "memory://t", delete=True, max_delete=None)
        for name in names:
            memory.pipe_file(f"/t/{name}", tree[name] if name == "same" else theirs)
        report = made.run(connections=1)
        assert {one.path: one.error for one in report.failures} == {
            "made": "it has come since the plan was made",
            "changed": "it has changed since the plan was made",
            "large": "it has come since the plan was made",
        }
        assert report.withheld and report.copied == 2
    assert {path: memory.cat_file(path) for path in memory.store} == {
        **{f"/t/{name}": theirs for name in names},
        **{"/t/left": b"older", "/t/same": b"3", "/t/other": b"4"},
    }


@pytest.mark.parametrize(
    "listed, now", [(0, 1 << 17), (10, 1 << 20), (LARGE, 1 << 22)], ids=["empty", "small", "large"]
)
def test_a_file_that_doesnt_end(listed, now, memory):
    """No more of it is read than a little behind the size that was listed."""
    content = listed if isinstance(listed, bytes) else bytes(listed)
    memory.pipe_file("/t/f", content)
    with server_of({}) as server:
        made = plan("memory://t", server.site)
        memory.pipe_file("/t/f", bytes(now))
        report = made.run(connections=1)
        assert [one.error for one in report.failures] == [f"more than the {len(content):,} bytes came that are listed"]
        assert not server.files
        memory.pipe_file("/t/f", content + b"more")
        assert made.run(connections=1).ok and server.files["f"].content == content + b"more"


def test_a_directory_with_something_new_in_it_stays(disk, tmp_path, monkeypatch):
    """Also where a file system removes directories with all that is in them."""
    import shutil

    monkeypatch.setattr(disk, "rmdir", lambda self, path: shutil.rmtree(self._strip_protocol(path)))
    for name in ("a", "sub/old", "empty/old"):
        (tmp_path / "target" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "target" / name).write_bytes(b"1")
    with TreeServer({"a": b"1"}).site() as site:
        made = plan(site, disk.url, delete=True, max_delete=None)
        (tmp_path / "target" / "sub" / "new").write_bytes(b"precious")
        report = made.run()
    assert [(one.kind, one.path) for one in report.failures] == [("rmdir", "sub")] and report.deleted == 3
    assert (tmp_path / "target" / "sub" / "new").read_bytes() == b"precious"
    assert sorted(os.listdir(tmp_path / "target")) == ["a", "sub"]


def test_what_was_changed_meanwhile_isnt_deleted(memory):
    for name in ("unwanted", "changed"):
        memory.pipe_file(f"/t/{name}", b"older")
    with TreeServer({"a": b"1"}).site() as site:
        made = plan(site, "memory://t", delete=True, max_delete=None)
        memory.pipe_file("/t/changed", b"newer")  # as long as it was
        report = made.run(connections=1)
    assert [(one.path, one.error) for one in report.failures] == [("changed", "it has changed since the plan was made")]
    assert sorted(memory.store) == ["/t/a", "/t/changed"]


def test_contents_are_compared_by_hash(memory, monkeypatch):
    """What can't be read any more is copied, and fails then for itself."""
    files = {name: name.encode() for name in ("same", "other", "gone")}
    for name in files:
        memory.pipe_file(f"/t/{name}", b"ohter" if name == "other" else name.encode())
    real = type(memory)._open

    def opened(self, path, *arguments, **keywords):
        if path.endswith("gone"):
            raise FileNotFoundError(path)
        return real(self, path, *arguments, **keywords)

    monkeypatch.setattr(type(memory), "_open", opened)

    def xsha256(session):
        made = hashlib.sha256(session.server.files[session.argument.rpartition("/")[2]].content).hexdigest()
        session.say(f"250 {made}\r\n".encode())

    features = b"211-F\r\n MLST type*;size*;modify*;\r\n SIZE\r\n XSHA256\r\n211 End\r\n"
    with server_of(files, FEAT=features, XSHA256=xsha256) as server:
        made = plan(server.site, "memory://t", compare="hash")
    assert [(one.path, one.reason) for one in made] == [("gone", "contents differ"), ("other", "contents differ")]


@pytest.mark.parametrize("content", [b"0123456789", LARGE], ids=["small", "large"])
def test_a_source_that_ends_early(content, disk, tmp_path, monkeypatch, impatient):
    monkeypatch.setattr(disk, "cat_file", lambda self, path, **keywords: content[:-3])
    monkeypatch.setattr(disk, "open", lambda self, path, mode, **keywords: io.BytesIO(content[:-3]))
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "a").write_bytes(content)
    with server_of({"a": b"good old"}) as server:
        report = plan(disk.url, server.site, connections=1).run(connections=1)
        assert [one.path for one in report.failures] == ["a"] and "bytes came of" in report.failures[0].error
        assert {name: bytes(file.content) for name, file in server.files.items()} == {"a": b"good old"}


@pytest.mark.parametrize("content", [b"0123456789", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("renames", [True, False])
def test_a_target_that_keeps_less(renames, content, disk, tmp_path, monkeypatch, impatient):
    from rftplib.mirror import _other

    real = disk.pipe_file
    monkeypatch.setattr(disk, "pipe_file", lambda self, path, value, **keywords: real(self, path, value[:-3]))
    monkeypatch.setattr(_other, "_renames", lambda fs: renames)
    (tmp_path / "target").mkdir()
    with TreeServer({"a": content}, SIZE=f"213 {len(content)}", MDTM="213 20200102030405").site() as site:
        report = mirror(site, disk.url)
    assert [one.path for one in report.failures] == ["a"] and "have arrived" in report.failures[0].error
    assert report.copied == 0 and os.listdir(tmp_path / "target") == []


def test_a_directory_that_cant_be_listed_is_a_failure_of_its_own(disk, tmp_path, monkeypatch):
    real = disk.ls

    def ls(self, path, **keywords):
        if path.endswith("/bad"):
            raise RuntimeError("credentials expired")
        return real(self, path, **keywords)

    monkeypatch.setattr(disk, "ls", ls)
    for path in ("a", "bad/b", "good/c"):
        (tmp_path / "target" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "target" / path).write_bytes(b"1")
    with TreeServer({"old": b"1"}).site() as site:
        made = plan(disk.url, site, delete=True)
    assert {one.path for one in made if one.kind == "copy"} == {"a", "good/c"}
    assert [(one.path, one.error) for one in made.failures] == [("bad", "RuntimeError: credentials expired")]


@pytest.mark.parametrize("url", ["zip://::bad.zip", "reference://x"])
def test_the_program_tells_of_what_cant_be_opened(url, tmp_path, monkeypatch, capsys):
    from rftplib.mirror._cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert main([url, "ftp://127.0.0.1:1/"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
