#!/usr/bin/env python3
"""Upload, list, download, compare: an ordinary ftplib script with one line changed.

    python examples/transfer.py [ftp://user:password@host[:port][/directory]]

Works in a new directory on the server, which it removes again. Without an address it starts a server itself, pyftpdlib
(pip install pyftpdlib) on a temporary directory, and talks to that.
"""

import argparse
import hashlib
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Optional
from urllib.parse import SplitResult, unquote, urlsplit

import rftplib as ftplib  # was: import ftplib

MIB = 1 << 20


def timed(what: str, size: int, work: Callable[[], str]) -> None:
    start = time.perf_counter()
    reply = work()
    print(f"{what:<10} {size / MIB:.1f} MiB in {time.perf_counter() - start:.3f} s: {reply}")


def digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def transfer(ftp: ftplib.FTP, here: str) -> bool:
    """The main job: move files both ways, and see that every byte arrived."""
    source, target = os.path.join(here, "source.bin"), os.path.join(here, "target.bin")
    size = 32 * MIB + 1
    with open(source, "wb") as file:
        file.write(os.urandom(size))

    with open(source, "rb") as file:
        timed("upload", size, lambda: ftp.storbinary("STOR big file.bin", file))
    ftp.storlines("STOR notes.txt", io.BytesIO(b"first line\nsecond line\n"))

    print("directory ", ftp.pwd())
    ftp.dir()
    print("names     ", sorted(ftp.nlst()))

    with open(target, "wb") as file:
        timed("download", size, lambda: ftp.retrbinary("RETR big file.bin", file.write))
    lines: list[str] = []
    ftp.retrlines("RETR notes.txt", lines.append)

    same = digest(source) == digest(target) and lines == ["first line", "second line"]
    print("compare   ", "every byte is the same" if same else "DIFFERENT")

    ftp.rename("notes.txt", "renamed.txt")
    ftp.delete("renamed.txt")
    ftp.delete("big file.bin")
    return same


def run(address: SplitResult) -> bool:
    """Log in, do the job in a directory of its own; return whether all was well."""
    directory = f"rftplib-demo-{os.getpid()}"
    with ftplib.FTP(timeout=30) as ftp, tempfile.TemporaryDirectory() as here:
        ftp.connect(address.hostname or "", address.port or ftplib.FTP_PORT)
        print("connected ", ftp.getwelcome().splitlines()[-1])
        ftp.login(unquote(address.username or ""), unquote(address.password or ""))
        if address.path.strip("/"):
            ftp.cwd(unquote(address.path[1:]))
        ftp.mkd(directory)
        ftp.cwd(directory)
        same = transfer(ftp, here)
        ftp.cwd("..")
        ftp.rmd(directory)
    return same


def run_here() -> bool:
    """The same against a server of our own, in another process."""
    server = [sys.executable, "-m", "pyftpdlib", "-i", "127.0.0.1", "-p", "0", "-w", "-u", "demo", "-P", "secret"]
    with tempfile.TemporaryDirectory() as served:
        with subprocess.Popen([*server, "-d", served], stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            line = ""
            try:
                for line in process.stderr:
                    if started := re.search(r"starting FTP server on (\S+:\d+)", line):
                        return run(urlsplit(f"ftp://demo:secret@{started[1]}/"))
            finally:
                process.terminate()
    sys.exit(f"transfer.py: the server didn't start: {line.strip()}")


def ftp_address(text: str) -> SplitResult:
    parts = urlsplit(text)
    try:
        if parts.scheme == "ftp" and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass  # a port that is no number
    raise argparse.ArgumentTypeError(f"not an address like ftp://user:password@host/directory: {text!r}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Upload, list, download and compare files on an FTP server.")
    parser.add_argument("address", nargs="?", type=ftp_address, help="default: a server started here")
    address: Optional[SplitResult] = parser.parse_args().address
    print(f"Python {sys.version.split()[0]}, {ftplib.__name__} in {os.path.dirname(ftplib.__file__)}", flush=True)
    try:
        same = run(address) if address else run_here()
    except ftplib.all_errors as error:
        sys.exit(f"transfer.py: {type(error).__name__}: {error}")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
