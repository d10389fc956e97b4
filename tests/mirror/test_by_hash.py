"""compare="hash", where the time alone is set; and manifests, which have all files in them."""

from __future__ import annotations

import hashlib
import os

import pytest
from mirror.test_since_the_plan import put
from mirror.test_two_runs import server_of
from rftplib.mirror import Plan, mirror, plan
from support.file_server import FEAT, TIME, feat
from support.mirror_server import TreeServer, listing, send_only


def xsha256(session):
    name = session.argument.rpartition("/")[2]
    session.say(f"250 {hashlib.sha256(session.server.files[name].content).hexdigest()}\r\n".encode())


def server_with_hashes(names, feats=FEAT):
    """Each file holds its name."""
    features = feat("MLST type*;size*;modify*;", "XSHA256", *feats)
    return server_of({name: name.encode() for name in names}, FEAT=features, XSHA256=xsha256)


def times(server):
    return {name: file.seconds for name, file in server.files.items()}


def test_a_time_that_no_server_can_be_told_isnt_set(tmp_path):
    for name, seconds in (("a", -100), ("b", TIME + 50), ("c", TIME)):
        put(tmp_path / name, name.encode(), seconds)
    with server_with_hashes("abcd") as server:
        made = plan(tmp_path, server.site, compare="hash", delete=True)
        assert [(one.kind, one.path) for one in made] == [("touch", "b"), ("delete", "d")]
        report = made.run()
        assert report.ok and (report.touched, report.deleted) == (1, 1)
        assert times(server) == {"a": TIME, "b": TIME + 50, "c": TIME}
        assert list(plan(tmp_path, server.site, compare="hash")) == []


def test_a_server_that_cant_be_told_times_any_more(tmp_path):
    put(tmp_path / "a", b"a", TIME + 50)
    with server_with_hashes("a") as server:
        plan(tmp_path, server.site, compare="hash").save(tmp_path / "plan")
    with server_with_hashes("a", ["SIZE"]) as other:
        lines = (tmp_path / "plan").read_text().replace(f":{server.port}", f":{other.port}")
        (tmp_path / "plan").write_text(lines)
        report = Plan.load(tmp_path / "plan", tmp_path, other.site).run()
        assert [(one.kind, one.path, one.error) for one in report.failures] == [
            ("touch", "a", "the server can't be told this time")
        ]


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("up", [False, True])
def test_what_was_changed_meanwhile_doesnt_get_the_time_of_what_it_was(up, saved, tmp_path):
    local = tmp_path / "local"
    for name in "ab":
        put(local / name, name.encode(), TIME - 1000)
    with server_with_hashes("ab") as server:
        sides = (local, server.site) if up else (server.site, local)
        made = plan(*sides, compare="hash")
        if saved:
            made.save(tmp_path / "plan")
            made = Plan.load(tmp_path / "plan", *sides)
        assert [(one.kind, one.path) for one in made] == [("touch", "a"), ("touch", "b")]
        if up:
            server.files["a"].content[:], server.files["a"].seconds = b"x", TIME + 7
        else:
            put(local / "a", b"x", TIME + 7)
        for _ in range(2):  # what has got its time is as it is to be
            report = made.run()
            assert [(one.path, one.error) for one in report.failures] == [
                ("a", "it has changed since the plan was made")
            ]
            assert times(server)["a"] if up else (local / "a").stat().st_mtime == TIME + 7
            assert times(server)["b"] == (local / "b").stat().st_mtime


@pytest.mark.parametrize("verify", ["hash", "auto"])
@pytest.mark.parametrize("size", [5, 2_000_000], ids=["small", "large"])
@pytest.mark.parametrize("onward", [False, True])
def test_a_source_that_tells_another_hash(onward, size, verify, tmp_path):
    """Wherever it goes to."""
    replies = {"FEAT": feat("MLST type*;size*;modify*;", "XSHA256", *FEAT)}
    with server_of({"f": bytes(size)}, XSHA256=b"250 " + 64 * b"0" + b"\r\n", **replies) as server:
        with server_with_hashes("") as other:
            target = other.site if onward else tmp_path / "local"
            report = plan(server.site, target).run(verify=verify, connections=1)
            assert [one.path for one in report.failures] == ["f"] and "should be 000" in report.failures[0].error
            assert report.copied == 0
            assert not other.files if onward else not (tmp_path / "local" / "f").exists()


@pytest.mark.parametrize("lacks", ["source", "target"])
def test_a_server_without_hashes_is_refused_before_anything_is_copied(lacks):
    """The message names it, and says what else can be had."""
    with server_of({"f": b"f"}) as without, server_with_hashes("a") as having:
        source, target = (without, having) if lacks == "source" else (having, without)
        made = plan(source.site, target.site)
        before = dict(target.files)
        with pytest.raises(ValueError, match="offers no hash .*verify='auto' or 'size' .--verify auto") as caught:
            made.run(verify="hash", connections=1)
        assert str(caught.value).startswith(made.source.site.url if lacks == "source" else made.target.site.url)
        assert target.files == before and source.happened.count("RETR") == 0
        assert made.run(verify="auto", connections=1).ok


def test_a_server_without_hashes_whose_directory_is_still_to_be_made(tmp_path):
    put(tmp_path / "f", b"f", TIME)
    with server_of({}, MLST=b"550 no such directory\r\n", CWD=b"550 no such directory\r\n") as server:
        made = plan(tmp_path, f"{server.url}/new")
        with pytest.raises(ValueError, match="offers no hash"):
            made.run(verify="hash")
        assert "MKD" not in server.happened


@pytest.mark.parametrize("up", [False, True])
def test_a_manifest_has_files_whose_time_alone_was_set(up, tmp_path):
    local, sums = tmp_path / "local", tmp_path / "sums"
    for name in "abc":
        put(local / name, name.encode(), TIME - 1000 if name == "b" else TIME)
    with server_with_hashes("abc") as server:
        sides = (local, server.site) if up else (server.site, local)
        report = mirror(*sides, compare="hash", manifest=sums)
        assert report.ok and report.touched == 1
    found = [line.split() for line in sums.read_text().splitlines() if line[0] != "#"]
    assert found == [[hashlib.sha256(name.encode()).hexdigest(), name] for name in "abc"]


def test_a_manifest_without_a_local_side_is_refused_before_anything_is_done(tmp_path):
    """What isn't copied could not be hashed, and would be missing in it."""
    pytest.importorskip("fsspec")
    with TreeServer({"a": b"1"}).site() as site:
        with pytest.raises(ValueError, match="a local directory"):
            mirror(site, "memory://by-hash", manifest=tmp_path / "sums")
        made = plan(site, "memory://by-hash")
        with pytest.raises(ValueError, match="a local directory"):
            made.run(manifest=tmp_path / "sums")
        assert [one.path for one in plan(site, "memory://by-hash")] == ["a"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("before", [None, "elsewhere"])
@pytest.mark.parametrize("meanwhile", ["a file", "a link", "the same link"])
def test_links_that_have_come_or_changed_since_the_plan_was_made(before, meanwhile, tmp_path):
    source = b"type=OS.unix=slink:a;modify=20200102030405; link\r\n"
    local = tmp_path / "local"
    put(local / "a", b"1")
    if before is not None:
        (local / "link").symlink_to(before)
        os.utime(local / "link", (TIME, TIME), follow_symlinks=False)
    with TreeServer({}, {"MLSD": send_only(listing({"a": b"1"}) + source)}).site() as site:
        made = plan(site, local, links="copy")
        assert [one.path for one in made] == ["link"]
        if before is not None:
            (local / "link").unlink()
        if meanwhile == "a file":
            (local / "link").write_bytes(b"precious")
        else:
            (local / "link").symlink_to("theirs" if meanwhile == "a link" else "a")
        report = made.run()
        if meanwhile == "the same link":
            assert report.ok
            return
        what = "come" if before is None else "changed"
        assert [one.error for one in report.failures] == [f"it has {what} since the plan was made"]
        found = local / "link"
        assert os.readlink(found) == "theirs" if meanwhile == "a link" else found.read_bytes() == b"precious"
        found.unlink()
        report = mirror(site, local, links="copy")
        assert report.ok and report.copied == 1 and os.readlink(found) == "a"
        assert sorted(os.listdir(local)) == ["a", "link"]


@pytest.mark.parametrize("size", [1000, 1_200_000], ids=["small", "large"])
@pytest.mark.parametrize("refused", [True, False])
def test_a_time_that_the_server_refuses_is_a_failure_of_each_file(size, refused, tmp_path):
    """For the next run would copy it again; it has arrived all the same."""
    put(tmp_path / "a", b"x" * size, TIME + 50)
    with server_of({}, **({"MFMT": b"550 not yours\r\n"} if refused else {})) as server:
        report = mirror(tmp_path, server.site)
        assert {name: bytes(file.content) for name, file in server.files.items()} == {"a": b"x" * size}
        assert (server.files["a"].seconds == TIME + 50) == (not refused)
    told = [(one.kind, one.path, one.error) for one in report.failures]
    assert told == ([("touch", "a", "the server doesn't set its time: 550 not yours")] if refused else [])
