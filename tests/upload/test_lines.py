"""storlines: lines made in bulk from BytesIO and real files, one by one from all else; the same bytes and positions."""

from __future__ import annotations

import io
import itertools

import pytest
from support.transfers import DONE

# More than the 64 KiB that are read at once, lines of all lengths and ends, none like the next.
LINES = [b"%d:" % number + b"x" * (number % 97) for number in range(1600)]
ENDS = itertools.cycle([b"\n", b"\n", b"\r\n", b"\n"])
TEXT = b"".join(line + end for line, end in zip(LINES, ENDS))
WIRE = b"".join(line + b"\r\n" for line in LINES)
LONG = b"y" * 8191


def bytesio(run, content):
    return io.BytesIO(content)


def file(run, content):
    return open(run.path(content=content), "rb")


def updatable(run, content):
    return open(run.path(content=content), "r+b")


def tiny_buffer(run, content):
    return open(run.path(content=content), "rb", 10)


def unbuffered(run, content):
    return open(run.path(content=content), "rb", 0)


class Subclass(io.BytesIO):
    """Gives the same, but not known to."""


def subclass(run, content):
    return Subclass(content)


def lines_for(source):
    """How many of LINES: byte by byte, as an unbuffered file is read, many take long."""
    return 300 if source is unbuffered else len(LINES)


every_source = pytest.mark.parametrize("source", [bytesio, file, updatable, tiny_buffer, unbuffered, subclass])


def send(run, fp, *args, **attributes):
    with run.upload(**attributes) as ftp:
        result = run.attempt(ftp.storlines, "STOR x", fp, *args)
    return result, run.arrived


@every_source
@pytest.mark.parametrize("text", [b"", b"\n", b"one", TEXT, TEXT + b"unfinished"], ids=["", "n", "one", "long", "open"])
def test_all_lines(same, source, text):
    if source is unbuffered:
        text = text[-20_000:]

    def script(run):
        with source(run, text) as fp:
            return send(run, fp), fp.tell(), fp.read(), fp.tell()

    (outcome, sent), end, rest, _ = same(script)
    assert (outcome, end, rest) == (DONE, len(text), b"")
    assert sent.replace(b"\r\n", b"\n").rstrip(b"\n") == text.replace(b"\r\n", b"\n").rstrip(b"\n")


@every_source
def test_every_kind_of_line_end_sent(same, source):
    def script(run):
        with source(run, b"a\r\nb\nc\rd\n\re\r\r\nf\n\n\r\r\n\r\ng\r") as fp:
            return send(run, fp)

    assert same(script) == (DONE, b"a\r\nb\r\nc\rd\r\n\re\r\r\nf\r\n\r\n\r\r\n\r\ng\r\n")


@every_source
@pytest.mark.parametrize("read_before", [3, 70_000])
def test_from_where_the_file_stands(same, source, read_before):
    def script(run):
        with source(run, TEXT) as fp:
            fp.read(read_before)
            return send(run, fp), fp.tell()

    (outcome, sent), end = same(script)
    assert (outcome, end) == (DONE, len(TEXT))
    assert sent and WIRE.endswith(sent)


# Alone with every end; behind more than is read at once with one
NEAR = [(0, end, excess) for end in (b"\n", b"\r\n", b"") for excess in (0, 1, 2, 3, 100_000)]
NEAR += [(1500, b"\n", excess) for excess in (0, 2, 100_000)]


@every_source
@pytest.mark.parametrize("lines_before, end, excess", NEAR)
def test_a_line_sent_near_the_limit(plain, source, lines_before, end, excess):
    """maxline counts the line's end; the file stands where readline(maxline + 1) has left it."""
    before = TEXT[:0].join(line + b"\n" for line in LINES[: min(lines_before, lines_for(source))])
    text = before + LONG[:8190] + b"z" * excess + end + b"next\n"

    def script(run):
        with source(run, text) as fp:
            fp.read(0)
            return send(run, fp), fp.tell(), fp.readline(20)

    (outcome, sent), end_of, _ = plain(script)
    if outcome == DONE:
        assert end_of == len(text)
    else:
        assert end_of == len(before) + 8193
        assert sent == before.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("limit", [0, 1, 3, True, -1, -2, 1 << 70, None, "8192", 5.0, float("inf")])
@pytest.mark.parametrize("source", [bytesio, file, unbuffered])
def test_odd_limits_of_storlines(plain, source, limit):
    def script(run):
        with source(run, b"a\nbc\ndef\n") as fp:
            return send(run, fp, maxline=limit), fp.tell()

    plain(script)


@every_source
def test_the_callback_sees_each_line_as_sent(same, source):
    sent = WIRE.splitlines(True)[: lines_for(source)]
    text = b"".join(TEXT.splitlines(True)[: len(sent)])

    def script(run):
        seen = []
        with source(run, text) as fp:
            return send(run, fp, seen.append), seen, fp.tell()

    outcome, seen, end = same(script)
    assert (outcome, seen, end) == ((DONE, b"".join(sent)), sent, len(text))


@every_source
def test_what_the_callback_of_storlines_raises(same, source):
    class Refusal(Exception):
        pass

    def script(run):
        def callback(line):
            if len(seen) == 5:
                raise Refusal("no")
            seen.append(line)

        seen = []
        with source(run, TEXT) as fp:
            return send(run, fp, callback), seen, fp.tell()

    (outcome, sent), seen, _ = same(script)
    assert (outcome[1], sent, seen) == (Refusal, b"".join(WIRE.splitlines(True)[:6]), WIRE.splitlines(True)[:5])


def test_a_callback_that_changes_the_limit_of_what_is_sent(same):
    def script(run):
        with run.upload() as ftp:
            outcome = run.attempt(ftp.storlines, "STOR x", io.BytesIO(TEXT), lambda line: setattr(ftp, "maxline", 10))
        return outcome, run.arrived

    assert same(script)[0][0] == "raised"


# ---------------------------------------------------------------------------------- whoever replaces a part is heard


class Shouting(io.BytesIO):
    def readline(self, size=-1):
        return super().readline(size).upper()


class ShoutingReader(io.BufferedReader):
    def readline(self, size=-1):
        return super().readline(size).upper()


class ShoutingFile(io.FileIO):
    def readinto(self, buffer):
        count = super().readinto(buffer)
        buffer[:count] = bytes(buffer[:count]).upper()
        return count


@pytest.mark.parametrize("way", ["memory", "reader", "below"])
def test_subclasses(same, way):
    def script(run):
        path = run.path(content=b"a line\n")
        make = {
            "memory": lambda: Shouting(b"a line\n"),
            "reader": lambda: ShoutingReader(io.FileIO(path)),
            "below": lambda: io.BufferedReader(ShoutingFile(path)),
        }[way]
        with make() as fp:
            return send(run, fp)

    assert same(script) == (DONE, b"A LINE\r\n")


@pytest.mark.parametrize("source", [file, updatable, unbuffered, bytesio])
def test_an_instances_own_readline(same, source):
    """How people show progress."""

    wire = b"".join(WIRE.splitlines(True)[: lines_for(source)])

    def script(run):
        asked = []
        with source(run, wire) as fp:
            below = fp.readline
            fp.readline = lambda size: asked.append(size) or below(size).upper()
            return send(run, fp), set(asked)

    assert same(script) == ((DONE, wire.upper()), {8193})


@pytest.mark.parametrize("name", ["read", "seek", "tell"])
@pytest.mark.parametrize("source", [file, updatable, unbuffered, bytesio])
def test_nothing_but_readline_is_called(same, source, name):
    def script(run):
        calls = []
        with source(run, b"a\n" * 100 + LONG + b"yyy\n") as fp:
            setattr(fp, name, lambda *args: calls.append(args))
            outcome = send(run, fp)
            delattr(fp, name)
            return outcome, calls, fp.tell()

    _, calls, _ = same(script)
    assert not calls or (source, name) == (unbuffered, "read")  # FileIO.readline calls it


def test_storlines_calls_the_raw_files_own_readinto(same):
    def script(run):
        calls = []
        with open(run.path(content=TEXT), "rb") as fp:
            below = fp.raw.readinto
            fp.raw.readinto = lambda buffer: calls.append(1) or below(buffer)
            return send(run, fp), bool(calls)

    assert same(script) == ((DONE, WIRE), True)


@pytest.mark.parametrize("source", [bytesio, file, unbuffered])
@pytest.mark.parametrize("state", ["closed", "uninitialised"])
def test_storlines_of_files_in_no_state_to_be_read(same, source, state):
    def script(run):
        with source(run, TEXT) as fp:
            broken = type(fp).__new__(type(fp)) if state == "uninitialised" else fp
            if state == "closed":
                fp.close()
            return send(run, broken)

    outcome, sent = same(script)
    if (source, state) != (bytesio, "uninitialised"):  # that one is empty
        assert (outcome[0], sent) == ("raised", b"")
