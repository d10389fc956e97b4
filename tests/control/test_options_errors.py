"""`errors`: what becomes of text that isn't in `encoding`."""

from __future__ import annotations

import codecs
import io
import os

import pytest
import rftplib
from hypothesis import given
from hypothesis import strategies as st
from rftplib import _rftplib
from rftplib.session import batch
from rftplib.tls import FTPS
from support.actions import send_data
from support.certificates import CA_FILE
from support.scripted_server import Server
from support.twins import LIMIT, arrived, connection, few, outcome

OURS = ["utf-8", "ascii", "latin-1"]
ENCODINGS = [*OURS, "cp1252", "koi8-r"]
# every byte that a name can have, so that each is in some name
NAMES = [bytes(range(start, start + 32)).translate(None, b"\0\r\n") for start in range(0, 256, 32)]
NAMES += [b"caf\xe9", "café".encode(), b"\xed\xa0\x80", b"\xf0\x9f\x98", b"a\xc3", b"\xed\xb2\x80"]


class Escaping(rftplib.FTP):
    errors = "surrogateescape"


def client(server, cls=Escaping, **keywords):
    ftp = cls(timeout=LIMIT, **keywords)
    ftp.connect(*server.address)
    return ftp


bytes_of_lines = st.lists(
    st.sampled_from(
        [b"\r\n", b"\n", b"\r", b"a", b"\xc3", b"\xa9", b"\xe2\x82", b"\xac", b"\xed", b"\xb2\x80", b"\xff"]
    ),
    max_size=30,
).map(b"".join)


@pytest.mark.skipif(os.environ.get("RFTPLIB_NATIVE") == "0", reason="the reader is Python's then")
@few
@given(
    pieces=st.lists(bytes_of_lines.filter(bool), max_size=6), limit=st.integers(-1, 9), encoding=st.sampled_from(OURS)
)
def test_the_reader_is_like_pythons(pieces, limit, encoding):
    def lines(make):
        near, far = connection(pieces)
        with near, far, make(near) as file:
            # some more than there are, as the end is one
            return [outcome(file.readline, limit) for _ in range(sum(map(len, pieces)) + 2)]

    expected = lines(lambda sock: sock.makefile("r", encoding=encoding, errors="surrogateescape"))
    assert lines(lambda sock: _rftplib.open_reader(sock, encoding, "surrogateescape")) == expected


@few
@given(
    line=st.text(st.sampled_from("aé€\udc80\udcff\udcc3\udca9\ud800\udc7f\udd00"), max_size=8),
    encoding=st.sampled_from(ENCODINGS),
)
def test_commands_are_what_pythons_codec_makes_of_them(line, encoding):
    near, far = connection([])
    with near, far:
        ftp = Escaping.__new__(Escaping)
        ftp.sock, ftp.encoding = near, encoding
        try:
            expected = (line + "\r\n").encode(encoding, "surrogateescape")
        except UnicodeEncodeError as refused:
            with pytest.raises(UnicodeEncodeError) as raised:
                ftp.putline(line)
            assert raised.value.args == refused.args
            expected = b""
        else:
            ftp.putline(line)
        near.close()
        assert arrived(far) == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("native", [True, False], ids=["native", "portable"])
def test_every_name_goes_forth_and_back(encoding, native, monkeypatch):
    """Listed in each way, downloaded, renamed, deleted: what the server gets is what it said."""
    if not native:
        monkeypatch.setattr(_rftplib, "retrlines", lambda *args: False)
        monkeypatch.setattr(_rftplib, "open_reader", lambda *args: None)
    # a lone CR ends a line, as in ftplib; those of text are looked for by str.splitlines() nowhere
    names = b"\r\n".join(NAMES) + b"\r\n"
    facts = b"\r\n".join(b"type=file; " + name for name in NAMES) + b"\r\n"
    replies = {
        "NLST": (b"150 ok\r\n", send_data(names), b"226 ok\r\n"),
        "LIST": (b"150 ok\r\n", send_data(names), b"226 ok\r\n"),
        "MLSD": (b"150 ok\r\n", send_data(facts), b"226 ok\r\n"),
    }
    with Server(replies) as server:
        ftp = client(server, encoding=encoding)
        assert ftp.file.errors == "surrogateescape"
        listed = ftp.nlst()
        expected = [name.decode(encoding, "surrogateescape") for name in NAMES]
        assert listed == expected
        assert [name for name, _ in ftp.mlsd()] == expected
        lines = []
        ftp.dir(lines.append)
        assert lines == expected
        for name in listed:
            ftp.retrbinary("RETR " + name, lambda block: None)
            ftp.storlines("STOR " + name, io.BytesIO(b"x"))
            ftp.rename(name, "new" + name)
            ftp.delete(name)
        assert [reply.code for reply in batch(ftp, ["DELE " + name for name in listed])] == [250] * len(NAMES)
        ftp.quit()
    received = bytes(server.sessions[0].received).split(b"\r\n")
    for command, prefix in [("RETR", b""), ("STOR", b""), ("RNFR", b""), ("RNTO", b"new")]:
        sent = [line for line in received if line.startswith(command.encode())]
        assert sent == [command.encode() + b" " + prefix + name for name in NAMES]
    assert [line[5:] for line in received if line.startswith(b"DELE")] == NAMES * 2


def test_replies_have_the_names_too():
    with Server({"PWD": b'257 "/caf\xe9"\r\n', "DELE": b"550-no\xff\r\n550 \xe9\r\n"}) as server, client(server) as ftp:
        assert ftp.pwd() == "/caf\udce9"
        with pytest.raises(rftplib.error_perm) as refused:
            ftp.delete("x")
        assert refused.value.args == ("550-no\udcff\n550 \udce9",)


def test_under_tls():
    names = (b"150 ok\r\n", send_data(b"caf\xe9\r\n"), b"226 ok\r\n")
    with Server({"NLST": names, "PWD": b'257 "/\xe9"\r\n'}) as server:
        context = rftplib.ssl.create_default_context(cafile=CA_FILE)
        ftp = FTPS(context=context, timeout=LIMIT)
        ftp.errors = "surrogateescape"
        ftp.connect("localhost", server.port)
        with ftp:
            ftp.login()
            assert (ftp.pwd(), ftp.nlst()) == ("/\udce9", ["caf\udce9"])


@pytest.mark.parametrize("errors", ["replace", "backslashreplace", "ignore", "own"])
def test_any_handler_of_pythons_codecs(errors):
    codecs.register_error("own", lambda error: ("<?>", error.end))
    with Server({"X": b"200 a\xff\r\n"}, data=b"b\xff\r\n") as server, client(server, rftplib.FTP) as strict:
        assert strict.errors == "strict"
        ftp = type("Client", (rftplib.FTP,), {"errors": errors})(timeout=LIMIT)
        ftp.connect(*server.address)
        with ftp:
            assert ftp.sendcmd("X") == b"200 a\xff".decode("utf-8", errors)
            assert ftp.nlst() == [b"b\xff".decode("utf-8", errors)]
    with Server() as server:
        ftp = type("Client", (rftplib.FTP,), {"errors": "replace"})(timeout=LIMIT, encoding="ascii")
        ftp.connect(*server.address)
        ftp.cwd("é")
    assert server.commands() == ["CWD ?"]


def test_one_bad_name_loses_the_listing_as_in_ftplib_unless_it_is_set():
    with Server(data=b"good\r\nb\xffd\r\n") as server, client(server, rftplib.FTP) as ftp:
        with pytest.raises(UnicodeDecodeError):
            ftp.nlst()
        ftp.voidresp()
        ftp.errors = "surrogateescape"
        assert ftp.nlst() == ["good", "b\udcffd"]


@pytest.mark.parametrize("value", ["no-such", "a\0b"])
def test_wrong_errors(value):
    with Server() as server:
        ftp = type("Client", (rftplib.FTP,), {"errors": value})(timeout=LIMIT)
        with pytest.raises(ValueError, match="^errors must "):
            ftp.connect(*server.address)
        ftp.close()
        ftp = client(server, rftplib.FTP)
        ftp.errors = value
        for call in (ftp.pwd, ftp.nlst, lambda: ftp.putline("x"), lambda: batch(ftp, ["NOOP"])):
            with pytest.raises(ValueError, match="^errors must "):
                call()
        ftp.close()


@pytest.mark.parametrize("value", [None, 7, b"strict", ["one", "two"]])
def test_what_scripts_call_errors_stays_theirs(value):
    """A subclass of ftplib's that counts its errors, or collects them, goes on working."""
    with Server(data=b"good\r\n") as server:
        ftp = type("Client", (rftplib.FTP,), {"errors": value})(timeout=LIMIT)
        ftp.connect(*server.address)
        ftp.login("user", "secret")
        assert ftp.nlst() == ["good"]
        assert batch(ftp, ["NOOP"])[0].ok
        ftp.errors = 8
        assert ftp.nlst() == ["good"] and ftp.errors == 8
        ftp.quit()
