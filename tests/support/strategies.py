"""Texts and bytes in which what matters to FTP is likely."""

from __future__ import annotations

from hypothesis import strategies as st

ENCODINGS = ("utf-8", "latin-1", "ascii", "cp1252", "shift_jis", "utf-8-sig")
# fmt: off
BYTES = [
    b"220", b"220 ", b"220-", b"221-", b"331 ", b"150 x (12 bytes)", b"226", b"450 ", b"550 no", b"600", b"-", b" ",
    b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0", b"\xff", b"\xff\xf4", b"\xc3", b"\xc3\xa9", b"\xe2\x82", b"text",
    b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xed\xa0\x80", b"\x82\xa0", b"\x80", b"\x85", b"\xef\xbb\xbf",
    b"\x1c", b"\x0b", b"a",
]
TOKENS = [
    "150 ", "227 ", "229 ", "257 ", "257 \"", "(", ")", "|", "|||", ",", "\"", "\"\"", " ", " (", " bytes)", " BYTES)",
    "0", "1", "21", "255", "256", "70000", "\u0661", "\u00b2", "-", "+", "_", "\n", "\r", "\t", "\0", "\u00e9",
    "\u20ac", "\U0001f600", "\ud800", "\udcff", "type=file;", "Size=1;", "\u0130=x;", "=", ";", "\x85", "\u2028",
]
# fmt: on
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=4)
encodings = st.sampled_from(ENCODINGS)
wire = st.lists(st.one_of(st.sampled_from(BYTES), st.binary(max_size=3)), max_size=24).map(b"".join)
text = st.lists(st.one_of(st.sampled_from(TOKENS), st.characters()), max_size=16).map("".join)
# whole lines of ordinary replies, which random bytes seldom make
line = st.builds(
    lambda code, mark, rest: (code + mark + rest).encode("utf-8", "surrogatepass"),
    st.sampled_from(["120", "220", "220", "221", "331", "421", "550", "999", "22", ""]),
    st.sampled_from(["-", "-", " ", ""]),
    st.sampled_from(["", "ok", "not - yet", "\u00e9", "x" * 30]),
)
dialogue = st.lists(line, max_size=12).map(lambda lines: b"".join(one + b"\r\n" for one in lines))
