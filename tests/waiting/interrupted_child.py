"""The child process of test_signals: interrupted_child.py SCENARIO HOST PORT TIMEOUT

Prints "begun" just before the call that is to be interrupted, and afterwards one line of JSON: which exception came,
when (CLOCK_MONOTONIC, which parent and child share), and whether the object could be closed.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import tempfile
import time

import rftplib


def to_file(name):
    def run(ftp):
        with tempfile.TemporaryFile() as sink:
            ftp.retrbinary(f"RETR {name}", sink.write)

    return run


def to_device(name):
    def run(ftp):
        with open(os.devnull, "wb") as sink:
            ftp.retrbinary(f"RETR {name}", sink.write)

    return run


def from_file(name):
    def run(ftp):
        with tempfile.TemporaryFile() as source:
            os.truncate(source.fileno(), 1 << 40)  # sparse: takes no room and never ends
            ftp.storbinary(f"STOR {name}", source)

    return run


class Endless:
    """A source that never ends and is no file."""

    def read(self, size):
        return b"x" * size

    def readline(self, size):
        return b"a line\n"


SCENARIOS = {
    "greeting": None,  # these two are the connecting itself
    "connecting": None,
    "reply": lambda ftp: ftp.voidcmd("HANG"),
    "download-callback-stall": lambda ftp: ftp.retrbinary("RETR stall", lambda block: None),
    "download-file-stall": to_file("stall"),
    "download-memory-stall": lambda ftp: ftp.retrbinary("RETR stall", io.BytesIO().write),
    "download-lines-stall": lambda ftp: ftp.retrlines("NLST stall", lambda line: None),
    "names-stall": lambda ftp: ftp.nlst("stall"),
    "download-callback-endless": lambda ftp: ftp.retrbinary("RETR endless", lambda block: None),
    "download-file-endless": to_file("endless"),
    "download-device-endless": to_device("endless"),
    "download-lines-endless": lambda ftp: ftp.retrlines("NLST endless", lambda line: None),
    "upload-file-stall": from_file("stall"),
    "upload-memory-stall": lambda ftp: ftp.storbinary("STOR stall", io.BytesIO(bytes(1 << 26))),
    "upload-lines-stall": lambda ftp: ftp.storlines("STOR stall", Endless()),
    "upload-file-endless": from_file("sink"),
    "upload-source-endless": lambda ftp: ftp.storbinary("STOR sink", Endless()),
    "upload-lines-endless": lambda ftp: ftp.storlines("STOR sink", Endless()),
}


def main() -> None:
    scenario, host, port, timeout = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background has it ignored
    ftp = rftplib.FTP(timeout=None if timeout == "None" else float(timeout))
    run = SCENARIOS[scenario]
    if run is None:
        run = lambda ftp: ftp.connect(host, int(port))  # noqa: E731
    else:
        ftp.connect(host, int(port))
        ftp.login("user", "password")
    print("begun", flush=True)
    try:
        run(ftp)
        raised = "nothing"
    except BaseException as error:
        raised = type(error).__name__
    when = time.monotonic()
    ftp.close()
    closed = ftp.sock is None and ftp.file is None
    print(json.dumps({"raised": raised, "when": when, "closed": closed}), flush=True)


main()
