"""What has changed since the plan was made, and what isn't the mirror's, stays."""

from __future__ import annotations

import errno
import os
import socket

import pytest
from mirror.test_two_runs import mlsd, server_of
from rftplib.mirror import Plan, _local, plan
from support.file_server import File, store
from support.mirror_server import TreeServer, listing, say, send_only
from support.snapshots import contents

THEN = 1_577_934_245  # of the files of a TreeServer


def put(path, content, seconds=THEN):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))


@pytest.mark.parametrize("size", [5, 2_000_000], ids=["small", "large"])
@pytest.mark.parametrize("saved", [False, True])
def test_local_files_that_were_changed_or_made_meanwhile(size, saved, tmp_path):
    target, tree = tmp_path / "target", {"changed": bytes(size), "made": bytes(size), "other": b"1"}
    put(target / "changed", b"old")
    answers = {"SIZE": f"213 {size}", "MDTM": "213 20200102030405"}
    with TreeServer(tree, **answers).site() as site:
        made = plan(site, target)
        if saved:
            made.save(tmp_path / "plan")
            made = Plan.load(tmp_path / "plan", site, target)
        put(target / "changed", b"new work", THEN + 50)
        put(target / "made", b"new work", THEN + 50)
        report = made.run()
    assert {one.path: one.error for one in report.failures} == {
        "changed": "it has changed since the plan was made",
        "made": "it has come since the plan was made",
    }
    assert contents(target) == {"changed": b"new work", "made": b"new work", "other": b"1"}


def test_a_plan_can_be_run_again(tmp_path):
    with TreeServer({"a": b"1", "b": b"2"}).site() as site:
        made = plan(site, tmp_path)
        assert made.run().ok and made.run().ok
    assert contents(tmp_path) == {"a": b"1", "b": b"2"}


def test_pipes_sockets_and_parts_stay(tmp_path):
    for number in range(9):
        put(tmp_path / f"f{number}", b"1")
    os.mkfifo(tmp_path / "pipe")
    put(tmp_path / "sub" / ".big.iso.0123456789ab.part", b"half", 1)
    put(tmp_path / "old", b"1")
    with (
        socket.socket(socket.AF_UNIX) as server,
        TreeServer({f"f{number}": b"1" for number in range(9)}).site() as site,
    ):
        here = os.getcwd()
        os.chdir(tmp_path)  # the path of a socket is short
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
        report = plan(site, tmp_path, delete=True).run()
    assert report.ok and report.deleted == 1
    assert {"pipe", "socket", "sub"} < set(os.listdir(tmp_path)) and os.listdir(tmp_path / "sub")


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO])
def test_a_local_directory_that_cant_be_entered_fails_alone(number, tmp_path, monkeypatch):
    real = _local._node

    def node(entry, *others):
        if entry.name == "secret":
            raise OSError(number, os.strerror(number), entry.name)
        return real(entry, *others)

    monkeypatch.setattr(_local, "_node", node)
    for path in ("a", "sub/closed/secret", "sub/b"):
        put(tmp_path / path, b"1")
    with TreeServer({"sub": {"closed": {"old": b"1"}}, "old": b"1"}).site() as site:
        made = plan(tmp_path, site, delete=True, max_delete=None)
        assert [(one.path, one.error) for one in made.failures] == [("sub/closed", os.strerror(number))]
        assert [(one.kind, one.path) for one in made] == [("copy", "a"), ("copy", "sub/b"), ("delete", "old")]
        with pytest.raises(OSError, match=str(tmp_path)):
            plan(tmp_path / "sub" / "closed", site)


def test_a_link_that_is_a_file_by_now_stays(tmp_path):
    put(tmp_path / "a", b"1")
    (tmp_path / "thing").symlink_to("nowhere")
    with TreeServer({"a": b"1"}).site() as site:
        made = plan(site, tmp_path, delete=True)
        (tmp_path / "thing").unlink()
        (tmp_path / "thing").write_bytes(b"precious")
        report = made.run()
    assert [one.path for one in report.failures] == ["thing"] and (tmp_path / "thing").read_bytes() == b"precious"


@pytest.mark.parametrize("patterns", [{"include": "sub/"}, {"include": "*/f"}, {"exclude": "sub"}])
def test_a_link_on_the_server_is_in_the_way_whatever_is_included(patterns, tmp_path, pathspec):
    put(tmp_path / "sub" / "f", b"1")
    lines = listing({}) + b"type=OS.unix=slink:/elsewhere;size=1; sub\r\n"
    with TreeServer({}, {"MLSD": send_only(lines)}).site() as site:
        made = plan(tmp_path, site, **patterns)
    assert list(made) == []
    assert [one.error for one in made.failures] == ["a link is in the way of a directory"] * ("include" in patterns)


def test_what_is_in_a_directory_that_cant_be_listed_isnt_missing(tmp_path):
    put(tmp_path / "sub" / "f", b"1")
    put(tmp_path / "g", b"1")
    with TreeServer({"sub": {}}, {"MLSD sub": say("550 not allowed")}).site() as site:
        made = plan(tmp_path, site)
    assert [one.path for one in made] == ["g"] and [one.path for one in made.failures] == ["sub"]


@pytest.mark.parametrize("year", ["0001", "1601", "1969", "2500", "9999"])
def test_times_that_a_disk_cant_hold(year, tmp_path):
    line = f"type=file;size=1;modify={year}0101000000; a\r\n".encode()
    facts = say(f"250-here\r\n type=file;size=1;modify={year}0101000000; a\r\n250 end")
    with TreeServer({"a": b"1"}, {"MLSD": send_only(line), "MLST a": facts}).site() as site:
        assert plan(site, tmp_path).run().ok
        assert list(plan(site, tmp_path)) == []


def test_times_that_no_server_can_be_told(tmp_path):
    for name, seconds in (("a", -5), ("b", 253_402_300_800)):
        put(tmp_path / name, b"1", seconds)
    with server_of({}) as server:
        assert plan(tmp_path, server.site).run().ok
        assert [one for one in plan(tmp_path, server.site) if one.path == "a"] == []


@pytest.mark.parametrize("size", [1, 1_200_000], ids=["small", "large"])
def test_a_time_before_1970_isnt_asked_for(size, tmp_path):
    """ProFTPD refuses it, which would be a failure."""
    put(tmp_path / "a", b"1" * size, -5)
    with server_of({}, MFMT=b"501 Invalid argument\r\n") as server:
        assert plan(tmp_path, server.site).run().ok
        assert not [line for line, _ in server.lines if line.startswith("MFMT")]


@pytest.mark.parametrize("inner, outer", [("a/b", "a"), ("a", ""), ("/a/b", "/a"), ("/a", "/"), ("a/./b/", "a")])
def test_one_in_the_other(inner, outer):
    inner, outer = (f"ftp://127.0.0.1:1/{path.replace('/', '%2F', path.startswith('/'))}" for path in (inner, outer))
    for ends in ((inner, outer), (outer, inner)):
        with pytest.raises(ValueError, match="lies in the"):
            plan(*ends)


def age(file, content):
    file.content[:], file.seconds = content, file.seconds + 60


def test_files_of_a_server_that_were_changed_or_made_meanwhile(tmp_path):
    for name in ("changed", "made"):
        put(tmp_path / name, b"ours", THEN)
    with server_of({"changed": b"old", "unwanted": b"old", "other": b"old"}) as server:
        made = plan(tmp_path, server.site, delete=True, max_delete=None)
        assert {one.path for one in made} == {"changed", "made", "unwanted", "other"}
        server.files["made"] = type(server.files["other"])(b"theirs")
        age(server.files["changed"], b"theirs")
        report = made.run(connections=1)
        assert {one.path for one in report.failures} == {"changed", "made"} and report.withheld
        left = {name: bytes(file.content) for name, file in server.files.items()}
        assert left == {"changed": b"theirs", "made": b"theirs", "unwanted": b"old", "other": b"old"}

        made = plan(tmp_path, server.site, delete=True, max_delete=None)
        age(server.files["unwanted"], b"new")  # as long as it was
        report = made.run(connections=1)
        assert [(one.path, one.error) for one in report.failures] == [
            ("unwanted", "it has changed since the plan was made")
        ]
        assert set(server.files) == {"changed", "made", "unwanted"}


@pytest.mark.parametrize("size", [5, 2_000_000], ids=["small", "large"])
@pytest.mark.parametrize("onward", [False, True])
@pytest.mark.parametrize("old", [{}, {"f": b"old"}], ids=["missing", "older"])
def test_what_somebody_writes_while_it_is_sent_stays(old, onward, size, tmp_path):
    real = store(append=False)

    def stor(session):
        session.server.files["f"] = File(b"theirs", THEN + 60)
        real(session)

    put(tmp_path / "f", bytes(size), THEN + 120)
    with server_of({"f": bytes(size)}) as source, server_of(old, STOR=stor) as server:
        made = plan(source.site if onward else tmp_path, server.site)
        assert [one.path for one in made] == ["f"]
        report = made.run(connections=1)
        what = "changed" if old else "come"
        assert [one.path for one in report.failures] == ["f"]
        assert report.failures[0].error.startswith(f"it has {what} since the plan was made")
        assert report.copied == 0 and bytes(server.files["f"].content) == b"theirs"


def test_old_parts_on_a_server_are_deleted_new_ones_stay(tmp_path):
    import time

    put(tmp_path / "a", b"1")
    old, new = ([f".{name}.{token}.part" for token in ("0123456789ab", "0123456789abcdef")] for name in "ab")
    with server_of({name: b"1" for name in (*old, *new)}) as server:
        for name in new:
            server.files[name].seconds = int(time.time()) - 3600
        assert plan(tmp_path, server.site, delete=True, max_delete=None).run().ok
        assert set(server.files) == {"a", *new}
        assert [one.path for one in plan(server.site, tmp_path)] == []  # nor are they copied


def renaming(name):
    """An action for RNTO of a server that stores other names than it is told."""

    def action(session):
        session.server.files[name(session.argument.rpartition("/")[2])] = session.server.files.pop(session.renamed)
        session.say(b"250 renamed\r\n")

    return action


@pytest.mark.parametrize("given, stored", [("report ", "report_"), ("x\x01", "x_"), ("README", "readme")])
def test_a_copy_whose_name_the_server_changes(given, stored, tmp_path):
    """Neither is what was copied deleted, nor anything else."""
    put(tmp_path / given, b"precious")
    put(tmp_path / "f", b"1")
    with server_of({"old": b"1"}, RNTO=renaming(lambda name: stored if name == given else name)) as server:
        for _ in range(2):
            report = plan(tmp_path, server.site, delete=True, max_delete=None).run()
            assert [one.path for one in report.failures] == [given] and "doesn't list it" in report.failures[0].error
            assert report.withheld and set(server.files) == {"old", stored, "f"}


@pytest.mark.parametrize("names, change", [
    (("Notes", "notes"), str.lower),
    (("report ", "report_"), lambda name: name.replace(" ", "_")),
    ((" b", "_b"), lambda name: name.replace(" ", "_")),
    (("b..", "b"), lambda name: name.rstrip(".")),
    (("a\tb", "a_b"), lambda name: name.replace("\t", "_")),
], ids=repr)  # fmt: skip
def test_two_names_that_are_one_on_the_server(names, change, tmp_path):
    """One of them may be copied; that the other one isn't is told, and nothing is written over."""
    for name in names:
        put(tmp_path / name, name.encode())
    with server_of({}, RNTO=renaming(change)) as server:
        report = plan(tmp_path, server.site).run()
        assert report.copied <= len(server.files) == 1 and report.copied + len(report.failures) == 2


def test_a_server_that_hides_names_with_a_dot(tmp_path):
    """What it doesn't list isn't a name that it has changed, unless one is to be deleted that could be that."""
    put(tmp_path / ".htaccess", b"1")

    def shown(session):
        hidden = {name: session.server.files.pop(name) for name in list(session.server.files) if name[0] == "."}
        mlsd(session)
        session.server.files.update(hidden)

    with server_of({"old": b"1"}, MLSD=shown) as server:
        assert plan(tmp_path, server.site, delete=True, max_delete=None).run().ok
        assert set(server.files) == {".htaccess"}
        server.files["_htaccess"] = server.files.pop(".htaccess")
        report = plan(tmp_path, server.site, delete=True, max_delete=None).run()
        assert report.withheld and "_htaccess" in server.files
