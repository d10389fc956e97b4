"""When something is wrong with the source, nothing is deleted in the target, whatever it is."""

from __future__ import annotations

import os
import socket

import pytest
import rftplib
from rftplib.mirror import Refused, _copy, plan
from rftplib.mirror._guards import withheld
from support.actions import close, reset
from support.mirror_server import FEAT, TreeServer, listing, say, send_and_say, send_only, silence
from support.snapshots import snapshot

TREE = {"a": b"1", "b": b"22", "sub": {"c": b"333", "deep": {"d": b"4444"}}}
SUB = listing(TREE["sub"])
GONE = {"CWD": "550 no such directory", "CWD /here": "250 back"}
NO_MLSD = FEAT.replace(" MLST type*;size*;modify*;unique*;\r\n", "")
UNIX = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 sub\r\n-rw-r--r-- 1 0 0 1 Jan 1 2020 a\r\n"
HERE = b"drwxr-xr-x 2 0 0 1 Jan 1 2020 .\r\n"


def in_the_middle(end):
    """Half of the listing, then an end of the data connection or of both."""

    def action(session):
        session.say(b"150 here it comes\r\n")
        conn = session.open_data()
        session.send(conn, SUB[: len(SUB) // 2])
        if end is reset:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        conn.close()
        end(session)

    return action


def sub(action, **answers):
    return {"actions": {"MLSD sub": action}, **answers}


def sub_is(lines):
    return sub(send_only(listing({"c": b"333"}) + lines))


def by_list(lines, reply="226 done", **answers):
    """A server without MLSD, whose listing of `sub` is that."""
    actions = {
        "LIST -a": send_only(HERE + UNIX),
        "LIST": send_only(HERE + UNIX),
        "LIST -a sub": send_and_say(lines, reply),
        "LIST sub": send_and_say(lines, reply),
    }
    return {"actions": actions, "FEAT": NO_MLSD, **answers}


FAILURES = {
    "426 at the end": sub(send_and_say(SUB, "426 aborted")),
    "425 at the end": sub(send_and_say(SUB, "425 no data connection")),
    "450 at the end": sub(send_and_say(SUB, "450 busy")),
    "451 at the end": sub(send_and_say(SUB, "451 disk")),
    "550 at the end": sub(send_and_say(SUB, "550 gone")),
    "552 at the end": sub(send_and_say(SUB, "552 too much")),
    "no reply that is one": sub(send_and_say(SUB, "what")),
    "550 at once": sub(say("550 no such directory")),
    "550, not allowed": sub(say("550 Permission denied")),
    "450 at once": sub(say("450 busy")),
    "421 at once": sub(say("421 bye")),
    "425 at once": sub(say("425 no data connection")),
    "530 at once": sub(say("530 log in")),
    "553 at once": sub(say("553 no such name")),
    "data lost": sub(in_the_middle(lambda session: session.say(b"426 lost\r\n"))),
    "control lost": sub(in_the_middle(close)),
    "both reset": sub(in_the_middle(reset)),
    "control lost at once": sub(close),
    "no reply": sub(silence),
    "garbage": sub_is(b"garbage\r\n"),
    "half a line": sub_is(b"type=file;si"),
    "a page": sub_is(b"<html><body>Please log in</body></html>\r\n"),
    "a name with slashes": sub_is(b"type=file;size=1; ../../up\r\n"),
    "a name with NUL": sub_is(b"type=file;size=1; a\0b\r\n"),
    "no name": sub_is(b"type=file;size=1; \r\n"),
    "the complaint of ls": sub_is(b"ls: cannot access 'x': No such file or directory\r\n"),
    "226 and nothing": sub(send_only(b""), **GONE),
    "some are left out": sub(send_and_say(SUB, "226-Options: -a -l\r\n226 Output truncated to 10000 matches")),
    "LIST: some are left out": by_list(HERE, "226 Output truncated to 10000 matches"),
    "the root's listing fails": {"actions": {"MLSD": say("450 busy")}},
    "the root isn't there": {"directory": "wrong", "CWD wrong": "550 no such directory"},
    "the root is empty": {"tree": {}},
    "the root has no files": {"tree": {"sub": {}, "other": {}}},
    "the login is refused": {"USER": "530 no"},
    "no data connections": {"actions": {"MLSD *": say("425 no"), "MLSD": say("425 no")}},
    "too deep": {"actions": {"MLSD *": send_only(listing({"a": b"1", "d": {}}))}},
    "in a circle": sub(send_only(b"type=cdir;unique=1; .\r\ntype=dir;unique=1; again\r\n")),
    "LIST: the complaint of ls": by_list(b"ls: cannot access 'sub': No such file or directory\r\n"),
    "LIST: garbage": by_list(HERE + b"garbage\r\n"),
    "LIST: 226, can't be opened": by_list(b"", "226 Transfer done (but failed to open directory)."),
    "a copy fails": {"actions": {"RETR sub/c": say("550 not allowed")}},
    "a copy is short": {"actions": {"RETR sub/c": send_only(b"3")}},
}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_nothing_is_deleted(failure, full, monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    failure = dict(failure)
    directory, tree = failure.pop("directory", ""), failure.pop("tree", TREE)
    before = snapshot(full)
    with TreeServer(tree, **failure).site(directory) as site:
        try:
            report = plan(site, full, delete=True, max_delete=None).run()
        except (rftplib.Error, OSError, EOFError):  # Refused is an Error
            pass
        else:
            assert not report.ok and report.deleted == 0 and report.withheld
            assert any(one.advice and one.error for one in report.failures)
    after = snapshot(full)
    assert {path: one for path, one in before.items() if one[0] == "file"}.items() <= after.items()
    assert before.keys() <= after.keys()


def test_all_the_ways_are_thirty():
    assert len(FAILURES) >= 30


@pytest.mark.parametrize(
    "listed, copied, why",
    [
        (0, 0, None),
        (1, 0, "1 thing couldn't be listed or compared"),
        (0, 1, "1 thing couldn't be copied"),
        (0, 2, "2 things couldn't be copied"),
        (1, 1, "2 things couldn't be listed or compared"),  # or copied; each is told
    ],
)
def test_all_failures_count(listed, copied, why):
    assert withheld([None] * listed, [None] * copied) == (why and f"nothing was deleted, for {why}")


def test_without_a_failure_it_is_deleted(full):
    with TreeServer(TREE).site() as site:
        made = plan(site, full, delete=True, max_delete=None)
        assert [one.path for one in made if one.kind in ("delete", "rmdir")] == [
            "sub/keep", "sub/deep/keep", "other/keep", "keep", "other",
        ]  # fmt: skip
        report = made.run()
    assert report.ok and report.deleted == 5
    assert {path for path, one in snapshot(full).items() if one[0] == "file"} == {"a", "b", "sub/c", "sub/deep/d"}


def test_more_than_allowed_is_refused(full):
    with TreeServer(TREE).site() as site:
        for allowed in (0, 4, 0.5):
            made = plan(site, full, delete=True, max_delete=allowed)
            before = snapshot(full)
            with pytest.raises(Refused, match=r"5 of the target's 7 entries .*max_delete=5 \(--max-delete 5\)"):
                made.run()
            assert snapshot(full) == before
        for allowed in (5, 0.8):
            assert plan(site, full, delete=True, max_delete=allowed).refusal is None


@pytest.mark.parametrize("allowed", [None, 1.0, 10**6])
def test_an_empty_source_is_refused_whatever_is_allowed(full, allowed, pathspec):
    with TreeServer({"empty": {}}).site() as site:
        made = plan(site, full, delete=True, max_delete=allowed)
        with pytest.raises(Refused, match="the source has no files"):
            made.run()
        with pytest.raises(Refused, match="the source has no files"):
            plan(site, full, delete=True, exclude="nothing", max_delete=allowed).run()
    assert (full / "sub" / "deep" / "keep").read_bytes() == b"precious"


@pytest.mark.parametrize("patterns, left_out", [({"exclude": ["a", "b", "/sub/"]}, 3), ({"include": "old"}, 4)])
def test_patterns_that_leave_nothing_of_the_source_are_named(tmp_path, patterns, left_out, pathspec):
    (tmp_path / "old").write_bytes(b"precious")
    with TreeServer(TREE).site() as site:
        refusal = plan(site, tmp_path, delete=True, **patterns).refusal
    assert "1 entry of the target" in refusal
    assert f"the patterns are right (include, exclude), which leave out {left_out} entries, and the source" in refusal


@pytest.mark.parametrize("value", [-1, 1.5, -0.1, True, "5", "10%", float("nan")])
def test_what_max_delete_is(full, value):
    with pytest.raises((ValueError, TypeError), match="max_delete is .* 0.1 is a tenth"):
        plan("ftp://127.0.0.1:1", full, max_delete=value)


def test_off_by_default(full):
    with TreeServer(TREE).site() as site:
        report = plan(site, full).run()
    assert report.ok and report.deleted == 0
    assert (full / "keep").read_bytes() == b"precious"


def test_excluded_things_are_kept(full, pathspec):
    with TreeServer(TREE).site() as site:
        report = plan(site, full, delete=True, max_delete=None, exclude=["/other/", "sub/keep"]).run()
    assert report.ok and report.deleted == 2  # keep, sub/deep/keep
    assert (full / "other" / "keep").exists() and (full / "sub" / "keep").exists()


def test_what_isnt_included_is_kept(full, pathspec):
    (full / "old.txt").write_bytes(b"x")
    with TreeServer({"new.txt": b"1", "new.bin": b"2"}).site() as site:
        report = plan(site, full, delete=True, max_delete=None, include="*.txt").run()
    assert report.ok and report.copied == 1 and report.deleted == 1
    assert not (full / "old.txt").exists() and not (full / "new.bin").exists() and (full / "other" / "keep").exists()


@pytest.mark.parametrize("pattern", ["", ".", "..", "/", "!", "  ", "a/../b", "../x", "#"])
def test_patterns_that_mean_nothing(full, pattern):
    for option in ("include", "exclude"):
        with pytest.raises(ValueError, match=option):
            plan("ftp://127.0.0.1:1", full, **{option: [pattern]})


def test_what_has_changed_since_the_plan_stays(full):
    with TreeServer(TREE).site() as site:
        made = plan(site, full, delete=True, max_delete=None)
        (full / "keep").write_bytes(b"changed meanwhile")
        report = made.run()
    assert [one.path for one in report.failures] == ["keep"]
    assert "has changed since the plan was made" in report.failures[0].error
    assert (full / "keep").read_bytes() == b"changed meanwhile"


def test_links_are_deleted_not_followed(full, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_bytes(b"not ours")
    (full / "to_dir").symlink_to(elsewhere)
    (full / "to_file").symlink_to(elsewhere / "file")
    with TreeServer(TREE).site() as site:
        report = plan(site, full, delete=True, max_delete=None).run()
    assert report.ok
    assert not (full / "to_dir").is_symlink() and not (full / "to_file").is_symlink()
    assert (elsewhere / "file").read_bytes() == b"not ours"


def test_what_a_server_may_take_for_something_else_stays(tmp_path):
    """Some drop the blanks at the end of a command."""
    (tmp_path / "a").write_bytes(b"1")
    os.utime(tmp_path / "a", (1_577_934_245, 1_577_934_245))
    with TreeServer({"a": b"1", "a ": b"2", "b ": b"3"}).site() as site:
        made = plan(tmp_path, site, delete=True, max_delete=None)
    assert [one.path for one in made] == ["b "] and [one.path for one in made.failures] == ["a "]


def test_a_link_of_the_source_spares_what_has_its_name(full):
    tree = listing(TREE) + b"type=OS.unix=slink:elsewhere;size=1; other\r\n"
    with TreeServer(TREE, {"MLSD": send_only(tree)}).site() as site:
        report = plan(site, full, delete=True, max_delete=None).run()
    assert report.ok and (full / "other" / "keep").exists()


LOOKED_UP = b"type=cdir; .\r\ntype=file;size=1;modify=20200102030405; a\r\n"


@pytest.mark.parametrize("now, gone", [
    (send_only(LOOKED_UP + b"type=file;size=1; old\r\n"), False),
    (say("550 Permission denied"), False),
    (send_only(LOOKED_UP), True),
])  # fmt: skip
def test_a_deletion_that_is_refused_is_no_failure_only_if_nothing_is_listed_any_more(now, gone, tmp_path):
    """That the server tells nothing of the path, by MLST, isn't proof. What is gone isn't counted as deleted."""
    (tmp_path / "a").write_bytes(b"1")
    os.utime(tmp_path / "a", (1_577_934_245, 1_577_934_245))
    actions = {"DELE old": say("550 Permission denied"), "MLST old": say("550 Permission denied")}
    server = TreeServer({"a": b"1", "old": b"2"}, actions)
    with server.site() as site:
        made = plan(tmp_path, site, delete=True, max_delete=None)
        del server.data_of["MLSD"]
        server.actions["MLSD *"] = now
        report = made.run()
    assert report.deleted == 0 and report.ok == gone
    assert [one.error for one in report.failures] == ([] if gone else ["550 Permission denied"])


def test_what_lies_in_a_directory_that_is_gone_is_gone(tmp_path):
    (tmp_path / "a").write_bytes(b"1")
    os.utime(tmp_path / "a", (1_577_934_245, 1_577_934_245))
    refused = {command: say("550 No such file") for command in ("DELE sub/old", "RMD sub")}
    server = TreeServer({"a": b"1", "sub": {"old": b"2"}}, {**refused, "LIST -a": send_only(HERE)})
    with server.site() as site:
        made = plan(tmp_path, site, delete=True, max_delete=None)
        del server.data_of["MLSD sub"]
        server.data_of["MLSD"] = LOOKED_UP
        report = made.run()
    assert report.ok and report.deleted == 0


CIRCLE = b"type=file;size=1;modify=20200102030405; f\r\n" + b"".join(
    b"type=dir;modify=20200102030405; %s\r\n" % name for name in (b"a", b"b")
)


def test_links_to_their_own_directory_where_nobody_tells_so(tmp_path):
    """Two of them double what there is with each level: 2 ** 100 directories."""
    server = TreeServer({}, {"MLSD *": send_only(CIRCLE)})
    server.data_of["MLSD"] = CIRCLE
    with server.site() as site:
        made = plan(site, tmp_path, delete=True)
    assert made.failures and {one.error for one in made.failures} == {"it leads in a circle"}
    assert {one.path for one in made} == {"f", "a", "b"}


def test_directories_that_are_alike_are_no_circle(tmp_path):
    tree = {"f": b"1"}
    for _ in range(3):
        tree = {"a": tree, "b": tree}
    with TreeServer(tree).site() as site:
        made = plan(site, tmp_path)
    assert made.failures == () and sum(one.kind == "copy" for one in made) == 8
