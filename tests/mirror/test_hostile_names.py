"""Names by which a server or a saved plan would lead a mirror out of its target: nothing around that is touched."""

from __future__ import annotations

import json
import os

import pytest
import rftplib
from mirror.test_hostile_links import TARGETS, run
from mirror.test_two_runs import server_of
from rftplib.listing import ListingError
from rftplib.mirror import Plan, Refused, plan
from rftplib.mirror._names import quoted, trouble
from rftplib.session import Site
from support.mirror_server import TreeServer, listing, send_only
from support.snapshots import contents

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

POLICIES = ("refuse", "skip", "quote")


def raw(text):
    return text.encode("utf-8", "surrogateescape")


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
    assert not os.path.lexists("/canary")


@pytest.mark.parametrize("names", POLICIES)
@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_odd_names_are_copied_as_they_are(name, names, target):
    """They are copied as they are, a file and a directory, and what is in that."""
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


@pytest.mark.parametrize("names", POLICIES)
def test_a_name_that_is_too_long_is_a_failure_of_its_own(names, target):
    name = "x" * 300
    with TreeServer({"good": b"good", name: b"1", name + "d": {"file": b"1"}}).site() as site:
        report = run(site, target, names=names)
    assert sorted((one.kind, one.path) for one in report.failures) == [("copy", name), ("mkdir", name + "d")]
    assert contents(target) == {"good": b"good"}


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


@pytest.mark.parametrize("line", [
    {"path": "../canary/file"}, {"path": "/etc/passwd"}, {"path": "a/../../canary/file"}, {"path": ""}, {"path": "."},
    {"path": "a//b"}, {"path": "a\0b"}, {"path": 3}, {"path": "x", "origin": "../x"}, {"path": "x", "size": -1},
    {"path": "x", "size": "1"}, {"path": "x", "kind": "format"}, {"path": "x", "other": 1}, {"path": "x", "size": True},
])  # fmt: skip
@pytest.mark.parametrize("kind", ["copy", "delete", "rmdir", "mkdir"])
def test_a_saved_plan_is_not_believed(kind, line, target):
    url = "ftp://user:password@127.0.0.1:1/"
    head = {"rftplib.mirror": 1, "source": "ftp://user:***@127.0.0.1:1", "target": str(target)}
    lines = head, {"kind": kind, **line}, {"end of the plan, lines before": 2}
    (target / "plan").write_text("".join(f"{json.dumps(one)}\n" for one in lines))
    with pytest.raises(ValueError, match="line 2 is no action"):
        Plan.load(target / "plan", url, target)


@pytest.mark.parametrize("origin", ["../canary/file", "/etc/passwd", "a/../../canary/file", "", ".", "a//b", "a\0b"])
def test_a_saved_plan_sends_nothing_from_elsewhere(origin, target):
    """Of a disk, where no command has to be made of it, it is what is read."""
    url = "ftp://user:password@127.0.0.1:1/"
    head = {"rftplib.mirror": 1, "source": str(target), "target": "ftp://user:***@127.0.0.1:1"}
    for one, believed in (("b", True), (origin, False)):
        lines = head, {"kind": "copy", "path": "a", "origin": one}, {"end of the plan, lines before": 2}
        (target / "plan").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        if believed:
            assert [action.origin for action in Plan.load(target / "plan", target, url)] == ["b"]
        else:
            with pytest.raises(ValueError, match="line 2 is no action"):
                Plan.load(target / "plan", target, url)


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
    assert not any(trouble(name, windows=True) for name in ("a", "a b", " a", "a.b", "console", "com10", "\u00fc"))


FOR_WINDOWS = [("a:b", "a%3Ab"), ("a\x01", "a%01"), ("a.", "a%2E"), ("a ", "a%20"), ("con", "%63on"), ("a b", "a b")]


@pytest.mark.parametrize("windows, name, wanted", [
    *((False, name, wanted) for name, wanted in [("a/b", "a%2Fb"), ("a\r", "a%0D"), ("50%", "50%25"), ("..", ".%2E"),
                                                 (".", "%2E"), ("a:b.", "a:b."), ("con", "con"), ("a b ", "a b ")]),
    *((True, name, wanted) for name, wanted in FOR_WINDOWS),
])  # fmt: skip
def test_what_a_name_is_quoted_as(windows, name, wanted):
    """What the other side can have, and no two of them are the same."""
    assert quoted(name, windows) == wanted
    assert trouble(wanted, sent=True, windows=windows) is None


def test_there_are_sixty_with_the_links():
    assert len(NO_NAMES) + len(NAMES) + len(UNUSABLE) + len(TARGETS) >= 60


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
