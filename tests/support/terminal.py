"""A terminal of its own for a program: what is seen on it, and what is typed there."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading

# The terminal is the one that controls the program, so that Ctrl-C is a signal; a shell's background ignores that.
CONTROL = """
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGINT, signal.SIG_DFL)
fcntl.ioctl(2, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
CTRL_C = b"\x03"


class Terminal:
    """`with Terminal(["-m", "program"], columns=60) as terminal:` runs Python with these arguments.

    columns: of the window; 0 for a terminal that doesn't know. options: of Popen; stdout is the terminal, too, if it
    isn't among them.
    """

    def __init__(self, arguments, columns, **options):
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24 if columns else 0, columns, 0, 0))
        options = {"stdin": slave, "stdout": slave, "stderr": slave, **options}
        self._child = subprocess.Popen([sys.executable, "-c", CONTROL, *arguments], start_new_session=True, **options)
        os.close(slave)
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()
        self._reader.join()
        os.close(self._master)

    def _read(self):
        try:
            while block := os.read(self._master, 65536):
                self._seen += block
        except OSError:
            pass  # nobody has it any more

    def type(self, keys):
        os.write(self._master, keys)

    def wait(self, seconds):
        """Its exit status; all that it has written is there then."""
        status = self._child.wait(seconds)
        self._reader.join(seconds)
        return status

    @property
    def text(self):
        """All that was written, with what moves the cursor."""
        return self._seen.decode("utf-8", "replace").replace("\r\n", "\n")

    @property
    def rows(self):
        """What is seen: of each row what was written last."""
        rows = []
        for line in self.text.split("\n"):
            row = []
            for part in line.split("\r"):
                row[: len(part)] = part
            rows.append("".join(row).rstrip())
        return rows
