"""Two trees, compared without a server: why a file is copied, and what is deleted. What is left out hides nothing."""

from __future__ import annotations

import pytest
from rftplib.mirror._compare import Comparison, deletions
from rftplib.mirror._rules import Rules
from rftplib.mirror._tree import Node, Tree

SECOND = 1_000_000
TIME = 1_600_000_000 * SECOND


def tree(nodes):
    made = Tree(Rules(), "refuse", False)
    made.nodes.update(nodes)
    return made


def compared(source, target, *, compare="auto", newer_only=False, keeps_times=True, links="skip", inside=True, **other):
    options = {"compare": compare, "newer_only": newer_only, "keeps_times": keeps_times, "links": links, **other}
    return Comparison(tree(source), tree(target), can_link=lambda path, to: inside, **options)


def file(ahead=0, size=5, resolution=1):
    """`ahead` of TIME, in seconds; None: its time is unknown."""
    return Node("file", size, None if ahead is None else TIME + int(ahead * SECOND), resolution)


LOOSE = {"keeps_times": False}
TOLD = {"remote": True}
BEFORE_1970 = -1_600_000_000 - 5


@pytest.mark.parametrize(
    "source, target, options, reason",
    [
        (file(), file(), {}, None),
        (file(), file(size=6), {}, "size differs"),
        (file(), file(size=None), {}, None),
        (file(size=None), file(), {}, None),
        (file(1), file(), {}, "time differs"),
        (file(), file(1), {}, "time differs"),
        (file(1, resolution=SECOND), file(), {}, "time differs"),
        (file(0.9, resolution=SECOND), file(), {}, None),
        (file(), file(0.9, resolution=SECOND), {}, None),
        # where one of the times isn't known
        (file(None), file(), {}, None),
        (file(), file(None), {}, None),
        (file(None, None), file(), {}, "nothing to compare by"),
        (file(None), file(size=None), {}, "nothing to compare by"),
        (file(None, None), file(size=None), {}, "nothing to compare by"),
        # a target that doesn't keep times: its own are those of the copies
        (file(1), file(), LOOSE, "newer"),
        (file(1, resolution=SECOND), file(), LOOSE, "newer"),
        (file(), file(), LOOSE, None),
        (file(), file(1), LOOSE, None),
        # a server takes none from before 1970
        (file(BEFORE_1970), file(), TOLD, None),
        (file(BEFORE_1970), file(BEFORE_1970 - 1), TOLD, "newer"),
        (file(), file(1), TOLD, "time differs"),
        # by size
        (file(), file(1), {"compare": "size"}, None),
        (file(), file(size=6), {"compare": "size"}, "size differs"),
        (file(size=None), file(), {"compare": "size"}, "size unknown"),
        (file(size=None), file(size=None), {"compare": "size"}, "size unknown"),
        # by time alone
        (file(1), file(), {"compare": "newer"}, "newer"),
        (file(1, resolution=SECOND), file(), {"compare": "newer"}, "newer"),
        (file(), file(), {"compare": "newer"}, None),
        (file(), file(1, size=6), {"compare": "newer"}, None),
        (file(None), file(), {"compare": "newer"}, "newer"),
        # what is newer on the target is left alone
        (file(), file(1, size=6), {"newer_only": True}, None),
        (file(resolution=SECOND), file(1, size=6), {"newer_only": True}, None),
        (file(resolution=SECOND), file(0.9, size=6), {"newer_only": True}, "size differs"),
        (file(1), file(size=6), {"newer_only": True}, "size differs"),
        (file(None), file(size=6), {"newer_only": True}, "size differs"),
    ],
)
def test_why_a_file_is_copied(source, target, options, reason):
    made = compared({"a": source}, {"a": target}, **options)
    assert [action.reason for action in made.actions] == ([] if reason is None else [reason])
    assert made.failures == []


def test_what_an_action_tells():
    """Of a file its size and its time; of other things neither: those of a link are its own."""
    link = Node("link", 4, TIME, target="b")
    made = compared({"a": file(1), "d": Node("dir", 4096, TIME), "l": link}, {"a": file()}, links="copy")
    told = [(action.kind, action.path, action.size, action.modified, action.target) for action in made.actions]
    assert told == [
        ("copy", "a", 5, TIME + SECOND, None),
        ("mkdir", "d", None, None, None),
        ("copy", "l", None, None, "b"),
    ]


def test_a_link_is_compared_by_where_it_leads():
    source = {name: Node("link", target=to) for name, to in (("same", "b"), ("moved", "c"))}
    made = compared(source, {name: Node("link", target="b") for name in source}, links="copy")
    assert [(action.path, action.reason) for action in made.actions] == [("moved", "leads elsewhere")]


@pytest.mark.parametrize("left_out", [Node("link", target="elsewhere"), Node("part"), Node("other")])
def test_what_is_left_out_hides_nothing_behind_it(left_out):
    made = compared({"a": left_out, "b": file(), "c": file()}, {})
    assert [action.path for action in made.actions] == ["b", "c"]
    assert made.skipped == (left_out.kind == "link")


@pytest.mark.parametrize("to, text", [("/etc", "a link that leads elsewhere"), (None, "nobody knows where it leads")])
def test_a_link_that_can_t_be_made(to, text):
    made = compared({"a": Node("link", target=to), "b": file()}, {}, links="copy", inside=False)
    assert [action.path for action in made.actions] == ["b"]
    (failure,) = made.failures
    assert failure.path == "a" and text in failure.error


def test_a_directory_in_the_way_of_a_file_hides_nothing_behind_it():
    source = {"a": Node("dir"), "a/deep": file(), "b": file()}
    made = compared(source, {"a": file()})
    assert [action.path for action in made.actions] == ["b"]
    assert [failure.path for failure in made.failures] == ["a"]


def deleted(source, target, kept=(), **options):
    source, target = tree(source), tree(target)
    target.kept.update(kept)
    return [(action.kind, action.path) for action in deletions(source, target, **options)]


OF_TARGET = {"a": file(), "d": Node("dir"), "d/b": file(), "d/e": Node("dir"), "d/e/c": file()}


def test_what_the_source_hasn_t_is_deleted_the_deepest_first():
    files = [("delete", "d/e/c"), ("delete", "d/b"), ("delete", "a")]
    assert deleted({}, OF_TARGET) == [*files, ("rmdir", "d/e"), ("rmdir", "d")]
    assert deleted(OF_TARGET, OF_TARGET) == []


@pytest.mark.parametrize("kind", ["other", "link", "part"])
def test_what_isn_t_mirrored_from_the_source_isn_t_deleted(kind):
    """Neither is what lies where the source has such a thing."""
    assert deleted({"d": Node(kind)}, OF_TARGET) == [("delete", "a")]


@pytest.mark.parametrize("how", ["kept", "blocked"])
def test_what_is_left_alone_stays_with_all_above_and_below(how):
    options = {how: ["d/e"]}
    assert deleted({}, OF_TARGET, **options) == [("delete", "d/b"), ("delete", "a")]
    assert deleted({}, {**OF_TARGET, "o": Node("other")}, **options) == [("delete", "d/b"), ("delete", "a")]


def test_a_directory_with_something_that_patterns_leave_out_stays():
    files = [("delete", "d/e/c"), ("delete", "d/b"), ("delete", "a")]
    assert deleted({}, OF_TARGET, kept=["d/e/excluded"]) == files
    assert deleted({}, OF_TARGET, kept=["d/excluded"]) == [*files, ("rmdir", "d/e")]


def test_a_name_in_other_letters_may_be_the_copy_that_was_just_made():
    assert deleted({"README": file()}, {"Readme": file(), "other": file()}) == [("delete", "other")]
    both = {"README": file(), "Readme": file()}
    assert deleted({"README": file()}, both) == [("delete", "Readme")]


@pytest.mark.parametrize(
    "modified, stale, goes",
    [(TIME, None, False), (None, TIME, False), (TIME, TIME, False), (TIME, TIME - 1, False), (TIME, TIME + 1, True)],
)
def test_only_parts_that_nobody_writes_any_more_are_deleted(modified, stale, goes):
    parts = {"a.part": Node("part", 5, modified)}
    assert deleted({}, parts, stale=stale) == ([("delete", "a.part")] if goes else [])
