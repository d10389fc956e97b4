"""`urllib.request.urlopen("ftp://...")` with rftplib in ftplib's place: the same answers, the same bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "urllib_child.py")


def answers(lib):
    done = subprocess.run([sys.executable, CHILD, lib], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout.splitlines()[-1])


def test_urlopen():
    ours, theirs = answers("rftplib"), answers("ftplib")
    assert ours[2].endswith("ftplib")
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    results = ours[0]
    content, headers, _ = results["sized"]
    assert content == "line\r\n" * 50
    assert ["Content-Length", "300"] in [[name.title(), value] for name, value in headers]
    assert "Content-Length" not in [name.title() for name, _ in results["a/b"][1]]
    for path in ("missing/x", "nowhere/x", "wrong password"):
        assert results.get(path, ["URLError"])[0] == "URLError"
    assert results["directory"][0] == content  # urllib lists what it can't retrieve
    assert ["USER anonymous", "PASS anonymous@", "CWD .", "TYPE I", "PASV", "RETR x"] in ours[1]
