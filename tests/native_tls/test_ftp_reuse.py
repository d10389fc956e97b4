"""Servers that demand the resumption of TLS sessions, as vsftpd and ProFTPD do by default, and those that offer it."""

from __future__ import annotations

import io
import threading

import pytest
import rftplib
import rftplib.tls
from native_tls.test_ftp import PASSWORD, TIMEOUT, USER, client, content, native
from support.certificates import VERSIONS
from support.tls_server import Thread

DEMANDING = ["vsftpd", "vsftpd-strict", "proftpd"]
SERVERS = [*DEMANDING, "pureftpd", "pyftpdlib"]
TIMES = 300  # data connections on one control connection


def resumes(name, version):
    """Pure-FTPd sends no tickets in TLS 1.3."""
    return (name, version) != ("pureftpd", "1.3")


class Watched(rftplib.FTP_TLS):
    """Notes of each data connection whether it has resumed a session."""

    def __init__(self, *args, **options):
        self.resumed = []
        super().__init__(*args, **options)

    def ntransfercmd(self, cmd, rest=None):
        conn, size = super().ntransfercmd(cmd, rest)
        self.resumed.append(conn.session_reused)
        return conn, size


PLACES = [(name, version) for name in SERVERS for version in sorted(VERSIONS)]


@pytest.fixture(params=PLACES, ids="-".join)
def place(request, real):
    name, version = request.param
    return real(name), version


@pytest.mark.long
def test_every_data_connection_resumes(place, folder):
    server, version = place
    data = content(3000)
    (folder / "file").write_bytes(data)
    (folder / "file").chmod(0o666)
    with client(server, native(version), folder, cls=Watched) as ftp:
        for number in range(TIMES // 3):
            ftp.set_pasv(number % 10 != 9)
            assert ftp.storbinary(f"STOR f{number}", io.BytesIO(data))[:3] == "226"
            blocks = []
            assert ftp.retrbinary("RETR file", blocks.append)[:3] == "226"
            assert b"".join(blocks) == data
            assert "file" in ftp.nlst()
    assert ftp.resumed == [resumes(server.name, version)] * (TIMES // 3 * 3)
    assert (folder / f"f{TIMES // 3 - 1}").read_bytes() == data


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("name", DEMANDING)
def test_turned_off_these_servers_refuse(real, folder, name, version):
    """The demand is real."""
    ftp = Watched(context=native(version), timeout=TIMEOUT)
    ftp.reuse_session = False
    try:
        ftp.connect("127.0.0.1", real(name).port)
        ftp.login(USER, PASSWORD)
        ftp.prot_p()
        ftp.cwd(folder.name)
        with pytest.raises((rftplib.Error, OSError)):
            ftp.storbinary("STOR file", io.BytesIO(content(2_000_000)))
    finally:
        ftp.close()
    assert ftp.resumed in ([False], [])


# ProFTPD 1.3.8 may end the whole session when a download in TLS 1.2 is abandoned, whoever the client is.
@pytest.mark.parametrize(
    "place", [place for place in PLACES if place != ("proftpd", "1.2")], indirect=True, ids="-".join
)
def test_an_abandoned_download_does_not_spoil_the_session(place, folder):
    server, version = place
    size = 40_000_000  # more than the kernel takes
    (folder / "file").write_bytes(bytes(size))
    (folder / "file").chmod(0o666)
    with client(server, native(version), folder, cls=Watched) as ftp:
        with ftp.transfercmd("RETR file") as conn:
            assert conn.recv(1000)
        # 426: it was abandoned. Pure-FTPd says 150 once more.
        with pytest.raises(rftplib.error_reply if server.name == "pureftpd" else rftplib.error_temp):
            ftp.voidresp()
        blocks = []
        assert ftp.retrbinary("RETR file", blocks.append)[:3] == "226"
        assert len(b"".join(blocks)) == size
    assert ftp.resumed == [resumes(server.name, version)] * 2


def test_threads_share_a_context(place, folder):
    server, version = place
    context = native(version)
    start = threading.Barrier(8)

    def work(number):
        data = content(20_000 + number, number)
        with client(server, context, folder, cls=Watched) as ftp:
            start.wait(TIMEOUT)
            for _ in range(5):
                assert ftp.storbinary(f"STOR f{number}", io.BytesIO(data))[:3] == "226"
                blocks = []
                assert ftp.retrbinary(f"RETR f{number}", blocks.append)[:3] == "226"
                assert b"".join(blocks) == data
            return ftp.resumed

    outcomes = [thread.end(60) for thread in [Thread(lambda number=number: work(number)) for number in range(8)]]
    assert outcomes == [[resumes(server.name, version)] * 10] * 8


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_after_ccc_the_session_from_before_is_resumed(real, folder, version):
    with client(real("proftpd"), native(version), folder, cls=Watched) as ftp:
        ftp.ccc()
        for number in range(3):
            assert ftp.storbinary(f"STOR f{number}", io.BytesIO(content(100_000)))[:3] == "226"
    assert ftp.resumed == [True] * 3
    assert (folder / "f2").read_bytes() == content(100_000)


@pytest.mark.parametrize("name", ["vsftpd", "proftpd"])
def test_the_safe_class_resumes(real, name):
    with rftplib.tls.FTPS(context=native(), timeout=TIMEOUT) as ftp:
        ftp.connect("127.0.0.1", real(name).port)
        ftp.login(USER, PASSWORD)
        assert isinstance(ftp.nlst(), list)


def test_another_context_or_name_is_no_error(real, folder):
    """Who changes them after the login gets data connections without resumption."""
    (folder / "file").write_bytes(b"so that the listing isn't empty")
    with client(real("pyftpdlib"), native(), folder, cls=Watched) as ftp:
        before = ftp.context
        ftp.context = native()
        ftp.nlst()
        ftp.context = before
        ftp.nlst()
        ftp.host = "localhost"
        ftp.nlst()
    assert ftp.resumed == [False, True, False]


@pytest.mark.parametrize("size", [1, 24_576, 200_000, 5_000_000])
@pytest.mark.parametrize("name", ["vsftpd", "proftpd", "pureftpd", "pyftpdlib"])
def test_uploads_by_hand_arrive_whole(real, folder, name, size):
    """Whoever only calls sendall() and close(), and is answered 226, has lost nothing."""
    data = content(size)
    with client(real(name), native("1.3"), folder) as ftp:
        ftp.voidcmd("TYPE I")
        for number in range(20):
            with ftp.transfercmd(f"STOR f{number}") as conn:
                conn.sendall(data)
            try:
                done = ftp.voidresp()[:3] == "226"
            except rftplib.error_temp:
                done = False  # a server that wants a close_notify
            if done:
                assert (folder / f"f{number}").read_bytes() == data, number
