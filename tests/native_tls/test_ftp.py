"""FTP_TLS(context=NativeContext(...)) against real servers; what arrives is compared on disk."""

from __future__ import annotations

import contextlib
import io
import os
import ssl
import subprocess
import sys

import pytest
import rftplib
from rftplib.tls import NativeContext, NativeSocket
from servers.layout import PASSWORD, USER, certificate
from support.certificates import VERSIONS

SERVERS = ["vsftpd-noreuse", "proftpd-noreuse", "pureftpd", "pyftpdlib"]
SIZES = [0, 1, 16384, 100_003, 5_000_011]
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


@pytest.mark.parametrize("size", SIZES)
def test_uploads(place, folder, size, tmp_path):
    server, version = place
    data = content(size)
    (tmp_path / "file").write_bytes(data)
    blocks = []
    with client(server, native(version), folder) as ftp:
        with open(tmp_path / "file", "rb") as fp:
            assert ftp.storbinary("STOR from-file", fp)[:3] == "226"
        assert ftp.storbinary("STOR in-blocks", io.BytesIO(data), 4096, blocks.append)[:3] == "226"
    assert (folder / "from-file").read_bytes() == data
    assert (folder / "in-blocks").read_bytes() == data
    assert b"".join(blocks) == data


@pytest.mark.parametrize("size", SIZES)
def test_downloads(place, folder, size, tmp_path):
    server, version = place
    data = content(size)
    (folder / "file").write_bytes(data)
    (folder / "file").chmod(0o666)
    blocks = []
    with client(server, native(version), folder) as ftp:
        with open(tmp_path / "copy", "wb") as fp:
            assert ftp.retrbinary("RETR file", fp.write)[:3] == "226"
        assert ftp.retrbinary("RETR file", blocks.append, 1000)[:3] == "226"
    assert (tmp_path / "copy").read_bytes() == data
    assert b"".join(blocks) == data
    assert all(len(block) <= 1000 for block in blocks)


def test_lines(place, folder):
    server, version = place
    with client(server, native(version), folder) as ftp:
        assert ftp.storlines("STOR lines", io.BytesIO(b"one\ntwo\r\nthree"))[:3] == "226"
        lines = []
        assert ftp.retrlines("RETR lines", lines.append)[:3] == "226"
        assert lines == ["one", "two", "three"]
        assert [name for name in ftp.nlst() if name not in (".", "..")] == ["lines"]
        if server.mlsd:
            assert "lines" in dict(ftp.mlsd())


def test_many_data_connections(place, folder):
    server, version = place
    with client(server, native(version), folder) as ftp:
        for number in range(10):
            data = content(50_000 + number, number)
            assert ftp.storbinary(f"STOR f{number}", io.BytesIO(data))[:3] == "226"
            assert (folder / f"f{number}").read_bytes() == data
            blocks = []
            assert ftp.retrbinary(f"RETR f{number}", blocks.append)[:3] == "226"
            assert b"".join(blocks) == data
            assert f"f{number}" in ftp.nlst()


def test_active_mode(place, folder):
    server, version = place
    with client(server, native(version), folder) as ftp:
        ftp.set_pasv(False)
        assert ftp.storbinary("STOR file", io.BytesIO(content(100_000)))[:3] == "226"
        blocks = []
        assert ftp.retrbinary("RETR file", blocks.append)[:3] == "226"
    assert (folder / "file").read_bytes() == b"".join(blocks) == content(100_000)


def test_a_restart(place, folder):
    server, version = place
    data = content(100_000)
    (folder / "file").write_bytes(data)
    (folder / "file").chmod(0o666)
    with client(server, native(version), folder) as ftp:
        blocks = []
        assert ftp.retrbinary("RETR file", blocks.append, rest=99_000)[:3] == "226"
        assert b"".join(blocks) == data[99_000:]


@pytest.mark.parametrize("name", ["proftpd-noreuse", "pyftpdlib"])
def test_ipv6(real, folder, name):
    with client(real(name), native(), folder, host="::1") as ftp:
        assert ftp.storbinary("STOR file", io.BytesIO(content(100_000)))[:3] == "226"
    assert (folder / "file").read_bytes() == content(100_000)


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("name", ["proftpd-noreuse", "pyftpdlib"])
def test_clear_data_connections(real, folder, name, version):
    with client(real(name), native(version), folder) as ftp:
        ftp.prot_c()
        assert ftp.storbinary("STOR file", io.BytesIO(content(100_000)))[:3] == "226"
    assert (folder / "file").read_bytes() == content(100_000)


def test_ccc(real, folder):
    with client(real("proftpd-noreuse"), native(), folder) as ftp:
        ftp.ccc()
        assert ftp.sock.version() is None
        assert ftp.pwd().endswith(folder.name)
        assert ftp.storbinary("STOR file", io.BytesIO(content(100_000)))[:3] == "226"
        with pytest.raises(ValueError):
            ftp.sock.unwrap()
    assert (folder / "file").read_bytes() == content(100_000)


@pytest.mark.parametrize("name", ["expired", "wronghost", "unknown"])
def test_certificates_that_are_refused(real, name):
    server = real(f"pyftpdlib-{name}")
    ftp = rftplib.FTP_TLS(context=native(), timeout=TIMEOUT)
    try:
        ftp.connect("127.0.0.1", server.port)
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"):
            ftp.login(USER, PASSWORD)
        with pytest.raises(OSError):  # no going on in clear text
            ftp.voidcmd("NOOP")
    finally:
        ftp.close()
    with client(server, NativeContext(danger_accept_invalid_certs=True)) as ftp:
        assert ftp.pwd() == "/"


SCRIPT = """
import io, sys
import rftplib
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
