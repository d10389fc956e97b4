"""The table of faults: what the server does, what the client does, what comes of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from support import misbehave as bad
from support.actions import close, end_data, open_data, recv_data, reset, send_data
from support.scripted_server import LIMIT

BRIEF = 0.1  # the timeout that is waited for: it begins where nothing comes any more that a busy machine could hold up
STEADY = 6.0  # shorter than all of what drips slowly; a busy machine may hold a byte up for much of it
DATA = b"0123456789" * 1000


def retrieve(ftp):
    return ftp.retrbinary("RETR x", lambda block: None)


def listing(ftp):
    return ftp.nlst()


def retrieve_then_brief(ftp):
    return ftp.retrbinary("RETR x", lambda block: ftp.sock.settimeout(BRIEF))


def store(ftp):
    return ftp.storbinary("STOR x", io.BytesIO(DATA))


def store_then_brief(ftp):
    return ftp.storbinary("STOR x", io.BytesIO(DATA), callback=lambda block: ftp.sock.settimeout(BRIEF))


def store_much(ftp):
    return ftp.storbinary("STOR x", io.BytesIO(bytes(32 << 20)))


def store_lines(ftp):
    return ftp.storlines("STOR x", io.BytesIO(b"line\n" * 1000))


def extended(ftp):
    ftp.af = 10  # AF_INET6: EPSV instead of PASV
    return retrieve(ftp)


def active(ftp):
    ftp.set_pasv(False)
    return retrieve(ftp)


@dataclass(frozen=True)
class Row:
    name: str
    raises: str  # the exception's name; "" where the client survives
    replies: dict = field(default_factory=dict)
    act: object = retrieve
    greeting: object = b"220 ready\r\n"
    timeout: float = LIMIT
    # what has a BRIEF timeout: the step "connect", "login" or "act", the "data" connection, the last "reply", or the
    # reply to a command of this verb
    brief: str = ""
    encoding: str = "utf-8"
    long: bool = False

    def __str__(self):
        return self.name


def _steps(fault, on_data, name, raises, data_raises):
    """One fault at every step of a login and a download."""
    go = b"150 go\r\n"
    return [
        # or the connection may be gone before connect() has it
        Row(f"{name}: greeting", raises, greeting=(bad.when_it_waits, fault)),
        *(Row(f"{name}: {verb}", raises, {verb: fault}) for verb in ("USER", "PASS", "TYPE", "PASV")),
        Row(f"{name}: before 150", raises, {"RETR": fault}),
        Row(f"{name}: after 150", data_raises, {"RETR": (go, open_data, on_data, fault)}),
        Row(f"{name}: in mid-data", data_raises, {"RETR": (go, bad.some_data(DATA), on_data, fault)}),
        Row(f"{name}: before 226", raises, {"RETR": (go, send_data(DATA), fault)}),
    ]


def drips(seconds, timeout=LIMIT):
    """Eleven bytes and more, so much time between them."""
    data, lines = bad.drip_data(b"123456789012", seconds), bad.drip_data(b"ab\r\ncd\r\ne\r\n", seconds)
    return [
        Row("drips: greeting", "", greeting=bad.drip(b"220 hi you\r\n", seconds), timeout=timeout),
        Row("drips: a reply", "", {"TYPE": bad.drip(b"200-a\r\n200\r\n", seconds)}, timeout=timeout),
        Row("drips: data", "", {"RETR": (b"150 go\r\n", data, b"226 ok\r\n")}, timeout=timeout),
        Row("drips: lines", "", {"NLST": (b"150 go\r\n", lines, b"226 ok\r\n")}, listing, timeout=timeout),
    ]


SILENCE = [
    Row("never answers: greeting", "timeout", greeting=None, brief="connect"),
    Row("never answers: USER", "timeout", {"USER": None}, brief="login"),
    Row("never answers: PASS", "timeout", {"PASS": None}, brief="PASS", long=True),
    Row("never answers: TYPE", "timeout", {"TYPE": None}, brief="act"),
    Row("never answers: PASV", "timeout", {"PASV": None}, brief="PASV", long=True),
    Row("never answers: before 150", "timeout", {"RETR": None}, brief="RETR"),
    Row("never answers: after 150", "timeout", {"RETR": (b"150 go\r\n", open_data)}, brief="data"),
    Row("never answers: in mid-data", "timeout", {"RETR": (b"150 go\r\n", bad.some_data(DATA))}, brief="data"),
    Row("never answers: before 226", "timeout", {"RETR": (b"150 go\r\n", send_data(DATA))}, retrieve_then_brief,
        brief="reply"),
]  # fmt: skip

DIALOGUE = [
    *_steps(close, bad.close_data, "closes", "EOFError", "EOFError"),
    *_steps(reset, bad.reset_data, "resets", "ConnectionResetError", "ConnectionResetError"),
    *SILENCE,
    *drips(0.01),
    Row("late: a reply", "", {"PASV": (bad.later(0.1), bad.elsewhere("127,0,0,1"))}),
    Row("late: 226", "", {"RETR": (b"150 go\r\n", send_data(), bad.later(0.1), b"226 ok\r\n")}),
    Row("doubled: a reply", "error_proto", {"TYPE": b"200 a\r\n???\r\n"}),
    Row("doubled: 150", "error_reply", {"RETR": (b"150 go\r\n150 go\r\n", send_data(), b"226 ok\r\n")}),
    Row("doubled: 226", "", {"RETR": (b"150 go\r\n", send_data(), b"226 ok\r\n226 ok\r\n")}),
    Row("early: 226 before the data", "", {"RETR": (b"150 go\r\n226 ok\r\n", send_data())}),
    Row("early: 226 before 150", "", {"RETR": (b"226 ok\r\n150 go\r\n", send_data(), b"226 ok\r\n")}),
    Row("out of order: 226 twice for 150", "error_reply", {"RETR": b"226 ok\r\n226 ok\r\n"}),
    Row("out of order: 331 for PASV", "error_reply", {"PASV": b"331 password?\r\n"}),
    Row("out of order: 150 for TYPE", "error_reply", {"TYPE": b"150 go\r\n"}),
    Row("out of order: 230 for a greeting", "", greeting=b"230 in\r\n"),
    Row("out of order: 421 at any time", "error_temp", {"PASV": b"421 closing\r\n"}),
    Row("out of order: 550 for 226", "error_perm", {"RETR": (b"150 go\r\n", send_data(), b"550 sorry\r\n")}),
]  # fmt: skip

RUBBISH = [
    Row("NULs in a reply", "", {"TYPE": b"200 a\0b\0\r\n"}),
    Row("a lone CR in a reply", "error_proto", {"TYPE": b"200 a\rb\r\n"}),
    Row("8-bit rubbish, utf-8", "UnicodeDecodeError", {"TYPE": b"200 \xff\xfe\r\n"}),
    Row("8-bit rubbish, latin-1", "", {"TYPE": b"200 \xff\xfe\r\n"}, encoding="latin-1"),
    Row("half a character before the end", "UnicodeDecodeError", {"TYPE": (b"200 \xe2\x82", close)}),
    Row("Telnet IAC, utf-8", "UnicodeDecodeError", {"TYPE": b"\xff\xf4\xff\xfd\x06200 ok\r\n"}),
    Row("Telnet IAC, latin-1", "error_proto", {"TYPE": b"\xff\xf4\xff\xfd\x06200 ok\r\n"}, encoding="latin-1"),
    Row("no end of line before the end", "", {"TYPE": (b"200 ok", close)}, lambda ftp: ftp.voidcmd("TYPE I")),
    Row("another protocol", "error_proto", greeting=b"+OK POP3 ready\r\n"),
    Row("another protocol that looks like a reply of many lines", "timeout", greeting=b"SSH-2.0-x\r\n",
        brief="connect"),
    Row("a TLS alert", "UnicodeDecodeError", greeting=b"\x15\x03\x01\x00\x02\x02\xff\n"),
    Row("a multi-line reply that never ends, then the end", "EOFError", {"TYPE": (b"200-a\r\nb\r\n", close)}),
    Row("NULs in a listing", "", {"NLST": (b"150 go\r\n", send_data(b"a\0b\r\n\0\r\n"), b"226 ok\r\n")}, listing),
    Row("lone CRs in a listing", "", {"NLST": (b"150 go\r\n", send_data(b"a\rb\r\r\n\n\rc"), b"226 ok\r\n")}, listing),
    Row("8-bit rubbish in a listing", "UnicodeDecodeError",
        {"NLST": (b"150 go\r\n", send_data(b"good\r\n\xff\xf4\r\n"), b"226 ok\r\n")}, listing),
    Row("rubbish in MLSD", "", {"MLSD": (b"150 go\r\n", send_data(b"\r\n ;=; \r\n=\r\n"), b"226 ok\r\n")},
        lambda ftp: [(name, list(facts.items())) for name, facts in ftp.mlsd()]),
    Row("an odd size", "ValueError", {"SIZE": b"213 many\r\n"}, lambda ftp: ftp.size("x")),
    Row("a huge size", "", {"SIZE": b"213 " + b"9" * 4000 + b"\r\n"}, lambda ftp: ftp.size("x")),
]  # fmt: skip

ADDRESSES = [
    Row("227 to another host", "", {"PASV": bad.elsewhere("10,9,8,7")}),
    Row("227 to port 0", "ConnectionRefusedError", {"PASV": bad.elsewhere("127,0,0,1", "0,0")}),
    Row("227 past 65535", "ConnectionRefusedError", {"PASV": bad.elsewhere("127,0,0,1", "256,0")}),
    Row("227 past 2**64", None, {"PASV": bad.elsewhere("127,0,0,1", "1,99999999999999999999")}),
    Row("227 with 5,000 digits", None, {"PASV": bad.elsewhere("127,0,0,1", "1," + "9" * 5000)}),
    Row("227 without an address", "error_proto", {"PASV": b"227 go ahead\r\n"}),
    Row("229 to another host", "", {"EPSV": bad.elsewhere_extended("|1|10.9.8.7|%d|")}, extended),
    Row("229 to port 0", "ConnectionRefusedError", {"EPSV": bad.elsewhere_extended("|||0|")}, extended),
    Row("229 past 65535", "ConnectionRefusedError", {"EPSV": bad.elsewhere_extended("|||65536|")}, extended),
    Row("229 below 0", None, {"EPSV": bad.elsewhere_extended("|||-1|")}, extended),
    Row("229 past 2**64", None, {"EPSV": bad.elsewhere_extended("|||99999999999999999999|")}, extended),
    Row("229 with words", "ValueError", {"EPSV": bad.elsewhere_extended("|||port|")}, extended),
    Row("229 without an address", "error_proto", {"EPSV": b"229 go ahead\r\n"}, extended),
    Row("data connection refused", "ConnectionRefusedError", {"PASV": bad.closed_port}),
    Row("data connection never served", "timeout", {"RETR": b"150 go\r\n"}, brief="data"),
    Row("active: nobody comes", "timeout", {"RETR": b"150 go\r\n"}, active, brief="data"),
    Row("active: refused after PORT", "error_temp", {"RETR": b"425 no\r\n"}, active),
    Row("active: PORT refused", "error_perm", {"PORT": b"500 no\r\n"}, active),
]

TRANSFERS = [
    Row("fewer bytes than announced", "", {"RETR": (b"150 go (9999 bytes)\r\n", send_data(b"12"), b"226 ok\r\n")}),
    Row("more bytes than announced", "", {"RETR": (b"150 go (1 bytes)\r\n", send_data(DATA), b"226 ok\r\n")}),
    Row("data reset, then 426", "ConnectionResetError",
        {"RETR": (b"150 go\r\n", bad.some_data(DATA), bad.reset_data, b"426 aborted\r\n")}),
    Row("data ends early, then 451", "error_temp", {"RETR": (b"150 go\r\n", send_data(b"12"), b"451 disk\r\n")}),
    Row("upload: nobody reads", "timeout", {"STOR": (b"150 go\r\n", open_data)}, store_much, brief="data"),
    Row("upload: closed unread", None, {"STOR": (b"150 go\r\n", bad.take_some, bad.reset_data, b"226 ok\r\n")},
        store_much),
    Row("upload: refused at the end", "error_perm", {"STOR": (b"150 go\r\n", recv_data, b"552 quota\r\n")}, store),
    Row("upload: no reply at the end", "timeout", {"STOR": (b"150 go\r\n", recv_data)}, store_then_brief,
        brief="reply"),
    Row("upload: closed at the end", "EOFError", {"STOR": (b"150 go\r\n", recv_data, close)}, store),
    Row("upload: the server talks on the data connection", "",
        {"STOR": (b"150 go\r\n", bad.some_data(b"what?"), end_data, b"226 ok\r\n")}, store),
    Row("lines up: nobody reads", "timeout", {"STOR": (b"150 go\r\n", open_data)},
        lambda ftp: ftp.storlines("STOR x", io.BytesIO((b"x" * 8000 + b"\n") * 1000)),
        brief="data"),
    Row("lines up: closed at the end", "EOFError", {"STOR": (b"150 go\r\n", recv_data, close)}, store_lines),
]  # fmt: skip

ROWS = DIALOGUE + RUBBISH + ADDRESSES + TRANSFERS
