"""What goes wrong around the copying: who is told of progress, who does it, and the manifest."""

from __future__ import annotations

import concurrent.futures
import errno
import multiprocessing
import os
import signal
import threading

import pytest
import rftplib
from mirror.test_two_runs import server_of
from rftplib.mirror import _copy, mirror, plan
from support.file_server import cut_after, retr, store, take_only
from support.mirror_server import TIME, TreeServer, say, send_and_say

MOST = 64 << 20
LARGE = b"x" * ((1 << 20) + 1)


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


class Raising:
    """Raises when it is told of the first bytes."""

    def __init__(self, error):
        self.error = error

    def set_size(self, size):
        pass

    def relative_update(self, inc=1):
        raise self.error


@pytest.mark.parametrize("content", [b"1", LARGE], ids=["small", "large"])
@pytest.mark.parametrize("executor", [None, concurrent.futures.ThreadPoolExecutor], ids=["threads", "executor"])
@pytest.mark.parametrize("error", [
    OSError(errno.ENOSPC, "No space left on device"), rftplib.error_perm("550 mine"), KeyboardInterrupt(),
], ids=["OSError", "error_perm", "KeyboardInterrupt"])  # fmt: skip
def test_what_progress_raises_comes_out_as_it_is(error, executor, content, local):
    with TreeServer({"a": content, "b": content}).site() as site:
        made, options = plan(site, local), {"progress": Raising(error)}
        with pytest.raises(type(error)) as caught:
            if executor is None:
                made.run(**options)
            else:
                with executor(1) as lent:
                    made.run(executor=lent, **options)
        assert caught.value is error
    assert not [thread for thread in threading.enumerate() if thread.name == "rftplib-mirror"]
    assert all((local / name).read_bytes() == content for name in os.listdir(local) if not name.endswith(".part"))


def test_progress_that_a_run_can_tell_nothing(local):
    """mirror() lists nothing for it."""
    with TreeServer({"a": b"1"}).site() as site:
        made = plan(site, local)
        with pytest.raises(TypeError, match="an object with set_size"):
            made.run(progress=True)
    with pytest.raises(TypeError, match="an object with set_size"):
        mirror("ftp://127.0.0.1:1", local, progress=True)
    assert not local.exists()


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan"), 10**400, "1", True])
def test_rates_that_make_no_sense(rate, local):
    with TreeServer({"a": b"1"}).site() as site:
        with pytest.raises((ValueError, TypeError), match="rate is"):
            plan(site, local).run(rate=rate)
    assert not local.exists()


def test_an_executor_that_is_shut_down(local):
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.shutdown()
    with TreeServer({"a": b"1", "b": b"2"}).site() as site:
        report = plan(site, local).run(executor=executor)
    assert report.stopped and report.copied == 0
    assert "2 files were not copied: see to the executor and its workers" in str(report)


def die(job):
    os.kill(os.getpid(), signal.SIGKILL)


def test_workers_that_die(local, monkeypatch):
    monkeypatch.setattr(_copy, "copy", die)
    fork = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=fork) as executor:
        with TreeServer({f"f{number}": b"1" for number in range(60)}).site() as site:
            report = plan(site, local, connections=1).run(executor=executor, connections=1)
    told = [one for one in report.failures if one.path.startswith("f")]
    left = 60 - len(told)
    assert told and report.stopped and report.copied == 0
    assert not left or f"{left} files were not copied" in str(report)
    assert all("see to the executor" in one.advice for one in report.failures)


def test_what_an_executor_has_done_by_the_time_of_an_interrupt_is_in_the_report(local, monkeypatch):
    from rftplib.mirror import _executor

    real = _executor.wait

    def interrupted(futures, **options):
        monkeypatch.setattr(_executor, "wait", real)
        real(futures)
        raise KeyboardInterrupt

    monkeypatch.setattr(_executor, "wait", interrupted)
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        with TreeServer({"a": b"1", "b": b"2"}).site() as site, pytest.raises(KeyboardInterrupt) as caught:
            plan(site, local, connections=1).run(executor=executor, connections=1)
    assert caught.value.report.copied == len(os.listdir(local)) > 0 and caught.value.report.stopped


def test_a_large_file_that_is_cut_each_time_fails_in_the_end(local, monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    server, tries = TreeServer({"f": LARGE}, SIZE=f"213 {len(LARGE)}", MDTM=f"213 {TIME}", REST="502 no"), []

    def half(session):
        tries.append(session)
        send_and_say(LARGE[:-1000], "426 lost")(session)

    server.actions["RETR f"] = half
    with server.site() as site:
        del server.data_of["RETR f"]
        server.actions["MLST f"] = say(f"250-here\r\n type=file;size={len(LARGE)};modify={TIME}; f\r\n250 end")
        report = plan(site, local, connections=1).run(connections=1)
    assert [one.path for one in report.failures] == ["f"] and len(tries) == 2


class Told:
    moved = 0

    def set_size(self, size):
        pass

    def relative_update(self, inc=1):
        self.moved += inc


def test_what_is_resumed_is_told_of_once(local, tmp_path, monkeypatch):
    """A large file that is cut again and again, down and up: each attempt that brings something is progress."""
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0))
    data, there = os.urandom(2_000_000), tmp_path / "there"
    there.mkdir()
    (there / "f").write_bytes(data)
    cuts = [cut_after(600_000)] * 3
    with server_of({"f": data}) as server:
        server.replies["RETR"] = lambda session: session.perform(cuts.pop() if cuts else retr())
        progress = Told()
        assert plan(server.site, local).run(progress=progress).ok
        assert len(server.retrieved) == 4
    assert (local / "f").read_bytes() == data and progress.moved == len(data)
    cuts = [take_only(600_000, append=True)] * 2
    with server_of({}, STOR=take_only(600_000)) as server:
        server.replies["APPE"] = lambda session: session.perform(cuts.pop() if cuts else store(append=True))
        progress = Told()
        assert plan(there, server.site).run(progress=progress).ok
        assert bytes(server.files["f"].content) == data and len(server.stored) == 4
    assert progress.moved == len(data)


def endless(server, sent):
    def action(session):
        session.say(b"150 here it comes\r\n")
        conn = session.open_data()
        try:
            while sent[0] < MOST:
                conn.sendall(b"x" * 65536)
                sent[0] += 65536
        except OSError:
            pass
        conn.close()
        session.say(b"226 done\r\n")

    return action


def test_a_small_file_without_end(local):
    """It is broken off soon, and its size looked up again."""
    sent, server = [0], TreeServer({"a": b"1", "f": b"12345", "z": b"3"})
    server.actions["RETR f"] = endless(server, sent)
    server.actions["MLST f"] = say(f"250-here\r\n type=file;size=5;modify={TIME}; f\r\n250 end")
    with server.site() as site:
        del server.data_of["RETR f"]
        report = plan(site, local, connections=1).run(connections=1)
    assert [(one.path, one.error) for one in report.failures] == [("f", "more than the 5 bytes came that are listed")]
    assert sent[0] < MOST and sorted(os.listdir(local)) == ["a", "z"]


@pytest.mark.parametrize("size", [200_000, len(LARGE)])
def test_a_file_that_has_grown_much_is_taken_as_it_is(size, local):
    server = TreeServer({"a": b"1", "f": b"12345", "z": b"3"})
    with server.site() as site:
        made = plan(site, local, connections=1)
        server.data_of["RETR f"] = b"x" * size
        server.actions["SIZE *"] = say(f"213 {size}")
        server.actions["MDTM *"] = say(f"213 {TIME}")
        assert made.run(connections=1).ok
    assert (local / "f").read_bytes() == b"x" * size


@pytest.mark.parametrize("path", ["nowhere/sums", "."])
def test_a_manifest_that_cant_be_written_is_told_before_anything_is_copied(path, local, tmp_path):
    with TreeServer({"a": b"1"}).site() as site:
        with pytest.raises(OSError) as caught:
            plan(site, local).run(manifest=tmp_path / path)
    assert caught.value.filename == str(tmp_path / path)
    assert os.listdir(local) == []


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null")], ids=["fifo", "device"])
def test_a_manifest_in_the_place_of_something_that_is_no_file(make, local, tmp_path):
    """It stays what it is, nothing waits for a reader of the pipe, and it is told before anything is copied."""
    make(tmp_path / "sums")
    before = os.lstat(tmp_path / "sums").st_mode
    with TreeServer({"a": b"1"}).site() as site:
        with pytest.raises(FileExistsError, match="no file") as caught:
            plan(site, local).run(manifest=tmp_path / "sums")
    assert caught.value.filename == str(tmp_path / "sums")
    assert os.lstat(tmp_path / "sums").st_mode == before and os.listdir(local) == []


@pytest.mark.parametrize("when", ["it is hashed", "it is about to be sent"])
def test_a_manifest_has_no_hash_of_a_version_that_wasnt_sent(when, tmp_path, monkeypatch):
    from rftplib.mirror import _digests, _large

    (tmp_path / "source").mkdir()
    file = tmp_path / "source" / "large"
    file.write_bytes(LARGE)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    where, name = (_digests, "sha256") if when == "it is hashed" else (_large, "put_once")
    real = getattr(where, name)

    def meanwhile(*arguments, **keywords):
        found = real(*arguments, **keywords) if when == "it is hashed" else None
        with open(file, "r+b") as opened:
            opened.write(b"changed")
        return found or real(*arguments, **keywords)

    monkeypatch.setattr(where, name, meanwhile)
    with server_of({}) as server:
        report = plan(tmp_path / "source", server.site).run(connections=1, manifest=tmp_path / "sums")
    assert [(one.path, one.error) for one in report.failures] == [("large", "it has changed while it was sent")]
    assert (tmp_path / "sums").read_bytes() == b""


@pytest.mark.parametrize("inside", [True, False])
def test_a_manifest_that_is_a_link_is_written_to_where_it_leads(inside, local, tmp_path):
    local.mkdir()
    (tmp_path / "sums").write_text("older")
    link = (local if inside else tmp_path) / "link"
    link.symlink_to(tmp_path / "sums")
    with TreeServer({"a": b"1"}).site() as site:
        for _ in range(2):
            assert mirror(site, local, delete=True, max_delete=None, manifest=link).ok
    assert link.is_symlink() and (tmp_path / "sums").read_text().endswith("  a\n")
    assert sorted(os.listdir(tmp_path)) == sorted(["local", "sums"] if inside else ["link", "local", "sums"])


def test_a_manifest_that_fails_at_the_end_is_a_failure(local, tmp_path, monkeypatch):
    real = os.replace

    def replace(source, target, **keywords):
        if os.fspath(target) == str(tmp_path / "sums"):
            raise OSError(errno.EACCES, "Permission denied")
        real(source, target, **keywords)

    with TreeServer({"a": b"1"}).site() as site:
        monkeypatch.setattr(os, "replace", replace)
        report = plan(site, local).run(manifest=tmp_path / "sums")
    assert report.copied == 1 and [(one.kind, one.path) for one in report.failures] == [
        ("manifest", str(tmp_path / "sums"))
    ]
    assert sorted(os.listdir(tmp_path)) == ["local"]


def test_a_manifest_in_the_target_is_neither_deleted_nor_counted_and_the_users_files_stay(local):
    local.mkdir()
    (local / "sums.part").write_bytes(b"mine")
    manifest = local / "sums"
    with TreeServer({"a": b"1"}).site() as site:
        assert mirror(site, local, manifest=manifest).ok
        assert (local / "sums.part").read_bytes() == b"mine"
        (local / "sums.part").unlink()
        made = plan(site, local, delete=True, max_delete=0, manifest=manifest)
        assert list(made) == [] and made.refusal is None
        assert mirror(site, local, delete=True, max_delete=0, manifest=manifest).ok
    assert sorted(os.listdir(local)) == ["a", "sums"]


def test_a_directory_that_cant_be_made_is_told_of_once(local):
    tree = {"a": b"1", "in the way": {"b": b"2", "deeper": {"c": b"3", "d": b"4"}}}
    with TreeServer(tree).site() as site:
        planned = plan(site, local)
        local.mkdir()
        (local / "in the way").write_bytes(b"")
        report = planned.run(connections=1)
    assert [(one.kind, one.path) for one in report.failures] == [("mkdir", "in the way")]
    assert report.failures[0].error == "File exists; 3 to be in it are not copied"
    assert (report.copied, sorted(os.listdir(local))) == (1, ["a", "in the way"])
