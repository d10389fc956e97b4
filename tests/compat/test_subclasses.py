"""Subclasses of FTP as users write them; only the import line is changed."""

from __future__ import annotations

import io
import socket
import threading

import pytest
import rftplib as ftplib
from support.scripted_server import LIMIT, Server

BIG = b"0123456789abcdef" * 4096


def test_ignore_the_pasv_host():
    class IgnoreHost(ftplib.FTP):
        def makepasv(self):
            _, port = super().makepasv()
            return self.host, port

    def behind_nat(session):
        host, port = session.data_address()
        session.conn.sendall(f"227 ok (10,0,0,1,{port // 256},{port % 256})\r\n".encode())

    with Server({"PASV": behind_nat}) as server:
        ftp = IgnoreHost(timeout=LIMIT)
        ftp.trust_server_pasv_ipv4_address = True
        ftp.connect(server.host, server.port)
        ftp.login("u", "p")
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()


def test_the_port_in_a_class_of_its_own():
    with Server() as server:

        class Session(ftplib.FTP):
            def __init__(self, host, userid, password, port):
                """Act like ftplib.FTP's constructor but connect to another port."""
                ftplib.FTP.__init__(self)
                self.connect(host, port)
                self.login(userid, password)

        with Session(server.host, "u", "p", server.port) as ftp:
            assert ftp.pwd() == "/home"
        assert server.commands() == ["USER u", "PASS p", "PWD", "QUIT"]


def test_connect_written_anew():
    class Client(ftplib.FTP):
        def connect(self, host="", port=0, timeout=-999, source_address=None):
            if host != "":
                self.host = host
            if port > 0:
                self.port = port
            if timeout != -999:
                self.timeout = timeout
            self.sock = socket.create_connection((self.host, self.port), self.timeout)
            self.af = self.sock.family
            self.file = self.sock.makefile("r", encoding=self.encoding)
            self.welcome = self.getresp()
            return self.welcome

    with Server(data=b"\xc3\xa9\r\n") as server:
        ftp = Client(timeout=LIMIT)
        assert ftp.connect(server.host, server.port) == "220 ready"
        ftp.login("u", "p")
        assert ftp.nlst() == ["é"]
        ftp.quit()


def test_an_object_built_by_hand():
    """As proxies and tunnels do: no connect() at all."""
    with Server(greeting=b"220 caf\xe9\r\n") as server:
        ftp = ftplib.FTP()
        ftp.sock = socket.create_connection((server.host, server.port), LIMIT)
        ftp.af = ftp.sock.family
        ftp.file = ftp.sock.makefile("r", encoding="utf-8", errors="surrogateescape", newline="\r\n")
        ftp.host = server.host
        ftp.welcome = ftp.getresp()
        assert ftp.welcome == "220 caf\udce9"
        ftp.login()
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()
        assert server.commands()[:2] == ["USER anonymous", "PASS anonymous@"]


def test_the_reader_replaced_after_connect():
    with Server({"X": b"200 caf\xe9\r\n"}, data=b"caf\xe9\r\n") as server:
        ftp = ftplib.FTP(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        ftp.encoding = "latin-1"
        ftp.file = ftp.sock.makefile("r", encoding="latin-1")
        assert ftp.sendcmd("X") == "200 café"
        assert ftp.nlst("é") == ["café"]
        ftp.quit()
        assert "NLST \xe9" in server.commands()


def test_fake_ftp_with_a_stringio():
    class FakeFTP(ftplib.FTP):
        def __init__(self, text):
            self.file = io.StringIO(text)
            self.sent = []

        def putline(self, line):
            self.sent.append(line)

    ftp = FakeFTP('220-hello\n220 there\n331 password\n230 in\n257 "/a""b" is it\n550-no\n550 such\n')
    assert ftp.getresp() == "220-hello\n220 there"
    assert ftp.login("u", "p") == "230 in"
    assert ftp.pwd() == '/a"b'
    with pytest.raises(ftplib.error_perm, match="550-no\n550 such"):
        ftp.delete("x")
    with pytest.raises(EOFError):
        ftp.getline()
    assert ftp.sent == ["USER u", "PASS p", "PWD", "DELE x"]
    assert ftp.lastresp == "550"
    ftp.close()
    assert ftp.file is None


def test_super_init_never_called():
    class Bare(ftplib.FTP):
        def __init__(self, sock):
            self.sock = sock
            self.file = sock.makefile("r")
            self.timeout = LIMIT

    with Server() as server:
        ftp = Bare(socket.create_connection((server.host, server.port), LIMIT))
        assert ftp.getresp() == "220 ready"
        with pytest.raises(AttributeError, match="encoding"):
            ftp.sendcmd("NOOP")
        ftp.encoding = "ascii"
        assert ftp.voidcmd("NOOP") == "200 noop"
        with pytest.raises(AttributeError, match="af"):
            ftp.nlst()
        ftp.af = socket.AF_INET
        with pytest.raises(AttributeError, match="source_address"):
            ftp.nlst()
        ftp.close()


def test_made_by_new():
    ftp = ftplib.FTP.__new__(ftplib.FTP)
    assert vars(ftp) == {} and ftp.sock is None and ftp.port == 21
    with pytest.raises(AttributeError):
        ftp.lastresp  # noqa: B018
    ftp.file = io.StringIO("200 ok\n")
    assert ftp.getresp() == "200 ok"


def test_a_session_object_as_ftputil_mocks_it():
    class MockSession(ftplib.FTP):
        """Scripted answers instead of a connection."""

        def __init__(self, script):
            self.script = list(script)

        def voidcmd(self, cmd):
            name, result = self.script.pop(0)
            assert name == cmd
            if isinstance(result, Exception):
                raise result
            return result

        def transfercmd(self, cmd, rest=None):
            name, result = self.script.pop(0)
            assert name == cmd
            return result

        def sendcmd(self, cmd):
            return self.voidcmd(cmd)

        def voidresp(self):
            return "226 done"

    class Channel(io.BytesIO):
        def recv(self, size):
            return self.read(size)

        def makefile(self, *args, **kw):
            return io.TextIOWrapper(self, **kw)

    session = MockSession(
        [
            ("TYPE I", "200 ok"), ("RETR x", Channel(b"binary")), ("TYPE A", "200 ok"), ("LIST", Channel(b"a\r\nb")),
            ("MKD d", '257 "/d"'), ("CDUP", ftplib.error_perm("500 no")), ("CWD ..", "250 ok"), ("DELE x", "250 ok"),
        ]
    )  # fmt: skip
    session.encoding = "utf-8"
    data, lines = [], []
    assert session.retrbinary("RETR x", data.append) == "226 done"
    session.dir(lines.append)
    assert (data, lines) == ([b"binary"], ["a", "b"])
    assert session.mkd("d") == "/d"
    assert session.cwd("..") == "250 ok"
    assert session.delete("x") == "250 ok"
    assert session.script == []


def test_together_with_a_thread():
    with Server() as server:

        class FTPClient(ftplib.FTP, threading.Thread):
            def __init__(self):
                ftplib.FTP.__init__(self, timeout=LIMIT)
                threading.Thread.__init__(self)

            def run(self):
                self.connect(server.host, server.port)
                self.names = self.nlst()
                self.quit()

        client = FTPClient()
        client.start()
        client.join(LIMIT)
        assert client.names == ["one", "two"]


def test_a_mixin_that_logs_and_one_with_slots():
    class Logging:
        def getmultiline(self):
            self.log.append(super().getmultiline())
            return self.log[-1]

        def putcmd(self, line):
            self.log.append(line)
            return super().putcmd(line)

    class Slots:
        __slots__ = ()

    class Client(Logging, Slots, ftplib.FTP):
        log: list = []

    with Server({"X": b"200-a\r\n200 b\r\n"}) as server:
        with Client(timeout=LIMIT) as ftp:
            ftp.connect(server.host, server.port)
            ftp.sendcmd("X")
        assert ftp.log == ["220 ready", "X", "200-a\n200 b", "QUIT", "221 bye"]


def test_storbinary_and_retrbinary_copied_from_the_standard_library():
    class Resuming(ftplib.FTP):
        def storbinary(self, cmd, fp, blocksize=8192, callback=None, rest=None):
            self.voidcmd("TYPE I")
            with self.transfercmd(cmd, rest) as conn:
                while 1:
                    buf = fp.read(blocksize)
                    if not buf:
                        break
                    conn.sendall(buf)
                    if callback:
                        callback(buf)
                if ftplib._SSLSocket is not None and isinstance(conn, ftplib._SSLSocket):
                    conn.unwrap()
            return self.voidresp()

        def storlines(self, cmd, fp, callback=None):
            self.voidcmd("TYPE A")
            with self.transfercmd(cmd) as conn:
                while 1:
                    buf = fp.readline(self.maxline + 1)
                    if len(buf) > self.maxline:
                        raise ftplib.Error("got more than %d bytes" % self.maxline)  # noqa: UP031
                    if not buf:
                        break
                    if buf[-2:] != ftplib.B_CRLF:
                        if buf[-1] in ftplib.B_CRLF:
                            buf = buf[:-1]
                        buf = buf + ftplib.B_CRLF
                    conn.sendall(buf)
            return self.voidresp()

        def retrbinary(self, cmd, callback, blocksize=8192, rest=None):
            self.voidcmd("TYPE I")
            conn = self.transfercmd(cmd, rest)
            try:
                while 1:
                    data = conn.recv(blocksize)
                    if not data:
                        break
                    callback(data)
            finally:
                conn.close()
            return self.voidresp()

    with Server(data=BIG) as server:
        ftp = Resuming(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        blocks = []
        ftp.retrbinary("RETR x", blocks.append, rest=0)
        ftp.storbinary("STOR x", io.BytesIO(BIG))
        ftp.storlines("STOR x", io.BytesIO(b"a\nb"))
        ftp.quit()
        assert b"".join(blocks) == BIG
        assert bytes(server.sessions[0].uploads[1]) == BIG
        assert bytes(server.sessions[0].uploads[2]) == b"a\r\nb\r\n"


def test_pret_before_pasv_and_replies_of_another_kind():
    class Drftpd(ftplib.FTP):
        def ntransfercmd(self, cmd, rest=None):
            self.voidcmd("PRET " + cmd)
            return super().ntransfercmd(cmd, rest)

        def getresp(self):
            """X-DUPE: the names in a 553 are worth keeping."""
            resp = self.getmultiline()
            self.lastresp = resp[:3]
            if resp[:1] in ("4", "5"):
                self.dupes = [line.split("X-DUPE: ")[1] for line in resp.splitlines() if "X-DUPE: " in line]
                raise ftplib.error_perm(resp)
            return resp

    replies = {"PRET": b"200 ok\r\n", "STOR": b"553- X-DUPE: a\r\n553- X-DUPE: b\r\n553 no\r\n"}
    with Server(replies) as server:
        ftp = Drftpd(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        assert ftp.nlst() == ["one", "two"]
        with pytest.raises(ftplib.error_perm):
            ftp.storbinary("STOR x", io.BytesIO(b"x"))
        ftp.quit()
        assert ftp.dupes == ["a", "b"]
        commands = server.commands()
        assert commands[commands.index("PRET NLST") + 1] == "PASV"


def test_login_that_does_more():
    class Client(ftplib.FTP):
        def login(self, *args, **kwargs):
            result = super().login(*args, **kwargs)
            self.sendcmd("OPTS UTF8 ON")
            return result

    with Server() as server:
        # The constructor logs in through the override, too.
        Client.port = server.port
        with Client(server.host, "u", "p", timeout=LIMIT):
            pass
        assert server.commands() == ["USER u", "PASS p", "OPTS UTF8 ON", "QUIT"]


def test_instance_attributes_in_place_of_methods():
    with Server() as server:
        ftp = ftplib.FTP(timeout=LIMIT)
        ftp.connect(server.host, server.port)
        seen = []
        address = ftp.makepasv()
        ftp.makepasv = lambda: seen.append("makepasv") or address
        ftp.voidcmd = lambda cmd: seen.append(cmd) or "200 pretended"
        blocks = []
        ftp.retrbinary("RETR x", blocks.append)
        del ftp.makepasv, ftp.voidcmd
        ftp.quit()
        assert seen == ["TYPE I", "makepasv"]
        assert b"".join(blocks) == b"one\r\ntwo\r\n"
