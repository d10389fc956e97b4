"""`python -m rftplib` and `test()`: ftplib's little command line program."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.actions import send_data
from support.scripted_server import Server

# Up to 3.12 ftplib's own crashes when it writes a file's bytes to stdout, or finds no account in .netrc.
COMPARED = ["rftplib", "ftplib"] if sys.version_info >= (3, 13) else ["rftplib"]
CHILD = """
import importlib, sys
lib = importlib.import_module(sys.argv[1])
lib.FTP.port = int(sys.argv[2])
sys.argv[:] = ["ftplib", *sys.argv[3:]]
lib.test()
"""
FILE = b"binary \x00\xff\r\n"
REPLIES = {"RETR": (b"150 ok\r\n", send_data(FILE), b"226 done\r\n"), "RMD": b"550 no\r\n"}


def run(lib, arguments, home):
    with Server(REPLIES) as server:
        command = [sys.executable, "-c", CHILD, lib, str(server.port), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=60, cwd=home, env={**os.environ, "HOME": str(home)})
        port = server.data_address()[1]
    stdout = done.stdout.replace(f"{port // 256},{port % 256}".encode(), b"p,p")
    commands = server.commands() if server.sessions else []
    return done.returncode, stdout, done.stderr.decode(), commands


ANONYMOUS = ["USER anonymous", "PASS anonymous@"]
LISTING = b"one\ntwo\n"
CASES = {
    "nothing-to-do": (["127.0.0.1"], LISTING[:0], ANONYMOUS),
    "list": (["127.0.0.1", "-l"], LISTING, [*ANONYMOUS, "TYPE A", "PASV", "LIST"]),
    "list-a-directory": (["127.0.0.1", "-lsub"], LISTING, [*ANONYMOUS, "TYPE A", "PASV", "LIST sub"]),
    "change-directory": (["127.0.0.1", "-dsub", "-d"], b"", [*ANONYMOUS, "CWD sub", "CWD"]),
    "active": (["127.0.0.1", "-p", "-l"], LISTING, [*ANONYMOUS, "TYPE A", "PORT 127,0,0,1,...", "LIST"]),
    "file": (["127.0.0.1", "name"], FILE, [*ANONYMOUS, "TYPE I", "PASV", "RETR name"]),
    "account": (["-rnetrc", "127.0.0.1"], b"", ["USER me", "PASS secret"]),
}


@pytest.mark.parametrize("case", CASES)
def test_commands(case, tmp_path):
    arguments, stdout, commands = CASES[case]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    results = [run(lib, arguments, tmp_path) for lib in COMPARED]
    assert results[0][0] == 0, results[0][2]
    assert results[0][1] == stdout
    assert results[0][3] == [*commands, "QUIT"]
    assert results[-1] == results[0]


def test_debug_output_of_the_program(tmp_path):
    results = [run(lib, ["-d", "-d", "127.0.0.1", "-l"], tmp_path) for lib in COMPARED]
    assert b"*cmd* 'PASS **********'" in results[0][1] and b"*put* 'LIST\\r\\n'" in results[0][1]
    assert results[-1] == results[0]


@pytest.mark.parametrize("netrc", [None, "machine elsewhere login a password b\n"], ids=["no-file", "no-account"])
def test_no_account(netrc, tmp_path):
    if netrc is not None:
        (tmp_path / "netrc").write_text(netrc)
        (tmp_path / "netrc").chmod(0o600)
    results = [run(lib, ["-rnetrc", "127.0.0.1"], tmp_path) for lib in COMPARED]
    code, stdout, stderr, commands = results[0]
    assert (code, stdout, commands) == (0, b"", [*ANONYMOUS, "QUIT"])
    expected = "Could not open account file" if netrc is None else "No account"
    assert stderr == f"{expected} -- using anonymous login.\n"
    assert results[-1] == results[0]


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]], ids=str)
def test_help_of_the_package(arguments):
    done = subprocess.run([sys.executable, "-m", "rftplib", *arguments], capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"Usage:" in done.stdout and b"-l[dir]" in done.stdout.replace(b"-l dir", b"-l[dir]")


def test_module_with_arguments():
    """A host name that is none: the same last line as from `python -m ftplib`, without asking the network."""
    ours, theirs = (
        subprocess.run([sys.executable, "-m", lib, "a..b"], capture_output=True, timeout=60)
        for lib in ("rftplib", "ftplib")
    )
    assert ours.returncode == theirs.returncode == 1
    assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1]
