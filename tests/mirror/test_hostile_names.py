"""Names and links by which a server, or who can write to the target, would lead a mirror out of it: it stays inside."""

from __future__ import annotations

import json
import os
import shutil

import pytest
import rftplib
from mirror.test_two_runs import server_of
from rftplib.listing import ListingError
from rftplib.mirror import Plan, Refused, _copy, plan
from rftplib.mirror._names import stays_inside, trouble
from rftplib.session import Site
from support.mirror_server import FEAT, TreeServer, listing, send_only
from support.snapshots import contents, snapshot

LARGE = b"x" * ((1 << 20) + 1)
NO_MLSD = FEAT.replace(" MLST type*;size*;modify*;unique*;\r\n", "")

# names that none can be: who lists one isn't believed, whatever `names` says
NO_NAMES = [
    "..", ".", "", "../canary", "../../canary", "/etc/passwd", "/canary", "a/../../canary", "sub/../../canary", "./x",
    "a/b", "a\0b", "..\0",
]  # fmt: skip

# names that mean something to a shell, to a server or to another system; here they are names like others
NAMES = [
    "~", "~root", "-rf", "--", "*", "$HOME", "`id`", "$(id)", "%2e%2e", "%2e%2e%2fcanary", "..%2fx", "..\\canary",
    "C:\\canary", "C:canary", "\\\\host\\share", "con", "nul.txt", "name.", "name ", " name", "...", ".. ", "\u2025",
    "\uff0e\uff0e", "\u202ecod.exe", "\x1b[2Jx", "\x07", "a\tb", "\udcff\udcfe", "e\u0301", "\ufeffx",
]  # fmt: skip

# where links lead to, of the server and planted in the target; those that stay in the target
TARGETS = [
    "/etc", "/", "..", "../..", "../canary", "../../canary", "a/../../canary", "link/../..", "sub/..",
    "../target/../canary", "//etc", "sub/../../canary", "", ".", "./..", "sub", "sub/file", "./sub",
]  # fmt: skip
INSIDE = (".", "sub", "sub/file", "./sub")

POLICIES = ("refuse", "skip", "quote")


@pytest.fixture
def target(tmp_path, monkeypatch):
    """An empty target in a directory that nothing may be changed in."""
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    root = tmp_path / "around" / "target"
    root.mkdir(parents=True)
    for place in (tmp_path, tmp_path / "around"):
        (place / "canary").mkdir()
        for path in ("canary/file", "canary/x", "file", "x"):
            (place / path).write_bytes(b"alive")
    return root


def outside(target):
    """All of the test's directory, without what is in the target."""
    return {
        path: one
        for path, one in snapshot(target.parent.parent).items()
        if not path.startswith("around/target/") and path != "around/target"
    }


def raw(text):
    return text.encode("utf-8", "surrogateescape")


def run(site, target, **options):
    return plan(site, target, delete=True, max_delete=None, **options).run()


class Named(TreeServer):
    """It lists what it is told to, and takes "./name" for "name"."""

    def unknown(self, session):
        session.line = session.line.replace(" ./", " ", 1)
        session.argument = session.line.partition(" ")[2]
        return super().unknown(session)


class Believing(TreeServer):
    """Whatever else it is asked for is there."""

    def unknown(self, session):
        if session.line.startswith(("MLSD ", "RETR ")):
            evil = listing({"canary": b"evil", "file": b"evil"}) if session.line.startswith("MLSD") else b"evil"
            self.data_of.setdefault(session.line.encode("latin-1").decode("utf-8", "surrogateescape"), evil)
        return super().unknown(session)


@pytest.mark.parametrize("names", POLICIES)
@pytest.mark.parametrize("kind", ["file", "dir"])
@pytest.mark.parametrize("name", NO_NAMES, ids=ascii)
def test_what_is_no_name(name, kind, names, target):
    """In the root nothing is copied at all; in a directory nothing of that one, which is told."""
    before = outside(target)
    (target / "sub").mkdir()
    mine = {"sub": None, "sub/mine": b"mine", "old": b"mine"}
    line = b"type=%s;size=4;modify=20200101000000; %s\r\n" % (kind.encode(), raw(name))
    itself = kind == "dir" and name in (".", "..")  # as many servers list them
    for place in ("", "sub"):
        for path in ("old", "sub/mine"):
            (target / path).write_bytes(b"mine")
        server = Believing({"good": b"good", "sub": {"file": b"fine"}})
        with server.site() as site:
            server.data_of[f"MLSD {place}".strip()] += line
            if itself:
                assert run(site, target, names=names).ok
                assert contents(target) == {"good": b"good", "sub": None, "sub/file": b"fine"}
            elif not place:
                with pytest.raises(ListingError):
                    run(site, target, names=names)
                assert contents(target) == mine
            else:
                report = run(site, target, names=names)
                assert [(one.kind, one.path) for one in report.failures] == [("list", "sub")] and report.withheld
                assert contents(target) == {"good": b"good", **mine}
        assert outside(target) == before
    assert not os.path.lexists("/canary")


@pytest.mark.parametrize("names", POLICIES)
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names(name, names, target):
    """They are copied as they are, a file and a directory, and what is in that."""
    before = outside(target)
    tree = {"good": b"good", name: b"fine", name + "d": {"canary": b"fine", name: b"fine"}}
    with Named(tree).site() as site:
        report = run(site, target, names=names)
        assert report.ok, report
        expected = {
            "good": b"good",
            name: b"fine",
            f"{name}d": None,
            f"{name}d/canary": b"fine",
            f"{name}d/{name}": b"fine",
        }
        assert contents(target) == expected
        assert list(plan(site, target, names=names)) == []
    assert outside(target) == before


@pytest.mark.parametrize("names", POLICIES)
def test_a_name_that_is_too_long_is_a_failure_of_its_own(names, target):
    name, before = "x" * 300, outside(target)
    with TreeServer({"good": b"good", name: b"1", name + "d": {"file": b"1"}}).site() as site:
        report = run(site, target, names=names)
    assert sorted((one.kind, one.path) for one in report.failures) == [("copy", name), ("mkdir", name + "d")]
    assert contents(target) == {"good": b"good"} and outside(target) == before


# a name of this disk that no command can have, and one that isn't one in the encoding of the other side
UNUSABLE = [("a\nb", "a%0Ab", {}), ("a\rb", "a%0Db", {}), ("\u0142", None, {"encoding": "latin-1"})]


@pytest.mark.parametrize("names", POLICIES)
@pytest.mark.parametrize("name, quoted, options", UNUSABLE, ids=ascii)
def test_names_that_the_other_side_cant_have(name, quoted, options, names, tmp_path):
    """Refused, left out and told, or quoted where that helps."""
    for path in (name, "plain"):
        (tmp_path / "src" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "src" / path).write_bytes(b"1")
    with server_of({}) as server:
        site = Site(server.url + "/", connections=1, **options)
        if names == "refuse":
            with pytest.raises(Refused, match="names='skip' leaves it out"):
                plan(tmp_path / "src", site, names=names)
            assert not server.files
        else:
            report, told = plan(tmp_path / "src", site, names=names).run(connections=1), []
            if names == "skip" or quoted is None:
                told = [("list", name)]
            assert [(one.kind, one.path) for one in report.failures] == told
            assert set(server.files) == {"plain"} | (set() if told else {quoted})
        site.close()


HERE = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n"
SUB = b"drwxr-xr-x 2 0 0 9 Jan 1 2020 sub\r\n"
FOLDER = b"drwxr-xr-x 2 0 0 9 Jan 1 2020 link\r\n"
FILE = b"-rw-r--r-- 1 0 0 4 Jan 1 2020 file\r\n"


def link_to(to):
    return b"lrwxrwxrwx 1 0 0 9 Jan 1 2020 link -> " + raw(to) + b"\r\n"


def by_list(root):
    """A server without MLSD, with that in its root, and a file in each directory."""
    actions = {
        "LIST -a": send_only(HERE + root),
        "LIST *": send_only(HERE + FILE),
        "RETR *": send_only(b"evil"),
    }
    return TreeServer({}, actions, FEAT=NO_MLSD, SIZE="213 4", MDTM="213 20200101000000")


@pytest.mark.parametrize("links", ["skip", "follow", "copy"])
@pytest.mark.parametrize("to", TARGETS, ids=ascii)
def test_a_link_and_a_directory_of_one_name(to, links, target):
    """wget's CVE-2014-4877: the server lists a link, and a directory of the same name, with files."""
    before = outside(target)
    for root in (link_to(to) + FOLDER, FOLDER + link_to(to)):
        with by_list(root + SUB).site() as site:
            with pytest.raises(Refused, match="'link' is listed twice"):
                run(site, target, links=links)
        assert contents(target) == {} and outside(target) == before


@pytest.mark.parametrize("links", ["skip", "follow", "copy"])
@pytest.mark.parametrize("to", TARGETS, ids=ascii)
def test_a_link_then_files_through_it(to, links, target):
    """First there is a link, in the next run a directory of that name, with a file in it."""
    before = outside(target)
    with by_list(link_to(to) + SUB).site() as site:
        report = run(site, target, links=links)
    made = os.path.islink(target / "link")
    assert made == (links == "copy" and to in INSIDE)
    if made:
        assert os.readlink(target / "link") == to
    if links == "skip":
        assert report.ok and report.skipped == 1 and contents(target) == {"sub": None, "sub/file": b"evil"}
    elif links == "copy":
        assert report.ok == made and (made or [one.path for one in report.failures] == ["link"])
    assert outside(target) == before
    with by_list(FOLDER + SUB).site() as site:
        report = run(site, target, links=links)
    if made or links == "follow":
        assert [(one.path, "in the way" in one.error) for one in report.failures] == [("link", True)]
    else:
        assert report.ok and (target / "link" / "file").read_bytes() == b"evil"
    assert outside(target) == before and not os.path.lexists(target / "file")
    assert (target / "sub" / "file").read_bytes() == b"evil"


@pytest.mark.parametrize("to", [to for to in TARGETS if to], ids=ascii)
@pytest.mark.parametrize("content", [b"evil", LARGE], ids=["small", "large"])
def test_a_link_planted_after_the_plan(content, to, target):
    """Between the plan and its run a directory has become a link: files don't go through it, wherever it leads."""
    before = outside(target)
    sizes = {"SIZE": f"213 {len(content)}", "MDTM": "213 20200102030405"}
    with TreeServer({"link": {"file": content, "deep": {"file": content}}}, **sizes).site() as site:
        for path in ("link/deep", "sub"):
            (target / path).mkdir(parents=True)
        made = plan(site, target)
        assert sorted(one.path for one in made) == ["link/deep/file", "link/file"]
        shutil.rmtree(target / "link")
        (target / "link").symlink_to(to)
        report = made.run()
    assert sorted(one.path for one in report.failures) == ["link/deep/file", "link/file"] and report.copied == 0
    assert contents(target) == {"link": ("link", to), "sub": None} and outside(target) == before


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


def test_a_small_file_without_end(target):
    """It is broken off long before the disk is full."""
    piece = b"x" * 65536

    def endless(session):
        session.say(b"150 here\r\n")
        conn = session.open_data()
        sent = 0
        while sent < 2_000_000_000:
            try:
                session.send(conn, piece)
            except OSError:
                break
            sent += len(piece)
        conn.close()
        assert sent < 1_000_000_000
        session.say(b"426 broken off\r\n")

    with TreeServer({"small": b"1234", "z": b"1"}, {"RETR small": endless}).site() as site:
        report = plan(site, target).run()
    assert [one.path for one in report.failures] == ["small"] and os.listdir(target) == ["z"]


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
    assert len(NO_NAMES) + len(NAMES) + len(UNUSABLE) + len(TARGETS) >= 60


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
