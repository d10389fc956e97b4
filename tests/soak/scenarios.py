"""Long runs: figures of the process before and after, which must be the same.

scripts/soak.py SCENARIO [NUMBER]       run one: see SCENARIOS below and in races.py
"""

from __future__ import annotations

import gc
import io
import random
import sys
import tempfile
import threading
import time
import weakref

import rftplib
from rftplib.session import batch
from support.resources import descriptors, memory, threads, threads_end

LIMIT = 20.0
# Python's allocator keeps some of what it once had: this much is no leak, whatever the number of rounds.
SLACK = 6 << 20
# From 3.10 on CPython's ssl leaks a copy of the session each time that SSLSocket.session is read, as FTP_TLS does once
# for each control connection. It is as large as what the server has put into it.
LEAK = 0 if sys.version_info < (3, 10) else 8_000


class Figures:
    """Descriptors, threads and resident memory: noted when made, compared by `check`."""

    def __init__(self):
        gc.collect()
        self.began = time.monotonic()
        self.descriptors, self.threads, self.memory = descriptors(), threads(), memory()

    def check(self, what, leaked=0):
        """A line for the report; AssertionError if something has grown, memory by more than `leaked` bytes."""
        gc.collect()
        ended, after, now = threads_end(self.threads), descriptors(), memory()
        line = (
            f"{what}: {time.monotonic() - self.began:.1f} s, descriptors {len(self.descriptors)} -> {len(after)}, "
            f"threads {self.threads} -> {threads()}, RSS {self.memory / 2**20:.1f} -> {now / 2**20:.1f} MiB"
        )
        assert len(after) == len(self.descriptors), f"{line}: {sorted(after.items())}"
        assert ended, line
        assert now - self.memory < SLACK + leaked, line
        return line


def client(port, cls=None, timeout=LIMIT, **settings):
    ftp = (cls or rftplib.FTP)(timeout=timeout, **settings)
    ftp.connect("127.0.0.1", port)
    ftp.login("user", "secret")
    return ftp


def transfers(port, number=100_000):
    """So many small transfers over one connection, by every method and into every kind of sink."""
    with tempfile.TemporaryFile() as file:
        file.write(bytes(1000))
        ftp = client(port)

        def to_file():
            file.seek(0)
            ftp.retrbinary("RETR x", file.write)

        def from_file():
            file.seek(0)
            ftp.storbinary("STOR x", file)

        kinds = [
            lambda: ftp.retrbinary("RETR x", lambda block: None),
            lambda: ftp.retrbinary("RETR x", bytearray().extend),
            lambda: ftp.retrbinary("RETR x", io.BytesIO().write),
            to_file,
            lambda: ftp.retrlines("LIST", lambda line: None),
            ftp.nlst,
            lambda: list(ftp.mlsd()),
            lambda: ftp.storbinary("STOR x", io.BytesIO(bytes(1000))),
            from_file,
            lambda: ftp.storlines("STOR x", io.BytesIO(b"line\n" * 60)),
        ]
        for turn in range(max(number // 100, 200)):  # until the allocators have what they need
            kinds[turn % len(kinds)]()
        figures = Figures()
        for turn in range(number):
            kinds[turn % len(kinds)]()
        line = figures.check(f"{number} transfers")
        ftp.quit()
    return line


def _leave_cycle(ftp):
    ftp.me = ftp  # only the garbage collector can free it now


def connections(port, number=10_000):
    """So many connections with a transfer each, ended in every way: QUIT, close(), with, forgotten, in a cycle."""
    figures = None
    for turn in range(number + 100):
        if turn == 100:
            figures = Figures()
        ftp = client(port, encoding=("utf-8", "latin-1", "cp1252")[turn % 3])
        ftp.retrbinary("RETR x", lambda block: None)
        way = turn % 5
        if way == 0:
            ftp.quit()
        elif way == 1:
            ftp.close()
        elif way == 2:
            with ftp:
                pass
        elif way == 3:
            _leave_cycle(ftp)
        del ftp
    return figures.check(f"{number} connections")


def tls_connections(port, number=1_000):
    """The same over TLS, data connections included."""
    figures = None
    for turn in range(number + 50):
        if turn == 50:
            figures = Figures()
        ftp = client(port, rftplib.FTP_TLS)
        ftp.prot_p()
        ftp.retrbinary("RETR x", lambda block: None)
        ftp.storbinary("STOR x", io.BytesIO(bytes(1000)))
        if turn % 3 == 0:
            ftp.quit()
        elif turn % 3 == 1:
            ftp.close()
        del ftp
    return figures.check(f"{number} TLS connections", number * LEAK)


def tls_transfers(port, number=5_000):
    """So many transfers over TLS with one control connection, whose session each data connection resumes."""
    ftp = client(port, rftplib.FTP_TLS)
    ftp.prot_p()
    figures = None
    for turn in range(number + 100):
        if turn == 100:
            figures = Figures()
        ftp.retrbinary("RETR x", lambda block: None)
    line = figures.check(f"{number} TLS transfers")
    ftp.quit()
    return line


def failures(port, number=10_000):
    """So many transfers that fail in the middle: the sink raises, and a reply is left to be read."""

    class Enough(Exception):
        pass

    def raises(block):
        raise Enough

    ftp = client(port)
    figures = None
    for turn in range(number + 100):
        if turn == 100:
            figures = Figures()
        try:
            if turn % 2:
                ftp.retrbinary("RETR x", raises)
            else:
                ftp.retrlines("LIST", raises)
        except Enough:
            ftp.voidresp()
    line = figures.check(f"{number} transfers that fail")
    ftp.quit()
    return line


def one_object(port, seconds=60):
    """8 threads call one object at random; a ninth closes it at random moments and connects again."""
    # What ftplib's users see there: replies of others, no reply, a closed or vanished socket. Anything else is a fault.
    expected = (*rftplib.all_errors, AttributeError, ValueError, TypeError, IndexError)
    ftp = client(port, timeout=0.3)
    stop, calls, surprises = threading.Event(), [0] * 8, []
    before = Figures()

    def random_calls(number):
        choose = random.Random(number)
        methods = [
            *(ftp.pwd, ftp.nlst, ftp.getwelcome, ftp.getresp, ftp.abort),
            lambda: ftp.voidcmd("NOOP"),
            lambda: batch(ftp, ["NOOP"] * 20),
            lambda: ftp.size("x"),
            lambda: ftp.cwd("/"),
            lambda: ftp.set_debuglevel(0),
            lambda: ftp.sock.settimeout(0.1),
            lambda: list(ftp.mlsd()),
            lambda: ftp.retrbinary("RETR x", lambda block: None),
            lambda: ftp.retrbinary("RETR slow", bytearray().extend),
            lambda: ftp.retrlines("LIST", [].append),
            lambda: ftp.storbinary("STOR x", io.BytesIO(bytes(9999))),
        ]
        while not stop.is_set():
            try:
                choose.choice(methods)()
            except expected:
                pass
            except BaseException as surprise:
                surprises.append(surprise)
                raise
            calls[number] += 1

    def close_and_connect():
        choose = random.Random(8)
        while not stop.wait(choose.random() / 20):
            try:
                ftp.close()
                ftp.connect("127.0.0.1", port)
                ftp.login("user", "secret")
            except expected:
                pass

    workers = [threading.Thread(target=random_calls, args=(number,), daemon=True) for number in range(8)]
    workers.append(threading.Thread(target=close_and_connect, daemon=True))
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    patience = time.monotonic() + LIMIT
    while not min(calls) and not surprises and time.monotonic() < patience:
        time.sleep(0.1)  # a busy machine hasn't come to all of them
    stop.set()
    for worker in workers:
        worker.join(LIMIT)
    assert not [worker for worker in workers if worker.is_alive()], "a thread hangs"
    assert not surprises, surprises
    assert min(calls) > 0, calls
    ftp.close()
    gc.collect()
    now = descriptors()
    assert len(now) < len(before.descriptors), now  # the control connection of before is closed
    assert threads_end(before.threads)
    return f"{sum(calls)} calls by 8 threads in {seconds} s: no crash, no hang, descriptors {len(now)}"


def garbage(port, number=1_000):
    """Clients in cycles, in mid-dialogue, with a reader that has bytes in hand: collected with all they hold."""
    figures = None
    for turn in range(number + 50):
        if turn == 50:
            figures = Figures()
        ftp = client(port)
        ftp.callback = ftp.nlst
        ftp.connection = ftp.transfercmd("RETR x") if turn % 2 else ftp.file
        ftp.putcmd("NOOP")
        gone = weakref.ref(ftp)
        del ftp
        gc.collect(0) if turn % 10 else gc.collect()
        if turn % 10 == 0:
            assert gone() is None, "not collected"
    return figures.check(f"{number} clients in cycles")


SCENARIOS = {
    function.__name__: function
    for function in (transfers, connections, tls_transfers, tls_connections, failures, one_object, garbage)
}  # fmt: skip
