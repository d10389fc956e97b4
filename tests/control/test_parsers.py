"""The parsers on odd texts: a table, and a few thousand mutations of it drawn from a fixed seed."""

from __future__ import annotations

import ftplib
import random

import pytest
import rftplib
from support.actions import send_data
from support.harness import describe, describe_exception, same

PEER = ("192.0.2.7", 21)

TEXTS = {
    "parse150": [
        "150 x (12 bytes)", "150 (12 bytes)", "150  (12 bytes)", "150 x (1_0 bytes)", "150 X (12 BYTES)",
        "150-x (1 bytes)",
        "150 a (1 bytes) b (2 bytes)", "150 a (1 bytes)\n150 b (2 bytes)", "150-a\n150 b (3 bytes)", "150",
        "1500 x (1 bytes)",
        "150 x (٣ bytes)", "150 x (-1 bytes)", "150 x ( 1 bytes)", "150 x (1  bytes)", "150 x (1 byte)",
        "150 x (1 bytes",
        "125 x (1 bytes)", "226 x", "", "15", "150 é (7 bytes) ", "150 x\r (8 bytes)", "150 x (" + "9" * 60 + " bytes)",
        "150 x (" + "9" * 5000 + " bytes)", "150 x (007 bytes)", "150 x\u2028 (9 bytes)", "150 x (1 Bytes) (2 bYtEs)",
        "150 ſ (1 byteſ)", "150 x (１２ bytes)", "150 x (0 bytes)", "150 x\0 (5 bytes)", "150\tx (5 bytes)",
        "150 x (18446744073709551616 bytes)", "150 (1 bytes) (2 bytes)", "150 x ((5 bytes))",
    ],
    "parse227": [
        "227 ok (127,0,0,1,4,5)", "227 127,0,0,1,4,5", "227 =127,0,0,1,4,5", "227 ok (127, 0, 0, 1, 4, 5)", "227 ok",
        "227 (1,2,3,4,5,6,7,8)", "227 (999,999,999,999,999,999)", "227 (1,2,3,4,0,0)", "227 (1,2,3,4,-1,5)",
        "226 (1,2,3,4,5,6)",
        "227 (01,02,03,04,05,06)", "227 (١,2,3,4,5,6)", "227 (1,2,3,4,5)", "227 (1,2,3,4,5,6", "227 1,2,3,4,5,6.",
        "227", "",
        "227-a\n227 (1,2,3,4,5,6)", "227 (a,1,2,3,4,5,6)", "227 (1.2.3.4.5.6)", "2271,2,3,4,5,6",
        "227 1,2,3,4,5,6 7,8,9,10,11,12",
        "227 (1,2,3,4,256,0)", "227 (1,2,3,4,255,65535)", "227 1,2,3,4,5,99999999999999999999999", "227 (,1,2,3,4,5,6)",
        "227 (1,2,3,4,5," + "9" * 5000 + ")", "227 (" + "1" * 300 + ",2,3,4,5,6)", "227 ((1,2,3,4,5,6))",
        "227 1,2,3,4,5,x 1,2,3,4,5,6",
        "227 1,,2,3,4,5,6,7", "22", "227 é1,2,3,4,5,6é", "227 (1,2,3,4,5,6)\0", "227 ¹,2,3,4,5,6 1,2,3,4,5,6",
    ],
    "parse229": [
        "229 ok (|||4000|)", "229 (!!!4000!)", "229 (||| 4000 |)", "229 (|1|1.2.3.4|4000|)", "229 (|||4000)",
        "229 |||4000|", "229",
        "229 (|||4000|) (|||5000|)", "229 ()", "229 (|)", "229 (||)", "229 (||||)", "229 (|||||)", "229 (|||abc|)",
        "229 (|||-5|)",
        "229 (|||1_0|)", "229 (|||٤٠|)", "229 (|||99999|)", "229 (|||4000!)", "229 (!||4000|)", "229 )(|||4000|)",
        "229 (|||4000|",
        "228 (|||4000|)", "", "229-a\n229 (|||4000|)", "229 (|||+7|)", "229 (444 4)", "229 (11145671)", "229 (5551515)",
        "229 (|||4000||)", "229 (((4000()", "229 (aaa40a)", "229 (é é é40é)", "229 (ééé40é)", "229 (|||0x10|)",
        "229 (|||" + "9" * 5000 + "|)",
        "229 (\n\n\n40\n)", "229 (|||\t40\x1f|)", "229 (|||40\u2003|)", "229 (\0\0\x0040\0)", "229 (", "229 (|||)",
        "2290(|||7|)",
    ],
    "parse257": [
        '257 "/a"', '257 "/a" created', '257 "a ""b"" c"', '257 ""', '257 """"', '257 "open', '257 "', "257", "257 /a",
        '257  "/a"',
        '257-"/a"', '257-x\n257 "/a"', '250 "/a"', '257 "a""', '257 "a"b"c"', '257 "é"', '257 "a\0b"', '257 "a\nb"',
        '2570"/a"', "",
        '257 "" x ""', '257 """a"', '257 "a"""', '257"/a"', '257 \'/a\'', '257 "\udc80"', '257 "' + "x" * 9000 + '"',
        '257\t"/a"',
    ],
}  # fmt: skip
ODD_ARGUMENTS = [
    None,
    5,
    b"",
    b"150 x (5 bytes)",
    b'257 "/a"',
    b"227 1,2,3,4,5,6",
    [],
    ["2"],
    ("2", "2", "7"),
    object,
    True,
]


class Text(str):
    """A str subclass, as some readers give."""


def call(lib, name, text, peer=PEER):
    function = getattr(lib, name)
    try:
        return describe(function(text, peer) if name == "parse229" else function(text))
    except Exception as exc:
        return describe_exception(exc)


ROWS = [(name, text) for name, texts in TEXTS.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), ROWS, ids=[f"{name}-{text[:30]!r}" for name, text in ROWS])
def test_text(name, text):
    assert call(rftplib, name, text) == call(ftplib, name, text)
    assert call(rftplib, name, Text(text)) == call(ftplib, name, Text(text))


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("argument", ODD_ARGUMENTS, ids=repr)
def test_odd_argument_of_a_parser(name, argument):
    assert call(rftplib, name, argument) == call(ftplib, name, argument)


@pytest.mark.parametrize("peer", [None, (), "abc", ["h"], 7, ("::1", 21, 0, 0), (None,), {0: "x"}, b"ab"], ids=repr)
@pytest.mark.parametrize("text", ["229 (|||7|)", "229 no", "229 (|||x|)", "200 x"])
def test_parse229_peer(peer, text):
    assert call(rftplib, "parse229", text, peer) == call(ftplib, "parse229", text, peer)


@pytest.mark.parametrize("name", TEXTS)
def test_mutations(name):
    draw = random.Random(f"mutations of {name}")
    alphabet = list(set("".join(TEXTS[name])) - {"9"}) + ["(", ")", '"', "|", ",", " ", "\n", "7", "2"]
    for _ in range(3000):
        text = list(draw.choice(TEXTS[name])[:80])
        for _ in range(draw.randint(1, 4)):
            at = draw.randint(3, len(text)) if len(text) > 3 else len(text)
            edit = draw.random()
            if edit < 0.4:
                text.insert(at, draw.choice(alphabet))
            elif edit < 0.7:
                del text[at : at + draw.randint(1, 3)]
            else:
                text[at : at + 1] = draw.choice(alphabet)
        text = "".join(text)
        assert call(rftplib, name, text) == call(ftplib, name, text), text


ENTRIES = [
    b"type=file;size=5; name", b"Type=FILE;SIZE=5; two words", b" name", b"name", b"", b" ", b"  ", b";", b"; x",
    b"=; x", b"a; x",
    b"a=b=c; x", b"type=file;size=5 no-semicolon", b"a=1;a=2;A=3; x", b"a=1;;b=2; x", b"a=1; x ; y", b"a=1;  leading",
    b"a=1; trailing ",
    b"a=1; x\ty", b"a=1;\tx", "ÄÖ=ß;ẞ=1;İ=x; ü é".encode(), b"a =1; x", b"a= 1; x", b"a=1; \x85x",
    "a=1; \u2028x\u2029".encode(),
    b"a=1; " + b"n" * 3000, b"unix.mode=0644;x.y=; z", b"a=1; x\0y", b"a=1; x\x0b", b"a=1; x\x1c\x1d\x1e", b"size=5",
    b"a=1;x",
]  # fmt: skip


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: repr(entry[:30]))
def test_mlsd_entry(entry):
    def script(lib, env):
        return list(env.ftp().mlsd())

    same(script, {"MLSD": (b"150 ok\r\n", send_data(entry + b"\r\nlast=1; one\r\n"), b"226 ok\r\n")})


@pytest.mark.parametrize(
    ("path", "facts"),
    [("", []), ("p", []), ("p q", ["a"]), ("", ["a", "b"]), ("", ()), ("", "ab"), ("", [""]), (None, None), (5, []),
     (b"p", []), ("p", [1]), ("p", 5), ("p", {"a": 1}), ("a\nb", []), ("", ["a\nb"])],
    ids=repr,
)  # fmt: skip
def test_mlsd_arguments(path, facts):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        entries = ftp.mlsd(path, facts)
        env.note(type(entries).__name__, env.server.sessions[0].received == b"")  # nothing sent yet
        return list(entries)

    same(script)


def test_mlsd_is_a_generator_that_can_be_closed_and_reads_all_first():
    def script(lib, env):
        ftp = env.ftp()
        entries = ftp.mlsd()
        env.note(next(entries), ftp.pwd(), next(entries))
        entries.close()
        env.attempt(next, entries)
        env.note(hasattr(entries, "send"), hasattr(entries, "throw"))

    same(script, data=b"a=1; x\r\nb=2; y\r\nc=3; z\r\n")
