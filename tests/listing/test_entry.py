"""Entry: a value."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from unittest import mock

import pytest
from rftplib.listing import Entry, parse

UTC = timezone.utc
WHOLE = dict(
    path="a/b c",
    type="file",
    size=2**64 - 1,
    modified=datetime(2026, 11, 28, 9, 14, 17, 123456, UTC),
    resolution=timedelta(microseconds=1),
    mode=0o4755,
    owner="joe",
    group="staff",
    target="x",
    unique="801",
    facts={"size": "12", "x": "a=b"},
)


def one(line, **keywords):
    (entry,) = parse([line], **keywords)
    return entry


def test_it_has_what_it_is_made_of():
    entry = Entry(**WHOLE)
    assert {name: getattr(entry, name) for name in WHOLE} == WHOLE
    assert entry.name == "b c"
    assert Entry(*WHOLE.values()) == entry


def test_what_is_not_told_is_none():
    entry = Entry("", "other")
    told = {name: getattr(entry, name) for name in WHOLE if name not in ("path", "type", "facts")}
    assert set(told.values()) == {None}
    assert (entry.path, entry.name, entry.type, entry.facts) == ("", "", "other", {})


@pytest.mark.parametrize(
    "path, name",
    [("a", "a"), ("/", ""), ("/a", "a"), ("a/", ""), ("a/\udcff", "\udcff"), ("ü☃\U0001f600", "ü☃\U0001f600")],
)
def test_path_and_name(path, name):
    entry = Entry(path, "file")
    assert (entry.path, entry.name) == (path, name)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, UTC),
    ],
)
def test_any_time_that_python_has(moment):
    assert Entry("a", "file", None, moment).modified == moment


def test_a_time_of_another_zone_is_told_in_utc():
    moment = datetime(2026, 11, 28, 9, 14, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    modified = Entry("a", "file", modified=moment).modified
    assert modified == moment and modified.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "wrong, error",
    [
        (dict(type="File"), ValueError),
        (dict(type=1), TypeError),
        (dict(path=b"a"), TypeError),
        (dict(size=-1), OverflowError),
        (dict(size=2**64), OverflowError),
        (dict(size="12"), TypeError),
        (dict(modified=datetime(2026, 11, 28)), TypeError),
        (dict(modified=5), TypeError),
        (dict(resolution=5), TypeError),
        (dict(owner=5), TypeError),
        (dict(facts=5), TypeError),
        (dict(facts={"a": 5}), TypeError),
        (dict(facts={"a;": "5"}), ValueError),
        (dict(facts={"a=": "5"}), ValueError),
        (dict(facts={"a": "5;"}), ValueError),
        (dict(other=5), TypeError),
    ],
    ids=repr,
)
def test_wrong_parts_are_errors(wrong, error):
    with pytest.raises(error):
        Entry(**{**WHOLE, **wrong})


def test_equality_and_hash():
    entry = Entry(**WHOLE)
    assert entry == Entry(**WHOLE) and hash(entry) == hash(Entry(**WHOLE)) and len({entry, Entry(**WHOLE)}) == 1
    others = dict(path="b", type="dir", size=1, modified=datetime(2026, 11, 28, tzinfo=UTC), resolution=timedelta(1))
    others.update(mode=1, owner="x", group="x", target="y", unique="x", facts={})
    for name, value in others.items():
        assert entry != Entry(**{**WHOLE, name: value}), name
    assert entry != "a/b c" and entry == mock.ANY
    # however it came to be
    line = "type=file;size=3;modify=20200101000000;unix.mode=0644; x"
    assert one(line) == one(line)
    assert one(line) == Entry(
        "x", "file", 3, datetime(2020, 1, 1, tzinfo=UTC), timedelta(seconds=1), 0o644,
        facts={"type": "file", "size": "3", "modify": "20200101000000", "unix.mode": "0644"},
    )  # fmt: skip


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_it_is_the_same(protocol):
    entries = [
        Entry(**WHOLE),
        one("Type=file;;Size=12; a"),
        Entry("a", "dir"),
        one("type=OS.unix=slink:/x;modify=20200101000000.5;UNIX.owner=0; a\udcff"),
    ]
    entries += parse(["lrwxrwxrwx   1 root     other          7 Jan 25 00:17 bin -> usr/bin"])
    assert pickle.loads(pickle.dumps(entries, protocol)) == entries
    assert copy.copy(entries) == entries and copy.deepcopy(entries) == entries


def test_in_another_process():
    program = "import pickle, sys; entry = pickle.load(sys.stdin.buffer); print(entry)"
    done = subprocess.run(
        [sys.executable, "-c", program], input=pickle.dumps(Entry(**WHOLE)), capture_output=True, timeout=60
    )
    assert done.stdout.decode().strip() == repr(Entry(**WHOLE)), done.stderr


def test_it_shows_what_it_is():
    assert repr(Entry("a/ü\n", "dir")) == "Entry('a/\\xfc\\n', 'dir')"
    shown = "Entry('a/b c', 'file', size=18446744073709551615, modified='2026-11-28T09:14:17.123456+00:00')"
    assert repr(Entry(**WHOLE)) == shown


def test_it_can_not_be_changed():
    entry = Entry(**WHOLE)
    for name in (*WHOLE, "name", "other"):
        with pytest.raises(AttributeError):
            setattr(entry, name, 5)
    assert not hasattr(entry, "__dict__")
    entry.facts["size"] = "13"
    assert entry.facts == WHOLE["facts"]
    with pytest.raises(TypeError):
        type("Sub", (Entry,), {})


def test_the_collector_knows_nothing_of_those_that_are_listed():
    entries = list(parse(f"type=file;size={number}; {number}" for number in range(1000)))
    assert not any(map(gc.is_tracked, entries))
    assert sys.getsizeof(entries[0]) < 100
    # and they outlive what they came from, and one another
    kept = entries[500]
    del entries
    gc.collect()
    assert (kept.name, kept.size) == ("500", 500)
