"""Ctrl-C in the middle of transfers, in a process of its own: what is left behind each, as JSON.

interrupted_child.py WAY FOLDER         WAY: ftplib, native, portable
"""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.transfers import Run  # noqa: E402
from support.trouble import SINKS, is_full  # noqa: E402
from support.waiting import interrupt_main_thread, until

DATA = b"".join(b"%07d." % number for number in range(20_000))
LINES = b"".join(b"%d\n" % number for number in range(1_000_000))  # more than two sockets hold


def interrupted(call, *args):
    try:
        return call(*args)
    except KeyboardInterrupt:
        return "KeyboardInterrupt"


def digest(data):
    return [len(data), hashlib.sha256(data).hexdigest()]


def download(run, sink):
    expected = sink.position() + len(DATA)

    def peer(far):
        far.sendall(DATA)
        until(lambda: sink.position() == expected)
        interrupt_main_thread(signal.SIGINT)
        far.recv(1)  # the client hangs up

    with run.against(peer) as ftp:
        outcome = interrupted(ftp.retrbinary, "RETR x", sink.callback)
        position, closed = sink.position(), ftp.transfercmd("").fileno()
    sink.close()
    return outcome, position, closed, digest(sink.content())


def full(run, kind):
    """Into something that nobody reads from."""
    reading, writing = os.openpty() if kind == "terminal" else os.pipe()
    with open(writing, "wb", 0) as fp:

        def peer(far):
            far.sendall(DATA)
            until(lambda: is_full(writing))
            interrupt_main_thread(signal.SIGINT)
            far.recv(1)

        with run.against(peer) as ftp:
            # blocks such that it isn't full between two writes: a signal that comes right before the next one is lost
            outcome = interrupted(ftp.retrbinary, "RETR x", fp.write, 5000)
        return outcome, DATA.startswith(os.read(reading, 1000)), os.get_blocking(writing)


def upload(run, method, kind):
    """To a server that takes a byte and then nothing, until the client has hung up."""
    path = run.path(content=LINES)
    taken = bytearray()

    def peer(far):
        taken.extend(far.recv(1))
        interrupt_main_thread(signal.SIGINT)
        until(lambda: outcomes)
        while True:
            block = far.recv(1 << 20)
            taken.extend(block)
            if not block:
                return

    outcomes = []
    with open(path, kind) as fp:
        with run.against(peer) as ftp:
            outcomes.append(interrupted(getattr(ftp, method), "STOR x", fp))
            outcomes.append(ftp.transfercmd("").fileno())
            position = fp.tell()
    sent = bytes(taken).replace(b"\r\n", b"\n").rstrip(b"\r")
    # it is where one who reads by lines, or by blocks, may stand: not before what was sent, nor far behind it
    return *outcomes, LINES.startswith(sent), len(sent) <= position <= len(sent) + 8192


way, folder = sys.argv[1:]
run = Run(way, pathlib.Path(folder))
left = {name: download(run, make(run)) for name, (make, _) in SINKS.items()}
for kind in ("pipe", "terminal"):
    left[kind] = full(run, kind)
for method in ("storbinary", "storlines"):
    for kind in ("rb", "r+b"):
        left[f"{method} {kind}"] = upload(run, method, kind)
print(json.dumps(left))
