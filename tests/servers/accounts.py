"""The private /etc of the daemons: accounts, PAM, shells. Mounted over the host's files inside their namespace only."""

from __future__ import annotations

import os
import subprocess

from .layout import MOUNT, PASSWORD_HASH, UID, USER, anonymous, base, folder, home, write

MOUNTED = ("passwd", "shadow", "group", "shells", "pam.d")  # of /etc
SERVICES = ("vsftpd", "proftpd", "pure-ftpd", "other")
PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n"


def made() -> bool:
    return (base() / "accounts" / "pureftpd.pdb").exists()


def make() -> None:
    roots()
    user_home, anonymous_home = f"{MOUNT}/home", f"{MOUNT}/anon"
    user_line = f"{USER}:x:{UID}:{UID}::{user_home}:/bin/sh"
    # The account "ftp" is what all daemons look up for anonymous logins.
    _extend("passwd", [user_line, f"ftp:x:{UID + 1}:{UID + 1}::{anonymous_home}:/bin/sh"])
    _extend("shadow", [f"{USER}:{PASSWORD_HASH}:19000:0:99999:7:::", "ftp:*:19000:0:99999:7:::"], 0o600)
    _extend("group", [f"{USER}:x:{UID}:", f"ftp:x:{UID + 1}:"])
    _extend("shells", ["/bin/sh", "/bin/false", "/usr/sbin/nologin"])
    pam = folder("etc/pam.d")
    for service in SERVICES:
        write(pam / service, PAM)
    write(pam / "ftp", "auth sufficient pam_ftp.so\n" + PAM)  # inetutils and netkit do anonymous logins through PAM

    # ProFTPD's own user file; it refuses one that others can read.
    own = folder("accounts")
    write(own / "proftpd.passwd", f"{USER}:{PASSWORD_HASH}:{UID}:{UID}::{user_home}:/bin/sh\n", 0o600)
    write(own / "proftpd.group", f"{USER}:x:{UID}:\n", 0o600)
    # `pure-pw useradd` picks a hash that costs 4 s of CPU at each login, so the line is written here and only compiled.
    write(own / "pureftpd.passwd", f"{USER}:{PASSWORD_HASH}:{UID}:{UID}::{user_home}/./::::::::::::\n", 0o600)
    compiler = base() / "packages/pure-ftpd/usr/bin/pure-pw"
    subprocess.run(
        [compiler, "mkdb", own / "pureftpd.pdb", "-f", own / "pureftpd.passwd"], check=True, env=environment()
    )


def roots() -> None:
    """The file areas. Anonymous must not be able to write to its own: vsftpd refuses a writable one."""
    for path in (home(), anonymous() / "pub", base() / "srv" / "empty"):
        path.mkdir(parents=True, exist_ok=True)
    for path in (base() / "srv", home(), anonymous(), anonymous() / "pub", base() / "srv" / "empty"):
        path.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(home(), UID, UID)
    hello = anonymous() / "pub" / "hello.txt"
    if not hello.exists():
        write(hello, "hello\n")


def environment() -> dict[str, str]:
    """For the unpacked programs: their libraries are unpacked too."""
    found = []
    libraries = base() / "packages" / "libraries"
    for top in ("usr/lib", "lib"):
        found += [str(libraries / top)] + sorted(str(path) for path in (libraries / top).glob("*-linux-*"))
    return dict(os.environ, LD_LIBRARY_PATH=":".join(found), LC_ALL="C.UTF-8")


def _extend(name: str, lines: list[str], mode: int = 0o644) -> None:
    with open(f"/etc/{name}") as file:
        kept = [line for line in file.read().splitlines() if line.split(":")[0] not in (USER, "ftp")]
    write(folder("etc") / name, "\n".join(kept + lines) + "\n", mode)
