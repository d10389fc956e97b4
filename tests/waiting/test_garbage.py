"""The garbage collector may run whenever an exception is made (up to Python 3.11), and with it anybody's finalizers."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """\
import gc, socket, sys, threading
import rftplib

listener = socket.create_server(("127.0.0.1", 0))
accepted = []

def serve():
    accepted.append(listener.accept()[0])
    accepted[0].sendall(b"220 here\\r\\n")

threading.Thread(target=serve).start()
ftp = rftplib.FTP(timeout=20)
ftp.connect(*listener.getsockname())
file = ftp.file
seen = []

class Garbage:
    def __init__(self):
        self.me = self

    def __del__(self):
        seen.append(file.closed)  # as a finalizer that closes the connection looks whether it is open

if sys.argv[1] == "closed":
    file.close()
else:
    file._break_off()
for threshold in range(1, 40):  # one of them has the collector run in the midst of the call
    gc.disable()
    gc.collect()
    garbage = [Garbage() for _ in range(3)]
    gc.set_threshold(threshold)
    gc.enable()
    del garbage
    try:
        if sys.argv[2] == "readline":
            file.readline()
        else:
            file.fileno()
    except (OSError, ValueError):
        pass
gc.collect()
print(len(seen))
"""


@pytest.mark.parametrize("state, call", [("closed", "readline"), ("closed", "fileno"), ("broken off", "readline")])
def test_finalizers_use_a_reader_that_refuses(state, call):
    command = [sys.executable, "-c", SCRIPT, state, call]
    run = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "117", "")
