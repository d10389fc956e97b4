"""Names and links by which a server, or who can write to the target, would lead a mirror out of it: it stays inside."""

from __future__ import annotations

import json
import os

import pytest
import rftplib
from mirror.test_two_runs import server_of
from rftplib.mirror import Plan, Refused, _copy, plan
from rftplib.mirror._names import stays_inside, trouble
from rftplib.session import Site
from support.mirror_server import FEAT, TreeServer, listing, send_only
from support.snapshots import snapshot

NO_MLSD = FEAT.replace(" MLST type*;size*;modify*;unique*;\r\n", "")

# what a server may call its files
NAMES = [
    "..", ".", "", "../canary", "../../canary", "/etc/passwd", "/canary", "a/../../canary", "sub/../../canary", "./x",
    "a/b", "a\0b", "..\0", "~", "~root", "-rf", "--", "*", "$HOME", "`id`", "$(id)", "%2e%2e", "%2e%2e%2fcanary",
    "..%2fx", "..\\canary", "C:\\canary", "C:canary", "\\\\host\\share", "con", "nul.txt", "name.", "name ", " name",
    "...", ".. ", "\u2025", "\uff0e\uff0e", "\u202ecod.exe", "\x1b[2Jx", "\x07", "a\tb", "\udcff\udcfe", "e\u0301",
    "\ufeffx", "x" * 300,
]  # fmt: skip

# where links lead to, of the server and planted in the target
TARGETS = [
    "/etc", "/", "..", "../..", "../canary", "../../canary", "a/../../canary", "link/../..", ".", "./..", "sub/..",
    "../target/../canary", "//etc", "", "sub/../../canary",
]  # fmt: skip


@pytest.fixture
def target(tmp_path, monkeypatch):
    """An empty target in a directory that nothing may be changed in."""
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    root = tmp_path / "around" / "target"
    root.mkdir(parents=True)
    (tmp_path / "around" / "canary").mkdir()
    (tmp_path / "around" / "canary" / "file").write_bytes(b"alive")
    (tmp_path / "around" / "file").write_bytes(b"alive")
    return root


def outside(target):
    """All around the target, without what is in it."""
    return {path: one for path, one in snapshot(target.parent).items() if path.split("/")[0] != "target"}


def run(site, target, **options):
    """A mirror, whatever comes of it."""
    try:
        return plan(site, target, delete=True, max_delete=None, **options).run()
    except (rftplib.Error, OSError, EOFError, ValueError):
        return None


def raw(text):
    return text.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("links", ["skip", "follow", "copy"])
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names(name, links, target):
    before = outside(target)
    lines = b"type=file;size=4;modify=20200101000000; " + raw(name) + b"\r\n"
    lines += b"type=dir;modify=20200101000000; " + raw(name) + b"d\r\n"
    actions = {
        "MLSD": send_only(listing({"good": b"good"}) + lines),
        "MLSD *": send_only(listing({"canary": b"evil", "file": b"evil"})),
        "RETR *": send_only(b"evil"),
    }
    with TreeServer({"good": b"good"}, actions).site() as site:
        for names in ("skip", "refuse", "quote"):
            run(site, target, links=links, names=names)
            assert outside(target) == before
    for folder, directories, files in os.walk(target):
        for one in directories + files:
            assert not os.path.islink(os.path.join(folder, one))


@pytest.mark.parametrize("links", ["skip", "follow", "copy"])
@pytest.mark.parametrize("to", TARGETS, ids=ascii)
def test_a_link_then_files_through_it(to, links, target):
    """The server lists a link, and a directory of the same name, with files: wget's CVE-2014-4877."""
    before = outside(target)
    link = b"lrwxrwxrwx 1 0 0 9 Jan 1 2020 link -> " + raw(to) + b"\r\n"
    folder = b"drwxr-xr-x 2 0 0 9 Jan 1 2020 link\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 sub\r\n"
    files = b"-rw-r--r-- 1 0 0 4 Jan 1 2020 file\r\n" + link
    for first in (link + folder, folder + link, link):
        root = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n" + first
        actions = {
            "LIST -a": send_only(root),
            "LIST *": send_only(b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n" + files),
            "RETR *": send_only(b"evil"),
        }
        with TreeServer({}, actions, FEAT=NO_MLSD, SIZE="213 4", MDTM="213 20200101000000").site() as site:
            run(site, target, links=links)
            assert outside(target) == before
            run(site, target, links=links)
            assert outside(target) == before


@pytest.mark.parametrize("to", ["../canary", "..", "/tmp", "."], ids=ascii)
@pytest.mark.parametrize("place", ["sub", "sub/deep"])
def test_links_planted_in_the_target(to, place, target):
    """Neither copies nor deletions go through them."""
    (target / place).parent.mkdir(parents=True, exist_ok=True)
    (target / place).symlink_to(to if place == "sub" else os.path.join("..", to), target_is_directory=True)
    before = outside(target)
    tree = {"a": b"1", "sub": {"canary": b"evil", "file": b"evil", "deep": {"file": b"evil"}}}
    with TreeServer(tree).site() as site:
        report = run(site, target)
        assert report is not None and not report.ok
        assert any("in the way" in one.error for one in report.failures)
    assert outside(target) == before
    assert (target / "a").read_bytes() == b"1"


def test_a_link_planted_after_the_plan(target):
    """Between the plan and its run a directory has become a link: files don't go through it."""
    before = outside(target)
    with TreeServer({"sub": {"file": b"evil", "deep": {"file": b"evil"}}}).site() as site:
        (target / "sub").mkdir()
        made = plan(site, target)
        (target / "sub").rmdir()
        (target / "sub").symlink_to("../canary")
        report = made.run()
    assert not report.ok and outside(target) == before


def test_a_link_that_has_come_since_the_plan_is_neither_replaced_nor_followed(target):
    before = outside(target)
    with TreeServer({"file": b"new"}).site() as site:
        made = plan(site, target)
        (target / "file").symlink_to("../file")
        report = made.run()
    assert [one.path for one in report.failures] == ["file"] and outside(target) == before
    assert (target / "file").is_symlink()


def test_part_names_planted_as_links(target):
    """Whoever knows the name of the part file can't have it lead elsewhere."""
    before = outside(target)
    tree = {"file": b"new", "large": bytes(2_000_000)}
    with TreeServer(tree).site() as site:
        made = plan(site, target)
        seen, opened = [], os.open

        def spy(path, *args, **where):
            seen.append(path)
            return opened(path, *args, **where)

        os.open = spy
        try:
            made.run()
        finally:
            os.open = opened
        parts = {path for path in seen if str(path).endswith(".part")}
        assert len(parts) == 2
        for path in target.iterdir():
            path.unlink()
        for part in parts:
            (target / os.path.basename(part)).symlink_to("../file")
        made = plan(site, target)
        made.run()
    assert outside(target) == before
    assert (target / "file").read_bytes() == b"new"


@pytest.mark.parametrize("line", [
    {"path": "../canary/file"}, {"path": "/etc/passwd"}, {"path": "a/../../canary/file"}, {"path": ""}, {"path": "."},
    {"path": "a//b"}, {"path": "a\0b"}, {"path": 3}, {"path": "x", "origin": "../x"}, {"path": "x", "size": -1},
    {"path": "x", "size": "1"}, {"path": "x", "kind": "format"}, {"path": "x", "other": 1}, {"path": "x", "size": True},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["copy", "delete", "rmdir", "mkdir"])
def test_a_saved_plan_is_not_believed(kind, line, target, tmp_path):
    url = "ftp://user:password@127.0.0.1:1/"
    head = {"rftplib.mirror": 1, "source": "ftp://user:***@127.0.0.1:1", "target": str(target)}
    lines = head, {"kind": kind, **line}, {"end of the plan, lines before": 2}
    (tmp_path / "plan").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    with pytest.raises(ValueError, match="line 2 is no action"):
        Plan.load(tmp_path / "plan", url, target)


def test_a_name_listed_twice_is_refused(target):
    twice = listing({"a": b"1"}) + b"type=file;size=1;modify=20200101000000; a\r\n"
    with TreeServer({}, {"MLSD": send_only(twice)}).site() as site:
        with pytest.raises(rftplib.mirror.Refused, match="listed twice"):
            plan(site, target)


def test_what_a_name_is():
    assert [name for name in ("a", "ü", "...", " x", "a b", "-", "\udcff", "con") if trouble(name, windows=False)] == []
    assert all(trouble(name, windows=False) for name in ("", ".", "..", "a/b", "a\0"))
    assert all(trouble(name, windows=True) for name in ("con", "NUL.txt", "a.", "a ", "a:b", "a\\b", "a\x01", "a?"))
    assert trouble("a\nb", sent=True) and trouble("a\rb", sent=True) and not trouble("a\nb", windows=False)


def test_which_links_stay_inside():
    inside = [("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d"), ("a", "b/c"), ("a", "."), ("a/b", "..")]
    assert all(stays_inside(path, to) for path, to in inside)
    outside = [("a", ".."), ("a", "/b"), ("a/b", "../../c"), ("a", "b/../.."), ("a", "b/.."), ("a", ""), ("a", "b\0")]
    assert not any(stays_inside(path, to) for path, to in outside)


def test_there_are_sixty():
    assert len(NAMES) + len(TARGETS) >= 60


def test_local_links_that_lead_in_a_circle(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "f").write_bytes(b"1")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "sub" / "above").symlink_to("..")
    (tmp_path / "again").symlink_to("sub")
    with TreeServer({}).site() as site:
        made = plan(tmp_path, site, links="follow")
    assert {one.path for one in made.failures} == {"here", "sub/above", "again/above"}
    assert {one.error for one in made.failures} == {"it leads in a circle"}
    assert [one.path for one in made if one.kind == "copy"] == ["f"]


@pytest.mark.parametrize("encoding, errors", [
    ("latin-1", "surrogateescape"), ("latin-1", "replace"), ("ascii", "ignore"), ("utf-8", "strict"),
])  # fmt: skip
def test_names_that_the_encoding_of_the_target_hasnt(encoding, errors, tmp_path):
    """Two of them may be one there. They are names that can't be used, as others are."""
    odd = "\udcff" if encoding == "utf-8" else "\u0142"
    for path in (f"d{odd}/x", odd, "plain"):
        (tmp_path / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "src" / path).write_bytes(b"1")
    with server_of({}) as server:
        site = Site(server.url + "/", encoding=encoding, errors=errors, connections=1)
        with pytest.raises(Refused, match=f"has characters in it that {encoding} hasn't"):
            plan(tmp_path / "src", site)
        for names in ("skip", "quote"):
            report = plan(tmp_path / "src", site, names=names).run(connections=1)
            assert sorted(one.path for one in report.failures) == sorted([f"d{odd}", odd])
            assert set(server.files) == {"plain"}
        plan(tmp_path / "src", server.site, names="skip").save(tmp_path / "plan")
        site.close()
    text = (tmp_path / "plan").read_text()
    for path in ("d\u0142", "\u0142"):
        (tmp_path / "plan").write_text(text.replace('"plain"', json.dumps(path)))
        if encoding != "utf-8":
            with pytest.raises(ValueError, match="no action of a plan"):
                Plan.load(tmp_path / "plan", tmp_path / "src", site)
