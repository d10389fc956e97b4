"""Between clients and a server: connections that can be cut, all at once."""

from __future__ import annotations

import socket
import threading

PATIENCE = 30


class Cutter:
    """`with Cutter(host, port) as cutter:` connect to cutter.port; cutter.cut() ends all that stand.

    What goes over data connections doesn't pass: they go to the server's address, which is the same.
    """

    def __init__(self, host, port):
        self._target, self._pairs, self._lock = (host, port), [], threading.Lock()
        self.accepted = 0

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._run, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *exception):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def cut(self):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # it had ended already
        return len(pairs)

    def _run(self):
        while True:
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            far = socket.create_connection(self._target, PATIENCE)
            far.settimeout(None)
            with self._lock:
                self._pairs.append((near, far))
                self.accepted += 1
            left = threading.Semaphore(0)
            for ends in ((near, far), (far, near)):
                thread = threading.Thread(target=self._carry, args=(*ends, left), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(self, source, sink, other):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if other.acquire(blocking=False):  # the second to end closes both
            source.close()
            sink.close()
        else:
            other.release()
