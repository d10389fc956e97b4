"""Batches on real servers: what comes is what comes one by one."""

from __future__ import annotations

import re

import pytest
import rftplib
from rftplib.session import batch

WINDOWS = (1, 2, 7, 64, 512)
NAMES = [f"file {number}.dat" for number in range(40)]

# Refusals inside, and commands whose effect the next ones see
COMMANDS = [
    "NOOP",
    "PWD",
    *(f"{verb} {name}" for name in NAMES for verb in ("SIZE", "MDTM")),
    "SIZE nothing here",
    "MKD new folder",
    "MKD new folder",
    "CWD new folder",
    "PWD",
    "CDUP",
    "RNFR new folder",
    "RNTO newer",
    "RMD nothing here",
    "DELE file 0.dat",
    "DELE file 0.dat",
    "SIZE file 0.dat",
    "SYST",
    "TYPE A",
    "TYPE I",
    "RMD newer",
    "STRU F",
    "MODE S",
    "CWD nowhere",
    "NOOP",
]


def fill(work, folder):
    path = work.folder(folder)
    for number, name in enumerate(NAMES):
        (path / name).write_bytes(b"x" * number)
        (path / name).chmod(0o666)


def one_by_one(ftp, command):
    try:
        return ftp.sendcmd(command)
    except (rftplib.error_temp, rftplib.error_perm) as refusal:
        return refusal.args[0]


def neutral(texts):
    """Without what differs between two folders: their names, and when their files were made."""
    found = []
    for command, text in texts:
        text = re.sub(r"/folder-\d+", "/FOLDER", text)
        found.append((command, text[:4] if command.startswith("MDTM") else text))
    return found


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name != "aioftp")
def test_a_batch_gives_what_comes_one_by_one(work):
    for window in (0, *WINDOWS):
        fill(work, f"folder-{window}")
    ftp = work.client("folder-0")
    top = ftp.pwd()[: -len("/folder-0")]
    expected = neutral((command, one_by_one(ftp, command)) for command in COMMANDS)
    for window in WINDOWS:
        ftp.cwd(f"{top}/folder-{window}")
        replies = batch(ftp, COMMANDS, window)
        assert neutral((reply.command, reply.text) for reply in replies) == expected
        assert {reply.ok for reply in replies} == {True, False}
        # and the next command gets its own reply
        assert ftp.pwd() == f"{top}/folder-{window}"


def test_sizes_and_times_are_those_on_the_disk(work):
    fill(work, "batch")
    ftp = work.client("batch")
    if not work.endpoint.server.complete:
        pytest.skip("no SIZE")
    replies = batch(ftp, [f"SIZE {name}" for name in NAMES] * 50)
    assert [reply.lines for reply in replies] == [[f"213 {number}"] for number in range(len(NAMES))] * 50


def test_listings_by_stat(work):
    """Many lines a reply, more than the buffers on the way hold."""
    fill(work, "batch")
    ftp = work.client("batch")
    commands = [f"STAT {NAMES[0]}", "STAT ."] * 40
    alone = [one_by_one(ftp, command) for command in commands[:2]]
    replies = batch(ftp, commands, 80)
    assert [reply.text for reply in replies] == alone * 40
