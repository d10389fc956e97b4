"""A relay between clients and a server that cuts all their connections, at given places of the data.

    with Cutter([1000, 5000]) as cutter:
        ftp.socket_factory = cutter.connect

A client reaches it by its `socket_factory`, so that it stands in the way of every connection, under TLS as well. Both
ends of a cut connection see a reset, and what was still on its way is lost.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

BLOCK = 256 * 1024
HARD = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: close() sends RST


class Pair:
    """A connection to a client and the one to the server that belongs to it."""

    def __init__(self, *sockets):
        self._sockets, self.ended = sockets, 0

    def cut(self):
        for sock in self._sockets:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD)
                sock.shutdown(socket.SHUT_RD)  # wakes who reads from it; the last to let go of it sends the RST
        self.close()

    def close(self):
        for sock in self._sockets:
            sock.close()


class Cutter:
    """marks: after how many bytes on data connections, counted over all of them, the next cut comes.

    moved: how many bytes have gone over data connections, in both directions. cuts: how many cuts there were. at_cut:
    called before each with its number, from 0 on.
    """

    def __init__(self, marks=(), at_cut=None):
        self._marks, self._at_cut = sorted(marks), at_cut
        self.moved = self.cuts = 0
        self._pairs, self._lock = [], threading.Lock()
        self._threads = []
        self._control = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.cut()
        for thread in self._threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in self._threads)

    def connect(self, address, timeout=None, source_address=None):
        """A socket_factory. The first connection tells which port is that of the control connections."""
        self._control = self._control or address[1]
        options = {} if not isinstance(timeout, (int, float)) else {"timeout": timeout}
        there = socket.create_connection(address, **options)
        there.settimeout(None)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            here, _ = listener.accept()
        pair = Pair(here, there)
        with self._lock:
            self._pairs.append(pair)
        is_data = address[1] != self._control
        for source, sink in ((here, there), (there, here)):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # what a cut loses is what lies here, and it was counted
            source.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * 1024)
            thread = threading.Thread(target=self._carry, args=(source, sink, pair, is_data), daemon=True)
            self._threads.append(thread)
            thread.start()
        return ours

    def cut(self):
        """Cut all connections there are."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.cut()

    def _carry(self, source, sink, pair, is_data):
        buffer = memoryview(bytearray(BLOCK))
        with contextlib.suppress(OSError):
            while True:
                count = source.recv_into(buffer)
                if not count:
                    sink.shutdown(socket.SHUT_WR)
                    break
                if is_data:
                    self._carry_data(sink, buffer[:count])
                else:
                    sink.sendall(buffer[:count])
        self._end(pair)

    def _carry_data(self, sink, block):
        while block:
            with self._lock:
                room = max(self._marks[0] - self.moved, 0) if self._marks else len(block)
                piece, block = block[:room], block[room:]
                self.moved += len(piece)
                reached = bool(self._marks) and self.moved >= self._marks[0]
                if reached:
                    del self._marks[0]
                    self.cuts += 1
            sink.sendall(piece)
            if reached:
                if self._at_cut is not None:
                    self._at_cut(self.cuts - 1)
                self.cut()
                return

    def _end(self, pair):
        """The second of the two directions that ends closes both."""
        with self._lock:
            pair.ended += 1
            if pair.ended < 2:
                return
            if pair in self._pairs:
                self._pairs.remove(pair)
        pair.close()
