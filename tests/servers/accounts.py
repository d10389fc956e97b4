"""The daemons' own /etc: accounts, PAM, shells. They see it in place of the host's, of which nothing is changed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

from .layout import MOUNT, PASSWORD_HASH, UID, USER, anonymous, base, folder, home, write

ANONYMOUS = "ftp"  # the account that all daemons look up for anonymous logins
NOBODY = 65534
SERVICES = ("vsftpd", "proftpd", "pure-ftpd", "other")
PAM = "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n"
# What the daemons and their libraries read beside the accounts, where the host has it. ProFTPD won't start without
# protocols.
OF_THE_HOST = ("hosts", "ld.so.cache", "localtime", "protocols", "services", "ssl/openssl.cnf")


def made() -> bool:
    return (base() / "accounts" / "pureftpd.pdb").exists()


def make() -> None:
    roots()
    make_etc()
    make_own()


def make_etc() -> None:
    """What the daemons have for /etc."""
    accounts = [
        ("root", "*", 0, "root", "/root", "/bin/sh"),
        ("nobody", "*", NOBODY, "nogroup", "/nonexistent", "/usr/sbin/nologin"),
        (USER, PASSWORD_HASH, UID, USER, f"{MOUNT}/home", "/bin/sh"),
        (ANONYMOUS, "*", UID + 1, ANONYMOUS, f"{MOUNT}/anon", "/bin/sh"),
    ]
    files = {
        "passwd": [f"{name}:x:{uid}:{uid}::{place}:{shell}" for name, _, uid, _, place, shell in accounts],
        "shadow": [f"{name}:{password}:19000:0:99999:7:::" for name, password, *_ in accounts],
        "group": [f"{group}:x:{uid}:" for _, _, uid, group, *_ in accounts],
        "shells": ["/bin/sh", "/bin/false", "/usr/sbin/nologin"],
        "nsswitch.conf": ["passwd: files", "group: files", "shadow: files", "hosts: files"],
        "motd": ["Servers for the tests of rftplib.", "Nothing here is kept."],
    }
    for name, lines in files.items():
        write(folder("etc") / name, "\n".join(lines) + "\n", 0o600 if name == "shadow" else 0o644)
    for name in OF_THE_HOST:
        if os.path.exists(f"/etc/{name}"):
            ours = base() / "etc" / name
            ours.parent.mkdir(exist_ok=True)
            shutil.copyfile(f"/etc/{name}", ours)
    pam = folder("etc/pam.d")
    for service in SERVICES:
        write(pam / service, PAM)
    write(pam / "ftp", "auth sufficient pam_ftp.so\n" + PAM)  # inetutils and netkit do anonymous logins through PAM


def make_own() -> None:
    """The accounts of the daemons that have a list of their own."""
    # ProFTPD refuses one that others can read.
    own = folder("accounts")
    write(own / "proftpd.passwd", f"{USER}:{PASSWORD_HASH}:{UID}:{UID}::{MOUNT}/home:/bin/sh\n", 0o600)
    write(own / "proftpd.group", f"{USER}:x:{UID}:\n", 0o600)
    # `pure-pw useradd` picks a hash that costs 4 s of CPU at each login, so the line is written here and only compiled.
    write(own / "pureftpd.passwd", f"{USER}:{PASSWORD_HASH}:{UID}:{UID}::{MOUNT}/home/./::::::::::::\n", 0o600)
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


def private(command: list[str]) -> list[str]:
    """The command, in a mount namespace in which /etc is a copy of ours and /srv our file area.

    /etc is covered as a whole. A file mounted over /etc/passwd would be gone as soon as the host replaces its own by
    renaming another over it, as useradd, passwd and package managers do: the kernel then takes away, in every
    namespace, what is mounted there, and the daemons would see the host's accounts. And it is a copy, so that these
    daemons keep theirs whatever becomes of the folder. A name service cache daemon knows the host's accounts only.
    """
    srv, etc = (shlex.quote(str(base() / name)) for name in ("srv", "etc"))
    steps = (
        f"mount --bind {srv} {MOUNT}",
        "mount -t tmpfs -o mode=755 accounts /etc",
        f"cp -a {etc}/. /etc",
        "{ [ ! -d /run/nscd ] || mount -t tmpfs none /run/nscd; }",
        'exec "$@"',
    )
    return ["unshare", "-m", "--propagation", "private", "sh", "-c", " && ".join(steps), "sh", *command]
