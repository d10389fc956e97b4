"""What replies and listing lines say: the same values and the same exceptions for any text."""

from __future__ import annotations

import ftplib

import pytest
import rftplib
from hypothesis import example, given
from hypothesis import strategies as st
from support.strategies import text
from support.twins import few, many, outcome

pytestmark = pytest.mark.long

numbers = st.lists(st.integers(0, 400).map(str), min_size=3, max_size=8).map(",".join)


def same(name, *args):
    expected = outcome(getattr(ftplib, name), *args)
    assert outcome(getattr(rftplib, name), *args) == expected, (name, args)
    return expected


@given(st.sampled_from(["", "150 ", "150 x (", "227 ", "227 (", "229 ", "229 (", "257 ", '257 "']), text, text)
@example("150 ", "a (12 bytes) (13 BYTES)", "")
@example("227 ", "1,2,3,4,5,6,7", "")
@example("227 ", "\u0661,2,3,4,5,6", "")
@example("229 (", "|||" + "9" * 5000 + "|", ")")
@example("229 (", "|||1_000|)", "")
@example("229 (", "|||\u0661|)", "")
@example('257 "', '""', '"')
@many
def test_any_text(start, middle, end):
    for name in ("parse150", "parse227", "parse257"):
        same(name, start + middle + end)
    same("parse229", start + middle + end, ("::1", 21, 0, 0))


@given(text, numbers, text)
@many
def test_addresses(before, host_and_port, after):
    same("parse227", "227 " + before + host_and_port + after)


@given(
    st.sampled_from("|!5(\u20ac "), st.lists(st.sampled_from(["", "1", "::1", "21", " 7", "x"]), min_size=3, max_size=6)
)
@few
def test_extended_addresses(delimiter, fields):
    same("parse229", f"229 ok ({delimiter.join(fields)})", ("10.0.0.1", 21))


def entries(lib, lines):
    """What mlsd() makes of these lines."""
    ftp = lib.FTP()
    ftp.retrlines = lambda cmd, callback: [callback(line) for line in lines]
    seen = []
    generator = ftp.mlsd()
    while len(seen) <= len(lines):
        seen.append(outcome(next, generator))
        if seen[-1][0] == "returned":
            name, facts = seen[-1][1]
            seen[-1] = name, list(facts.items())
    return seen


@given(st.lists(text, max_size=6))
@example(["type=file;size=1; a b;c"])
@example(["Type=dir;TYPE=file; x\r\n"])
@example(["nospace"])
@example([" "])
@example([""])
@many
def test_listings(lines):
    assert entries(rftplib, lines) == entries(ftplib, lines)


@given(st.sampled_from(["", "pass ", "PASS ", "Pass ", "ACCT "]), text)
@few
def test_what_debug_output_shows(verb, tail):
    assert rftplib.FTP().sanitize(verb + tail) == ftplib.FTP().sanitize(verb + tail)
    data = (verb + tail).encode("utf-8", "surrogatepass")
    assert outcome(rftplib.FTP().sanitize, data) == outcome(ftplib.FTP().sanitize, data)
