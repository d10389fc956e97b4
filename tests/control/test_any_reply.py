"""Replies: for any bytes in any pieces, the same replies and the same exceptions, in the same order."""

from __future__ import annotations

import ftplib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.strategies import dialogue, encodings, sizes, wire
from support.twins import chopped, client, connection, few, many, outcome, twins

pytestmark = pytest.mark.long


class WithoutRemnants:
    """ftplib with the one thing that rftplib does otherwise: what is left of a line end is no reply."""

    class FTP(ftplib.FTP):
        def getresp(self):
            self.getline = self.first_line
            return super().getresp()

        def first_line(self):
            del self.getline
            while True:
                line = self.getline()
                rest = line.lstrip("\0")
                if rest:
                    return rest if rest[0] in "12345" else line


def all_replies(data, pieces, encoding, maxline, method):
    def script(lib, way):
        near, far = connection(chopped(data, pieces), way)
        with near, far:
            takes_remnants = lib is ftplib and method in {"getresp", "voidresp"}
            ftp = client(WithoutRemnants if takes_remnants else lib, near, encoding, way)
            ftp.maxline = maxline
            seen = []
            # some faults repeat for ever: an incomplete character at the end is one
            while len(seen) < 40 and ("raised", EOFError, ()) not in seen:
                seen.append(outcome(getattr(ftp, method)))
            ftp.file.close()
            return seen, vars(ftp).get("lastresp")

    return script


@given(dialogue, sizes, st.sampled_from(["getresp", "getmultiline", "voidresp"]))
@many
def test_ordinary_replies(data, pieces, method):
    seen, _ = twins(all_replies(data, pieces, "utf-8", 8192, method))
    assert seen[-1][0] == "raised"


@given(wire, sizes, encodings, st.sampled_from(["getresp", "getline"]))
@example(b"\xed\xa0\r\n220 ok\r\n", [1], "utf-8", "getline")
@example(b"220 a\rb\r\r\n220 c", [3], "latin-1", "getline")
@many
def test_rubbish_in_several_encodings(data, pieces, encoding, method):
    twins(all_replies(data, pieces, encoding, 8192, method))


@given(st.one_of(dialogue, wire), sizes, st.integers(0, 12))
@many
def test_lines_longer_than_maxline(data, pieces, maxline):
    twins(all_replies(data, pieces, "utf-8", maxline, "getresp"))


@pytest.mark.parametrize("over", [-1, 0, 1, 8192])
@pytest.mark.parametrize("letter", ["a", "\u00e9", "\U0001f600"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", ""])
def test_at_the_limit(over, letter, end):
    data = ("2" + letter * (8191 + over) + end + "220 next\r\n").encode()
    twins(all_replies(data, [4096], "utf-8", 8192, "getresp"))


@given(wire, wire, sizes)
@few
def test_a_line_read_by_the_script_itself(before, after, pieces):
    """`file` is the script's, too: read, iterate and readline give what io.TextIOWrapper gives."""

    def script(lib, way):
        near, far = connection(chopped(before + b"\r\n" + after, pieces), way)
        with near, far:
            ftp = client(lib, near, "latin-1", way)
            seen = [ftp.file.readline(3), ftp.file.readline(), ftp.file.readline(0), ftp.file.read(4)]
            seen += [next(ftp.file, None), outcome(ftp.getline), ftp.file.read()]
            ftp.file.close()
            return seen

    twins(script)
