"""An FTP server that takes its time, for tests of waiting: threads, Ctrl-C, close() and settimeout() from elsewhere.

It goes on answering commands during a transfer. What a transfer does is said by the file's name:

RETR stall      1000 bytes, then nothing more        NLST stall      10 lines, then nothing more
RETR steps      20 blocks of 1000 bytes, 20 ms apart
RETR endless    bytes as fast as they are taken      NLST endless    lines as fast as they are taken
STOR stall      never reads                          STOR sink       reads all
STOR slowly     reads all, 200 kB each 5 ms
Any other command is 200, but HANG gets no reply at all. `greets=False`: nor does the client that connects.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

BLOCK = bytes(range(256)) * 4
LINES = b"name-of-a-file\r\n" * 4096
STEPS, STEP_SECONDS = 20, 0.02
PAUSE_SECONDS, PORTION = 0.005, 200_000  # of `STOR slowly`


class SlowServer:
    """`with SlowServer() as server:` connect to server.address; any user and password."""

    steps = BLOCK[:1000] * STEPS  # what `RETR steps` sends

    def __init__(self, greets: bool = True) -> None:
        self._greets = greets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        self.stored = bytearray()  # what a STOR got, its first 16 MiB
        self._condition = threading.Condition()
        self._happened: list[str] = []
        self._reply: Callable[[str], None] = lambda text: None
        self._ending = threading.Event()
        self._open: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> SlowServer:
        self._begin(self._accept)
        return self

    def __exit__(self, *exception) -> None:
        self._ending.set()
        with self._condition:
            for held in self._open:
                with contextlib.suppress(OSError):  # wakes whoever waits on it
                    held.shutdown(socket.SHUT_RDWR)
                held.close()
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive(), "a thread of the slow server does not end"

    def wait_for(self, event: str, seconds: float = 10) -> None:
        """Wait until a command came ("NOOP"), or "connected", or that a transfer is "stalling", "flowing" or "done"."""
        with self._condition:
            if not self._condition.wait_for(lambda: event in self._happened, seconds):
                raise AssertionError(f"no {event!r} within {seconds} s, only {self._happened}")

    def answer(self, text: str) -> None:
        """A reply out of turn, to the client that connected last."""
        self._reply(text)

    # --- inside

    def _begin(self, function, *arguments) -> None:
        thread = threading.Thread(target=self._run, args=(function, *arguments), daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, function, *arguments) -> None:
        with contextlib.suppress(OSError, ValueError):  # a peer that went away, a socket closed at the end
            function(*arguments)

    def _note(self, event: str) -> None:
        with self._condition:
            self._happened.append(event)
            self._condition.notify_all()

    def _keep(self, held: socket.socket) -> socket.socket:
        with self._condition:
            self._open.append(held)
        return held

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            self._note("connected")
            self._begin(self._talk, self._keep(connection))

    def _talk(self, control: socket.socket) -> None:
        lock = threading.Lock()

        def reply(text: str) -> None:
            with lock:
                control.sendall(text.encode() + b"\r\n")

        if not self._greets:
            self._ending.wait()
            return
        self._reply = reply
        reply("220 slowly")
        passive = None
        with control, control.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                verb, _, name = line.strip().partition(" ")
                self._note(verb)
                if verb == "PASV":
                    passive = self._keep(socket.create_server(("127.0.0.1", 0)))
                    port = passive.getsockname()[1]
                    reply(f"227 Entering (127,0,0,1,{port // 256},{port % 256})")
                elif verb in ("RETR", "NLST", "STOR"):
                    data, _ = passive.accept()
                    passive.close()
                    self._begin(self._transfer, self._keep(data), verb, name, reply)
                elif verb == "USER":
                    reply("331 password")
                elif verb == "PASS":
                    reply("230 in")
                elif verb == "QUIT":
                    reply("221 bye")
                    return
                elif verb != "HANG":
                    reply("200 " + verb)

    def _transfer(self, data: socket.socket, verb: str, name: str, reply) -> None:
        reply("150 here it comes")
        with data:
            getattr(self, f"_{verb}_{name}".lower())(data)
        self._note("done")
        reply("226 done")

    def _retr_stall(self, data: socket.socket) -> None:
        data.sendall(BLOCK[:1000])
        self._note("stalling")
        self._ending.wait()

    def _nlst_stall(self, data: socket.socket) -> None:
        data.sendall(LINES[:160])
        self._note("stalling")
        self._ending.wait()

    def _retr_steps(self, data: socket.socket) -> None:
        for _ in range(STEPS):
            data.sendall(BLOCK[:1000])
            self._ending.wait(STEP_SECONDS)

    def _retr_endless(self, data: socket.socket, block: bytes = BLOCK * 64) -> None:
        data.sendall(block)
        self._note("flowing")
        while True:
            data.sendall(block)

    def _nlst_endless(self, data: socket.socket) -> None:
        self._retr_endless(data, LINES)

    def _stor_stall(self, data: socket.socket) -> None:
        self._note("stalling")
        self._ending.wait()

    def _stor_sink(self, data: socket.socket, pause: float = 0, portion: int = 1 << 20) -> None:
        self._note("flowing")
        while block := data.recv(portion):
            if len(self.stored) < 1 << 24:
                self.stored += block
            if pause:
                self._ending.wait(pause)

    def _stor_slowly(self, data: socket.socket) -> None:
        self._stor_sink(data, PAUSE_SECONDS, PORTION)


@contextlib.contextmanager
def unanswering_port():
    """(host, port) where connecting neither succeeds nor fails: the listener's queue is full and nobody accepts."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = listener.getsockname()
        while True:
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0.2)
            try:
                filler.connect(address)
            except socket.timeout:  # noqa: UP041 - its own class on Python 3.9
                break
        yield address
