"""Where things lie, and the account that every server knows."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

USER = "rftplib"
PASSWORD = "S3cret-pw"
# A SHA-512 crypt of PASSWORD with few rounds, so that logins cost no CPU; Python's `crypt` is gone in 3.13.
PASSWORD_HASH = (
    "$6$rounds=1000$rftplibtests$xLmUmeqEB2T7pw1rjrdx7cGyL38dvGwq0KvDDXS.PaP8XjHX66WBw9JspJWsnaCMcs7I.vRzrkjIPP9iYut8z."
)
UID = 47021  # USER's uid and gid; anonymous has the next one. Known only inside the daemons' private /etc.

CERTIFICATE_RECIPE = "2"  # raise it when certificates.py changes, so that they are made anew

# Inside the daemons' mount namespace the file area appears here, because they give up root and could not pass
# through /root or another closed parent of the base folder.
MOUNT = "/srv"


def base() -> Path:
    """The one folder of this launcher: RFTPLIB_SERVERS_DIR, or a folder in the user's cache."""
    named = os.environ.get("RFTPLIB_SERVERS_DIR")
    if named:
        return Path(named).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache).absolute() / "rftplib-tests" / "servers"


def folder(name: str) -> Path:
    """A folder below the base, made if missing."""
    path = base() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def home() -> Path:
    """The user's files: what a client sees after login."""
    return base() / "srv" / "home"


def anonymous() -> Path:
    """What an anonymous client sees; not writable."""
    return base() / "srv" / "anon"


def certificates() -> Path:
    """Where they are, complete. A checkout with an older recipe goes on with those of its own."""
    return base() / f"certificates-{CERTIFICATE_RECIPE}"


def certificate(name: str) -> Path:
    """A file made by `certificates`, e.g. ca.crt, server.pem, client.p12."""
    return certificates() / name


def venv_python() -> Path:
    return base() / "venv" / "bin" / "python"


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that another process sees the old or the new one, never half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)


@contextlib.contextmanager
def locked(name: str = "lock", shared: bool = False) -> Iterator[int]:
    """Hold a lock among processes. The kernel releases it when the process ends, however it ends."""
    descriptor = os.open(folder(".") / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked_ports() -> Iterator[None]:
    """Hold a lock among the launchers of this machine, whatever their folder and their user: the one on /tmp itself.

    From the question whether a port is free until the server listens there no other launcher may ask: both would be
    told yes, and one of them would take the other's server for its own.
    """
    descriptor = os.open("/tmp", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
