"""Audit events: the same, with the same arguments, in the same order, and a hook that raises stops the call."""

from __future__ import annotations

import json
import os
import subprocess
import sys

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "audit_child.py")


def events(lib):
    done = subprocess.run([sys.executable, CHILD, lib], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_audit_events():
    ours, theirs = events("rftplib"), events("ftplib")
    assert ours == theirs
    assert ["ftplib.sendcmd", ["<FTP>", "'PASS password in clear'"]] in ours
    assert ["ftplib.connect", ["<FTP>", "'127.0.0.1'", "'the port'"]] in ours
    assert any(event == "raised" and "Refused" in what["type"] for event, what in ours)
