"""Typed code for what rftplib has beyond ftplib, and for what must not check."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import rftplib
from rftplib.fs import FTPFileSystem, FTPSFileSystem
from rftplib.listing import Entry, ListingError, parse, scandir, stat, stat_many, walk
from rftplib.session import Reply, Site, Timeouts, batch, features, recover
from rftplib.tls import FTPS, FTPS_PORT, ImplicitFTP_TLS, NativeContext
from rftplib.transfer import Retry, TransferError, Transferred, get, put
from typing_extensions import assert_type


def attributes(ftp: rftplib.FTP, ftps: rftplib.FTP_TLS) -> None:
    ftp.max_reply = None
    ftp.max_reply = 1 << 20
    ftp.skip_redundant_type = True
    ftp.accept_any_active_peer = True
    ftps.reuse_session = False
    ftps.unwrap_timeout = 0.5
    ftps.unwrap_timeout = None
    ftp.trust_server_pasv_ipv4_address = True
    rftplib.FTP.max_reply = 4096
    ftp.max_reply = "4096"  # type: ignore[assignment]
    assert_type(rftplib.__version__, str)


def errors_are_ftplibs() -> None:
    try:
        raise rftplib.error_perm("550 no")
    except ftplib.error_perm as error:
        assert_type(error, ftplib.error_perm)


def contexts() -> None:
    native = NativeContext(cafile="ca.pem", certfile="client.pem", minimum_version=ssl.TLSVersion.TLSv1_2, alpn=["ftp"])
    ftps = rftplib.FTP_TLS("localhost", context=native)
    ftps.context = native
    ftps.context = ssl.create_default_context()
    assert_type(native.verify_mode, ssl.VerifyMode)
    implicit = ImplicitFTP_TLS(context=native)
    implicit.connect("localhost")
    implicit.allow_clear_data = True
    FTPS.allow_clear_data = True  # type: ignore[attr-defined]
    secure: rftplib.FTP_TLS = FTPS("localhost", "user", "password", implicit=True, context=native, timeout=30)
    secure.connect("localhost", FTPS_PORT)
    assert_type(FTPS().login("user", "password"), str)
    FTPS("localhost", keyfile="key.pem")  # type: ignore[call-arg]
    NativeContext("ca.pem")  # type: ignore[call-arg]
    NativeContext(verify=False)  # type: ignore[call-arg]
    NativeContext(danger_accept_invalid_certs="no")  # type: ignore[arg-type]
    rftplib.FTP_TLS("localhost", context="tls")  # type: ignore[call-overload]


def in_ftplibs_place() -> None:
    rftplib.install()
    rftplib.uninstall()
    with rftplib.install() as module:
        print(module.__name__)


def listings(ftp: rftplib.FTP, theirs: ftplib.FTP) -> None:
    for entry in scandir(ftp, "folder", exact_times=True):
        assert_type(entry, Entry)
        assert_type(entry.size, "int | None")
        modified: datetime | None = entry.modified
        print(modified)
        entry.size = 5  # type: ignore[misc]
    print([entry.path for entry in walk(theirs, max_depth=3)])
    assert_type(stat(ftp, "name").type, Literal["file", "dir", "link", "other"])
    assert_type(stat_many(ftp, ["a", "b"]), "list[Entry | Exception]")
    print(list(parse([b"line", "line"], utc_offset=3600)), Entry("a", "file", 5, facts={"size": "5"}))
    Entry("a", "folder")  # type: ignore[arg-type]
    scandir("ftp.example.org")  # type: ignore[arg-type]
    try:
        scandir(ftp)
    except ListingError as error:
        assert_type(error.line, "str | None")


def wrong(ftp: rftplib.FTP) -> None:
    ftp.retrlines("LIST", b"".join)  # type: ignore[arg-type]
    ftp.cwd(b"folder")  # type: ignore[arg-type]
    ftp.retrbinary("RETR name")  # type: ignore[call-arg]
    ftp.storbinary("STOR name", open("name"))  # type: ignore[arg-type]
    ftp.no_such_method()  # type: ignore[attr-defined]


def sessions(ftp: rftplib.FTP) -> None:
    replies = batch(ftp, ["SIZE a"], window=16)
    assert_type(replies, list[Reply])
    assert_type(replies[0].code, int)
    assert_type(replies[0].lines, list[str])
    batch(ftp, [b"SIZE a"])  # type: ignore[list-item]
    assert_type(features(ftp).mlst, tuple[str, ...])
    assert_type(recover(ftp), bool)
    ftp.structured_replies = True
    ftp.errors = "surrogateescape"
    ftp.socket_factory = socket.create_connection
    ftp.connect_timeout, ftp.data_timeout = 10, None
    ftp.prefer_epsv, ftp.tcp_keepalive, ftp.noop_interval = True, 60, 60
    site = Site("ftps://host", user="user", password=lambda: "password", timeouts=Timeouts(reply=5), connections=2)
    with site.borrow() as borrowed:
        assert_type(borrowed, rftplib.FTP)
    assert_type(site.open(), rftplib.FTP)
    site.host = "other"  # type: ignore[misc]
    Site("ftps://host", "user")  # type: ignore[call-arg]


class Bar:
    def set_size(self, size: int) -> None: ...

    def relative_update(self, inc: int = 1) -> None: ...


def transfers(ftp: rftplib.FTP, theirs: ftplib.FTP, site: Site) -> None:
    done = get(site, "name", Path("name"), verify="auto", keep=(), retry=Retry(attempts=3), rate=1e6, progress=Bar())
    assert_type(done, Transferred)
    assert_type(done.modified, "datetime | None")
    get(theirs, "name", io.BytesIO(), resume=False)
    put(ftp, "name", "name", overwrite=False, temporary=False)
    put("ftp://host", io.BytesIO(), "name")
    done.size = 5  # type: ignore[misc]
    get(site, b"name", "name")  # type: ignore[arg-type]
    get(site, "name", "name", retry=3)  # type: ignore[arg-type]
    try:
        put(site, "name", "name", progress=print)  # type: ignore[arg-type]
    except TransferError as error:
        print(error)


def filesystems() -> None:
    fs = FTPSFileSystem("host", 21, "user", lambda: "password", cafile=Path("ca.pem"), timeouts=30, connections=2)
    assert_type(fs.site, Site)
    assert_type(fs.ls("/", detail=False), "list[str]")
    assert_type(fs.find("/"), "list[str]")
    assert_type(fs.find("/", detail=True)["/name"]["size"], Any)
    assert_type(fs.cat_file("/name", 0, -5), bytes)
    assert_type(fs.modified("/name"), datetime)
    fs.cat_ranges(["/name"], [0], 10)
    fs.rm(["/a", Path("/b")], recursive=True)
    fs.glob("/*.csv")  # what fsspec has
    FTPFileSystem(21)  # type: ignore[arg-type]
