"""Copies go side by side, in threads or by an executor: no more at once than there may be connections, in batches."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import random

import pytest
from mirror.test_two_runs import server_of
from rftplib.mirror import _copy, _jobs, plan
from rftplib.mirror._jobs import MOST_BYTES, MOST_FILES, divided
from rftplib.mirror._values import Action
from rftplib.session import Site
from support.file_server import store
from support.mirror_server import TreeServer, send
from support.resources import is_open
from support.scripted_server import Session
from support.snapshots import contents

LARGE = b"x" * (MOST_BYTES + 1)
FILES = {"large": LARGE, **{f"f{number:02}": b"%d" % number * 500 for number in range(20)}}
ANSWERS = {"SIZE": f"213 {len(LARGE)}", "MDTM": "213 20200102030405"}  # of the large one


def site_of(server, connections):
    return Site(f"ftp://user:password@127.0.0.1:{server.port}", connections=connections)


# --- side by side


def meeting(server, action):
    """An action that waits until two sessions are in it."""

    def met(session):
        if session not in meeting_at:
            meeting_at.append(session)
            server.note("a session transfers")
        server.wait_for("a session transfers", 2)
        action(session)

    meeting_at = []
    return met


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_two_downloads_at_once(content, tmp_path):
    """Neither ends before both have begun."""
    server = TreeServer({"a": content, "b": content}, SIZE=f"213 {len(content)}", MDTM="213 20200102030405")
    server.actions["RETR *"] = meeting(server, lambda session: send(session, content))
    with server:
        server.data_of = {"MLSD": server.data_of["MLSD"]}
        site = site_of(server, 2)
        report = plan(site, tmp_path).run()
        site.close()
    assert report.ok, report
    assert contents(tmp_path) == {"a": content, "b": content}


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "large"])
def test_two_uploads_at_once(content, tmp_path):
    for name in "ab":
        (tmp_path / name).write_bytes(content)
    with server_of({}) as server:
        server.replies["STOR"] = meeting(server, store(append=False))
        site = site_of(server, 2)
        report = plan(tmp_path, site).run()
        site.close()
        assert report.ok, report
        assert {name: bytes(file.content) for name, file in server.files.items()} == {"a": content, "b": content}


# --- executors


class Alive(Session):
    """It notes how many clients there are when one comes: a connection is one's until he closes it."""

    def run(self):
        self.peer = self.conn.getpeername()[1]
        with self.server.changed:
            known = [one for one in self.server.sessions if getattr(one, "peer", None)]
            for one in known:
                if not is_open(one.peer, self.server.port):
                    one.peer = None
            self.server.__dict__.setdefault("alive", []).append(sum(one.peer is not None for one in known))
        super().run()


class Noting:
    """With an executor: it notes what that is given, and how much of it wasn't done when more came."""

    at_once = 0

    def submit(self, function, job):
        noted = self.__dict__.setdefault("jobs", {})
        noted[super().submit(function, job)] = job
        self.at_once = max(self.at_once, sum(not future.done() for future in noted))
        return next(reversed(noted))


class Threads(Noting, concurrent.futures.ThreadPoolExecutor):
    pass


class Processes(Noting, concurrent.futures.ProcessPoolExecutor):
    def __init__(self, count):
        super().__init__(count, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("kind", [Threads, Processes])
def test_never_more_logins_at_once_than_connections(kind, count, tmp_path):
    """With as many workers or more, and with those counted that list both sides."""
    down = TreeServer({**FILES, "d": {"x": b"1"}, "e": {"x": b"1"}}, **ANSWERS)
    down.session = Alive
    with down, kind(count) as executor:
        site = site_of(down, 2)
        report = plan(site, tmp_path / "here").run(executor=executor, connections=2)
        site.close()
    assert report.ok and report.copied == len(FILES) + 2, report
    assert executor.at_once <= 2 and max(down.alive) <= 2
    for name in "de":
        (tmp_path / "here" / name / "x").unlink()
        (tmp_path / "here" / name).rmdir()
    up = server_of({"old": b"1"})
    up.session = Alive
    with up, kind(count) as executor:
        site = site_of(up, 2)
        report = plan(tmp_path / "here", site, delete=True, max_delete=1).run(executor=executor, connections=2)
        site.close()
    assert report.ok and report.copied == len(FILES) and report.deleted == 1, report
    assert executor.at_once <= 2 and max(up.alive) <= 2


def test_batches(tmp_path):
    with TreeServer({f"f{number:03}": b"1" * 30_000 for number in range(200)}).site() as site:
        with Threads(1) as executor:
            report = plan(site, tmp_path).run(executor=executor, connections=1, rate=1e9)
    assert report.ok and report.copied == 200
    assert max(len(job.actions) for job in executor.jobs.values()) <= MOST_BYTES // 30_000
    assert sum(len(job.actions) for job in executor.jobs.values()) == 200


@pytest.mark.parametrize("connections", [1, 2, 8])
@pytest.mark.parametrize("most", [10, 60_000, 3_000_000])
def test_how_files_are_divided(connections, most):
    chance = random.Random(most + connections)
    actions = [Action("copy", str(number), chance.randrange(most)) for number in range(500)]
    actions.append(Action("copy", "of unknown size", None))
    groups = list(divided(actions, connections))
    assert sorted(action for group, _ in groups for action in group) == sorted(actions)
    for group, large in groups:
        if large:
            assert len(group) == 1 and (group[0].size is None or group[0].size > MOST_BYTES)
        else:
            assert len(group) <= MOST_FILES and sum(action.size for action in group) <= MOST_BYTES
    alone = [large for _, large in groups]
    assert alone == sorted(alone, reverse=True), "the large ones first"
    if most == 10:
        assert len(groups[1][0]) == min(MOST_FILES, -(-500 // (2 * connections)))


def test_the_rate_is_divided(tmp_path, monkeypatch):
    """Each job is kept to its part, so that all at work together keep to what was said."""
    server, rates, real = TreeServer(FILES, **ANSWERS), [], _jobs._rftplib.Rate

    class Module:
        @staticmethod
        def Rate(rate):
            rates.append(rate)
            return real(rate)

    monkeypatch.setattr(_jobs, "_rftplib", Module)
    with server, Threads(4) as executor:
        site = site_of(server, 3)
        report = plan(site, tmp_path).run(executor=executor, connections=3, rate=3e9)
        site.close()
    assert report.ok, report
    assert {job.rate for job in executor.jobs.values()} == {1e9}
    assert sorted(rates) == [1e9] * len(executor.jobs) + [3e9], "the last one is for what the process itself would copy"


def twice(job):
    first, second = _copy.copy(job), _copy.copy(job)
    assert first == second and all(one.failure is None for one in first), (first, second)
    return second


class Twice:
    """An executor that does each job twice, as a cluster does that has lost a worker."""

    def __init__(self, executor):
        self._executor = executor

    def submit(self, function, job):
        return self._executor.submit(twice, job)


def test_a_job_is_done_twice(tmp_path):
    """Down and up, with the same outcomes and the same files; no part is left."""
    (tmp_path / "there").mkdir()
    files = {"large": LARGE, **{f"f{number}": b"%d" % number for number in range(9)}}
    server = TreeServer(files, **ANSWERS)
    with server, concurrent.futures.ThreadPoolExecutor(1) as executor:
        site = site_of(server, 1)
        report = plan(site, tmp_path / "here").run(executor=Twice(executor), manifest=tmp_path / "sums")
        site.close()
        assert report.ok and report.copied == len(files), report
        assert contents(tmp_path / "here") == files
        assert len(server.asked("RETR")) == 2 * len(files)
    with server_of({}) as server, concurrent.futures.ThreadPoolExecutor(1) as executor:
        site = site_of(server, 1)
        report = plan(tmp_path / "here", site).run(executor=Twice(executor))
        site.close()
        assert report.ok and report.copied == len(files), report
        assert {name: bytes(file.content) for name, file in server.files.items()} == files
        assert len(server.stored) == 2 * len(files)
