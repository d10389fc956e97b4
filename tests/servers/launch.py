"""Start, find and stop the servers. Several test runs may share them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from . import accounts, fetch
from .catalogue import CATALOGUE, Server
from .layout import MOUNT, base, certificate, folder, locked, write

GREETING_SECONDS = 20.0  # from the start of a daemon to its greeting, on a busy machine
STOP_SECONDS = 5.0  # between SIGTERM and SIGKILL


def start(names: Iterable[str] = (), owner: str = "user") -> dict[str, str]:
    """Start what isn't up and wait for each greeting. Returns the failures: {name: reason}."""
    wanted = [CATALOGUE[name] for name in (names or CATALOGUE)]
    lacking = fetch.lacking()
    failed = {server.name: lacking[server.needs] for server in wanted if server.needs in lacking}
    with locked():
        fresh = []
        accounts.roots()
        for server in wanted:
            if server.name not in failed:
                with _failure(server, failed):
                    fresh += [server] if _launch(server, owner) else []
        deadline = time.monotonic() + GREETING_SECONDS
        for server in fresh:
            with _failure(server, failed):
                _await_greeting(server, deadline)
    return failed


def stop(names: Iterable[str] = (), owner: str | None = None) -> list[str]:
    """Stop what this launcher started (with `owner`: only what that one did). Returns the names."""
    with locked():
        running = {server: state for server in CATALOGUE.values() if (state := _state(server))}
        chosen = {
            server: state
            for server, state in running.items()
            if (not names or server.name in names) and owner in (None, state["owner"])
        }
        for state in chosen.values():
            _signal(state, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for server, state in chosen.items():
            while _state(server) and time.monotonic() < deadline:
                time.sleep(0.02)
            _signal(state, signal.SIGKILL)  # sessions that outlived their daemon, too
            _state_file(server).unlink()
        return [server.name for server in chosen]


def status() -> dict[str, int | None]:
    """{name: process id, or None if it isn't up}"""
    return {name: (_state(server) or {}).get("pid") for name, server in CATALOGUE.items()}


class Session:
    """For a test run: what it starts is stopped by the last run that ends; what the user started stays."""

    def __init__(self, names: Iterable[str], setup: bool) -> None:
        self._names, self._setup = list(names), setup
        self._using = contextlib.ExitStack()

    def open(self) -> dict[str, str]:
        """Returns why a server can't be had: {name: reason}."""
        self._descriptor = self._using.enter_context(locked("users", shared=True))
        if self._setup:
            reasons = fetch.setup()
            failed = start(self._names, owner="tests")
            return {name: reasons.get(CATALOGUE[name].needs, reason) for name, reason in failed.items()}
        return start(self._names, owner="tests")

    def close(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another run still uses them
        else:
            stop(owner="tests")
        self._using.close()


@contextlib.contextmanager
def _failure(server: Server, failed: dict[str, str]):
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        failed[server.name] = f"{server.name} did not start: {error}"


def _launch(server: Server, owner: str) -> bool:
    """True if it was started, False if it is up already."""
    command = server.command(server)
    digest = _digest(server, command)
    state = _state(server)
    if state and state["digest"] == digest:
        return False
    if state:  # an older configuration
        _signal(state, signal.SIGKILL)
        _state_file(server).unlink()
        while _state(server, state):
            time.sleep(0.02)
    for host in server.hosts:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection((host, server.port), 2):
            raise OSError(f"port {server.port} on {host} is taken by another process")
    with open(folder("log") / f"{server.name}.output", "a+b") as log:
        process = subprocess.Popen(
            command if server.python else _in_namespace(command),
            stdin=log,  # vsftpd says there why it won't start
            stdout=log,
            stderr=log,
            cwd=folder("run"),
            env=accounts.environment(),
            start_new_session=True,  # the daemon and its sessions are one process group: stopped as one
        )
    state = {"pid": process.pid, "began": _began(process.pid), "owner": owner, "digest": digest}
    write(_state_file(server), json.dumps(state))
    return True


def _in_namespace(command: list[str]) -> list[str]:
    """The command, seeing our accounts in /etc and our file area in /srv; the host's are untouched."""
    mounts = [("srv", MOUNT)] + [(f"etc/{name}", f"/etc/{name}") for name in accounts.MOUNTED]
    script = "".join(f"mount --bind {shlex.quote(str(base() / ours))} {theirs} && " for ours, theirs in mounts)
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", script + 'exec "$@"', "sh", *command]


def _digest(server: Server, command: list[str]) -> str:
    """Changes with everything that the running daemon was started with."""
    digest = hashlib.sha256(json.dumps(command).encode())
    files = [folder("conf") / f"{server.name}.conf", certificate(server.certificate + ".pem")]
    files += [Path(word) for word in command if word.endswith(".py")]
    for file in files:
        digest.update(file.read_bytes() if file.exists() else b"")
    return digest.hexdigest()


def _await_greeting(server: Server, deadline: float) -> None:
    for host in server.hosts:
        while True:
            try:
                greeting = _greeting(server, host)
                break
            except OSError as error:
                output = (folder("log") / f"{server.name}.output").read_text(errors="replace").strip()[-400:]
                if not _state(server):
                    raise OSError(f"it ended at once: {output}") from None
                if time.monotonic() > deadline:
                    raise OSError(f"no greeting on {host} within {GREETING_SECONDS} s ({error}): {output}") from None
                time.sleep(0.05)
        if not greeting.startswith(b"220"):
            raise OSError(f"it greets with {greeting!r}")


def _greeting(server: Server, host: str) -> bytes:
    with socket.create_connection((host, server.port), 5) as connection:
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


# --- processes


def _state_file(server: Server) -> Path:
    return folder("run") / f"{server.name}.json"


def _state(server: Server, known: dict | None = None) -> dict | None:
    """What was noted at the start, if that very process still runs."""
    if known is None:
        try:
            known = json.loads(_state_file(server).read_text())
        except (OSError, ValueError):
            return None
    return known if _began(known["pid"]) == known["began"] else None


def _began(pid: int) -> str | None:
    """When a process began; with it a process id can't be mistaken for a later process. None if it has ended."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # if it is our own child, don't let it stay a zombie
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]


def _signal(state: dict, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(state["pid"], number)
