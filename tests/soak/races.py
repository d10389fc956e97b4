"""Bad moments: Ctrl-C, forks, the end of the interpreter, other interpreters."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time

import rftplib
from soak.scenarios import Figures, client

LIMIT = 20.0
ENDING = 60.0  # seconds that no interpreter takes from its start to its end


def interrupts(port, number=1_000):
    """Ctrl-C at random moments: afterwards the object can be closed, and connected again."""

    def everything(ftp):
        ftp.connect("127.0.0.1", port)
        ftp.login("user", "secret")
        ftp.retrbinary("RETR slow" if number_of[0] % 2 else "RETR big", lambda block: None)
        ftp.nlst()
        ftp.storbinary("STOR x", open(os.devnull, "rb"))
        ftp.voidcmd("NOOP")
        ftp.quit()

    # A timer's signal, handled as Ctrl-C's is: it comes at any moment, also when no thread of ours could send one.
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    choose, number_of, attempts, figures = random.Random(959), [0], 0, None
    ftp = rftplib.FTP(timeout=LIMIT)
    try:
        while number_of[0] < number:
            if attempts == 30:
                figures = Figures()
            attempts += 1
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, 1e-5 + choose.random() ** 3 * 0.06)
                    everything(ftp)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                number_of[0] += 1
            ftp.close()
            assert ftp.sock is None and ftp.file is None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    everything(ftp)
    return figures.check(f"{number} times Ctrl-C in {attempts} sessions")


def forks(port, number=200):
    """Forks while the parent's threads are in mid-transfer and in mid-dialogue. Each child closes what it has inherited
    and ends; the parent's transfers go on as if nothing had happened.
    """
    expected = bytes(range(256)) * 4
    stop, wrong, done = threading.Event(), [], [0]
    clients = [client(port) for _ in range(2)]

    def transfer(ftp):
        while not stop.is_set():
            got = bytearray()
            ftp.retrbinary("RETR slow", got.extend)
            ftp.voidcmd("NOOP")
            if got != expected:
                wrong.append(bytes(got))
            done[0] += 1

    workers = [threading.Thread(target=transfer, args=(ftp,), daemon=True) for ftp in clients]
    for worker in workers:
        worker.start()
    choose = random.Random(3659)
    for turn in range(number):
        time.sleep(choose.random() / 100)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                for ftp in clients:
                    # A file of io may have been copied with its lock held: Python's own, and nobody can close it then.
                    if not hasattr(ftp.file, "buffer"):
                        if turn % 2:
                            ftp.close()
                        else:
                            ftp.sock = ftp.file = None
                code = 0
            finally:
                os._exit(code)
        assert ended(child) == 0, f"child {turn} has not ended well"
    stop.set()
    for worker in workers:
        worker.join(LIMIT)
        assert not worker.is_alive(), "a transfer hangs"
    assert not wrong, "a transfer was spoilt"
    for ftp in clients:
        ftp.quit()
    return f"{number} forks in the middle of {done[0]} transfers: all children ended, no transfer spoilt"


def ended(child):
    """The exit status of a child, which ends within the limit or is killed."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.0005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hangs"


PROLOGUE = """\
import atexit, io, os, sys, threading, time
import rftplib
class Slow(rftplib.FTP):
    @property
    def sock(self):
        time.sleep(0.0001)
        return self.connection
    @sock.setter
    def sock(self, value):
        self.connection = value
def client(cls=rftplib.FTP):
    ftp = cls(timeout=20)
    ftp.connect("127.0.0.1", PORT)
    ftp.login("user", "secret")
    return ftp
def start(target, daemon=True):
    threading.Thread(target=target, daemon=daemon).start()
    time.sleep(0.02)
def forever(call):
    def loop():
        while True:
            call()
    start(loop)
ftp = client()
"""
# What the main thread does before it comes to its end; `loop` runs in a daemon thread.
ENDINGS = {
    "a connection left open": "",
    "in a cycle": "ftp.me = ftp; del ftp",
    "data connection left open": "conn = ftp.transfercmd('RETR big')",
    "a daemon thread waits for a reply": "start(ftp.getresp)",
    "daemon threads wait for data": "conn = ftp.transfercmd('STOR x'); [start(lambda: conn.recv(1)) for _ in range(4)]",
    "a daemon thread downloads": "forever(lambda: ftp.retrbinary('RETR slow', lambda block: None))",
    "a daemon thread downloads to memory": "forever(lambda: ftp.retrbinary('RETR big', io.BytesIO().write))",
    "a daemon thread uploads": "forever(lambda: ftp.storbinary('STOR x', io.BytesIO(bytes(1 << 22))))",
    "a daemon thread lists": "forever(ftp.nlst)",
    "a daemon thread asks": "forever(lambda: ftp.voidcmd('NOOP'))",
    "a daemon thread asks over TLS": "ftp = client(rftplib.FTP_TLS); forever(lambda: ftp.voidcmd('NOOP'))",
    "a daemon thread asks and logs": "import logging; logging.basicConfig(level=0, stream=open(os.devnull, 'w'))\n"
    "forever(lambda: ftp.voidcmd('NOOP'))",
    "a daemon thread's callback writes": "file = open(os.devnull, 'wb', 0)\n"
    "forever(lambda: ftp.retrbinary('RETR big', lambda block: file.write(block)))",
    "a daemon thread looks at a property": "ftp = client(Slow); forever(lambda: ftp.voidcmd('NOOP'))",
    "an ordinary thread is still at work": "start(lambda: ftp.retrbinary('RETR slow', print), daemon=False)",
    "atexit says goodbye": "atexit.register(ftp.quit)",
    "a finalizer closes": "class Holder:\n    def __del__(self): ftp.close()\nholder = Holder(); holder.me = holder",
    "sys.exit in a callback": "ftp.retrbinary('RETR big', lambda block: sys.exit())",
    "os._exit while a thread is at work": "start(ftp.getresp); os._exit(0)",
}


def exits(port, number=300):
    """The interpreter ends with connections open and threads at work: it ends, and without a word."""
    for turn in range(number):
        name = list(ENDINGS)[turn % len(ENDINGS)]
        script = PROLOGUE.replace("PORT", str(port)) + ENDINGS[name]
        command = [sys.executable, "-c", script]
        try:
            run = subprocess.run(command, capture_output=True, text=True, timeout=ENDING)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{name}: the interpreter does not end") from None
        assert run.returncode == 0 and not run.stderr, f"{name}: exit {run.returncode}, {run.stderr[-2000:]}"
    return f"{number} ends of the interpreter in {len(ENDINGS)} ways: none hung, crashed or complained"


def subinterpreters(port, number=20):
    """rftplib in another interpreter of the same process: refused with an ImportError, and the first one works on."""
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters
    ftp = client(port)
    script = (
        "try:\n    import rftplib\nexcept ImportError as error:\n    text = str(error)\nelse:\n    text = 'imported'\n"
        "import os\nos.write({}, text.encode() + b'\\n')"
    )
    answers = set()
    for _ in range(number):
        receiver, sender = os.pipe()
        other = interpreters.create()
        try:
            interpreters.run_string(other, script.format(sender))
        finally:
            os.close(sender)
            with open(receiver) as answer:
                answers.add(answer.read().strip())
            interpreters.destroy(other)
        ftp.voidcmd("NOOP")
    ftp.quit()
    assert len(answers) == 1, answers
    return f"{number} other interpreters: import rftplib gives {answers.pop()!r}; the first interpreter works on"


SCENARIOS = {function.__name__: function for function in (interrupts, forks, exits, subinterpreters)}
