"""Links by which a server, or who can write to the target, would lead a mirror out of it: it stays inside."""

from __future__ import annotations

import os
import shutil

import pytest
from rftplib.mirror import Refused, plan
from rftplib.mirror._names import stays_inside
from support.mirror_server import FEAT, TreeServer, send_only
from support.snapshots import contents

LARGE = b"x" * ((1 << 20) + 1)
NO_MLSD = FEAT.replace(" MLST type*;size*;modify*;unique*;\r\n", "")

# where links lead to, of the server and planted in the target; those that stay in the target
TARGETS = [
    "/etc", "/", "..", "../..", "../canary", "../../canary", "a/../../canary", "link/../..", "sub/..",
    "../target/../canary", "//etc", "sub/../../canary", "", ".", "./..", "sub", "sub/file", "./sub",
]  # fmt: skip
INSIDE = (".", "sub", "sub/file", "./sub")


def run(site, target, **options):
    return plan(site, target, delete=True, max_delete=None, **options).run()


HERE = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n"
SUB = b"drwxr-xr-x 2 0 0 9 Jan 1 2020 sub\r\n"
FOLDER = b"drwxr-xr-x 2 0 0 9 Jan 1 2020 link\r\n"
FILE = b"-rw-r--r-- 1 0 0 4 Jan 1 2020 file\r\n"


def link_to(to):
    return b"lrwxrwxrwx 1 0 0 9 Jan 1 2020 link -> " + to.encode() + b"\r\n"


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
    for root in (link_to(to) + FOLDER, FOLDER + link_to(to)):
        with by_list(root + SUB).site() as site:
            with pytest.raises(Refused, match="'link' is listed twice"):
                run(site, target, links=links)
        assert contents(target) == {}


@pytest.mark.parametrize("links", ["skip", "follow", "copy"])
@pytest.mark.parametrize("to", TARGETS, ids=ascii)
def test_a_link_then_files_through_it(to, links, target):
    """First there is a link, in the next run a directory of that name, with a file in it."""
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
    with by_list(FOLDER + SUB).site() as site:
        report = run(site, target, links=links)
    if made or links == "follow":
        assert [(one.path, "in the way" in one.error) for one in report.failures] == [("link", True)]
    else:
        assert report.ok and (target / "link" / "file").read_bytes() == b"evil"
    assert not os.path.lexists(target / "file")
    assert (target / "sub" / "file").read_bytes() == b"evil"


@pytest.mark.parametrize("to", [to for to in TARGETS if to], ids=ascii)
@pytest.mark.parametrize("content", [b"evil", LARGE], ids=["small", "large"])
def test_a_link_planted_after_the_plan(content, to, target):
    """Between the plan and its run a directory has become a link: files don't go through it, wherever it leads."""
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
    assert contents(target) == {"link": ("link", to), "sub": None}


@pytest.mark.parametrize("to", ["../canary", "..", "/tmp", "."], ids=ascii)
@pytest.mark.parametrize("place", ["sub", "sub/deep"])
def test_links_planted_in_the_target(to, place, target):
    """Neither copies nor deletions go through them."""
    (target / place).parent.mkdir(parents=True, exist_ok=True)
    (target / place).symlink_to(to if place == "sub" else os.path.join("..", to), target_is_directory=True)
    tree = {"a": b"1", "sub": {"canary": b"evil", "file": b"evil", "deep": {"file": b"evil"}}}
    with TreeServer(tree).site() as site:
        report = run(site, target)
        assert report is not None and not report.ok
        assert any("in the way" in one.error for one in report.failures)
    assert (target / "a").read_bytes() == b"1"


def test_a_link_that_has_come_since_the_plan_is_neither_replaced_nor_followed(target):
    with TreeServer({"file": b"new"}).site() as site:
        made = plan(site, target)
        (target / "file").symlink_to("../file")
        report = made.run()
    assert [one.path for one in report.failures] == ["file"]
    assert (target / "file").is_symlink()


def test_part_names_planted_as_links(target):
    """Whoever knows the name of the part file can't have it lead elsewhere."""
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
    assert (target / "file").read_bytes() == b"new"


def test_which_links_stay_inside():
    inside = [("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d"), ("a", "b/c"), ("a", "."), ("a/b", "..")]
    assert all(stays_inside(path, to) for path, to in inside)
    outside = [("a", ".."), ("a", "/b"), ("a/b", "../../c"), ("a", "b/../.."), ("a", "b/.."), ("a", ""), ("a", "b\0")]
    assert not any(stays_inside(path, to) for path, to in outside)


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
