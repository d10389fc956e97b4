"""Transfers: what comes over the data connection, how it ends, and that it is closed after every failure."""

from __future__ import annotations

import sys

import pytest
from support.actions import end_data, half_close, open_data, recv_data, send_data
from support.harness import same
from support.sources import Source

LINE = 8192  # ftplib's maxline, newline included
DONE = b"226 done\r\n"

TEXTS = {
    "empty": b"",
    "crlf": b"one\r\ntwo\r\n",
    "lf": b"one\ntwo\n",
    "cr": b"one\rtwo\r",
    "mixed": b"a\r\nb\nc\rd\r\r\ne\n\rf\n\n\r\n",
    "no-newline-at-end": b"one\r\ntwo",
    "only-newlines": b"\r\n\n\r",
    "spaces": b"  a  \r\n\t\r\n",
    "nul": b"a\0b\r\n\0\r\n",
    "utf8": "é日\U0001f600\r\n".encode(),
    "bom": "\ufeffa\r\n".encode(),
    "latin1": b"\xe9\r\n",
    "bad-after-good": b"good\r\nbad \xff\r\nlater\r\n",
    "bad-far-behind-good": b"good line\r\n" * 2000 + b"bad \xff\r\n",
    "cut-utf8-at-end": b"a\r\nb\xe2\x82",
    "other-line-breaks": "a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\r\n".encode(),
    "8190": b"x" * (LINE - 2) + b"\r\n",
    "8191": b"x" * (LINE - 1) + b"\r\n",
    "8192": b"x" * LINE + b"\r\n",
    "8192-no-newline": b"x" * LINE,
    "8193-no-newline": b"x" * (LINE + 1),
    "8191-two-bytes-each": "é".encode() * (LINE - 1) + b"\r\n",
    "8192-two-bytes-each": "é".encode() * LINE + b"\r\n",
    "good-then-too-long": b"good\r\n" + b"x" * 20000 + b"\r\n",
    "crs-around-a-buffer": b"".join(b"x" * n + b"\r\n" for n in range(8180, 8191)),
    "many": b"".join(b"line %d\r\n" % n for n in range(5000)),
    "long-multibyte": ("é日" * 100 + "\r\n").encode() * 300,
}
READERS = {
    "retrlines": lambda ftp, env: ftp.retrlines("LIST", env.note),
    "retrlines-print": lambda ftp, env: ftp.retrlines("LIST"),
    "nlst": lambda ftp, env: ftp.nlst(),
    "dir": lambda ftp, env: ftp.dir(),
    "dir-callback": lambda ftp, env: ftp.dir("x", "", "y", env.note),
    "mlsd": lambda ftp, env: list(ftp.mlsd()),
    "retrbinary": lambda ftp, env: joined(ftp, "RETR x", 8192),
    "retrbinary-1000": lambda ftp, env: joined(ftp, "RETR x", 1000),
}


def joined(ftp, cmd, blocksize):
    """Blocks may come in any size up to blocksize; none is empty."""
    blocks = []
    reply = ftp.retrbinary(cmd, blocks.append, blocksize)
    assert all(type(block) is bytes and 0 < len(block) <= blocksize for block in blocks)
    return reply, b"".join(blocks)


def then_pwd(call):
    """The call, then another command: what the failure left in the stream shows there."""

    def script(lib, env):
        ftp = env.ftp()
        env.attempt(call, ftp, env)
        env.attempt(ftp.pwd)
        return ftp.lastresp

    return script


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", TEXTS)
def test_download(text, reader):
    same(then_pwd(READERS[reader]), data=TEXTS[text])


@pytest.mark.parametrize("active", [False, True], ids=["passive", "active"])
@pytest.mark.parametrize("reader", ["retrlines", "nlst", "retrbinary"])
@pytest.mark.parametrize("text", ["crlf", "bad-after-good", "good-then-too-long", "many"])
def test_download_passive_and_active(text, reader, active):
    def script(lib, env):
        ftp = env.ftp(debug=3)
        ftp.set_pasv(not active)
        env.attempt(READERS[reader], ftp, env)
        env.attempt(ftp.pwd)

    same(script, data=TEXTS[text])


@pytest.mark.parametrize("text", ["empty", "mixed", "no-newline-at-end", "nul", "bad-after-good", "8191", "8192"])
def test_retrlines_debug_levels(text):
    def script(lib, env):
        ftp = env.ftp()
        for level in (0, 1, 2, 3, 4, True, 2.5):
            ftp.set_debuglevel(level)
            env.attempt(ftp.retrlines, "LIST")

    same(script, data=TEXTS[text])


SEQUENCES = {
    "200-before-150": (b"200 soon\r\n150 now\r\n", send_data(), DONE),
    "200-before-200": (b"200 soon\r\n200 now\r\n", DONE),
    "200-before-550": (b"200 soon\r\n550 no\r\n"),
    "200-before-eof": (b"200 soon\r\n", half_close),
    "200-three-times": (b"200 a\r\n200 b\r\n150 c\r\n", DONE),
    "226-before-data": (b"150 ok\r\n226 done\r\n", send_data()),
    "125": (b"125 open\r\n", send_data(), DONE),
    "150-size": (b"150 x (10 bytes)\r\n", send_data(), DONE),
    "150-multi": (b"150-x (1 bytes)\r\n150 y (2 bytes)\r\n", send_data(), DONE),
    "110-marker": (b"110 MARK a = b\r\n", send_data(), DONE),
    "350": b"350 what\r\n",
    "421": b"421 closing\r\n",
    "425": b"425 no data connection\r\n",
    "550": b"550 no\r\n",
    "none": (b"what\r\n"),
    "eof": half_close,
    "150-eof": (b"150 ok\r\n", send_data(), half_close),
    "426-at-end": (b"150 ok\r\n", send_data(), b"426 cut\r\n"),
    "451-at-end": (b"150 ok\r\n", send_data(), b"451 local\r\n"),
    "552-at-end": (b"150 ok\r\n", send_data(), b"552 full\r\n"),
    "350-at-end": (b"150 ok\r\n", send_data(), b"350 more\r\n"),
    "150-at-end": (b"150 ok\r\n", send_data(), b"150 again\r\n"),
    "250-at-end": (b"150 ok\r\n", send_data(), b"250-a\r\n250 b\r\n"),
    "no-data": (b"150 ok\r\n", open_data, end_data, DONE),
}
STARTERS = {
    **{name: READERS[name] for name in ("retrlines", "nlst", "dir", "mlsd", "retrbinary")},
    "ntransfercmd": lambda ftp, env: transfer(ftp, env, ftp.ntransfercmd("RETR x")),
    "transfercmd": lambda ftp, env: transfer(ftp, env, (ftp.transfercmd("RETR x"), "no size")),
    "ntransfercmd-rest": lambda ftp, env: transfer(ftp, env, ftp.ntransfercmd("RETR x", 5)),
}


def transfer(ftp, env, started):
    conn, size = started
    env.note(conn, size, conn.gettimeout())
    data = b"".join(iter(lambda: conn.recv(100), b""))
    conn.close()
    env.note(data)
    return ftp.voidresp()


@pytest.mark.parametrize("active", [False, True], ids=["passive", "active"])
@pytest.mark.parametrize("starter", STARTERS)
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_sequence_of_replies(sequence, starter, active):
    def script(lib, env):
        ftp = env.ftp()
        ftp.set_pasv(not active)
        env.attempt(STARTERS[starter], ftp, env)
        env.attempt(ftp.sendcmd, "END")
        env.note(getattr(ftp, "lastresp", None))
        env.attempt(ftp.getline)

    verbs = ["RETR", "LIST", "NLST", "MLSD"]
    same(script, {**dict.fromkeys(verbs, SEQUENCES[sequence]), "END": (b"200 end\r\n", half_close)})


RESTS = [0, "0", 5, "5", 10**20, -1, "", "abc", 2.5, True, False, b"x", "5\r\nDELE x", ("5",), ("a", "b"), [], {"a": 1}]


@pytest.mark.parametrize("rest", RESTS, ids=repr)
@pytest.mark.parametrize("active", [False, True], ids=["passive", "active"])
def test_rest(rest, active):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        ftp.set_pasv(not active)
        env.attempt(lambda: ftp.transfercmd("RETR x", rest).close())
        env.attempt(ftp.sendcmd, "END")

    same(script, {"END": (b"200 end\r\n", half_close)})


@pytest.mark.parametrize(
    "reply", [b"200 ok\r\n", b"350 ok\r\n", b"502 no\r\n", b"125 odd\r\n", b"421 bye\r\n", b"x\r\n"]
)
@pytest.mark.parametrize("method", ["retrbinary", "storbinary"])
def test_rest_replies(reply, method):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        if method == "retrbinary":
            env.attempt(ftp.retrbinary, "RETR x", lambda block: None, rest=3)
        else:
            chunks = iter([b"abc", b""])
            env.attempt(ftp.storbinary, "STOR x", Source(lambda size: next(chunks)), rest=3)
        env.attempt(ftp.pwd)

    same(script, {"REST": reply})


ADDRESSES = {
    "refused": "227 ok (127,0,0,1,0,1)",
    "port-0": "227 ok (127,0,0,1,0,0)",
    "port-too-big": "227 ok (127,0,0,1,256,0)",
    "port-far-too-big": "227 ok (127,0,0,1,9999999999999999999999,0)",
    "no-address": "227 ok",
    "not-227": "200 ok",
    "500": "500 no",
    "425": "425 no",
    "untrusted-host": None,
}


@pytest.mark.parametrize("address", ADDRESSES)
def test_pasv_address(address):
    def odd_pasv(session):
        host, port = session.data_address()
        text = ADDRESSES[address] or f"227 elsewhere (192,0,2,1,{port // 256},{port % 256})"
        session.conn.sendall(text.encode() + b"\r\n")

    def script(lib, env):
        ftp = env.ftp(debug=1)
        env.attempt(ftp.nlst)
        ftp.trust_server_pasv_ipv4_address = True
        env.attempt(ftp.makepasv)

    same(script, {"PASV": odd_pasv})


@pytest.mark.parametrize(
    "reply",
    ["229 ok (|||1|)", "229 ok (|||0|)", "229 (|||70000|)", "229 (|||-1|)", "229 (|||x|)", "229", "522 no", "200 ok"],
)
def test_epsv_address(reply):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        ftp.af = lib.socket.AF_INET6
        env.attempt(ftp.nlst)
        env.attempt(ftp.makepasv)

    same(script, {"EPSV": reply.encode() + b"\r\n"})


@pytest.mark.parametrize("verb", ["PORT", "EPRT"])
@pytest.mark.parametrize("reply", [b"500 no\r\n", b"350 odd\r\n", b"125 odd\r\n", b"421 bye\r\n", half_close])
def test_refused_port(verb, reply):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        ftp.set_pasv(False)
        if verb == "EPRT":
            ftp.sock.getsockname()
            ftp.af = lib.socket.AF_INET6
        env.attempt(ftp.nlst)
        env.attempt(lambda: ftp.makeport().close())

    same(script, {verb: reply})


# Python 3.9 has another message for a float.
MAXLINES = [0, 1, 5, 20, 100000, -1, -5, None, "9", True] + [2.5] * (sys.version_info >= (3, 10))


@pytest.mark.parametrize("maxline", MAXLINES)
def test_maxline(maxline):
    def changed_after_transfercmd(lib, env):
        class Changing(lib.FTP):
            def transfercmd(self, cmd, rest=None):
                conn = super().transfercmd(cmd, rest)
                self.maxline = maxline
                return conn

        return env.ftp(Changing)

    def script(lib, env):
        ftp = env.ftp()
        ftp.maxline = maxline
        env.attempt(ftp.sendcmd, "NOOP")
        env.attempt(changed_after_transfercmd(lib, env).retrlines, "LIST", env.note)
        lines = iter([b"one\n", b"a longer line of text\n", b""])
        source = Source(lambda size: (env.note(size), next(lines))[1])
        env.attempt(changed_after_transfercmd(lib, env).storlines, "STOR x", source)

    same(script, data=b"one\r\na longer line of text\r\nend\r\n")


def test_maxline_on_the_class():
    def script(lib, env):
        class Short(lib.FTP):
            maxline = 30

        ftp = env.ftp(Short)
        env.attempt(ftp.nlst)
        return env.attempt(ftp.pwd)

    same(script, data=b"x" * 40 + b"\r\n")


@pytest.mark.parametrize("reader", ["retrlines", "nlst", "dir", "mlsd", "retrbinary"])
def test_data_connection_reset_by_the_server(reader):
    def reset_data(session):
        conn = session.open_data()
        conn.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SOL_SOCKET, SO_LINGER: close sends a RST
        conn.close()
        session.data_conns.pop()

    verbs = dict.fromkeys(["RETR", "LIST", "NLST", "MLSD"], (reset_data, b"150 ok\r\n", b"426 cut\r\n"))
    same(then_pwd(READERS[reader]), verbs)


def test_transfer_by_hand():
    def script(lib, env):
        ftp = env.ftp()
        with ftp.transfercmd("STOR x") as conn:
            conn.sendall(b"by hand")
            conn.shutdown(lib.socket.SHUT_WR)
        env.note(ftp.voidresp())
        conn, size = ftp.ntransfercmd("RETR x")
        file = conn.makefile("rb")
        conn.close()  # as urllib does: the descriptor lives on in the file
        env.note(file.read(), size)
        file.close()
        return ftp.voidresp()

    same(script, {"STOR": (b"150 ok\r\n", recv_data, DONE)})


def test_no_descriptor_is_left_by_failed_transfers(no_descriptor_left):
    """Fifty times two failures on one connection; the server sees each data connection closed, dups included."""

    def script(lib, env):
        ftp = env.ftp()
        for _ in range(50):
            with pytest.raises(ZeroDivisionError):
                ftp.retrbinary("RETR x", fail)
            ftp.voidresp()
            with pytest.raises(lib.error_perm):
                ftp.nlst()

    outcome = same(script, {"NLST": b"550 no\r\n"})
    assert outcome.data_closed == [True] * 100


def fail(block):
    raise ZeroDivisionError
