"""One server's process: begun, found again by other processes, ended."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from . import accounts
from .catalogue import Server
from .layout import certificate, folder, write

GREETING_SECONDS = 20.0  # from the start of a daemon to its greeting, on a busy machine
STOP_SECONDS = 5.0  # between SIGTERM and SIGKILL


class Process:
    """What is noted of a server's process, in a file; `state` is None if it doesn't run."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._file = folder("run") / f"{server.name}.json"

    @property
    def state(self) -> dict | None:
        try:
            noted = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return None
        return noted if _began(noted["pid"]) == noted["began"] else None

    @property
    def pid(self) -> int | None:
        return (self.state or {}).get("pid")

    def launch(self, owner: str) -> None:
        server, command = self.server, self.server.command(self.server)
        for host in server.hosts:
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, server.port), 2):
                raise OSError(f"port {server.port} on {host} is taken: RFTPLIB_SERVERS_SHIFT chooses other ports")
        for old in folder("log").glob(f"{server.name}.*"):
            old.unlink()  # those of many runs come to gigabytes
        with open(folder("log") / f"{server.name}.output", "w+b") as log:
            process = subprocess.Popen(
                command if server.python else accounts.private(command),
                stdin=log,  # vsftpd says there why it won't start
                stdout=log,
                stderr=log,
                cwd=folder("run"),
                env=accounts.environment(),
                start_new_session=True,  # the daemon and its sessions are one process group: stopped as one
            )
        noted = {"pid": process.pid, "began": _began(process.pid), "owner": owner, "digest": self._digest()}
        write(self._file, json.dumps(noted))

    def hand_over(self, owner: str) -> None:
        if self.state:
            write(self._file, json.dumps({**self.state, "owner": owner}))

    def signal(self, number: int) -> None:
        if self.state:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.state["pid"], number)

    def finish(self) -> None:
        """Wait for the end that a signal asked for, or enforce it."""
        deadline = time.monotonic() + STOP_SECONDS
        while self.state and time.monotonic() < deadline:
            time.sleep(0.02)
        self.signal(signal.SIGKILL)
        while self.state:
            time.sleep(0.02)
        self._file.unlink()

    def outdated(self) -> bool:
        return (self.state or {}).get("digest") != self._digest()

    def _digest(self) -> str:
        """Changes with all that the server is started with, but not with the place of this checkout."""
        here = str(Path(__file__).parent)
        command = self.server.command(self.server)
        digest = hashlib.sha256(json.dumps([word.replace(here, "") for word in command]).encode())
        files = [folder("conf") / f"{self.server.name}.conf", certificate(self.server.certificate + ".pem")]
        files += [Path(accounts.__file__)] if not self.server.python else []
        files += [Path(word) for word in command if word.endswith(".py")]
        for file in files:
            digest.update(file.read_bytes() if file.exists() else b"")
        return digest.hexdigest()

    def await_greeting(self, deadline: float) -> None:
        for host in self.server.hosts:
            while True:
                try:
                    greeting = _greeting(self.server, host)
                    break
                except OSError as error:
                    output = (folder("log") / f"{self.server.name}.output").read_text(errors="replace").strip()[-400:]
                    if not self.state:
                        raise OSError(f"it ended at once: {output}") from None
                    if time.monotonic() > deadline:
                        raise OSError(f"no greeting on {host} ({error}): {output}") from None
                    time.sleep(0.05)
            if not self.state:
                raise OSError(f"it ended, and another server is on port {self.server.port} of {host}")
            if not greeting.startswith(b"220"):
                raise OSError(f"it greets with {greeting!r}")


def _greeting(server: Server, host: str) -> bytes:
    with socket.create_connection((host, server.port), 10) as connection:
        if server.tls == "implicit":
            context = ssl.create_default_context(cafile=str(certificate("ca.crt")))
            if server.client_certificate:
                context.load_cert_chain(certificate("client.pem"))
            with context.wrap_socket(connection, server_hostname="localhost") as encrypted:
                return _first_line(encrypted)
        return _first_line(connection)


def _first_line(connection: socket.socket) -> bytes:
    with connection.makefile("rb") as lines:
        greeting = lines.readline()
        if not greeting:
            raise ConnectionResetError("it closed the connection without a greeting")
        connection.sendall(b"QUIT\r\n")
        lines.read()  # so that the server sees an orderly end
        return greeting


def _began(pid: int) -> str | None:
    """When a process began; with it a process id can't be mistaken for a later process. None if it has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # if it is our own child, don't let it stay a zombie
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
