"""stat() and stat_many(): by MLST, or by SIZE, MDTM and CWD."""

from __future__ import annotations

import ftplib
from datetime import datetime, timezone

import pytest
from rftplib.listing import Entry, ListingError, stat, stat_many
from support.listing_server import Scripted

NO_MLST = {"FEAT": "211-Features:\r\n MDTM\r\n211 End"}
UTC = timezone.utc


@pytest.mark.parametrize(
    "reply",
    [
        "250-here\r\n type=file;size=5;modify=20200101000000; /a/b\r\n250 end",
        "250-here\r\ntype=file;size=5;modify=20200101000000; b\r\n250 end",
        "250-here\r\n250-type=file;size=5;modify=20200101000000; b\r\n250 end",
    ],
)
def test_mlst(module, reply):
    server = Scripted(MLST=reply)
    with server.client(module) as ftp:
        entry = stat(ftp, "a/b")
        assert (entry.path, entry.name, entry.type, entry.size) == ("a/b", "b", "file", 5)
        assert entry.modified == datetime(2020, 1, 1, tzinfo=UTC)
        assert entry.facts["modify"] == "20200101000000"
        assert [stat(ftp, path).path for path in ("", "/", "a/", "with blank")] == ["", "/", "a", "with blank"]
    assert server.asked("MLST") == ["MLST a/b", "MLST", "MLST /", "MLST a/", "MLST with blank"]


@pytest.mark.parametrize(
    "reply", ["250 ok", "250-a\r\n250 b", "250-a\r\n \r\n250 b", "250-a\r\n size=5; x\r\n250 b", "213 5"]
)
def test_a_reply_to_mlst_that_is_not_understood(module, reply):
    with Scripted(MLST=reply).client(module) as ftp:
        with pytest.raises(ftplib.error_proto):
            stat(ftp, "a")
        assert ftp.sendcmd("NOOP") == "200 noop"


def test_each_path_has_its_answer(module):
    found = "250-x\r\n type=%s; x\r\n250 end"
    server = Scripted(**{"MLST a": found % "file", "MLST b": "550 no", "MLST c": "450 later", "MLST d": found % "cdir"})
    with server.client(module) as ftp:
        answers = stat_many(ftp, ["a", "b", "c", "d"])
        assert [type(answer) for answer in answers] == [Entry, ftplib.error_perm, ftplib.error_temp, Entry]
        assert [answer.args for answer in answers[1:3]] == [("550 no",), ("450 later",)]
        assert (answers[0].type, answers[3].type) == ("file", "dir")
        assert stat_many(ftp, []) == []
        with pytest.raises(ftplib.error_perm, match="550 no"):
            stat(ftp, "b")


@pytest.mark.parametrize(
    "answers", [NO_MLST, {"FEAT": "500 no"}, {}], ids=["not in FEAT", "no FEAT", "a FEAT that lies"]
)
def test_without_mlst(module, answers):
    server = Scripted(
        **answers,
        **{"SIZE a": "213 5", "MDTM a": "213 20200101000000.5", "SIZE b": "213 6", "MDTM b": "550 no"},
        **{"SIZE c": "550 no", "MDTM c": "550 no", "SIZE d": "550 not a file", "MDTM d": "550 no", "CWD d": "550 none"},
        **{"SIZE e": "550 no", "MDTM e": "213 20200101000000", "CWD e": "550 not a directory"},
    )
    with server.client(module) as ftp:
        a, b, c, d, e = stat_many(ftp, ["a", "b", "c/", "d", "e"])
    assert (a.path, a.type, a.size, a.modified) == ("a", "file", 5, datetime(2020, 1, 1, 0, 0, 0, 500_000, UTC))
    assert (b.size, b.modified) == (6, None)
    assert (c.path, c.type, c.size) == ("c", "dir", None)
    assert repr(d) == "error_perm('550 not a file')"
    assert (e.type, e.size, e.modified) == ("file", None, datetime(2020, 1, 1, tzinfo=UTC))
    # the current directory is left for no longer than one command takes
    assert server.asked("CWD") == ["CWD c/", "CWD /here", "CWD d", "CWD /here", "CWD e", "CWD /here"]
    assert server.asked("TYPE") == ["TYPE I"]


@pytest.mark.parametrize("refusal", ["550 denied", "450 later"])
def test_no_way_back_is_an_error(module, refusal):
    refused = {"SIZE": "550 no", "MDTM": "550 no", "CWD /here": refusal}
    with Scripted(**NO_MLST, **refused, **{"CWD b": "550 no such"}).client(module) as ftp:
        # not the answer for any of the paths: b was asked for from inside a
        with pytest.raises(ListingError, match=refusal):
            stat_many(ftp, ["a", "b"])
        with pytest.raises(ListingError, match=refusal):
            stat(ftp, "a")
        # who wasn't let in is still here
        assert repr(stat_many(ftp, ["b"])) == "[error_perm('550 no')]"


def test_no_way_back_from_the_directory_above_is_an_error(module):
    server = Scripted({"LIST": b""}, **NO_MLST, SIZE="500 no", MDTM="500 no", **{"LIST -a d": "550 no"})
    server.answers.update({"CWD d/a": "550 no", "CWD /here": "550 denied"})
    with server.client(module) as ftp, pytest.raises(ListingError, match="550 denied"):
        stat_many(ftp, ["d/a"])


def test_a_server_that_knows_nothing_lists(module):
    lines = b"-rw-r--r--   1 0 0 12 Apr  8  1994 a\r\ndrwxr-xr-x   2 0 0 4096 Apr  8  1994 b c\r\n"
    server = Scripted({"LIST": lines}, **NO_MLST, SIZE="500 no", MDTM="502 no", CWD="550 no")
    server.answers.update({"CWD d": "250 ok", "CWD /here": "250 ok"})
    with server.client(module) as ftp:
        found = stat_many(ftp, ["d/a", "d/b", "d"])
    assert (found[0].path, found[0].size) == ("d/a", 12)
    assert isinstance(found[1], ftplib.error_perm)
    assert found[2].type == "dir"


def test_sizes_and_what_is_none(module):
    sizes = {"a": str(2**64 - 1), "b": str(2**64), "c": "-5", "d": "what?", "e": "0"}
    answers = {f"SIZE {name}": f"213 {size}" for name, size in sizes.items()}
    server = Scripted(**NO_MLST, **answers, MDTM="213 20200101000000", CWD="550 no")
    with server.client(module) as ftp:
        assert [entry.size for entry in stat_many(ftp, sizes)] == [2**64 - 1, None, None, None, 0]


def test_mdtm_sets_no_time(module):
    server = Scripted(**NO_MLST, SIZE="213 5", MDTM="213 20200101000000")
    with server.client(module) as ftp:
        stat(ftp, "20210101000000 name")
    assert server.asked("MDTM") == ["MDTM ./20210101000000 name"]
