"""A mirror that is killed: what has a final name is whole at any time, and the next run finishes."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from support.killed import PATIENCE, killed, whole
from support.snapshots import contents

KILLS = 10
AHEAD = 20_000  # how many bytes come between two kills, at the least
SMALL, LARGE = 60, 2  # files
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="no SIGKILL"),
    pytest.mark.long,
    pytest.mark.endpoints(where=lambda one: str(one) in ("vsftpd-ipv4-plain", "proftpd-ipv4-tls1.3")),
]


def fill(root):
    """Small files in directories, and files that are continued."""
    source = random.Random(9)
    for number in range(SMALL + LARGE):
        folder = root / f"d{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)
        path = folder / f"f{number}"
        path.write_bytes(source.randbytes(source.randint(1000, 9000) if number < SMALL else 3_000_000))
        path.chmod(0o666)
        os.utime(path, (1_500_000_000 + number,) * 2)
    root.chmod(0o777)
    return root


def files(root):
    """{path: content} of all files that aren't parts."""
    return {path: data for path, data in contents(root).items() if data is not None and not path.endswith(".part")}


def size(root):
    """How many bytes are there, parts and all; what vanishes meanwhile doesn't count."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            try:
                total += os.stat(os.path.join(folder, name)).st_size
            except FileNotFoundError:
                pass
    return total


def check(source, target, source_root, target_root):
    """Kill a mirror ten times, look at what is there all the while, and let the last one come to its end."""
    wanted = files(source_root)
    command = ["-m", "rftplib.mirror", source, target, "-j", "3"]

    def look():
        for path, content in wanted.items():
            whole(target_root / path, content)

    before = 0
    for _ in range(KILLS):
        killed(
            [*command, "--limit", "100k"],
            look,
            lambda at_least=before + AHEAD: size(target_root) > at_least,
        )
        before = size(target_root)
    assert files(target_root) != wanted
    done = subprocess.run([sys.executable, *map(str, command)], timeout=PATIENCE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert files(target_root) == wanted


def test_mirrors_down_that_are_killed(work, tmp_path):
    check(work.endpoint.url(f"{work.name}/src"), tmp_path / "local", fill(work.path / "src"), tmp_path / "local")


def test_mirrors_up_that_are_killed(work, tmp_path):
    check(fill(tmp_path / "local"), work.endpoint.url(f"{work.name}/dst"), tmp_path / "local", work.folder("dst"))
