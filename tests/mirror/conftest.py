"""Fixtures of the tests of mirrors."""

from __future__ import annotations

import concurrent.futures
import multiprocessing.resource_tracker
import os

import pytest
from rftplib.mirror import _copy, _threads
from support.needed import cases, chosen, endpoint, no_pool_left, nothing_left, unavailable_of, work_of  # noqa: F401
from support.sessions import DAILY, ENDPOINTS, Work
from support.snapshots import snapshot


def pytest_generate_tests(metafunc):
    if "endpoint" in metafunc.fixturenames:
        daily = (*DAILY, "proftpd-ipv4-native")
        metafunc.parametrize("endpoint", cases(chosen(metafunc, ENDPOINTS), daily), indirect=True)


unavailable = unavailable_of([one.server.name for one in ENDPOINTS])
work = work_of(Work)


@pytest.fixture(scope="session", autouse=True)
def helpers_of_multiprocessing():
    """It starts processes of its own (forkserver, resource tracker), and keeps pipes to them for good."""
    multiprocessing.resource_tracker.ensure_running()
    with concurrent.futures.ProcessPoolExecutor(1) as executor:
        assert executor.submit(int).result() == 0


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Threads that have been told to end are waited for in every case: a busy machine may stop one for seconds."""
    monkeypatch.setattr(_threads.wait_for, "__defaults__", (60.0,))


@pytest.fixture
def pathspec(missing):
    """Of tests with patterns."""
    try:
        import pathspec  # noqa: F401
    except ImportError:
        missing("pathspec isn't installed")


@pytest.fixture
def target(tmp_path, monkeypatch):
    """An empty target in a directory in which nothing else may have changed by the end of the test."""
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    root = tmp_path / "around" / "target"
    root.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "around"):
        (place / "canary").mkdir()
        for path in ("canary/file", "canary/x", "file", "x"):
            (place / path).write_bytes(b"alive")
    before = outside(root, tmp_path)
    yield root
    assert outside(root, tmp_path) == before


def outside(target, top):
    """What is in `top`, without what is in the target."""
    own = os.path.relpath(target, top)
    return {path: one for path, one in snapshot(top).items() if path != own and not path.startswith(own + os.sep)}


@pytest.fixture
def full(tmp_path):
    """A local target with files that a source hasn't got."""
    return fill(tmp_path / "target")


def fill(root):
    for path in ("keep", "sub/keep", "sub/deep/keep", "other/keep"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"precious")
        os.utime(root / path, (1_500_000_000, 1_500_000_000))
    return root
