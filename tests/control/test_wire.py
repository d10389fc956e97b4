"""The same script against a recording server: equal bytes, in equal order, and those that the RFCs want."""

from __future__ import annotations

import io
import socket
import ssl

import pytest
from support.actions import recv_data, send_data
from support.certificates import CA_FILE
from support.harness import run_both, same
from support.scripted_server import LIMIT

DATA = b"".join(b"line %d of the listing\r\n" % number for number in range(200))


@pytest.fixture(scope="session")
def ipv6(missing):
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError as exc:
        missing(f"no IPv6 on loopback: {exc}")


def every_method(ftp, env):
    """All public methods in the order of a long session."""
    env.note(ftp.getwelcome(), ftp.login("user", "secret", "account"), ftp.acct("other"))
    env.note(ftp.pwd(), ftp.cwd("d"), ftp.cwd(".."), ftp.cwd(""), ftp.mkd('a "b"'), ftp.rmd("d"))
    env.note(ftp.size("f"), ftp.rename("a", "b"), ftp.delete("f"), ftp.sendcmd("NOOP"), ftp.voidcmd("SITE HELP"))
    ftp.putcmd("NOOP")
    env.note(ftp.getresp())
    ftp.putline("NOOP")
    env.note(ftp.voidresp(), ftp.nlst(), ftp.nlst("a", "b c"), list(ftp.mlsd()), list(ftp.mlsd("p", ["type", "size"])))
    ftp.dir(env.note)
    ftp.dir("a", "", "b", env.note)
    env.note(ftp.retrlines("RETR f", env.note))
    blocks = []
    env.note(ftp.retrbinary("RETR f", blocks.append), ftp.retrbinary("RETR f", blocks.append, 100, 7), b"".join(blocks))
    env.note(ftp.storbinary("STOR f", io.BytesIO(DATA)), ftp.storbinary("APPE f", io.BytesIO(DATA), 77, None, "5"))
    env.note(ftp.storlines("STOR f", io.BytesIO(b"a\nb\r\nc\rd\n\nlast")), ftp.storlines("STOU", io.BytesIO(b"")))
    conn, size = ftp.ntransfercmd("RETR f", 0)
    env.note(size, b"".join(iter(lambda: conn.recv(1000), b"")))
    conn.close()
    env.note(ftp.voidresp())
    with ftp.transfercmd("STOR f") as conn:
        conn.sendall(b"by hand")
    env.note(ftp.voidresp(), ftp.abort(), ftp.quit())


REPLIES = {
    "PASS": b"332 account\r\n",
    "SITE": b"214-help\r\n none\r\n214 end\r\n",
    "RETR": (b"150 opening f (4790 bytes)\r\n", send_data(), b"226 done\r\n"),
}
COMMANDS = [
    "USER user", "PASS secret", "ACCT account", "ACCT other", "PWD", "CWD d", "CDUP", "CWD .", 'MKD a "b"', "RMD d",
    "SIZE f", "RNFR a",
    "RNTO b", "DELE f", "NOOP", "SITE HELP", "NOOP", "NOOP", "TYPE A", "@", "NLST", "TYPE A", "@", "NLST a b c",
    "TYPE A", "@", "MLSD",
    "OPTS MLST type;size;", "TYPE A", "@", "MLSD p", "TYPE A", "@", "LIST", "TYPE A", "@", "LIST a b", "TYPE A", "@",
    "RETR f", "TYPE I",
    "@", "RETR f", "TYPE I", "@", "REST 7", "RETR f", "TYPE I", "@", "STOR f", "TYPE I", "@", "REST 5", "APPE f",
    "TYPE A", "@", "STOR f",
    "TYPE A", "@", "STOU", "@", "REST 0", "RETR f", "@", "STOR f", "ABOR", "QUIT",
]  # fmt: skip
ADDRESS = {
    "PASV": lambda ftp: None,
    "PORT 127,0,0,1,p,p": lambda ftp: ftp.set_pasv(False),
    "EPSV": lambda ftp: setattr(ftp, "af", socket.AF_INET6),
}


def expected(address):
    return "".join(line.replace("@", address) + "\r\n" for line in COMMANDS)


@pytest.mark.parametrize("address", ADDRESS)
def test_every_method(address):
    def script(lib, env):
        ftp = env.ftp()
        ADDRESS[address](ftp)
        every_method(ftp, env)

    outcome = same(script, REPLIES, data=DATA)
    assert outcome.exception is None
    assert outcome.wire == [expected(address)]
    assert outcome.uploads.count(DATA) == 2 and b"a\r\nb\r\nc\rd\r\n\r\nlast\r\n" in outcome.uploads


@pytest.mark.parametrize("address", ["EPSV", "EPRT |2|::1|port|"])
def test_every_method_on_ipv6(address, ipv6):
    def script(lib, env):
        ftp = env.ftp()
        ftp.set_pasv(address == "EPSV")
        env.note(ftp.af)
        every_method(ftp, env)

    outcome = same(script, REPLIES, data=DATA, ipv6=True)
    assert outcome.exception is None
    assert outcome.wire == [expected(address)]


@pytest.mark.parametrize("protection", ["P", "C", "none"])
@pytest.mark.parametrize("address", ["PASV", "PORT 127,0,0,1,p,p"])
def test_every_method_under_tls(address, protection):
    """The wire is what the server has decrypted."""

    def script(lib, env):
        ftp = env.tls(context=ssl.create_default_context(cafile=CA_FILE))
        ADDRESS[address](ftp)
        env.note(ftp.auth())
        if protection != "none":
            env.note(ftp.prot_p() if protection == "P" else ftp.prot_c())
        every_method(ftp, env)

    outcome = same(script, REPLIES, data=DATA)
    assert outcome.exception is None
    prefix = {"P": "PBSZ 0\r\nPROT P\r\n", "C": "PROT C\r\n", "none": ""}[protection]
    assert outcome.wire == ["AUTH TLS\r\n" + prefix + expected(address)]


def test_every_method_under_tls_on_ipv6(ipv6):
    def script(lib, env):
        ftp = env.tls(context=ssl.create_default_context(cafile=CA_FILE))
        ftp.auth(), ftp.prot_p()
        every_method(ftp, env)

    outcome = same(script, REPLIES, data=DATA, ipv6=True)
    assert outcome.exception is None
    assert outcome.wire == ["AUTH TLS\r\nPBSZ 0\r\nPROT P\r\n" + expected("EPSV")]


def test_clear_command_channel():
    def script(lib, env):
        ftp = env.tls()
        ftp.login("user", "secret")
        ftp.prot_p()
        ftp.ccc()
        env.note(ftp.nlst(), ftp.storbinary("STOR f", io.BytesIO(DATA)), ftp.quit())

    outcome = same(script, data=DATA)
    assert outcome.exception is None
    commands = [
        "AUTH TLS",
        "USER user",
        "PASS secret",
        "PBSZ 0",
        "PROT P",
        "CCC",
        "TYPE A",
        "PASV",
        "NLST",
        "TYPE I",
        "PASV",
        "STOR f",
    ]
    assert outcome.wire == ["".join(line + "\r\n" for line in [*commands, "QUIT"])]


def test_abort_is_urgent():
    """The last byte of `ABOR\\r\\n` is sent with MSG_OOB: a server that doesn't take it inline reads it apart."""

    def script(lib, env):
        ftp = env.ftp()
        env.note(ftp.abort())

    def greet_then_take_urgent(session):
        session.conn.sendall(b"220 ready\r\n")
        received = b""
        while not received.endswith(b"ABOR\r"):
            session.wait_readable(session.conn)
            received += session.conn.recv(100)
        session.conn.settimeout(0)  # with a timeout Python waits for ordinary data first; both came in one segment
        session.received += b"[" + received + b"][" + session.conn.recv(1, socket.MSG_OOB) + b"]"
        session.conn.settimeout(LIMIT)
        session.conn.sendall(b"226 aborted\r\n")

    outcome = same(script, greeting=greet_then_take_urgent, oob_inline=False)
    assert outcome.wire == ["[ABOR\r][\n]"]


def test_each_command_is_one_segment():
    """A command and its CRLF go out in one sendall: some servers read no further than the first segment."""

    def script(lib, env):
        ftp = env.ftp()
        sent = []

        class Sock:
            def __init__(self, real):
                self.real = real

            def __getattr__(self, name):
                return getattr(self.real, name)

            def sendall(self, data, *flags):
                sent.append((bytes(data), flags))
                return self.real.sendall(data, *flags)

        ftp.sock = Sock(ftp.sock)
        ftp.login()
        ftp.nlst()
        ftp.abort()
        ftp.sock = ftp.sock.real
        return sent

    same(script, {"STOR": (b"150 ok\r\n", recv_data, b"226 ok\r\n")})


def test_nothing_is_sent_for_a_refused_command():
    def script(lib, env):
        ftp = env.ftp()
        for line in ("a\rb", "a\nb", "a\r\nb", "\n", "é\n"):
            env.attempt(ftp.sendcmd, line)
            env.attempt(ftp.delete, line)
        env.attempt(ftp.login, "u\n", "p")
        env.attempt(ftp.login, "u", "p\r\n")
        env.attempt(ftp.rename, "a", "b\n")

    ours, theirs = run_both(script)
    assert ours.notes == theirs.notes
    assert ours.wire == theirs.wire == ["USER u\r\nRNFR a\r\n"]
