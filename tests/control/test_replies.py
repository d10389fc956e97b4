"""Odd replies, row by row: what every method makes of them, on both libraries.

Those of which ftplib makes nothing and rftplib something are in test_lenient_replies.py.
"""

from __future__ import annotations

import pytest
from support.actions import close, half_close, pieces, reset, send_data
from support.harness import same

LINE = 8192  # ftplib's maxline, newline included

REPLIES = {
    "ordinary": b"200 ok\r\n",
    "lf": b"200 ok\n",
    "code-only": b"200\r\n",
    "short-code": b"2\r\n",
    "two-digits": b"20\r\n",
    "letters-after-first": b"2xx ok\r\n",
    "trailing-spaces": b"200 ok  \t \r\n",
    "leading-space": b" 200 ok\r\n",
    "words": b"hello there\r\n",
    "0xx": b"000 zero\r\n",
    "6xx": b"600 six\r\n",
    "9xx": b"999 nine\r\n",
    "1xx": b"100 wait\r\n",
    "3xx": b"300 more\r\n",
    "4xx": b"421 closing\r\n",
    "5xx": b"550 no\r\n",
    "500": b"500 no such command\r\n",
    "1xx-then-4xx": b"150 wait\r\n421 no\r\n",
    "120-then-220": b"120 soon\r\n220 now\r\n",
    "negative": b"-200 x\r\n",
    "plus": b"+200 x\r\n",
    "nul": b"200 a\0b\r\n",
    "tab-after-code": b"200\tok\r\n",
    "lone-cr-inside": b"200 a\rb\r\n",
    "other-line-breaks": "200 a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\r\n".encode(),
    "utf8": "200 é ü 日本\r\n".encode(),
    "bom": "\ufeff200 a\r\n".encode(),
    "arabic-digits": "٢٠٠ a\r\n".encode(),
    "fullwidth-digits": "２00 a\r\n".encode(),
    "astral": "200 \U0001f600\r\n".encode(),
    "latin1-bytes": b"200 \xe9t\xe9\r\n",
    "invalid-utf8": b"200 \xff\xfe\r\n",
    "cut-utf8": b"200 \xe2\x82\r\n",
    "surrogate-utf8": b"200 \xed\xa0\x80\r\n",
    "overlong-utf8": b"200 \xc0\xaf\r\n",
    "telnet-iac": b"200 \xff\xf4\xff\xf2 a\r\n",
    "multi": b"200-a\r\nb\r\n200 c\r\n",
    "multi-two": b"200-a\r\n200 b\r\n",
    "multi-repeats-code": b"200-a\r\n200-b\r\n200 c\r\n",
    "multi-nested-code": b"200-a\r\n550 no\r\n550-x\r\n200 c\r\n",
    "multi-ends-without-space": b"200-a\r\n2000 x\r\n",
    "multi-ends-with-code-only": b"200-a\r\n200\r\n",
    "multi-indented": b"200-a\r\n 200 b\r\n200 c\r\n",
    "multi-empty-lines": b"200-\r\n\r\n\r\n200 \r\n",
    "multi-letters": b"abc-x\r\nabc y\r\n",
    "multi-spaces": b"   -x\r\ny\r\n    \r\n",
    "multi-code-dash-only": b"200-\r\n200\r\n",
    "multi-two-digits": b"20--x\r\n20- y\r\n20 z\r\n20-z\r\n20-x\r\n",
    "multi-error": b"550-a\r\nb\r\n550 c\r\n",
    "multi-temp": b"450-a\r\nb\r\n450 c\r\n",
    "multi-proto": b"650-a\r\nb\r\n650 c\r\n",
    "multi-lf": b"200-a\nb\n200 c\n",
    "multi-cr": (b"200-a\rb\r200 c\r", half_close),
    "multi-hundred": b"200-" + b"line\r\n" * 100 + b"200 end\r\n",
    "multi-bad-utf8-inside": b"200-a\r\n\xff\r\n200 b\r\n",
    "bad-utf8-then-good": b"200 \xff\r\n201 good\r\n202 good\r\n",
    "multi-long-line-inside": b"200-a\r\n" + b"x" * LINE + b"\r\n200 b\r\n",
    "8190-chars": b"200 " + b"x" * (LINE - 6) + b"\r\n",
    "8191-chars": b"200 " + b"x" * (LINE - 5) + b"\r\n",
    "8192-chars": b"200 " + b"x" * (LINE - 4) + b"\r\n",
    "8193-chars": b"200 " + b"x" * (LINE - 3) + b"\r\n",
    "8191-chars-lf": b"200 " + b"x" * (LINE - 5) + b"\n",
    "8192-chars-lf": b"200 " + b"x" * (LINE - 4) + b"\n",
    "8192-chars-no-newline": (b"200 " + b"x" * (LINE - 4), half_close),
    "8193-chars-no-newline": (b"200 " + b"x" * (LINE - 3), half_close),
    "8191-two-byte-chars": b"200 " + "é".encode() * (LINE - 5) + b"\r\n",
    "8192-two-byte-chars": b"200 " + "é".encode() * (LINE - 4) + b"\r\n",
    "8191-astral-chars": b"200 " + "\U0001f600".encode() * (LINE - 5) + b"\r\n",
    "20000-chars": b"200 " + b"x" * 20000 + b"\r\n",
    "no-newline-then-eof": (b"200 ok", half_close),
    "cr-then-eof": (b"200 ok\r", half_close),
    "multi-cut-by-eof": (b"200-a\r\nb\r\n", half_close),
    "multi-cut-inside-a-line": (b"200-a\r\n200", half_close),
    "multi-unterminated-last": (b"200-a\r\n200 b", half_close),
    "utf8-cut-by-eof": (b"200 \xe2\x82", half_close),
    "eof": half_close,
    "reply-then-eof": (b"200 ok\r\n", half_close),
    "421-then-eof": (b"421 timeout\r\n", half_close),
    "byte-by-byte": pieces(b"200-one\r\ntwo\r\n200 three\r\n"),
    "utf8-byte-by-byte": pieces("200 é日\U0001f600\r\n".encode()),
    "crlf-split": (b"200 a\r", lambda session: None, b"\n"),
}


def three_calls(call):
    """The call, then what the stream holds after it: a difference in look-ahead shows here."""

    def script(lib, env):
        ftp = env.ftp(debug=2)
        env.attempt(call, ftp)
        env.note(getattr(ftp, "lastresp", "absent"))
        env.attempt(ftp.sendcmd, "NOOP")
        env.attempt(ftp.getline)

    return script


CALLS = {
    "getline": lambda ftp: (ftp.putcmd("X"), ftp.getline()),
    "getmultiline": lambda ftp: (ftp.putcmd("X"), ftp.getmultiline()),
    "sendcmd": lambda ftp: ftp.sendcmd("X"),
    "voidcmd": lambda ftp: ftp.voidcmd("X"),
}


# after which an empty line is left over, which is passed over then
LEAVE_REMNANTS = {("8193-chars", call) for call in CALLS} | {("multi-empty-lines", "getline")}
REPLY_ROWS = [(reply, call) for reply in REPLIES for call in CALLS if (reply, call) not in LEAVE_REMNANTS]


@pytest.mark.parametrize(("reply", "call"), REPLY_ROWS)
def test_reply(reply, call):
    # After the odd reply and NOOP's, the stream ends: the last getline() tells what was left over.
    same(three_calls(CALLS[call]), {"X": REPLIES[reply], "NOOP": (b"200 noop\r\n", half_close)})


@pytest.mark.parametrize("reply", [name for name in REPLIES if name != "120-then-220"])
def test_greeting(reply):
    def script(lib, env):
        ftp = env.unconnected(debug=2)
        env.attempt(ftp.connect, env.host, env.port)
        env.note(ftp.sock, ftp.welcome, getattr(ftp, "lastresp", "absent"))
        env.attempt(ftp.getwelcome)
        env.attempt(ftp.getline)

    greeting = REPLIES[reply]
    same(script, greeting=greeting if "eof" in reply else (greeting, half_close))


METHODS = {
    "abort": ("ABOR", lambda ftp: ftp.abort()),
    "acct": ("ACCT", lambda ftp: ftp.acct("a")),
    "cwd": ("CWD", lambda ftp: ftp.cwd("d")),
    "cwd-up": ("CDUP", lambda ftp: ftp.cwd("..")),
    "delete": ("DELE", lambda ftp: ftp.delete("f")),
    "login-user": ("USER", lambda ftp: ftp.login("u", "p", "a")),
    "login-pass": ("PASS", lambda ftp: ftp.login("u", "p", "a")),
    "login-acct": ("ACCT", lambda ftp: (ftp.sendcmd("P3"), ftp.login("u", "p", "a"))),
    "mkd": ("MKD", lambda ftp: ftp.mkd("d")),
    "pwd": ("PWD", lambda ftp: ftp.pwd()),
    "quit": ("QUIT", lambda ftp: ftp.quit()),
    "rename-from": ("RNFR", lambda ftp: ftp.rename("a", "b")),
    "rename-to": ("RNTO", lambda ftp: ftp.rename("a", "b")),
    "rmd": ("RMD", lambda ftp: ftp.rmd("d")),
    "sendport": ("PORT", lambda ftp: ftp.sendport("127.0.0.1", 2000)),
    "sendeprt": ("EPRT", lambda ftp: ftp.sendeprt("127.0.0.1", 2000)),
    "size": ("SIZE", lambda ftp: ftp.size("f")),
    "makepasv": ("PASV", lambda ftp: ftp.makepasv()),
    "makepasv-epsv": ("EPSV", lambda ftp: (setattr(ftp, "af", 10), ftp.makepasv())),
    "mlsd-opts": ("OPTS", lambda ftp: list(ftp.mlsd(facts=["type"]))),
    "exit": ("QUIT", lambda ftp: ftp.__exit__(None, None, None)),
    "retrlines-type": ("TYPE", lambda ftp: ftp.retrlines("LIST")),
    "retrbinary-type": ("TYPE", lambda ftp: ftp.retrbinary("RETR x", print)),
    "retr": ("RETR", lambda ftp: ftp.retrbinary("RETR x", print)),
    "rest": ("REST", lambda ftp: ftp.transfercmd("RETR x", 5).close()),
}
SOME_REPLIES = [
    "ordinary", "code-only", "short-code", "words", "0xx", "6xx", "1xx", "3xx", "4xx", "5xx", "500",
    "1xx-then-4xx", "nul", "latin1-bytes", "multi", "multi-nested-code", "multi-error", "8192-chars-lf", "8191-chars",
    "no-newline-then-eof", "multi-cut-by-eof", "eof", "421-then-eof", "lone-cr-inside", "arabic-digits",
]  # fmt: skip
OWN_REPLIES = {
    "abort": [b"426 cut\r\n226 ok\r\n", b"225 idle\r\n", b"226 done\r\n", b"426-a\r\n426 b\r\n", b"2260 x\r\n"],
    "acct": [b"202 superfluous\r\n"],
    "cwd-up": [b"500 no\r\n", b"500-no\r\n500 no\r\n", b"501 no\r\n", b"5000\r\n", b"502 no\r\n", b"50\r\n"],
    "delete": [b"250 ok\r\n", b"226 ok\r\n", b"2500\r\n", b"350 more\r\n", b"251 ok\r\n"],
    "login-user": [b"230 in\r\n", b"332 acct\r\n", b"331-a\r\n331 b\r\n", b"220 odd\r\n"],
    "login-pass": [b"332 acct\r\n", b"202 no need\r\n", b"530 no\r\n"],
    "mkd": [b'257 "/a ""b"" c" made\r\n', b"257 made\r\n", b"250 made\r\n", b'257 "open\r\n', b'2570 "x"\r\n'],
    "pwd": [b'257 "/"\r\n', b'257 ""\r\n', b'257-a\r\n257 "/x"\r\n', b'257  "/"\r\n', '257 "é"\r\n'.encode()],
    "rename-from": [b"350 a\r\n", b"351 a\r\n", b"250 a\r\n"],
    "size": [
        b"213 5\r\n", b"213  5 \r\n", b"213 1_0\r\n", b"213 -5\r\n", b"213 +5\r\n", b"213 5 6\r\n", b"213\r\n",
        b"2135\r\n", b"213-5\r\n213 6\r\n", b"213 0x10\r\n", b"213 " + b"9" * 40 + b"\r\n", "213 ٥\r\n".encode(),
        b"213 1__0\r\n", b"213 5.0\r\n", b"250 5\r\n", b"213 " + b"9" * 5000 + b"\r\n", b"213 \xc2\xa05\r\n",
        b"213 05\r\n", b"213\t7\r\n", b"213 5\x1f\r\n", b"213 5\0\r\n",
    ],
}  # fmt: skip
ROWS = [(method, name, REPLIES[name]) for method in METHODS for name in SOME_REPLIES]
# After an undecodable byte ftplib's reader loses what came in the same segment, so this depends on the network.
ROWS.remove(("retr", "latin1-bytes", REPLIES["latin1-bytes"]))
ROWS += [(method, repr(reply)[:40], reply) for method, replies in OWN_REPLIES.items() for reply in replies]


@pytest.mark.parametrize(("method", "reply"), [row[::2] for row in ROWS], ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_method_and_reply(method, reply):
    verb, call = METHODS[method]
    replies = {verb: [reply, (b"200 second\r\n", half_close)], "NOOP": (b"200 noop\r\n", half_close)}
    if method == "retr":  # the data is there before a reply that may say that none will come
        replies["RETR"] = (send_data(b"x"), reply, b"226 end\r\n", half_close)
    if method == "login-acct":
        replies["PASS"] = b"332 need account\r\n"
    same(three_calls(call), replies)


@pytest.mark.parametrize(
    "reply", [close, (b"200-cut\r\n", close), (b"200 cut", close)], ids=["at-once", "cut", "no-newline"]
)
@pytest.mark.parametrize("call", CALLS)
def test_close_by_the_server(reply, call):
    """One call only: whether a second one meets EOF or a reset is the network's affair."""

    def script(lib, env):
        return CALLS[call](env.ftp(debug=2))

    same(script, {"X": reply})


def test_close_by_the_server_instead_of_a_greeting():
    def script(lib, env):
        return env.ftp(debug=2)

    same(script, greeting=close)


def test_reset_by_the_server_while_waiting():
    def script(lib, env):
        return env.ftp().sendcmd("X")

    same(script, {"X": reset})


def test_send_on_a_connection_that_the_server_has_reset():
    def script(lib, env):
        ftp = env.ftp()
        env.attempt(ftp.sendcmd, "X")
        env.attempt(ftp.sendcmd, "NOOP")
        env.attempt(ftp.quit)
        env.attempt(ftp.close)

    same(script, {"X": reset})


def test_replies_sent_ahead_are_kept_in_order():
    def script(lib, env):
        ftp = env.ftp()
        env.note([ftp.sendcmd("X"), ftp.sendcmd("NOOP"), ftp.getresp(), ftp.voidresp()])

    same(script, {"X": b"200 one\r\n201 two\r\n202 three\r\n", "NOOP": b"203 four\r\n"})


@pytest.mark.parametrize("reply", [b"200 x\r\n", b"150 y\r\n", b"350 z\r\n", b"550 no\r\n", b"what\r\n"])
def test_voidresp_and_lastresp(reply):
    def script(lib, env):
        ftp = env.ftp()
        ftp.putcmd("X")
        env.attempt(ftp.voidresp)
        env.note(ftp.lastresp)

    same(script, {"X": reply})


class Text(str):
    """Lines of a class of somebody's own, as scripts make them that strip or mark something."""


@pytest.mark.parametrize("odd", [[0], [1], [0, 1, 2]], ids=str)
@pytest.mark.parametrize(
    "reply", [b"200 a\r\n", b"200-a\r\nb\r\n200 c\r\n", b"550-a\r\n550 b\r\n", b"150 a\r\n", b"what\r\n"]
)
def test_lines_of_a_class_of_their_own(reply, odd):
    def script(lib, env):
        class Client(lib.FTP):
            def getline(self):
                line = super().getline()
                numbers.append(len(numbers))
                return Text(line) if numbers[-1] in odd else line

        numbers = []
        ftp = env.ftp(Client, debug=2)
        numbers.clear()
        env.attempt(ftp.voidcmd, "X")
        env.note(ftp.lastresp)
        env.attempt(ftp.sendcmd, "NOOP")

    same(script, {"X": reply})


@pytest.mark.parametrize("line", ["NOOP", "PASS secret", "two\nlines", "a\r"], ids=ascii)
def test_commands_of_a_class_of_their_own(line):
    def script(lib, env):
        ftp = env.ftp(debug=2)
        env.attempt(ftp.sendcmd, Text(line))
        env.attempt(ftp.sendcmd, "NOOP")

    same(script)
