"""In a child process: urllib on rftplib, which takes ftplib's place before anything imports it.

Prints what urlopen gave, as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

library = importlib.import_module(sys.argv[1])
sys.modules["ftplib"] = library
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import urllib.error  # noqa: E402
import urllib.request  # noqa: E402

from support.actions import send_data  # noqa: E402
from support.scripted_server import Server  # noqa: E402

CONTENT = b"line\r\n" * 50


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return [response.read().decode(), sorted(response.headers.items()), response.url.rpartition("/")[2]]
    except (urllib.error.URLError, ValueError) as exc:
        return [type(exc).__name__, str(exc)]


def retr(session):
    if "missing" in session.argument or session.argument == "directory":
        session.perform(b"550 no such file\r\n")
    elif session.argument == "busy":
        session.perform(b"450 busy\r\n")
    else:
        session.perform(b"150 x (300 bytes)\r\n" if session.argument == "sized" else b"150 here\r\n")
        session.perform((send_data(), b"226 done\r\n"))


def cwd(session):
    session.perform(b"550 no such directory\r\n" if session.argument == "nowhere" else b"250 ok\r\n")


def password(session):
    session.perform(b"530 wrong\r\n" if session.argument == "wrong" else b"230 in\r\n")


def main():
    paths = (
        "sized",
        "d/file;type=i",
        "a/b",
        "missing",
        "nowhere/x",
        "directory",
        "busy",
        "",
        "d/",
        "d/;type=d",
        "d/x;type=a",
        "%0d%0aDELE",
    )
    with Server({"RETR": retr, "CWD": cwd, "PASS": password}, data=CONTENT) as server:
        base = f"{server.host}:{server.port}"
        results = {path: fetch(f"ftp://u:p@{base}/{path}") for path in paths}
        results["wrong password"] = fetch(f"ftp://u:wrong@{base}/x")
        results["anonymous"] = fetch(f"ftp://{base}/x")
    wire = [server.commands(number) for number in range(len(server.sessions))]
    print(json.dumps([results, wire, library.__name__]).replace(str(server.port), "port"))


main()
