"""Ctrl-C wherever the run may be: what is at work is ended and waited for, and nothing half is left."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time

import pytest
from rftplib.mirror import _local, _local_part, _run, _threads, mirror, plan
from support.actions import fall_silent
from support.mirror_server import TreeServer

PATIENCE = 60
WORKER, LISTER = "rftplib-mirror", "rftplib-mirror-list"


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


@pytest.fixture
def server():
    """One that falls silent in the middle of the file b."""

    def half(session):
        session.say(b"150 here\r\n")
        session.send(session.open_data(), b"half")
        server.note("half")
        fall_silent(session)

    server = TreeServer({"a": b"1", "b": b"half and half", "c": b"3"}, {"RETR b": half})
    return server


def alive(name):
    return [thread for thread in threading.enumerate() if thread.name == name]


def interrupted(made):
    """The report of a run that ends by Ctrl-C; no thread is at work afterwards."""
    with pytest.raises(KeyboardInterrupt) as caught:
        made.run()
    assert not alive(WORKER)
    assert caught.value.report.stopped
    return caught.value.report


def in_start(monkeypatch, server, name=WORKER, note="half"):
    """When the thread has begun, and start() waits to hear of that."""
    start = threading.Thread.start

    def interrupted(self):
        start(self)
        if self.name == name:
            server.wait_for(note)
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)


def before_the_start(monkeypatch, server):
    """Before there is a thread at all."""
    start = threading.Thread.start

    def interrupted(self):
        if self.name == WORKER:
            raise KeyboardInterrupt
        start(self)

    monkeypatch.setattr(threading.Thread, "start", interrupted)


def in_get(monkeypatch, server):
    """While the results are waited for."""

    class Queue(queue.SimpleQueue):
        def get(self, *arguments, timeout=None, **options):
            if timeout is not None and threading.current_thread() is threading.main_thread():
                server.wait_for("half")
                raise KeyboardInterrupt
            return super().get(*arguments, timeout=timeout, **options)

    monkeypatch.setattr(_threads.queue, "SimpleQueue", Queue)


@pytest.mark.parametrize("place", [in_start, before_the_start, in_get], ids=lambda place: place.__name__)
def test_among_the_threads(place, server, local, monkeypatch):
    with server.site(seconds=PATIENCE) as site:
        made = plan(site, local)
        place(monkeypatch, server)
        interrupted(made)
        server.let_go()
    assert [name for name in os.listdir(local) if name.endswith(".part")] == []
    assert "b" not in os.listdir(local)


def test_ctrl_c_in_a_run(server, local):
    """It ends at once, and there is nothing half."""

    def interrupt():
        server.wait_for("half")
        os.kill(os.getpid(), signal.SIGINT)

    with server.site(seconds=PATIENCE) as site:
        made, thread = plan(site, local), threading.Thread(target=interrupt)
        thread.start()
        began = time.monotonic()
        interrupted(made)
        thread.join()
        assert time.monotonic() - began < PATIENCE / 2
        server.let_go()
    assert os.listdir(local) == []


def test_what_a_thread_itself_raises(local, monkeypatch):
    """A handler of signals, say, that somebody calls there."""

    def take(self, job, outcomes):
        raise KeyboardInterrupt

    monkeypatch.setattr(_run.Run, "_take", take)
    with TreeServer({"a": b"1"}).site() as site:
        interrupted(plan(site, local))


def test_a_slow_disk_is_waited_for(server, local, monkeypatch):
    discard = _local_part.Part.discard

    def slow(self):
        if not self.file.closed:
            time.sleep(0.8)
        discard(self)

    monkeypatch.setattr(_local_part.Part, "discard", slow)
    with server.site(seconds=PATIENCE) as site:
        made = plan(site, local)
        in_get(monkeypatch, server)
        interrupted(made)
        server.let_go()
    assert [name for name in os.listdir(local) if name.endswith(".part")] == []


def test_a_second_one_ends_at_once(server, local, monkeypatch):
    join, discard, go_on = threading.Thread.join, _local_part.Part.discard, threading.Event()

    def hang(self):
        go_on.wait(PATIENCE)
        discard(self)

    def interrupt(self, timeout=None):
        if self.name == WORKER:
            raise KeyboardInterrupt
        join(self, timeout)

    with server.site(seconds=PATIENCE) as site:
        made = plan(site, local)
        in_get(monkeypatch, server)
        monkeypatch.setattr(_local_part.Part, "discard", hang)
        monkeypatch.setattr(threading.Thread, "join", interrupt)
        with pytest.raises(KeyboardInterrupt):
            made.run()
        (worker,) = alive(WORKER)
        go_on.set()
        join(worker, PATIENCE)
        server.let_go()
    assert not worker.is_alive()


def test_while_directories_are_made(local, monkeypatch):
    mkdir = _local.Folders.mkdir

    def interrupt(self, path):
        mkdir(self, path)
        if path == "e":
            raise KeyboardInterrupt

    monkeypatch.setattr(_local.Folders, "mkdir", interrupt)
    with TreeServer({"a": b"1", "d": {}, "e": {}, "f": {}}).site() as site:
        report = interrupted(plan(site, local))
    assert (report.made, report.copied) == (1, 0) and sorted(os.listdir(local)) == ["d", "e"]


def test_while_deletions_run(full, monkeypatch):
    delete = _local.Folders.delete

    def interrupt(self, action):
        if action.path == "other/keep":
            raise KeyboardInterrupt
        return delete(self, action)

    monkeypatch.setattr(_local.Folders, "delete", interrupt)
    with TreeServer({"a": b"1"}).site() as site:
        report = interrupted(plan(site, full, delete=True, max_delete=None))
    assert report.copied == 1 and report.deleted == 2  # those in sub
    assert (full / "keep").exists() and (full / "other" / "keep").exists()


def test_while_it_lists(local, monkeypatch):
    """The thread ends, though the server says nothing more."""
    server = TreeServer({"a": b"1"}, {"MLSD": lambda session: (server.note("silent"), fall_silent(session))})
    in_start(monkeypatch, server, LISTER, "silent")
    with server.site(seconds=PATIENCE) as site:
        with pytest.raises(KeyboardInterrupt):
            mirror(site, local)
        for thread in alive(LISTER):
            thread.join(PATIENCE / 2)
        assert not alive(LISTER)
        server.let_go()
    assert not local.exists()
