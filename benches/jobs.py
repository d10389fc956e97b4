"""What the works share: the job, and a transfer of each kind that is checked."""

from __future__ import annotations

import importlib
import os

MIB = 1 << 20
GIB = 1 << 30
LINE = b"a line of text that is neither long nor short\n"


class Job:
    """What a piece of work may use. `scale` divides every amount: 1 is the real thing."""

    def __init__(self, library: str, variant: str, port: int, scale: int, folder: str):
        self.module = importlib.import_module(library)
        self.variant, self.port, self.scale, self.folder = variant, port, scale, folder
        self.user, self.password = os.environ.get("RFTPLIB_BENCH_LOGIN", "u:p").split(":")

    def amount(self, full: int) -> int:
        return max(1, full // self.scale)

    def ftp(self):
        return self._login(self.module.FTP())

    def tls(self):
        context = None
        if self.variant == "NativeContext":
            # as little verified as ftplib's FTP_TLS does
            tls = importlib.import_module("rftplib.tls")
            context = tls.NativeContext(danger_accept_invalid_certs=True)
        FTP_TLS = _resuming(self.module) if self.variant == "resuming" else self.module.FTP_TLS
        ftp = self._login(FTP_TLS(context=context))
        ftp.prot_p()
        return ftp

    def _login(self, ftp):
        ftp.connect("127.0.0.1", self.port, timeout=60)
        ftp.login(self.user, self.password)
        return ftp

    def target(self, number: int = 0) -> str:
        return os.path.join(self.folder, f"download-{os.getpid()}-{number}")

    @property
    def source(self) -> str:
        return os.path.join(self.folder, "upload")


def _resuming(ftplib):
    """ftplib's FTP_TLS for servers that take a data connection only with the TLS session of the control connection."""

    class Resuming(ftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
            return conn, size

    return Resuming


def check(fact: bool, *notes: object) -> None:
    if not fact:
        raise SystemExit(f"the work was not done: {notes}")


def download_to_callback(ftp, size: int) -> None:
    total = 0

    def callback(block):
        nonlocal total
        total += len(block)

    ftp.retrbinary(f"RETR zero-{size}", callback)
    check(total == size, total, size)


def download_to_file(ftp, size: int, path: str) -> None:
    with open(path, "wb") as fp:
        ftp.retrbinary(f"RETR zero-{size}", fp.write)
    check(os.path.getsize(path) == size, path)


def upload_from_file(ftp, size: int, path: str) -> None:
    with open(path, "rb") as fp:
        fp.seek(-size, os.SEEK_END)
        reply = ftp.storbinary(f"STOR up-{os.getpid()}", fp)
    check(reply in (f"226 done {size}", "226 Transfer complete."), reply)
