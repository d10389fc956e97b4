"""A link with latency, for a control connection: a proxy that delivers what it gets some time later, each way.

What is on its way at the same time arrives at the same distance: nothing waits for what went before. `round_trips` is
how many exchanges came one after the other, each behind what the one before had brought. Commands one by one make one
each, on the slowest machine as on the quickest.

A second link, `beside` that one, takes the data connections of a scripted server, which names its port in the reply to
EPSV: what comes by either is counted together then, but for the making of a connection.
"""

from __future__ import annotations

import asyncio
import threading


class Link:
    """`with Link(host, port, seconds) as link:` connect to link.port. seconds: the latency of one way."""

    def __init__(self, host: str, port: int, seconds: float, beside: Link | None = None) -> None:
        self._target, self._seconds, self._beside = (host, port), seconds, beside
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.round_trips = 0

    def __enter__(self) -> Link:
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *exception) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop, self._tasks = asyncio.Event(), set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader, writer) -> None:
        self._tasks.add(asyncio.current_task())
        there = await asyncio.open_connection(*self._target)
        trips = self._now = Trips() if self._beside is None else self._beside._now
        try:
            await asyncio.gather(
                self._carry(reader, there[1], trips.sent),
                self._carry(there[0], writer, trips.answered),
            )
        finally:
            self.round_trips = trips.count
            for end in (writer, there[1]):
                end.close()

    async def _carry(self, reader, writer, seen) -> None:
        """Deliver each piece when it is due, whatever else is on its way; the end, too."""
        queue: asyncio.Queue = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, data, generation = await queue.get()
                await asyncio.sleep(due - self._loop.time())
                seen.delivered(generation)
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)

        async def receive() -> None:
            while True:
                try:
                    data = await reader.read(1 << 16)
                except OSError:
                    data = b""
                queue.put_nowait((self._loop.time() + self._seconds, data, seen.received()))
                if not data:
                    return

        await asyncio.gather(deliver(), receive())


class Trips:
    """Counts the exchanges of one connection, and of those beside it, that came one after the other."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()  # each link has a thread
        self.sent, self.answered = Way(self), Way(self)
        self.sent.other, self.answered.other = self.answered, self.sent
        self.sent.step = 1


class Way:
    step = 0

    def __init__(self, trips: Trips) -> None:
        self._trips, self._latest = trips, 0

    def received(self) -> int:
        """A piece has come: what had been delivered in the other direction may have brought it about."""
        with self._trips.lock:
            generation = self.other._latest + self.step
            self._trips.count = max(self._trips.count, generation)
        return generation

    def delivered(self, generation: int) -> None:
        with self._trips.lock:
            self._latest = max(self._latest, generation)
