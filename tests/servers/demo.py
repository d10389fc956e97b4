"""The server of ./demo and of the README's session, for tests that need just one: pyftpdlib, serving one folder."""

from __future__ import annotations

import collections
import contextlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "demo", "secret"
ARGUMENTS = ("-m", "pyftpdlib", "-w", "-u", USER, "-P", PASSWORD)
STARTED = re.compile(r"starting FTP server on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class DemoServer:
    port: int
    host: str = "127.0.0.1"

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def url(self) -> str:
        return f"ftp://{USER}:{PASSWORD}@{self.host}:{self.port}/"


@contextlib.contextmanager
def serving(folder: Path, arguments: tuple[str, ...] = ARGUMENTS) -> Iterator[DemoServer]:
    """Serve the folder in a process of its own, on a port that is free."""
    command = [sys.executable, *arguments, "-i", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        said: list[str] = []
        # It must not wait for somebody to read its log.
        reading = threading.Thread(target=collections.deque, args=(process.stderr, 0))
        try:
            for line in process.stderr:
                said.append(line)
                if started := STARTED.search(line):
                    break
            else:
                raise OSError(f"pyftpdlib didn't start: {''.join(said)}")
            reading.start()
            yield DemoServer(int(started[1]))
        finally:
            process.terminate()
            if reading.ident is not None:
                reading.join()  # before the pipe is closed
