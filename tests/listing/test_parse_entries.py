"""parse(): the lines of a listing, in whatever format. What each line says is tested beside the parser, in Rust."""

from __future__ import annotations

import ftplib
import time
from datetime import datetime, timedelta, timezone

import pytest
import rftplib
from rftplib.listing import ListingError, parse

UTC = timezone.utc
NOW = datetime(2026, 11, 28, 9, 14, 17, tzinfo=UTC)
UNIX = "-rw-r--r--   1 joe      staff        531 %s name"


def test_each_format():
    lines = [
        "total 12",
        "drwxr-xr-x   2 joe      staff       4096 Nov 28 09:14 .",
        "drwxr-xr-x   2 joe      staff       4096 Nov 28 09:14 ..",
        UNIX % "Nov 28 09:14",
        "",
        "04-27-00  12:09PM       <DIR>          dos",
        "+i8388621.48594,m825718503,r,s280,up644,\teplf",
        "QSYS            77824 02/23/00 15:09:55 *DIR       as400/",
        "VMS.TXT;1   3   2-JUL-2003 10:30:13.64",
        "type=file;size=12;modify=20200101000000; mlsd",
    ]
    names = ["name", "dos", "eplf", "as400", "VMS.TXT;1", "mlsd"]
    assert [entry.path for entry in parse(lines, now=NOW)] == names
    assert [entry.path for entry in parse((line.encode() + b"\r\n" for line in lines), now=NOW)] == names
    assert [entry.size for entry in parse(lines)] == [531, None, 280, None, None, 12]


@pytest.mark.parametrize("offset", [0, 3600, -5 * 3600, 12 * 3600, 19_800])
def test_times_and_the_servers_clock(offset):
    def modified(date, now=NOW):
        (entry,) = parse([UNIX % date], now=now, utc_offset=offset)
        return entry.modified, entry.resolution

    ahead, minute, day = timedelta(seconds=offset), timedelta(minutes=1), timedelta(days=1)
    assert modified("Nov 27 09:14") == (datetime(2026, 11, 27, 9, 14, tzinfo=UTC) - ahead, minute)
    assert modified("Dec 27 09:14") == (datetime(2025, 12, 27, 9, 14, tzinfo=UTC) - ahead, minute)
    assert modified("Dec 27  2001") == (datetime(2001, 12, 27, tzinfo=UTC) - ahead, day)
    december = NOW.replace(month=12)
    assert modified("Dec 27 09:14", december) == (datetime(2026, 12, 27, 9, 14, tzinfo=UTC) - ahead, minute)
    local = NOW.astimezone(timezone(timedelta(hours=-9)))
    assert modified("Nov 27 09:14", local) == modified("Nov 27 09:14")


def test_now_is_now():
    told = time.strftime("%b %d %H:%M", time.gmtime(time.time() - 3600))
    (entry,) = parse([UNIX % told])
    assert timedelta(minutes=59) < datetime.now(UTC) - entry.modified < timedelta(minutes=70)


@pytest.mark.parametrize(
    "line",
    [
        "ls: cannot access 'x': No such file or directory",
        "name",
        "-rw-r--r-- 1 joe staff 531 Nov 28 09:14 a/b",
        "\u2028",
        "\udcff",
    ],
    ids=ascii,
)
def test_a_line_that_is_not_understood_is_an_error_and_named(line):
    lines = [UNIX % "Nov 28 09:14", line]
    with pytest.raises(ListingError) as caught:
        parse(lines)
    assert caught.value.line == line
    assert ascii(line) in str(caught.value)
    assert isinstance(caught.value, rftplib.all_errors) and isinstance(caught.value, ftplib.Error)


def test_a_long_line_is_cut_in_the_message_only():
    with pytest.raises(ListingError) as caught:
        parse(["x" * 100_000])
    assert caught.value.line == "x" * 100_000
    assert len(str(caught.value)) < 400


def test_one_text_is_no_lines():
    for text in ("-rw-r--r--", b"-rw-r--r--"):
        with pytest.raises(TypeError, match="splitlines"):
            parse(text)
    with pytest.raises(TypeError):
        parse(5)
    with pytest.raises((TypeError, AttributeError)):
        parse([5])


@pytest.mark.parametrize(
    "name", ["\udcff\udc80", "ü", "日本", "\U0001f600", "a\x85b", "a\x0bb\x1c", "\x1b[2J", " ", "%s", "{}"], ids=ascii
)
def test_names_come_through(name):
    line = f"type=file;size=1; {name}"
    (entry,) = parse([line])
    assert entry.name == name
    (entry,) = parse([line.encode("utf-8", "surrogateescape")])
    assert entry.name == name
    (entry,) = parse([(UNIX % "Nov 28 09:14").replace("name", name)])
    assert entry.name == name


def test_facts_are_those_of_mlsd():
    (entry,) = parse(["Type=file;;SIZE=12;x=y=z;flag;Ünique=1; a"])
    assert entry.facts == {"type": "file", "size": "12", "x": "y=z", "flag": "", "ünique": "1"}
