"""What goes wrong in a transfer: servers that fall silent or reset, full disks, signals, no descriptors left; and the
sinks that have to bear it."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import resource
import select
import signal
import socket
import struct
import termios
import threading

from support.transfers import LIMIT

BRIEF = 0.05  # a timeout that is to pass
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset
OLD = bytes(range(256)) * 4  # what is in a file before


@contextlib.contextmanager
def stalled(run, *pieces, timeout=BRIEF, end=False, taken=None):
    """A client to whom these have been sent, and then no more, nor the end, unless `end`. Nothing is taken before the
    block is over; then it is appended to `taken`, if that is given."""
    sent, over = threading.Event(), threading.Event()

    def peer(far):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        for piece in pieces:
            far.sendall(piece)
        if end:
            far.shutdown(socket.SHUT_WR)
        sent.set()
        over.wait(LIMIT)
        while taken is not None:
            block = far.recv(1 << 20)
            taken.extend(block)
            if not block:
                return

    with run.against(peer) as ftp:
        try:
            assert sent.wait(LIMIT)
            ftp.transfercmd("").settimeout(timeout)
            yield ftp
        finally:
            ftp.transfercmd("").close()
            over.set()


@contextlib.contextmanager
def room(size):
    """No file may become longer than `size`, as on a full disk but for the errno."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def handler(function, number=signal.SIGUSR1):
    before = signal.signal(number, function)
    try:
        yield
    finally:
        signal.signal(number, before)


@contextlib.contextmanager
def descriptors_left(count):
    """No more than so many descriptors can be opened."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken[0], 64) + count + 1, before[1]))
    try:
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(count):
            os.close(taken.pop())
        yield
    finally:
        for number in taken:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def unread(conn):
    """How many bytes have arrived that nobody has received."""
    return struct.unpack("i", fcntl.ioctl(conn.fileno(), termios.FIONREAD, bytes(4)))[0]


def is_full(fd):
    """Whether a write would block."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return not poll.poll(0)


class File:
    """A file with OLD in it, opened to receive."""

    def __init__(self, run, mode, buffering, start=None):
        self.path = run.path(content=OLD)
        self.fp = open(self.path, mode, buffering)
        if start is not None:
            self.fp.seek(start)
        self.callback, self.position, self.close = self.fp.write, self.fp.tell, self.fp.close

    def content(self):
        """All that is in it, once it is closed."""
        return self.path.read_bytes()


class Memory:
    """The same in a BytesIO."""

    def __init__(self, run, start):
        self.fp = io.BytesIO(OLD)
        self.fp.seek(start)
        self.callback, self.position, self.content = self.fp.write, self.fp.tell, self.fp.getvalue

    def close(self):
        pass


class Blocks:
    """The same in a list of blocks, by `append` or by a callback in Python."""

    def __init__(self, run, in_python=False):
        self.blocks = [OLD]
        self.callback = (lambda block: self.blocks.append(block)) if in_python else self.blocks.append

    def position(self):
        return sum(map(len, self.blocks))

    def content(self):
        return b"".join(self.blocks)

    def close(self):
        pass


class Array(Blocks):
    """The same in a bytearray."""

    def __init__(self, run):
        self.array = bytearray(OLD)
        self.callback = self.array.extend

    def position(self):
        return len(self.array)

    def content(self):
        return bytes(self.array)


# name: (what makes it of a run, what is in it before the first byte that comes)
SINKS = {
    "wb": (lambda run: File(run, "wb", -1), b""),
    "wb unbuffered": (lambda run: File(run, "wb", 0), b""),
    "wb, large buffer": (lambda run: File(run, "wb", 1 << 20), b""),
    "ab": (lambda run: File(run, "ab", -1), OLD),
    "ab unbuffered": (lambda run: File(run, "ab", 0), OLD),
    "a+b": (lambda run: File(run, "a+b", -1), OLD),
    "r+b": (lambda run: File(run, "r+b", -1, 100), OLD[:100]),
    "r+b unbuffered": (lambda run: File(run, "r+b", 0, 100), OLD[:100]),
    "BytesIO": (lambda run: Memory(run, 100), OLD[:100]),
    "bytearray": (Array, OLD),
    "list": (Blocks, OLD),
    "callback": (lambda run: Blocks(run, in_python=True), OLD),
}
