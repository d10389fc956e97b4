"""FTP_TLS(context=NativeContext(...)) against real servers; what arrives is compared on disk."""

from __future__ import annotations

import contextlib
import io
import os
import ssl
import subprocess
import sys
import threading

import pytest
import rftplib
import rftplib.tls
from rftplib.tls import NativeContext, NativeSocket
from servers.layout import PASSWORD, USER, certificate
from support.certificates import VERSIONS
from support.ftps import Watched
from support.tls_server import Thread

SERVERS = ["vsftpd-noreuse", "proftpd-noreuse", "pureftpd", "pyftpdlib"]
PATTERN = bytes(range(251)) * 20_000
TIMEOUT = 20


def content(size, salt=0):
    return PATTERN[salt : salt + size].ljust(size, b"\r")


def native(version=None, **options):
    if version is not None:
        options["minimum_version"] = options["maximum_version"] = f"TLSv{version}"
    return NativeContext(cafile=certificate("ca.crt"), **options)


@pytest.fixture(params=[(name, version) for name in SERVERS for version in sorted(VERSIONS)], ids="-".join)
def place(request, real):
    """A server and a TLS version."""
    name, version = request.param
    return real(name), version


@contextlib.contextmanager
def client(server, context, folder=None, host="127.0.0.1", cls=rftplib.FTP_TLS):
    ftp = cls(context=context, timeout=TIMEOUT)
    try:
        ftp.connect(host, server.port)
        ftp.login(USER, PASSWORD)
        ftp.prot_p()
        if folder is not None:
            ftp.cwd(folder.name)
        yield ftp
        ftp.quit()
    finally:
        ftp.close()


def test_both_connections_are_native(place, folder):
    server, version = place
    context = native(version)
    with client(server, context, folder) as ftp:
        assert type(ftp.sock) is NativeSocket
        assert (ftp.sock.context, ftp.sock.version()) == (context, f"TLSv{version}")
        with pytest.raises(ValueError, match="Already using TLS"):
            ftp.auth()
        with ftp.transfercmd("NLST") as conn:
            assert (type(conn), conn.context, conn.version()) == (NativeSocket, context, f"TLSv{version}")
            while conn.recv(8192):
                pass
            with contextlib.suppress(ssl.SSLEOFError):  # a server that doesn't wait for ours
                conn.unwrap()
        assert ftp.voidresp()[:1] == "2"


def test_ccc(real, folder):
    with client(real("proftpd-noreuse"), native(), folder) as ftp:
        ftp.ccc()
        assert ftp.sock.version() is None
        assert ftp.pwd().endswith(folder.name)
        assert ftp.storbinary("STOR file", io.BytesIO(content(100_000)))[:3] == "226"
        with pytest.raises(ValueError):
            ftp.sock.unwrap()
    assert (folder / "file").read_bytes() == content(100_000)


SCRIPT = """
import io, sys
import rftplib
import rftplib.tls
from rftplib.tls import NativeContext
port, user, password, ca, folder = sys.argv[1:]
called = set()
with rftplib.FTP_TLS(context=NativeContext(cafile=ca), timeout=20) as ftp:
    ftp.connect("127.0.0.1", int(port))
    ftp.login(user, password)
    ftp.prot_p()
    ftp.cwd(folder)
    def watch(frame, event, _):
        if frame.f_locals.get("self") is not ftp.sock:  # it is a data connection
            called.add(frame.f_code.co_name)
    sys.setprofile(watch)
    ftp.storbinary("STOR file", io.BytesIO(bytes(100_000)))
    blocks = []
    ftp.retrbinary("RETR file", blocks.append)
    sys.setprofile(None)
    assert len(b"".join(blocks)) == 100_000
    print("recv" in called, "sendall" in called)
"""


@pytest.mark.parametrize("native", ["0", "1"])
def test_the_switch_for_native_loops(real, folder, native):
    """With RFTPLIB_NATIVE=0 the socket's own methods move the data; otherwise the loops in Rust do."""
    server = real("pureftpd")
    command = [sys.executable, "-c", SCRIPT, str(server.port), USER, PASSWORD]
    done = subprocess.run(
        [*command, certificate("ca.crt"), folder.name],
        env={**os.environ, "RFTPLIB_NATIVE": native},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.split() == [str(native == "0")] * 2, done.stderr


# --- resumption: servers that demand it, as vsftpd and ProFTPD do by default, and those that offer it


RESUMING = ["vsftpd", "vsftpd-strict", "proftpd", "pureftpd", "pyftpdlib"]


def resumes(name, version):
    """Pure-FTPd sends no tickets in TLS 1.3."""
    return (name, version) != ("pureftpd", "1.3")


ANY_PLACES = [(name, version) for name in RESUMING for version in sorted(VERSIONS)]


@pytest.fixture(params=ANY_PLACES, ids="-".join)
def any_place(request, real):
    name, version = request.param
    return real(name), version


# ProFTPD 1.3.8 may end the whole session when a download in TLS 1.2 is abandoned, whoever the client is.
@pytest.mark.parametrize(
    "any_place", [place for place in ANY_PLACES if place != ("proftpd", "1.2")], indirect=True, ids="-".join
)
def test_an_abandoned_download_does_not_spoil_the_session(any_place, folder):
    server, version = any_place
    size = 16_000_000  # more than the kernel takes
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


def test_threads_share_a_context(any_place, folder):
    server, version = any_place
    context = native(version)
    start = threading.Barrier(8)

    def work(number):
        data = content(20_000 + number, number)
        with client(server, context, folder, cls=Watched) as ftp:
            start.wait(60)
            for _ in range(3):
                assert ftp.storbinary(f"STOR f{number}", io.BytesIO(data))[:3] == "226"
                blocks = []
                assert ftp.retrbinary(f"RETR f{number}", blocks.append)[:3] == "226"
                assert b"".join(blocks) == data
            return ftp.resumed

    outcomes = [thread.end(120) for thread in [Thread(lambda number=number: work(number)) for number in range(8)]]
    assert outcomes == [[resumes(server.name, version)] * 6] * 8


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


# --- other classes
