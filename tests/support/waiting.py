"""What the tests of interrupted waits share: a thread that waits, and a process that is interrupted.

No test here asks how long something took: a busy machine would answer. It asks what ended the wait, which without the
close, the signal or the new timeout would last for LIMIT seconds at least.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

LIMIT = 15.0  # seconds until a test gives up: sooner than the scripted servers, which would end the wait by that

PROGRAM = """\
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored if the parent is in a shell's background
%s
print("ready", flush=True)
try:
    call()
except KeyboardInterrupt:
    print("interrupted", flush=True)
ftp.close()
assert ftp.sock is None and ftp.file is None
"""


def until(condition) -> None:
    """Wait, with a bound, for what another thread or process brings about."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.001)


def until_asleep(task: int) -> None:
    """Until a thread, or the main thread of a process, waits for something: it slept at five looks in a row."""
    looks = []

    def asleep():
        state = Path(f"/proc/{task}/stat").read_text().rsplit(")", 1)[1].split()[0]
        looks.append(state)
        time.sleep(0.005)
        return looks[-5:] == ["S"] * 5

    until(asleep)


def until_main_thread_asleep() -> None:
    """Until the main thread, which most clients of the tests are in, waits for something."""
    until_asleep(threading.main_thread().native_id)


def interrupt_main_thread(number=signal.SIGUSR1) -> None:
    """A signal for the main thread, once it waits. One that comes right before Python's own wait begins is seen only
    when that is over."""
    until_main_thread_asleep()
    signal.pthread_kill(threading.main_thread().ident, number)


class Waiter:
    """A call in a thread, that is going to wait."""

    def __init__(self, call) -> None:
        self.error, self.result, self._call = None, None, call
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            self.result = self._call()
        except BaseException as error:
            self.error = error

    def until_asleep(self):
        """Until the call waits."""
        until_asleep(self.thread.native_id)
        assert self.thread.is_alive(), f"it has ended: {self.result!r}, {self.error!r}"

    def join(self):
        """Wait for the end of the call; what it raised is in `error`, what it returned in `result`."""
        self.thread.join(LIMIT)
        assert not self.thread.is_alive(), "it goes on waiting"
        return self.error

    def ended_by(self, action):
        """What the call raises if action() comes while it waits."""
        self.until_asleep()
        action()
        return self.join()


def interrupt(script, until_it_waits=lambda: None, asleep=True) -> None:
    """Ctrl-C in a process of its own, which runs `script` and then the `call()` that it defines, of an object `ftp`.

    The signal comes after until_it_waits(), when the process is asleep. Then the object can be closed.
    """
    path = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, sys.path)])
    command, environment = [sys.executable, "-c", PROGRAM % script], {**os.environ, "PYTHONPATH": path}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as child:
        try:
            assert child.stdout.readline() == "ready\n", child.stderr.read()
            until_it_waits()
            if asleep:
                until_asleep(child.pid)
            child.send_signal(signal.SIGINT)
            output, errors = child.communicate(timeout=LIMIT)
        finally:
            child.kill()
    assert (child.returncode, output, errors) == (0, "interrupted\n", "")
