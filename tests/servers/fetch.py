"""Fetch what the servers are made of. Safe to run twice: what is there is left alone.

Debian's FTP daemons conflict with each other (all provide `ftp-server`), and installing one would start it. So they are
downloaded and unpacked, with the libraries that the host lacks beside them, and never installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import accounts
from .layout import base, certificates, folder, locked, venv_python, write

DAEMONS = (
    "vsftpd",
    "proftpd-core",
    "proftpd-mod-crypto",
    "pure-ftpd",
    "pure-ftpd-common",
    "inetutils-ftpd",
    "ftpd-ssl",
)
PYTHON = ("pyftpdlib>=2.0.1,<3", "pyOpenSSL", "trustme>=1.1", "aioftp")
PYTHON_PROBE = "import pyftpdlib, OpenSSL, trustme, aioftp"


class Unavailable(Exception):
    """Something the servers need can't be had here; the text says what and what to do."""


def setup() -> dict[str, str]:
    """Set up all parts. Returns what can't be had: {"daemons" or "python": reason}."""
    missing: dict[str, str] = {}
    with locked():
        for part, make in (("python", _python), ("daemons", _daemons)):
            try:
                make()
            except Unavailable as reason:
                missing[part] = str(reason)
    return missing


def lacking() -> dict[str, str]:
    """What isn't set up, without changing anything."""
    missing: dict[str, str] = {}
    hint = "not set up: run `python -m servers setup` in the folder tests/"
    if not (_venv_runs(PYTHON_PROBE) and certificates().exists()):
        missing["python"] = hint
    if os.geteuid() != 0:
        missing["daemons"] = "needs root: the daemon changes its uid and gets a private /etc"
    elif not _unpacked():
        missing["daemons"] = hint
    return missing


def _run(command: list[str], **keywords) -> str:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **keywords)
    if done.returncode:
        raise Unavailable(f"`{' '.join(command)}` failed with {done.returncode}: {done.stdout.strip()[-600:]}")
    return done.stdout


def _apt(*arguments: str, cwd: Path | None = None) -> str:
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    # root's folders are closed to apt's own user
    return _run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", *arguments], cwd=cwd, env=environment)


def _can_install() -> bool:
    return os.geteuid() == 0 and os.path.exists("/etc/debian_version") and shutil.which("apt-get") is not None


# --- servers in Python, and the certificates that the same environment makes


def _venv_runs(program: str) -> bool:
    command = [str(venv_python()), "-c", program]
    return venv_python().exists() and subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def _python() -> None:
    if not _venv_runs("import pip"):
        shutil.rmtree(base() / "venv", ignore_errors=True)
        try:
            _run([sys.executable, "-m", "venv", str(base() / "venv")])
        except Unavailable as error:
            if not _can_install():
                raise Unavailable(f"needs Python's venv with ensurepip (Debian: python3-venv). {error}") from None
            _apt("update")
            _apt("install", "-y", "--no-install-recommends", f"python3.{sys.version_info[1]}-venv")
            shutil.rmtree(base() / "venv", ignore_errors=True)
            _run([sys.executable, "-m", "venv", str(base() / "venv")])
    if not _venv_runs(PYTHON_PROBE):  # what is there goes on serving while something is added
        _run([str(venv_python()), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PYTHON])
    if not certificates().exists():
        fresh = base() / "certificates.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        command = [str(venv_python()), "-m", "servers.certificates", str(fresh)]
        _run(command, cwd=Path(__file__).parent.parent)
        fresh.rename(certificates())


# --- daemons


def _unpacked() -> bool:
    stamp = base() / "packages" / "complete"
    return stamp.exists() and stamp.read_text().split() == list(DAEMONS) and accounts.made()


def _daemons() -> None:
    if os.geteuid() != 0:
        raise Unavailable("needs root: the daemons change their uid and get a private /etc")
    if not (os.path.exists("/etc/debian_version") and shutil.which("apt-get") and shutil.which("dpkg")):
        raise Unavailable("needs Debian or a relative of it: the daemons come from its packages (apt-get, dpkg)")
    try:
        _run(["unshare", "-m", "true"])
    except (OSError, Unavailable) as error:
        raise Unavailable(f"needs leave to make a mount namespace (CAP_SYS_ADMIN): {error}") from None
    if not _unpacked():
        _unpack()
        write(folder("packages") / "complete", "\n".join(DAEMONS))
    accounts.make()


def _unpack() -> None:
    _apt("update")
    if not os.path.exists("/etc/services"):
        _apt("install", "-y", "netbase")  # ProFTPD won't start without /etc/protocols
    # What apt would install along with each daemon, were it installed: the libraries that this host lacks. One at a
    # time, as they conflict.
    libraries = set()
    for package in DAEMONS:
        for line in _apt("--simulate", "install", "--no-install-recommends", package).splitlines():
            words = line.split()
            if words[:1] == ["Inst"] and words[1].startswith("lib"):
                libraries.add(words[1])
    downloads = folder("packages/downloads")
    shutil.rmtree(downloads)
    downloads.mkdir()
    _apt("download", *DAEMONS, *sorted(libraries), cwd=downloads)
    for package in sorted(downloads.iterdir()):
        name = package.name.split("_")[0]
        _run(["dpkg", "-x", str(package), str(folder(f"packages/{name if name in DAEMONS else 'libraries'}"))])
    shutil.rmtree(downloads)
