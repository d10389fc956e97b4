"""retrlines, nlst, dir and mlsd: lines split and decoded in bulk where nobody's code runs between two of them."""

from __future__ import annotations

import contextlib
import ftplib
import io
import sys

import pytest
from support.transfers import DONE

NAMES = [f"name {number} \u00e9\u20ac\U0001f600" for number in range(3000)]
WIRE = "".join(name + "\r\n" for name in NAMES).encode()


class MyList(list):
    def append(self, line):
        super().append(line.upper())


def collect(run, data, into=None, encoding="utf-8", **attributes):
    lines = [] if into is None else into
    with run.download(data, encoding=encoding, **attributes) as ftp:
        return run.attempt(ftp.retrlines, "LIST", lines.append), list(lines)


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "latin-1", "ascii", "cp1252", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("way", ["list", "function"])
def test_encodings(same, encoding, way):
    text = "one\r\ntwo \u00e9\u20ac\r\nthree" if encoding not in ("ascii", "latin-1") else "one\r\ntwo\r\nthree"
    data = text.encode(encoding) + (b"\xe9\xff\r\n" if encoding == "latin-1" else b"")
    native = encoding.lower() in ("utf-8", "utf8", "latin-1", "ascii")

    def script(run):
        lines = []
        callback = lines.append if way == "list" else lambda line: lines.append(line)
        with run.download(data, encoding=encoding) as ftp:
            return run.attempt(ftp.retrlines, "LIST", callback), lines

    outcome, lines = same(script, native)
    assert (outcome, lines[0], len(lines)) == (DONE, "one", 3)


@pytest.mark.parametrize("encoding", ["nosuch", "", "utf-8\0", None, 3, "base64"])
def test_encodings_that_are_none(same, encoding):
    def script(run):
        return collect(run, b"abc\r\n", encoding=encoding)

    same(script, native=False)


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\n", b"\r", b"a", b"a\r", b"a\rb\nc\r\nd\n\re\r\r\n\r\n"], ids=repr)
def test_every_kind_of_line_end_received(same, data):
    def script(run):
        return collect(run, data)

    same(script)


@pytest.mark.parametrize("data", [b"ok\r\n\xff\r\nmore\r\n", b"ok\r\n\xc3", b"ok\r\n\xed\xa0\x80\r\n", b"\xe2\x82"])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("start", [b"", WIRE[:20_000]])
def test_what_cannot_be_decoded(same, start, data, encoding):
    start = start if encoding == "utf-8" else start.decode().encode("ascii", "ignore")

    def script(run):
        outcome, lines = collect(run, start + data, encoding=encoding)
        # which lines came before depends on how the bytes came in, and so do the error's bytes
        return outcome[:2], lines[:50]

    assert same(script)[0][1] is UnicodeDecodeError


@pytest.mark.parametrize("excess", [0, 1, 2, 100_000])
@pytest.mark.parametrize("before", [0, 3000])
@pytest.mark.parametrize("letter", ["x", "\u20ac"])
@pytest.mark.parametrize("way", [list, MyList])
def test_a_line_received_near_the_limit(plain, way, letter, before, excess):
    data = "".join(name + "\r\n" for name in NAMES[:before]) + letter * (8191 + excess) + "\r\nnext\r\n"

    def script(run):
        return collect(run, data.encode(), way())

    outcome, lines = plain(script)
    assert len(lines) == (before + 2 if excess == 0 else before)
    assert (outcome == DONE) == (excess == 0)


@pytest.mark.parametrize("limit", [0, 1, 3, True, -1, -2, None, "8192"])
@pytest.mark.parametrize("way", [list, MyList])
def test_odd_limits_of_retrlines(plain, way, limit):
    def script(run):
        return collect(run, b"a\r\nbc\r\ndef\r\n", way(), maxline=limit)

    plain(script)


@pytest.mark.parametrize("limit", [5.0, float("inf"), sys.maxsize, 1 << 70])
@pytest.mark.parametrize("way", [list, MyList])
def test_limits_that_are_refused(plain, way, limit):
    def script(run):
        outcome, lines = collect(run, b"a\r\nbc\r\ndef\r\n", way(), maxline=limit)
        return outcome[:2], lines

    assert plain(script) == (("raised", TypeError if isinstance(limit, float) else OverflowError), [])


@pytest.mark.parametrize("start", [[], ["before"]])
def test_the_list_given_gets_the_lines(same, start):
    def script(run):
        return collect(run, WIRE, list(start))

    assert same(script) == (DONE, start + NAMES)


def test_a_subclass_of_list(same):
    def script(run):
        return collect(run, WIRE, MyList())

    assert same(script) == (DONE, [name.upper() for name in NAMES])


def test_list_append_bound_to_a_subclasss_object(same):
    def script(run):
        lines = MyList()
        with run.download(b"a\r\n") as ftp:
            ftp.retrlines("LIST", list.append.__get__(lines))
        return list(lines)

    assert same(script) == ["a"]


@pytest.mark.parametrize("raised_at", [0, 1, 2999])
def test_what_the_callback_of_retrlines_raises(same, raised_at):
    class Refusal(Exception):
        pass

    def script(run):
        def callback(line):
            if len(lines) == raised_at:
                raise Refusal(line)
            lines.append(line)

        lines = []
        with run.download(WIRE) as ftp:
            conn = ftp.transfercmd("LIST")
            return run.attempt(ftp.retrlines, "LIST", callback)[1:3], lines, conn.fileno()

    assert same(script) == ((Refusal, (NAMES[raised_at],)), NAMES[:raised_at], -1)


def test_a_callback_that_changes_the_limit_of_what_comes(same):
    def script(run):
        lines = []
        with run.download(b"short\r\n" + b"x" * 50 + b"\r\n") as ftp:

            def callback(line):
                lines.append(line)
                ftp.maxline = 20

            return run.attempt(ftp.retrlines, "LIST", callback), lines

    outcome, lines = same(script)
    assert (outcome[1:3], lines) == ((ftplib.Error, ("got more than 20 bytes",)), ["short"])


@pytest.mark.parametrize("way", [list, MyList])
def test_debug_output_of_retrlines(same, way):
    def script(run):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            outcome = collect(run, b"a\r\nb\n\xc3\xa9", way(), debugging=3)
        return outcome, printed.getvalue()

    outcome, printed = same(script)
    assert printed == "*retr* 'a\\n'\n*retr* 'b\\n'\n*retr* '\u00e9'\n*retr* ''\n"


def test_printing_by_default(same, capsys):
    def script(run):
        with run.download(b"a\r\nb\r\n") as ftp:
            return run.attempt(ftp.retrlines, "LIST"), capsys.readouterr().out

    assert same(script) == (DONE, "a\nb\n")


def test_nlst_gives_what_came(same):
    def script(run):
        with run.download(WIRE) as ftp:
            return run.attempt(ftp.nlst)

    assert same(script) == ("returned", NAMES)


def test_dir_with_a_callback(same):
    def script(run):
        lines = []
        with run.download(WIRE) as ftp:
            return run.attempt(ftp.dir, lines.append), lines

    assert same(script) == (("returned", None), NAMES)


def test_lines_are_new_strings_of_exactly_str(same):
    def script(run):
        _, lines = collect(run, b"same\r\nsame\r\n")
        return [type(line) for line in lines], lines

    assert same(script) == ([str, str], ["same", "same"])


@pytest.mark.skipif(not hasattr(sys, "getrefcount"), reason="only CPython counts references")
def test_nothing_holds_the_lines(same):
    def script(run):
        lines = []
        collect(run, b"a line of its own\r\n", lines)
        return sys.getrefcount(lines) - sys.getrefcount([]), sys.getrefcount(lines[0])

    same(script)
