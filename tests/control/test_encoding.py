"""Encodings and names: what goes out, what comes in, in every encoding that users set."""

from __future__ import annotations

import io

import pytest
from support.actions import half_close, send_data
from support.harness import same

ENCODINGS = [
    "utf-8", "utf-8-sig", "latin-1", "ascii", "cp1252", "cp437", "cp932", "shift_jis", "euc_jp", "gb18030", "big5",
    "koi8-r", "iso-2022-jp", "utf-7", "mac_roman", "charmap", "raw_unicode_escape", "punycode", "iso8859-15",
]  # fmt: skip
ALIASES = ["UTF8", "utf_8", "U8", "utf 8", "Utf-8", "iso8859-1", "L1", "latin1", "US-ASCII"]
# Where every character takes two bytes or more, the server's ASCII greeting is no line: the end shows what came of it.
WIDE = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"]
BAD = ["no-such", "utf-8\0", "", " ", "rot13", "hex", "base64", "zlib", "undefined"]
NAMES = [
    "plain", "é", "ü ö", "日本", "\U0001f600", "a\udcffb", "\ud800", "\xff", "\x80\x9f", "€",
    "a\tb", "a\x0bb", "a\x7fb",
    "\\", '"', " x ",
    "-rf", "a\0b", "\x85", "\u2028", "e\u0301", "\ufeff", "I\u0307", "\xa0",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii", "cp1252", "utf-8-sig", "shift_jis"])
def test_name_in_a_command(name, encoding):
    def script(lib, env):
        ftp = env.ftp(encoding=encoding, debug=2)
        env.attempt(ftp.cwd, name)
        env.attempt(ftp.delete, name)
        env.attempt(ftp.rename, name, name)
        env.attempt(ftp.retrlines, "RETR " + name)
        env.attempt(ftp.mkd, name)
        return ftp.sendcmd("END")

    same(script, {"END": (b"200 end\r\n", half_close)})


LINES = [
    b"200 plain\r\n", b"200 \xe9\r\n", "200 é日\U0001f600\r\n".encode(), b"200 \x80\x9f\r\n", b"200 \x81\r\n",
    b"200 \xff\xfe\r\n",
    b"200 \x1b$BF|\x1b(B\r\n", b"200 +AOk-\r\n", b"200 \\xe9\\u00e9\r\n", b"\xef\xbb\xbf200 bom\r\n",
    b"200 \x83\x5c\r\n",
    b"200-\xe9\r\n\xe9\r\n200 \xe9\r\n", b"200 \x93\xfa\x96\x7b\r\n", b"200 a\x85b\r\n", b"200 \xe9\rnext\r\n",
]  # fmt: skip


BYTES = [(encoding, line) for encoding in ENCODINGS for line in LINES]
BYTES += [(alias, line) for alias in ALIASES for line in (LINES[1], LINES[2])]


@pytest.mark.parametrize("encoding, line", BYTES, ids=lambda value: ascii(value))
def test_reply_and_data_in_an_encoding(encoding, line):
    def script(lib, env):
        # Two connections: after an undecodable byte the reader loses what came in the same segment.
        env.attempt(env.ftp(encoding=encoding, debug=3).retrlines, "LIST", env.note)
        ftp = env.ftp(encoding=encoding, debug=2)
        env.attempt(ftp.sendcmd, "X")
        env.attempt(ftp.sendcmd, "END")

    same(script, {"X": line, "END": (b"200 end\r\n", half_close)}, data=b"before\r\n" + line + b"after")


@pytest.mark.parametrize("encoding", WIDE)
def test_wide_encoding(encoding):
    def script(lib, env):
        ftp = env.unconnected(encoding=encoding, debug=2)
        env.attempt(ftp.connect, env.host, env.port)
        env.attempt(ftp.sendcmd, "X")

    same(script, greeting=("220 hello\r\n200 X\r\n".encode(encoding), half_close))
    same(script, greeting=(b"220 hello\r\n", half_close))


@pytest.mark.parametrize("encoding", WIDE)
def test_wide_encoding_of_data(encoding):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        env.attempt(ftp.retrlines, "LIST", lambda line: (env.note(line), setattr(ftp, "encoding", "utf-8")))

        def transfercmd(cmd, rest=None, real=ftp.transfercmd):
            conn = real(cmd, rest)
            ftp.encoding = encoding
            return conn

        ftp.transfercmd = transfercmd
        env.attempt(ftp.retrlines, "LIST", env.note)

    same(script, {"LIST": (b"150 ok\r\n", send_data("a\r\nb\rc\u0a0d\n日".encode(encoding)), b"226 ok\r\n")})


@pytest.mark.parametrize("encoding", BAD, ids=ascii)
def test_bad_encoding(encoding):
    def script(lib, env):
        ftp = env.unconnected(encoding=encoding)
        env.attempt(ftp.connect, env.host, env.port)
        env.note(ftp.sock, ftp.file is None)
        ftp = env.ftp()
        ftp.encoding = encoding
        env.attempt(ftp.pwd)
        env.attempt(ftp.nlst)

    same(script)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encoding_changed_after_connect(encoding):
    """It counts for commands and for data, not for the replies: their reader was made by connect()."""

    def script(lib, env):
        ftp = env.ftp(debug=2)
        ftp.encoding = encoding
        env.attempt(ftp.cwd, "é€")
        env.attempt(ftp.retrlines, "LIST", env.note)
        env.attempt(ftp.sendcmd, "X")

    same(script, {"X": "200 é\r\n".encode()}, data=b"caf\xe9\r\n\x80\r\n\xe2\x82\xac\r\n")


@pytest.mark.parametrize("errors", ["strict", "replace", "ignore", "surrogateescape", "backslashreplace"])
@pytest.mark.parametrize("newline", [None, "", "\n", "\r\n", "\r"])
def test_file_replaced_by_another_reader(errors, newline):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        ftp.file = ftp.sock.makefile("r", encoding="utf-8", errors=errors, newline=newline)
        env.attempt(ftp.sendcmd, "X")
        env.attempt(ftp.sendcmd, "X")
        env.attempt(ftp.sendcmd, "END")

    same(script, {"X": b"200 a\xff\rb\nc\r\n200 d\r\n", "END": (b"200 end\r\n", half_close)})


@pytest.mark.parametrize("name", ["é", "a\udcffb", "日"])
def test_names_in_listings_and_facts(name):
    def script(lib, env):
        ftp = env.ftp()
        env.note(ftp.nlst(name) if name != "a\udcffb" else env.attempt(ftp.nlst, name))
        env.attempt(lambda: list(ftp.mlsd(name, [name])))
        env.attempt(ftp.storlines, "STOR " + name, io.BytesIO(b"x"))
        env.attempt(ftp.retrbinary, "RETR " + name, env.note)

    same(script, data="type=file; é日\r\n".encode())
