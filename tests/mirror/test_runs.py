"""How a plan is run: side by side, in other processes, on other machines; stopped, limited, told of."""

from __future__ import annotations

import concurrent.futures
import hashlib
import os
import subprocess

import pytest
from mirror.test_real_mirrors import fill, plain, site_of
from rftplib.mirror import mirror, plan
from support.mirror_server import TreeServer, say, send_only
from support.snapshots import contents

PATIENCE = 60
one = pytest.mark.endpoints(where=lambda endpoint: str(endpoint) == "vsftpd-ipv4-plain")


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


def executors():
    yield "threads", lambda: concurrent.futures.ThreadPoolExecutor(3)
    yield "processes", lambda: concurrent.futures.ProcessPoolExecutor(2)


@one
@pytest.mark.parametrize("make", [make for _, make in executors()], ids=[name for name, _ in executors()])
def test_any_executor(make, endpoint, work, local):
    source = fill(work.path / "src", [f"f{number}" for number in range(40)])
    site = site_of(endpoint, f"{work.name}/src")
    with make() as executor:
        report = plan(site, local).run(executor=executor)
        assert report.ok, report
        assert contents(local) == contents(source)
        work.folder("up")
        report = mirror(local, site_of(endpoint, f"{work.name}/up"), executor=executor)
        assert report.ok, report
    assert contents(work.path / "up") == contents(source)
    assert list(plan(site, local)) == []


def test_a_failure_is_told_and_the_rest_is_done(local):
    tree = {name: b"x" for name in "abcdef"}
    with TreeServer(tree, {"RETR c": say("550 Permission denied")}).site() as site:
        report = plan(site, local).run()
        assert report.copied == 5 and [one.path for one in report.failures] == ["c"]
        assert str(report.failures[0]) == (
            "copy c: 550 Permission denied: it isn't there, or the server doesn't allow it: "
            "see to its permissions, or exclude it"
        )
        assert "1 failed:\n  copy c: 550" in str(report)
        report = plan(site, local).run(keep_going=False)
        assert report.stopped and not report.ok
    assert sorted(os.listdir(local)) == ["a", "b", "d", "e", "f"]


def test_a_file_that_is_longer_by_now_is_taken_as_it_is(local):
    tree = {"log": b"x" * 10}
    server = TreeServer(tree, {"RETR log": send_only(b"x" * 12), "MLST log": say(
        "250-here\r\n type=file;size=12;modify=20210101000000; log\r\n250 end")})  # fmt: skip
    with server.site() as site:
        assert plan(site, local).run().ok
    assert (local / "log").read_bytes() == b"x" * 12 and (local / "log").stat().st_mtime == 1_609_459_200


@plain
def test_a_limit(endpoint, work, local):
    fill(work.path / "src", ["a"], large=100)
    site = site_of(endpoint, f"{work.name}/src")
    made = plan(site, local)
    report = made.run(rate=made.size / 0.5)
    assert report.ok and report.seconds > 0.2
    for wrong in (0, -1):
        with pytest.raises(ValueError, match="rate"):
            made.run(rate=wrong)


@plain
def test_a_manifest(endpoint, work, local, tmp_path):
    source = fill(work.path / "src", ["a", "b c", "back\\slash"], large=1_100_000)
    site, manifest = site_of(endpoint, f"{work.name}/src"), local / "SHA256SUMS"
    assert plan(site, local).run(manifest=manifest).ok
    check = ["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=local, check=True, timeout=PATIENCE)
    text = manifest.read_text()
    assert text.count("\n# ") + text.startswith("# ") == sum(one is not None for one in contents(source).values())
    assert hashlib.sha256((source / "large").read_bytes()).hexdigest() + "  large\n" in text
    assert plan(site, local, delete=True).run(manifest=manifest).ok  # which doesn't delete it
    assert manifest.read_text() == text


def test_progress_is_told(local):
    class Progress:
        size = moved = 0

        def set_size(self, size):
            self.size = size

        def relative_update(self, inc=1):
            self.moved += inc

    progress = Progress()
    with TreeServer({"a": b"1" * 10, "d": {"b": b"2" * 20}}).site() as site:
        assert plan(site, local).run(progress=progress).ok
    assert (progress.size, progress.moved) == (30, 30)


@plain
def test_fsspec(endpoint, work, local):
    fsspec = pytest.importorskip("fsspec")
    source = fill(work.path / "src", ["a", "b"])
    site = site_of(endpoint, f"{work.name}/src")
    url = f"memory://{work.name}"
    assert mirror(site, url).ok
    memory = fsspec.filesystem("memory")
    files = {path: one for path, one in contents(source).items() if one is not None}
    assert {path: memory.cat_file(f"/{work.name}/{path}") for path in files} == files
    assert [one for one in plan(site, url) if one.kind == "copy"] == []
    work.folder("back")
    back = site_of(endpoint, f"{work.name}/back")
    assert mirror(url, back).ok
    assert {path: one for path, one in contents(work.path / "back").items() if one is not None} == files
    memory.rm(f"/{work.name}", recursive=True)
