"""What the tests of interrupted waits share: a thread that waits, and a process that is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

LIMIT = 0.5  # seconds until a close or a new timeout takes effect; promised are 0.2, the rest is for a busy machine


class Waiter:
    """A call in a thread, that is going to wait."""

    def __init__(self, call) -> None:
        self.error, self._call = None, call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._call()
        except BaseException as error:
            self.error = error
        self.ended = time.monotonic()

    def join(self):
        """Wait for the end of the call."""
        self._thread.join(10)
        assert not self._thread.is_alive(), "it goes on waiting"

    def after(self, action):
        """Seconds from action() to the end of the call; the action comes when it has been waiting for a while."""
        time.sleep(0.4)
        assert self._thread.is_alive()
        began = time.monotonic()
        action()
        self.join()
        return self.ended - began


def check_interruptible(prepare, call, until_it_waits):
    """Run the code `prepare`, then `call`, in a process of its own, and press Ctrl-C after until_it_waits()."""
    script = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
{prepare}
print("ready", flush=True)
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    command, environment = [sys.executable, "-c", script], {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            until_it_waits()
            began = time.monotonic()
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == "interrupted\n"
            assert time.monotonic() - began < LIMIT
        finally:
            child.kill()
