"""Plans as values: what is compared, how a plan is saved, and what is said before anything is done."""

from __future__ import annotations

import errno
import json
import os

import pytest
from rftplib.mirror import Action, Plan, plan
from servers.demo import serving
from support.mirror_server import TreeServer, listing, say, send_only
from support.snapshots import contents

THEN = 1_577_934_245  # of the files of a TreeServer
TIME = 1_600_000_000
TREE = {"a": b"1", "sub": {"c": b"333", "\udcff\u2603": b"odd"}}


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


def put(root, path, content, seconds=THEN):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    os.utime(root / path, (seconds, seconds))


def copied(made):
    return {one.path: one.reason for one in made if one.kind == "copy"}


def test_what_differs(local):
    tree = {name: b"xx" for name in ("same", "older", "newer", "longer", "missing")}
    for name, content, seconds in (
        ("same", b"xx", THEN),
        ("older", b"xx", THEN - 5),
        ("newer", b"xx", THEN + 5),
        ("longer", b"xxx", THEN),
    ):
        put(local, name, content, seconds)
    with TreeServer(tree).site() as site:
        assert copied(plan(site, local)) == {
            "older": "time differs", "newer": "time differs", "longer": "size differs", "missing": "missing",
        }  # fmt: skip
        assert set(copied(plan(site, local, compare="size"))) == {"longer", "missing"}
        assert set(copied(plan(site, local, compare="newer"))) == {"older", "missing"}
        assert set(copied(plan(site, local, newer_only=True))) == {"older", "longer", "missing"}
        with pytest.raises(ValueError, match="no hash"):
            plan(site, local, compare="hash")


@pytest.mark.parametrize("ahead, same", [(0, True), (0.9, True), (-0.9, True), (1.0, False), (-1.0, False)])
def test_times_of_a_second(ahead, same, local):
    put(local, "a", b"1", THEN + ahead)
    with TreeServer({"a": b"1"}).site() as site:
        assert (copied(plan(site, local)) == {}) == same


@pytest.mark.parametrize("ahead, same", [(0, True), (59, True), (-59, True), (60, False), (-61, False)])
def test_times_of_a_minute(ahead, same, local):
    """A server without MLSD and MDTM tells minutes."""
    from datetime import datetime, timedelta, timezone

    then = datetime.now(timezone.utc).replace(second=0, microsecond=0) - timedelta(days=20)
    line = f"-rw-r--r-- 1 0 0 1 {then:%b} {then.day} {then:%H:%M} a\r\n".encode()
    here = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n"
    put(local, "a", b"1", then.timestamp() + ahead)
    actions = {"LIST -a": send_only(here + line), "MLSD": say("500 what?")}
    with TreeServer({}, actions, FEAT="502 no").site() as site:
        assert (copied(plan(site, local)) == {}) == same


def test_where_times_cant_be_set_an_upload_is_compared_by_which_is_newer(local):
    put(local, "a", b"1", THEN - 100)
    put(local, "sub/c", b"333", THEN + 100)
    with TreeServer({"a": b"1", "sub": {"c": b"333"}}).site() as site:
        assert copied(plan(local, site)) == {"sub/c": "newer"}


@pytest.mark.parametrize("patterns, found", [
    ({"include": "*.txt"}, {"a.txt", "d/b.txt", "d/e/c.txt"}),
    ({"include": ["/a.txt", "d/e/"]}, {"a.txt", "d/e/c.txt", "d/e/c.bin"}),
    ({"exclude": "d/"}, {"a.txt", "a.bin"}),
    ({"exclude": ["*.txt", "!d/b.txt"]}, {"a.bin", "d/b.txt", "d/b.bin", "d/e/c.bin"}),
    ({"include": "*.txt", "exclude": "e"}, {"a.txt", "d/b.txt"}),
    ({"exclude": "/d/*.bin"}, {"a.txt", "a.bin", "d/b.txt", "d/e/c.txt", "d/e/c.bin"}),
])  # fmt: skip
def test_patterns(patterns, found, local, pathspec):
    tree = {"a.txt": b"", "a.bin": b"", "d": {"b.txt": b"", "b.bin": b"", "e": {"c.txt": b"", "c.bin": b""}}}
    with TreeServer(tree).site() as site:
        assert plan(site, local, **patterns).run().ok
    assert {path for path, one in contents(local).items() if one is not None} == found


def test_a_plan_forth_and_back(local, tmp_path):
    put(local, "old", b"1")
    with TreeServer(TREE).site() as site:
        made = plan(site, local, delete=True, max_delete=1.0)
        made.save(tmp_path / "plan")
        loaded = Plan.load(tmp_path / "plan", site, local)
        assert list(loaded) == list(made) and len(loaded) == 5
        assert (loaded.failures, loaded.refusal, loaded.size) == (made.failures, made.refusal, made.size)
        assert b"password" not in (tmp_path / "plan").read_bytes()
        assert all(isinstance(json.loads(line), dict) for line in (tmp_path / "plan").read_text().splitlines())
        with pytest.raises(ValueError, match="the plan's target is"):
            Plan.load(tmp_path / "plan", site, tmp_path)
        report = loaded.run()
        assert report.ok and report.deleted == 1 and report.copied == 3
        again = loaded.run()
        assert again.ok and again.deleted == 0  # it was gone already
        assert list(plan(site, local)) == []
    assert (local / "sub" / "\udcff\u2603").read_bytes() == b"odd"


@pytest.mark.parametrize("way", ["down", "up"])
@pytest.mark.parametrize("loaded", [False, True])
def test_a_plan_that_is_run_again_goes_on(way, loaded, tmp_path):
    """What is there is copied again if it isn't what was planned, or may be what was there before."""
    source, target, saved = tmp_path / "source", tmp_path / "target", tmp_path / "plan"
    for number, side in enumerate((source, target)):
        side.mkdir()
        (side / "same time").write_bytes(b"%d" % number)
        os.utime(side / "same time", (TIME,) * 2)
    for name in "abc":
        (source / name).write_bytes(name.encode())
        os.utime(source / name, (TIME,) * 2)
    os.utime(source / "b", (TIME + 60,) * 2)
    (target / "b").write_bytes(b"-")
    (source / "d").mkdir()
    with serving(target if way == "up" else source) as server:
        sides = [source, server.url] if way == "up" else [server.url, target]
        made = plan(*sides)
        reasons = {"a": "missing", "b": "time differs", "c": "missing", "d": "missing"}
        assert {action.path: action.reason for action in made} == reasons
        if loaded:
            made.save(saved)
            made.run()
            made = Plan.load(saved, *sides)
        else:
            done = made.run()
            assert (done.copied, done.made) == (3, 1)
        (target / "c").unlink()
        report = made.run(manifest=tmp_path / "sums")
        assert (report.ok, report.copied, report.made) == (True, 1, 0)
        assert contents(target) == {"a": b"a", "b": b"b", "c": b"c", "d": None, "same time": b"1"}
        assert sum(line[:1] != "#" for line in (tmp_path / "sums").read_text().splitlines()) == 4
        again, anew = (done._replace(seconds=0) for done in (made.run(), plan(*sides).run()))
        assert str(again) == str(anew)  # nothing to do


def test_a_saved_plan_doesnt_mind_where_the_password_comes_from(local, tmp_path):
    with TreeServer(TREE) as server:
        saved, url = tmp_path / "plan", f"ftp://user%s@127.0.0.1:{server.port}/"
        plan(url % ":secret", local).save(saved)
        assert len(Plan.load(saved, url % "", local)) == len(Plan.load(saved, url % ":other", local)) == 4
        with pytest.raises(ValueError, match="the plan's source is"):
            Plan.load(saved, (url % "").replace("user", "somebody"), local)


def test_a_refusal_is_saved_too(local, tmp_path):
    put(local, "x/old", b"1")
    with TreeServer(TREE).site() as site:
        made = plan(site, local, delete=True, max_delete=0)
        made.save(tmp_path / "plan")
        assert Plan.load(tmp_path / "plan", site, local).refusal == made.refusal is not None


@pytest.mark.parametrize("text", ["", "{}", "[]", "nonsense", '{"rftplib.mirror": 2}', '{"kind": "copy", "path": "a"}'])
def test_what_is_no_plan(text, local, tmp_path):
    (tmp_path / "plan").write_text(text)
    with pytest.raises(ValueError):
        Plan.load(tmp_path / "plan", "ftp://127.0.0.1:1", local)


@pytest.mark.parametrize("sides, message", [
    (("a", "b"), "neither the source, 'a', nor the target, 'b', is the URL of a server"),
    (("http://me:secret@h/a", "me:secret@h/b"), r"the source, 'http://\*\*\*@h/a', nor the target, '\*\*\*@h/b', is"),
    (("ftp://h/a", "ftp://h/a"), "the same directory"),
    (("", "ftp://h/a"), "the source: a path is a str, and not empty, not ''"),
    (("ftp://h/a", b"b"), "the target: a path is a str, and not empty, not b'b'"),
    (("ftp://", "b"), "the source: .* names a host"),
    (("ftp://h", "ftp://h:x"), "the target: the port in the URL"),
])  # fmt: skip
def test_sides_that_make_no_sense(sides, message):
    with pytest.raises(ValueError, match=message):
        plan(*sides)


@pytest.mark.parametrize("options", [{"compare": "x"}, {"links": "x"}, {"names": True}])
def test_options_that_make_no_sense(options, local):
    with pytest.raises(ValueError):
        plan("ftp://127.0.0.1:1", local, **options)


@pytest.mark.parametrize("option", ["include", "exclude"])
@pytest.mark.parametrize("patterns", [5, [5], b"a"])
def test_patterns_that_are_none(option, patterns, local):
    with pytest.raises(TypeError, match=option):
        plan("ftp://127.0.0.1:1", local, **{option: patterns})


def test_nothing_is_changed_by_a_plan(local):
    with TreeServer(TREE).site() as site:
        assert [str(one) for one in plan(site, local)][:2] == ["copy   a (1 bytes): missing", "mkdir  sub: missing"]
        assert Action("copy", "\x1b[2J", 1, "missing").path not in str(Action("copy", "\x1b[2J", 1, "missing"))
    assert not local.exists()


def test_something_else_in_the_way(local):
    put(local, "sub", b"a file where a directory is to be")
    (local / "a").mkdir(parents=True)
    with TreeServer(TREE).site() as site:
        made = plan(site, local, delete=True, max_delete=None)
        assert {one.path: one.error for one in made.failures} == {
            "a": "a directory is in the way of a file", "sub": "a file is in the way of a directory",
        }  # fmt: skip
        report = made.run()
        assert not report.ok and report.withheld is None and "in the way" in str(report)


def test_links_of_a_server(local):
    lines = listing({"a": b"1"}) + b"type=OS.unix=slink:a;size=1; in\r\ntype=OS.unix=slink:/etc;size=1; out\r\n"
    with TreeServer({"a": b"1"}, {"MLSD": send_only(lines)}).site() as site:
        assert copied(plan(site, local)) == {"a": "missing"}
        made = plan(site, local, links="copy")
        assert copied(made) == {"a": "missing", "in": "missing"}
        assert [one.path for one in made.failures] == ["out"]
        made.run()
        assert os.readlink(local / "in") == "a" and not os.path.lexists(local / "out")
        assert copied(plan(site, local, links="copy")) == {}


def test_skipped_links_are_counted(local, tmp_path):
    lines = listing({"a": b"1"}) + b"type=OS.unix=slink:a;size=1; in\r\ntype=OS.unix=slink:a;size=1; too\r\n"
    with TreeServer({"a": b"1"}, {"MLSD": send_only(lines)}).site() as site:
        made = plan(site, local)
        assert made.skipped == 2
        made.save(tmp_path / "plan")
        report = Plan.load(tmp_path / "plan", site, local).run()
        assert report.ok and report.skipped == 2 and str(report).endswith("\n2 links skipped")
        assert plan(site, local, links="copy").skipped == 0


def test_two_names_for_one_file(local, monkeypatch):
    from rftplib.mirror import Refused, _local

    monkeypatch.setattr(_local.Local, "folds", lambda self: True)
    with TreeServer({"Readme": b"1", "README": b"2"}).site() as site:
        with pytest.raises(Refused, match="one name on the target"):
            plan(site, local)


def test_another_spelling_isnt_deleted_before_both_are_seen(local):
    """On a disk, or a server, that takes upper and lower case for the same, it is the copy."""
    put(local, "README", b"1", THEN - 5)
    put(local, "other", b"1")
    with TreeServer({"Readme": b"1", "a": b"1"}).site() as site:
        made = plan(site, local, delete=True)
        assert [one.path for one in made if one.kind == "delete"] == ["other"] and made.run().ok
        made = plan(site, local, delete=True)
        assert [(one.kind, one.path) for one in made] == [("delete", "README")] and made.run().ok
    assert sorted(os.listdir(local)) == ["Readme", "a"]


def test_names_that_a_server_cant_be_asked_for(local):
    put(local, "good", b"1")
    put(local, "line\nend", b"2")
    from rftplib.mirror import Refused

    with TreeServer({}).site() as site:
        with pytest.raises(Refused, match="names='skip'"):
            plan(local, site)
        made = plan(local, site, names="skip")
        assert list(copied(made)) == ["good"] and [one.path for one in made.failures] == ["line\nend"]
        made = plan(local, site, names="quote")
        assert [(one.path, one.origin) for one in made] == [("good", None), ("line%0Aend", "line\nend")]


def saved(tmp_path, site, local, change):
    """A plan as plan() saves it, with its lines, the last one included, as `change` makes them."""
    plan(site, local).save(tmp_path / "plan")
    lines = [json.loads(line) for line in (tmp_path / "plan").read_text().splitlines()]
    change(lines)
    (tmp_path / "plan").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path / "plan"


@pytest.mark.parametrize("change, line", [
    (lambda lines: lines[1].update(path="../evil"), 2),
    (lambda lines: lines[1].update(path=None), 2),
    (lambda lines: lines[1].update(path="\ud800"), 2),
    (lambda lines: lines[1].update(origin="a\r\nDELE b"), 2),
    (lambda lines: lines[1].update(path="a\nDELE b"), 2),
    (lambda lines: lines[2].update(modified=10**24), 3),
    (lambda lines: lines[1].update(size=10**40), 2),
    (lambda lines: lines[1].update(size=-1), 2),
    (lambda lines: lines[1].update(size=True), 2),
    (lambda lines: lines[1].update(kind=None), 2),
    (lambda lines: lines[1].update(kind="touch", modified=None), 2),
    (lambda lines: lines[1].update(reason=3), 2),
    (lambda lines: lines[1].update(more=3), 2),
    (lambda lines: lines[1].update(kind="same", path="../x"), 2),
    (lambda lines: lines[0].update(failures=[{"x": 1}]), 1),
    (lambda lines: lines[0].update(failures=3), 1),
    (lambda lines: lines[0].update(refusal=3), 1),
])  # fmt: skip
def test_a_plan_that_was_edited_is_told_with_file_and_line(change, line, local, tmp_path):
    with TreeServer(TREE).site() as site:
        path = saved(tmp_path, site, local, change)
        with pytest.raises(ValueError, match=f"{path}, line {line} is no "):
            Plan.load(path, site, local)


def test_a_line_end_in_a_name_is_no_matter_of_a_local_target_alone(local, tmp_path):
    local.mkdir()
    with TreeServer({}).site() as site:
        plan(local, site).save(tmp_path / "plan")
        lines = (tmp_path / "plan").read_text().splitlines()
        lines[1:] = ['{"kind": "delete", "path": "a\\nDELE b"}', lines[-1].replace(": 1}", ": 2}")]
        (tmp_path / "plan").write_text("\n".join(lines) + "\n")
        with pytest.raises(ValueError, match="line 2 .*line end"):
            Plan.load(tmp_path / "plan", local, site)


def test_a_plan_that_is_cut_off_anywhere_is_no_plan(local, tmp_path):
    with TreeServer(TREE).site() as site:
        plan(site, local).save(tmp_path / "plan")
        whole = (tmp_path / "plan").read_bytes()
        ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
        for end in {*ends[:-1], *range(0, len(whole), 7)}:
            (tmp_path / "plan").write_bytes(whole[:end])
            with pytest.raises(ValueError, match=str(tmp_path / "plan")):
                Plan.load(tmp_path / "plan", site, local)
        (tmp_path / "plan").write_bytes(whole)
        assert len(Plan.load(tmp_path / "plan", site, local)) == 4


def test_a_line_that_was_taken_out_of_a_plan(local, tmp_path):
    """The number in the last line has to be changed as well: the message says what to."""
    with TreeServer(TREE).site() as site:
        plan(site, local).save(tmp_path / "plan")
        lines = (tmp_path / "plan").read_text().splitlines(keepends=True)
        del lines[1]
        (tmp_path / "plan").write_text("".join(lines))
        with pytest.raises(ValueError, match=r"tells of 5 lines before it, and there are 4; .* write 4 there"):
            Plan.load(tmp_path / "plan", site, local)
        (tmp_path / "plan").write_text("".join(lines).replace('before": 5', 'before": 4'))
        assert [one.path for one in Plan.load(tmp_path / "plan", site, local)] == ["sub", "sub/c", "sub/\udcff\u2603"]


def test_a_saved_plan_is_its_owners(local, tmp_path):
    (tmp_path / "plan").touch(0o644)
    with TreeServer(TREE).site() as site:
        plan(site, local).save(tmp_path / "plan")
    assert (tmp_path / "plan").stat().st_mode & 0o777 == 0o600


def test_a_plan_that_cant_be_written_leaves_the_older_one(local, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "plan").write_text("older")
    with TreeServer(TREE).site() as site:
        made = plan(site, local)
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left") as caught:
            made.save(tmp_path / "plan")
    assert caught.value.filename == str(tmp_path / "plan")
    assert os.listdir(tmp_path) == ["plan"] and (tmp_path / "plan").read_text() == "older"


def test_a_plan_is_written_to_a_pipe(local, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with TreeServer(TREE).site() as site, open(reader, "rb") as file:
        plan(site, local).save(tmp_path / "pipe")
        assert file.read().startswith(b'{"rftplib.mirror"')


@pytest.mark.parametrize("password", ["TOPSECRET", "TOP@SECRET", "TOP:SECRET"])
def test_passwords_of_other_urls_are_masked(password):
    pytest.importorskip("fsspec")
    with TreeServer(TREE).site() as site:
        made = plan(site, f"memory://key:{password}@bucket/x")
    assert str(made.target) == "memory://key:***@bucket/x" and "SECRET" not in repr(made)
