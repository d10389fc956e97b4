#!/usr/bin/env python3
"""A mirror over a link with latency: `python -m rftplib.mirror` beside lftp and rclone, in one run.

    benches/mirror.py [--files 2000] [--delay 12.5] [--connections 8] [SERVER...] [--tls SERVER...]      as root
                      [--goal 'upload=0.75' ...]

The link is made here: two network namespaces, a TUN device in each, and a process that hands each packet on after
`delay` milliseconds, so that connecting costs its round trip, too. The servers are those of the tests (vsftpd and
ProFTPD if none are named; over TLS, with a tenth of the files, Pure-FTPd and pyftpdlib as well), in the one namespace;
the clients, Debian's lftp and rclone among them, run in the other. What is measured is the time of a whole program, its
start and its logins included.

The goals are parts of lftp's time in the same run, and are printed beside what came of them. The exit status is 1 if
one of them isn't met, if a mirror of ours fails, or if a file is missing.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import ctypes
import fcntl
import math
import os
import random
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from servers.catalogue import CATALOGUE  # noqa: E402
from servers.layout import PASSWORD, USER, certificate, home  # noqa: E402
from servers.process import Process  # noqa: E402

HERE, THERE = "rftplib-near", "rftplib-far"
NEAR, FAR = "198.18.0.1", "198.18.0.2"
HOSTS = Path("/etc/netns") / HERE / "hosts"  # the servers' certificates are for localhost


# --- the link


def open_tun(namespace: str) -> int:
    """A TUN device in a namespace; its packets are read from, and written to, the descriptor."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(f"/run/netns/{namespace}") as place:
        if libc.setns(place.fileno(), 0x40000000):  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), "setns")
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"tun0", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
    return tun


def carry(delay: float) -> None:
    """Hand each packet on after so many seconds, until the one who has started this goes."""
    ends = open_tun(HERE), open_tun(THERE)
    print("up", flush=True)
    waiting: dict[int, collections.deque] = {end: collections.deque() for end in ends}
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    while True:
        due = min((queue[0][0] for queue in waiting.values() if queue), default=None)
        left = None if due is None else max(0.0, due - time.monotonic())
        readable, _, _ = select.select([*ends, sys.stdin], [], [], left)
        if sys.stdin in readable:
            return
        now = time.monotonic()
        for end in ends:
            with contextlib.suppress(OSError):  # nothing there, or not up yet
                while end in readable:
                    waiting[end].append((now + delay, os.read(end, 65536)))
            queue = waiting[end]
            while queue and queue[0][0] <= now:
                with contextlib.suppress(OSError):
                    os.write(other[end], queue.popleft()[1])


def inside(namespace: str, *command: str) -> list[str]:
    return ["ip", "netns", "exec", namespace, *command]


@contextlib.contextmanager
def link(delay: float):
    run = subprocess.check_call
    with contextlib.ExitStack() as undo:
        for namespace in (HERE, THERE):
            run(["ip", "netns", "add", namespace])
            undo.callback(run, ["ip", "netns", "del", namespace])
        HOSTS.parent.mkdir(parents=True, exist_ok=True)
        undo.callback(shutil.rmtree, HOSTS.parent)
        HOSTS.write_text(f"{FAR} localhost\n")
        undo.enter_context(child([sys.executable, __file__, "--carry", str(delay)]))
        for namespace, own, peer in ((HERE, NEAR, FAR), (THERE, FAR, NEAR)):
            for command in (f"addr add {own} peer {peer} dev tun0", "link set tun0 up", "link set lo up"):
                run(inside(namespace, "ip", *command.split()))
        yield


@contextlib.contextmanager
def child(command: list[str]):
    """A process that says when it is ready, and ends when its input does."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "up\n":
            raise OSError(f"{command} doesn't come up")
        yield
    finally:
        process.stdin.close()
        process.wait()


def far(name: str):
    return replace(CATALOGUE[name], name=f"{name}-far", hosts=(FAR,))


def serve(names: list[str]) -> None:
    """The servers, in this namespace, until the one who has started this goes."""
    processes = [Process(far(name)) for name in names]
    try:
        for process in processes:
            process.launch("user")
            process.await_greeting(time.monotonic() + 20)
        print("up", flush=True)
        sys.stdin.read()
    finally:
        for process in processes:
            process.signal(15)
            process.finish()


# --- what is measured


SHORT = 5

# Under which part of lftp's time each is to stay; where there are several kinds, by "what, server" or "what, TLS"
GOALS = {
    "first copy": 0.85,
    "first copy, TLS": 1.0,
    "nothing to do, vsftpd": 0.15,
    "nothing to do, proftpd": 0.4,
    "upload": 0.75,
    "delete all": 0.1,
}


def goal_of(goals: dict[str, float], what: str, name: str, secured: bool) -> float | None:
    """None where there is none."""
    if secured:
        return goals.get(f"{what}, TLS")
    return goals.get(f"{what}, {name}", goals.get(what))


def middle(times: list[float]) -> float:
    """The median; NaN where one has failed, which statistics would put anywhere."""
    return math.nan if any(map(math.isnan, times)) else statistics.median(times)


def goal(text: str) -> tuple[str, float]:
    """WHAT=PART of the command line."""
    what, _, part = text.rpartition("=")
    if what not in GOALS:
        raise ValueError(text)
    return what, float(part)


def is_met(seconds: dict[str, float], most: float | None) -> bool:
    """A failure of ours meets nothing; lftp's leaves nothing to be compared with."""
    ours, theirs = seconds["rftplib"], seconds["lftp"]
    if math.isnan(ours):
        return False
    return most is None or math.isnan(theirs) or ours < most * theirs


class Contest:
    """One server, and the programs that mirror it."""

    def __init__(self, server, root: str, work: Path, connections: int, secured: bool) -> None:
        self.port, self.root, self.work, self.n, self.secured = server.port, root, work, connections, secured
        # compiled once, as pip leaves it; Go knows no option for the authorities
        self.env = {**os.environ, "HOME": str(work), "SSL_CERT_FILE": str(certificate("ca.crt"))}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)

    def time(self, command: list[str]) -> float:
        began = time.monotonic()
        done = subprocess.run(
            inside(HERE, *command), env=self.env, cwd=self.work, capture_output=True, text=True, timeout=900
        )
        took = time.monotonic() - began
        if done.returncode:
            print(f"  {command[0]}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
            return float("nan")
        return took

    @staticmethod
    def alone(program) -> float:
        """Its time once the server is through with the sessions of the one before."""
        time.sleep(0.5)
        return program()

    def lftp(self, command: str) -> float:
        tls = f"set ssl:ca-file {certificate('ca.crt')}; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; "
        text = f"set cmd:fail-exit yes; {tls if self.secured else 'set ftp:ssl-allow no; '}{command}; quit"
        return self.time(["lftp", "-u", f"{USER},{PASSWORD}", "-e", text, f"ftp://localhost:{self.port}"])

    def rclone(self, command: str, *sides: str) -> float:
        hidden = subprocess.check_output(["rclone", "obscure", PASSWORD], text=True).strip()
        options = f"--ftp-host localhost --ftp-port {self.port} --ftp-user {USER} --ftp-pass {hidden}".split()
        options += ["--transfers", str(self.n), "--checkers", str(self.n)]
        if self.secured:
            # its data connections resume no session of TLS 1.3, which vsftpd demands; ProFTPD refuses some of 1.2, too
            options += ["--ftp-explicit-tls", "--ftp-disable-tls13"]
        return self.time(["rclone", command, *sides, *options])

    def ours(self, source: str, target: str, *options: str) -> float:
        command = [sys.executable, "-m", "rftplib.mirror", source, target, "-j", str(self.n), *options]
        return self.time(command)

    def url(self, path: str) -> str:
        scheme, query = ("ftpes", f"?cafile={certificate('ca.crt')}") if self.secured else ("ftp", "")
        return f"{scheme}://{USER}:{PASSWORD}@localhost:{self.port}/{self.root}/{path}{query}"

    def run(self, everything: bool):
        """(what, {program: seconds}) for each, one after the other."""
        at, n = self.root, self.n
        programs = {
            "rftplib": lambda: self.ours(self.url("tree"), "ours"),
            "lftp": lambda: self.lftp(f"mirror -P{n} {at}/tree lftp"),
            "rclone": lambda: self.rclone("copy", f":ftp:{at}/tree", "rclone"),
        }
        yield "first copy", {name: program() for name, program in programs.items()}
        # it takes a second, so one run says little: the median of some, in turn
        rounds = [{name: self.alone(program) for name, program in programs.items()} for _ in range(SHORT)]
        yield "nothing to do", {name: middle([one[name] for one in rounds]) for name in programs}
        if not everything:
            return
        yield (
            "upload",
            {
                "rftplib": self.ours("ours", self.url("up-ours")),
                "lftp": self.lftp(f"mirror -R -P{n} ours {at}/up-lftp"),
            },
        )
        (self.work / "one").mkdir()
        (self.work / "one" / "file").write_bytes(b"one")
        yield (
            "delete all",
            {
                "rftplib": self.ours("one", self.url("up-ours"), "--delete", "--max-delete", "100%"),
                "lftp": self.lftp(f"rm -r {at}/up-lftp"),
            },
        )


def fill(root: Path, files: int) -> None:
    """Files of 1 to 10 kB, a hundred in each directory."""
    source = random.Random(1)
    for number in range(files):
        folder = root / f"d{number // 100:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"f{number % 100:03}.dat").write_bytes(source.randbytes(source.randint(1000, 10000)))
        os.utime(folder / f"f{number % 100:03}.dat", (1_600_000_000 + number,) * 2)
    for path in [root.parent, root, *root.rglob("*")]:
        path.chmod(0o777)


def count(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*")) if root.exists() else 0


def contest(name: str, files: int, options, secured: bool) -> list[str]:
    """Print what comes of it; returns what hasn't met its goal."""
    missed = []
    folder = f"mirror-{uuid.uuid4().hex}"
    fill(home() / folder / "tree", files)
    work = Path(tempfile.mkdtemp())
    try:
        print(f"{name}{' over TLS' if secured else ''}, {files} files, {options.connections} connections", flush=True)
        for what, seconds in Contest(far(name), folder, work, options.connections, secured).run(not secured):
            ours = seconds["rftplib"]
            told = [f"{program} {took:.2f} s" for program, took in seconds.items()]
            told += [f"{ours / took:.2f} of {program}" for program, took in seconds.items() if program != "rftplib"]
            most = goal_of(GOALS | dict(options.goal), what, name, secured)
            if most is not None:
                told.append(f"goal: under {most:g} of lftp{'' if is_met(seconds, most) else ': NOT MET'}")
            if not is_met(seconds, most):
                missed.append(f"{name}{' over TLS' if secured else ''}: {what}")
            print(f"  {what:14} {', '.join(told)}", flush=True)
        got = {program: count(work / program) for program in ("ours", "lftp", "rclone")}
        print(f"  files: {got}", flush=True)
        if got["ours"] != files:
            missed.append(f"{name}{' over TLS' if secured else ''}: {got['ours']} of {files} files")
    finally:
        shutil.rmtree(work)
        shutil.rmtree(home() / folder)
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("servers", nargs="*", metavar="SERVER", default=["vsftpd", "proftpd"])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--delay", type=float, default=12.5, help="milliseconds, each way")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--tls", nargs="*", metavar="SERVER", default=["vsftpd", "proftpd", "pureftpd", "pyftpdlib"])
    told = "; ".join(f"{what}={part}" for what, part in GOALS.items())
    parser.add_argument(
        "--goal",
        action="append",
        type=goal,
        default=[],
        metavar="WHAT=PART",
        help=f"of lftp's time; {told}",
    )
    parser.add_argument("--carry", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.carry is not None:
        return carry(options.carry)
    if options.serve:
        return serve(options.servers)
    missing = [program for program in ("lftp", "rclone") if not shutil.which(program)]
    if os.geteuid() or missing:
        sys.exit(f"this needs root, and {' and '.join(missing) or 'lftp and rclone'} (apt-get install lftp rclone)")
    names = list(dict.fromkeys([*options.servers, *options.tls]))
    with link(options.delay / 1000), child(inside(THERE, sys.executable, __file__, "--serve", *names)):
        ping = subprocess.run(
            inside(HERE, sys.executable, "-c", PING, str(far(names[0]).port)), capture_output=True, text=True
        )
        print(f"a connection takes {ping.stdout.strip()} ms")
        missed = [one for name in options.servers for one in contest(name, options.files, options, secured=False)]
        missed += [one for name in options.tls for one in contest(name, options.files // 10, options, secured=True)]
    sys.exit(f"not met: {'; '.join(missed)}" if missed else None)


PING = """
import socket, sys, time
took = []
for _ in range(10):
    began = time.monotonic()
    socket.create_connection(("localhost", int(sys.argv[1]))).close()
    took.append(time.monotonic() - began)
print(f"{sorted(took)[5] * 1000:.1f}")
"""


if __name__ == "__main__":
    main()
