"""mlsd: facts parsed with the line before in mind. Every entry is as if it were parsed alone, and the caller's own."""

from __future__ import annotations

import collections
import itertools
import signal

import pytest

FIXED = [
    b"type=file;size=1; a",
    b"type=file;size=2; b",
    b"type=file;size=2; b",
    b"size=3;type=dir; other order",
    b"type=file;size=3;extra=; one more",
    b"type=file; one less",
    b"; no facts at all",
    b"",
    b" ",
    b" name only",
    b"nospace",
    b"nospace;",
    b"type=file;size=4; two spaces ",
    b"type=file;size=4;  leading space",
    b"type=file;size=5; name;with=signs;",
    b"a;b;c; facts without values",
    b"=;==;===x; odd signs",
    b"Size=1;size=2; twice",
    b"size=1;Size=2;x=3; twice",
    b"size=9;Size=8;x=7; twice",
    b"SIZE=1;TYPE=dir; capitals",
    b"size=1;type=dir; no capitals",
    b"Size=2;Type=DIR; some",
    "\u00c4=\u00fc;\u00df=1; \u00e9".encode(),
    "\u00e4=\u00fc;\u00df=2; \u00e9".encode(),
    "\u0130=1;i\u0307=2; lower makes them equal".encode(),
    "K\u212a=1;kk=2; and these".encode(),
    b"type=file;size=6X last character is dropped",
    "type=file;size=6\u20ac whole character".encode(),
    b"type=file;size=7; \ttab",
    b"unique=1;type=OS.unix=slink:/there;size=0; link",
]
COMMON = [
    b"type=%s;size=%d;modify=2026%02d01000000;perm=adfrw; file-%d" % (kind, size, month, size)
    for size, (kind, month) in enumerate(itertools.islice(itertools.product([b"file", b"dir"], range(1, 13)), 24))
]


def listing(run, lines, **attributes):
    with run.download(b"".join(line + b"\r\n" for line in lines), **attributes) as ftp:
        return run.attempt(lambda: [(name, list(facts.items())) for name, facts in ftp.mlsd()])


@pytest.mark.parametrize("line", FIXED, ids=repr)
def test_each_line_alone(plain, line):
    assert plain(lambda run: listing(run, [line]))[0] == "returned"


@pytest.mark.parametrize("first", [COMMON[0], FIXED[3], FIXED[17]], ids=repr)
@pytest.mark.parametrize("second", FIXED, ids=repr)
def test_each_line_between_others(plain, first, second):
    assert len(plain(lambda run: listing(run, [first, second, first, second]))[1]) == 4


def test_a_fact_named_twice_whose_first_value_changes(same):
    """The last one counts, though it is what it was in the line before."""
    lines = [b"size=1;size=9; a", b"size=2;size=9; b", b"Size=3;size=9; c", b"Size=4;size=9; d"]
    assert same(lambda run: listing(run, lines)) == ("returned", [(name, [("size", "9")]) for name in "abcd"])


def test_all_lines_together(same):
    lines = FIXED + COMMON + FIXED[::-1] + COMMON * 40
    assert len(same(lambda run: listing(run, lines))[1]) == len(lines)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_other_encodings(same, encoding):
    lines = [b"Type=file;X=\xe9; \xe4", b"Type=file;X=\xe8; \xf6", b"\xc9=1; \xdf", b"\xc9=2; \xdf"]
    outcome = same(lambda run: listing(run, lines, encoding=encoding), native=encoding != "cp1252")
    assert (outcome[0] == "returned") == (encoding != "ascii")


def test_the_dicts_are_the_callers(same):
    def script(run):
        kept = []
        with run.download(b"".join(line + b"\r\n" for line in COMMON)) as ftp:
            for number, (name, facts) in enumerate(ftp.mlsd()):
                assert type(facts) is dict
                kept.append((name, facts, dict(facts)))
                if number % 3 == 0:
                    facts.clear()
                elif number % 3 == 1:
                    facts["size"] = facts[1] = "mine"
                else:
                    del facts["type"]
        return kept

    kept = same(script)
    assert [before["size"] for _, _, before in kept] == [str(number) for number in range(24)]
    assert len({id(facts) for _, facts, _ in kept}) == 24


def test_nothing_is_sent_before_the_first_entry_is_wanted(same):
    def script(run):
        sent = []
        with run.download(b"type=file; a\r\ntype=dir; b\r\n") as ftp:
            ftp.sendcmd = lambda cmd: sent.append(cmd) or "200 ok"
            entries = ftp.mlsd("path", facts=["type", "size"])
            states = [list(sent)]
            first = next(entries)
            states.append(list(sent))
            # all lines have been collected by now: the object is free for other commands
            return states, first, list(entries), run.attempt(next, entries)[:2]

    states, first, rest, end = same(script)
    assert (states, first) == ([[], ["OPTS MLST type;size;", "TYPE A"]], ("a", {"type": "file"}))
    assert (rest, end) == ([("b", {"type": "dir"})], ("raised", StopIteration))


def test_a_generator_closed_early(same):
    def script(run):
        with run.download(b"type=file; a\r\ntype=dir; b\r\n") as ftp:
            entries = ftp.mlsd()
            first = next(entries)
            entries.close()
            return first, list(entries)

    assert same(script) == (("a", {"type": "file"}), [])


@pytest.mark.parametrize("lines", [[b"a=1; ok", b"\xff"], [b"a=1; ok", b"x" * 9000]], ids=["undecodable", "too long"])
def test_a_bad_line_spoils_the_listing_before_its_first_entry(same, lines):
    def script(run):
        with run.download(b"".join(line + b"\r\n" for line in lines)) as ftp:
            return run.attempt(next, ftp.mlsd())[:3]

    assert same(script)[0] == "raised"


def test_a_retrlines_of_ones_own_feeds_it(same):
    """Subclasses and tests replace retrlines; its callback takes what list.append takes."""

    def script(run):
        class Mine(run.lib.FTP):
            def retrlines(self, cmd, callback=None):
                for line in ("type=file;size=1; a\r\n", "TYPE=file;size=2; b\n\r", "\u00c9=1; \ud800", "x", ""):
                    callback(line)
                return cmd

        return [(name, list(facts.items())) for name, facts in Mine().mlsd("p")]

    from support import transfers

    expected = script(transfers.Run("ftplib", None))
    assert script(transfers.Run("native", None)) == expected
    assert expected[2] == ("\ud800", [("\u00e9", "1")])


def test_debug_output_is_the_same(same, capsys):
    def script(run):
        return listing(run, FIXED[:5], debugging=3), capsys.readouterr().out

    assert same(script)[1].count("*retr*") == 6


def test_a_signal_ends_even_what_takes_all_entries_at_once(plain):
    """deque() and zip() run no Python code between two entries: what looks out for signals there is the listing."""

    class Alarm(Exception):
        pass

    def ring(*_):
        raise Alarm

    lines = COMMON * 20_000

    def script(run):
        with run.download(b"".join(line + b"\r\n" for line in lines)) as ftp:
            entries, taken = ftp.mlsd(), itertools.count(1)
            next(entries)  # all is there now
            before = signal.signal(signal.SIGALRM, ring)
            try:
                with pytest.raises(Alarm):
                    signal.setitimer(signal.ITIMER_REAL, 0.02)
                    collections.deque(zip(taken, entries), maxlen=0)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
            return next(taken) < len(lines)

    assert plain(script)
