"""Typed code as it is written for ftplib, with one import changed. scripts/check-types checks it with both imports."""

from __future__ import annotations

import io
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import rftplib as ftplib
from rftplib import FTP, FTP_TLS, all_errors, error_perm
from typing_extensions import assert_type


class Archive:
    """A class that keeps a connection."""

    ftp: ftplib.FTP | None = None

    def __init__(self, host: str, secure: bool = False, timeout: float | None = None) -> None:
        self.ftp = FTP_TLS(host, timeout=timeout) if secure else FTP(host, timeout=timeout)
        self.ftp.set_pasv(True)
        self.ftp.encoding = "utf-8"

    def names(self) -> list[str]:
        if self.ftp is None:
            return []
        names = self.ftp.nlst()
        assert_type(names, "list[str]")
        return sorted(names)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        if self.ftp is not None:
            self.ftp.close()


class ImplicitTLS(ftplib.FTP_TLS):
    """The recipe for implicit TLS, with annotations."""

    _sock: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        return self._sock

    @sock.setter
    def sock(self, value: socket.socket | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        if value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname=self.host)
        self._sock = value


class Reusing(ftplib.FTP_TLS):
    """The recipe for session reuse."""

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if isinstance(self.sock, ssl.SSLSocket):
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        return conn, size

    def makepasv(self) -> tuple[str, int]:
        _, port = super().makepasv()
        return self.host, port


def download(ftp: ftplib.FTP, name: str, path: Path, progress: Callable[[int], None] | None = None) -> str:
    with open(path, "wb") as file:

        def receive(block: bytes) -> None:
            file.write(block)
            if progress:
                progress(len(block))

        return ftp.retrbinary(f"RETR {name}", receive, blocksize=65536, rest=path.stat().st_size or None)


def upload(ftp: FTP, path: Path) -> None:
    with path.open("rb") as file:
        ftp.storbinary(f"STOR {path.name}", file, callback=lambda block: None)
    ftp.storbinary("STOR name", io.BytesIO(b"text"), 1024, print, "0")
    ftp.storlines("STOR name", io.BytesIO(b"text"))


def walk(ftp: FTP, path: str = "") -> Iterator[str]:
    for name, facts in ftp.mlsd(path, facts=["type", "size"]):
        assert_type(facts, "dict[str, str]")
        if facts["type"] == "dir":
            yield from walk(ftp, os.path.join(path, name))
        elif facts.get("size", "0") != "0":
            yield name


def lines(ftp: FTP) -> list[str]:
    found: list[str] = []
    ftp.dir(found.append)
    ftp.dir("folder", found.append)
    ftp.dir()
    ftp.retrlines("LIST", found.append)
    ftp.retrlines("LIST")
    return found


def facts_about(ftp: FTP) -> tuple[int, str]:
    size = ftp.size("name")
    assert_type(size, "int | None")
    assert_type(ftp.pwd(), str)
    assert_type(ftp.welcome, "str | None")
    assert_type(ftp.lastresp, str)
    if ftp.sock is not None:
        ftp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        ftp.sock.settimeout(3)
    if ftp.file is not None:
        ftp.file.close()
    ftp.af = socket.AF_INET6
    ftp.maxline = ftplib.MAXLINE * 2
    ftp.port = ftplib.FTP_PORT
    return size or 0, ftp.sendcmd("SYST")


def secured(host: str, context: ssl.SSLContext | None = None) -> FTP_TLS:
    ftps = FTP_TLS(context=context or ssl.create_default_context(), timeout=30, encoding="latin-1")
    ftps.connect(host, 21, timeout=30, source_address=("", 0))
    ftps.login("user", "password", secure=True)
    assert_type(ftps.prot_p(), str)
    ftps.context.check_hostname = True
    modern(ftps.context)
    if isinstance(ftps.sock, ssl.SSLSocket):
        print(ftps.sock.version())
    return ftps


def modern(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2


def by_hand(ftp: FTP) -> bytes:
    conn, size = ftp.ntransfercmd("RETR name", rest=10)
    assert_type(size, "int | None")
    with conn, conn.makefile("rb") as file:
        data = file.read()
    ftp.voidresp()
    with ftp.transfercmd("RETR name") as other:
        data += other.recv(10)
    return data


def parsers() -> tuple[Any, ...]:
    assert_type(ftplib.parse150("150 (12 bytes)"), "int | None")
    assert_type(ftplib.parse227("227 (1,2,3,4,5,6)"), "tuple[str, int]")
    assert_type(ftplib.parse229("229 (|||6446|)", ("::1", 21)), "tuple[str, int]")
    return (ftplib.parse257('257 "/"'), ftplib.CRLF + "", ftplib.B_CRLF + b"", ftplib.MSG_OOB + 0)


def careful(action: Callable[[FTP], object]) -> str:
    try:
        with FTP("localhost", "user", "password", timeout=10) as ftp:
            action(ftp)
            ftplib.ftpcp(ftp, "a", ftp, "b", "I")
    except error_perm as error:
        return str(error.args[0])
    except (ftplib.error_reply, ftplib.error_temp, ftplib.error_proto, ftplib.Error):
        return "refused"
    except all_errors as error:
        return str(error)
    return ""
