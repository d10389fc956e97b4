"""When one side can't be listed, nothing is deleted on the other, whichever way the mirror goes."""

from __future__ import annotations

import contextlib
import errno
import os

import pytest
import rftplib
from mirror.test_delete_rules import FAILURES, HERE, TREE
from rftplib.mirror import _copy, plan
from support.mirror_server import TreeServer, send_only
from support.snapshots import snapshot

MODIFIED = 1_577_934_245  # what a TreeServer says
LEFT = {**TREE, "old": b"1", "gone": {"old": b"1"}}
OF_SUB = {
    name: failure
    for name, failure in FAILURES.items()
    if "MLSD sub" in failure.get("actions", {}) and name != "in a circle"  # all of that one can be listed
}
NONE_TO_COPY = {name: failure for name, failure in FAILURES.items() if not name.startswith("a copy ")}
BY_LIST = HERE + b"".join(b"drwxr-xr-x 2 0 0 1 Jan 1 2020 %s\r\n" % name for name in (b"sub", b"gone"))  # no links
AT_ALL = (  # these end it before there is a plan, or are refused
    "the root's listing fails", "the root isn't there", "the root is empty", "the root has no files",
    "the login is refused", "no data connections",
)  # fmt: skip
CHANGING = ("DELE", "RMD", "RNFR", "STOR", "APPE", "MFMT")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))


def filled(root, tree):
    """The directory, with the files of a TreeServer with that tree, as long and as old."""
    root.mkdir()
    for name, content in tree.items():
        if isinstance(content, dict):
            filled(root / name, content)
        else:
            (root / name).write_bytes(content)
            os.utime(root / name, (MODIFIED, MODIFIED))
    return root


class Target(TreeServer):
    """All that the source has is there, and more."""

    def __init__(self, failure=None):
        failure = dict(failure or {})
        failure.pop("tree", None)
        actions = {"LIST *": send_only(BY_LIST), **failure.pop("actions", {})}
        super().__init__(LEFT, actions, **{"DELE": "250 gone", "RMD": "250 gone", **failure})


def nothing_is_deleted(source, target, raises=False):
    """Run the mirror; what fails is told, or raised where that is to be expected."""
    made = None
    with pytest.raises((rftplib.Error, OSError, EOFError)) if raises else contextlib.nullcontext():
        made = plan(source, target, delete=True, max_delete=None)
        report = made.run()
    if made is None:
        return
    assert any(one.kind == "delete" for one in made) and not any(one.kind == "copy" for one in made)
    if not raises:
        assert not report.ok and report.deleted == 0
        assert "nothing was deleted" in report.withheld and "couldn't be listed" in report.withheld
        assert any(one.kind == "list" and one.error and one.advice for one in report.failures)


def all_is_deleted(source, target):
    report = plan(source, target, delete=True, max_delete=None).run()
    assert report.ok and report.deleted == 3 and report.withheld is None, report


@pytest.mark.parametrize("name", NONE_TO_COPY)
def test_a_source_on_a_server_and_a_target_on_another(name):
    failure = dict(NONE_TO_COPY[name])
    directory, tree = failure.pop("directory", ""), failure.pop("tree", TREE)
    target = Target()
    with TreeServer(tree, **failure).site(directory) as source, target.site() as there:
        nothing_is_deleted(source, there, name in AT_ALL)
    assert target.asked(*CHANGING) == []


@pytest.mark.parametrize("source_is", ["local", "a server"])
@pytest.mark.parametrize("failure", OF_SUB.values(), ids=OF_SUB)
def test_a_target_on_a_server(failure, source_is, tmp_path):
    """What of it can't be listed may be what isn't to be deleted elsewhere: it may have been moved."""
    target = Target(failure)
    with contextlib.ExitStack() as undo:
        there = undo.enter_context(target.site())
        if source_is == "local":
            source = filled(tmp_path / "source", TREE)
        else:
            source = undo.enter_context(TreeServer(TREE).site())
        nothing_is_deleted(source, there)
    assert target.asked(*CHANGING) == []


def test_without_a_failure_it_is_deleted_on_a_server(tmp_path):
    deleted = ["DELE old", "DELE gone/old", "RMD gone"]
    for source in (filled(tmp_path / "source", TREE), None):
        target = Target()
        with target.site() as there:
            if source is not None:
                all_is_deleted(source, there)
            else:
                with TreeServer(TREE).site() as other:
                    all_is_deleted(other, there)
        assert sorted(target.asked(*CHANGING)) == sorted(deleted)


# --- a local directory


@pytest.fixture(params=["may not be opened", "may not be listed", "may not be entered", "can't be read"])
def unreadable(request, monkeypatch):
    """unreadable(path): from then on that directory can't be listed; root, who runs tests as well, may do anything."""

    def unreadable(path):
        found, real_open, real_scan = os.stat(path), os.open, os.scandir
        opening = request.param == "may not be opened"

        def is_it(descriptor):
            told = os.fstat(descriptor)
            return (told.st_dev, told.st_ino) == (found.st_dev, found.st_ino)

        def opened(name, *arguments, **keywords):
            descriptor = real_open(name, *arguments, **keywords)
            if opening and is_it(descriptor):
                os.close(descriptor)
                raise PermissionError(errno.EACCES, "Permission denied", name)
            return descriptor

        def scanned(folder):
            if not opening and isinstance(folder, int) and is_it(folder):
                if request.param == "may not be entered":
                    return contextlib.nullcontext([Entry("x")])
                number = errno.EACCES if request.param == "may not be listed" else errno.EIO
                raise OSError(number, os.strerror(number))
            return real_scan(folder)

        monkeypatch.setattr(os, "open", opened)
        monkeypatch.setattr(os, "scandir", scanned)

    return unreadable


class Entry:
    """What is in a directory of which nothing but the names may be read."""

    def __init__(self, name):
        self.name = name

    def stat(self, follow_symlinks=True):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_local_source(unreadable, tmp_path):
    source, target = filled(tmp_path / "source", TREE), Target()
    unreadable(source / "sub")
    with target.site() as there:
        nothing_is_deleted(source, there)
    assert target.asked(*CHANGING) == []


def test_a_local_source_whose_root_cant_be_read(unreadable, tmp_path):
    source, target = filled(tmp_path / "source", TREE), Target()
    unreadable(source)
    with target.site() as there, pytest.raises(OSError):
        plan(source, there, delete=True, max_delete=None).run()
    assert target.asked(*CHANGING) == []


def test_a_local_target(unreadable, tmp_path):
    target = filled(tmp_path / "target", LEFT)
    before = snapshot(target)
    unreadable(target / "sub")
    with TreeServer(TREE).site() as source:
        nothing_is_deleted(source, target)
    assert snapshot(target) == before


# --- what fsspec knows


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """disk.fail(where, error): a file system `unsteady://` whose ls() raises that there."""
    fsspec = pytest.importorskip("fsspec")
    from fsspec.implementations.local import LocalFileSystem

    class Unsteady(LocalFileSystem):
        protocol, where, error = "unsteady", None, None

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(path.replace("unsteady://", "", 1))

        def ls(self, path, detail=False, **keywords):
            if self.error is not None and self._strip_protocol(path).rstrip("/").endswith(self.where):
                raise self.error
            return super().ls(path, detail=detail, **keywords)

    fsspec.register_implementation("unsteady", Unsteady, clobber=True)
    yield Unsteady
    Unsteady.error = None


ERRORS = [
    PermissionError(errno.EACCES, "Permission denied"), OSError(errno.EIO, "Input/output error"),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), TimeoutError("timed out"),
    RuntimeError("credentials expired"), EOFError(), FileNotFoundError(errno.ENOENT, "No such file or directory"),
]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("where", ["source/sub", "source/sub/deep", "source"])
def test_a_source_of_fsspec(where, error, disk, tmp_path):
    filled(tmp_path / "source", TREE)
    target = Target()
    disk.where, disk.error = where, error
    with target.site() as there:
        nothing_is_deleted(f"unsteady://{tmp_path}/source", there, where == "source")
    assert target.asked(*CHANGING) == []


def test_a_source_of_fsspec_that_can_be_listed(disk, tmp_path):
    filled(tmp_path / "source", TREE)
    target = Target()
    with target.site() as there:
        all_is_deleted(f"unsteady://{tmp_path}/source", there)


@pytest.mark.parametrize("failure", OF_SUB.values(), ids=OF_SUB)
def test_a_target_of_fsspec(failure, disk, tmp_path):
    target = filled(tmp_path / "target", LEFT)
    before = snapshot(target)
    with TreeServer(TREE, **failure).site() as source:
        nothing_is_deleted(source, f"unsteady://{target}")
    after = snapshot(target)
    assert before.keys() <= after.keys()
    assert {path: one for path, one in before.items() if one[0] == "file"}.items() <= after.items()
