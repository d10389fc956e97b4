"""examples/transfer.py, which ./demo runs: as a user calls it, from the shell."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support.ports import REFUSING

SCRIPT = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "transfer.py")


def transfer(*arguments):
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_alone_it_starts_a_server_itself():
    code, out, err = transfer()
    assert (code, err) == (0, "")
    assert "every byte is the same" in out
    assert "'big file.bin', 'notes.txt'" in out


def test_with_an_address_it_works_in_that_directory_and_leaves_nothing(demo_server, tmp_path):
    (tmp_path / "some where").mkdir()
    code, out, err = transfer(demo_server.url + "some%20where")
    assert (code, err) == (0, "")
    assert "directory  /some where/rftplib-demo-" in out
    assert list(tmp_path.rglob("*")) == [tmp_path / "some where"]


def test_the_servers_refusal_is_shown(demo_server):
    code, out, err = transfer(demo_server.url.replace("secret", "wrong"))
    assert (code, err) == (1, "transfer.py: error_perm: 530 Authentication failed.\n")


def test_nobody_there():
    code, out, err = transfer(f"ftp://127.0.0.1:{REFUSING}/")
    assert code == 1
    assert err.startswith("transfer.py: ConnectionRefusedError: ")


@pytest.mark.parametrize("address", ["http://127.0.0.1/", "ftp:///directory", "ftp://host:port/", "host"])
def test_what_is_no_address_is_named(address):
    code, out, err = transfer(address)
    assert code == 2
    assert f"not an address like ftp://user:password@host/directory: {address!r}" in err
