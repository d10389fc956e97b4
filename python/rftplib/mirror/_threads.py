"""Threads, of which none is left behind in the middle of something, whenever Ctrl-C comes."""

import contextlib
import queue
import socket
import threading
import time

# How long is waited for threads that have been told to end, in seconds
PATIENCE = 5.0


def hang_up(ftp):
    """End what another thread does by that client. A reader in Python is locked while it waits, a socket isn't."""
    with contextlib.suppress(OSError, TypeError):
        socket.socket.shutdown(ftp.sock, socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        ftp.close()


def wait_for(threads, seconds=PATIENCE):
    """Wait until all have ended, or so many seconds have passed. They have been told to end.

    One that isn't alive yet, as Ctrl-C came in its start(), finds that it has been told so when it begins.
    """
    end = time.monotonic() + seconds
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, end - time.monotonic()))


def in_threads(copy, jobs, at_once, here, take):
    """copy(job, here) for each of the jobs, side by side; take(job, outcomes) is called with what each came to.

    The threads are among `here.threads` before they begin: whoever catches what this raises has them ended and waited
    for, by here.end().
    """
    waiting, results, taking = queue.SimpleQueue(), queue.SimpleQueue(), threading.Lock()
    for job in jobs:
        waiting.put(job)

    def work():
        while not here.stop.is_set():
            try:
                job = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                outcomes = copy(job, here)
                with taking:
                    take(job, outcomes)
                results.put(None)
            except BaseException as error:
                results.put(error)

    for _ in range(at_once if jobs else 0):
        # daemons: what hangs in a lookup of a name, which nothing ends, doesn't keep the program
        thread = threading.Thread(target=work, daemon=True, name="rftplib-mirror")
        here.threads.append(thread)
        thread.start()
    left = len(jobs)
    while left:
        try:
            error = results.get(timeout=0.1)
        except queue.Empty:
            if here.raised is not None:
                here.close()
            if here.stop.is_set() and not any(thread.is_alive() for thread in here.threads) and results.empty():
                break
            continue
        if error is not None:
            raise error
        left -= 1
    wait_for(here.threads)
