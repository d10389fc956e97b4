"""What a process holds: descriptors, threads, memory. Linux only, like the native loops that are watched."""

from __future__ import annotations

import os
import time
from pathlib import Path


def descriptors():
    """{number: what it is}, without the one that the looking takes."""
    found = {}
    for number in os.listdir("/proc/self/fd"):
        try:
            found[int(number)] = os.readlink(f"/proc/self/fd/{number}")
        except OSError:
            pass
    return {number: name for number, name in found.items() if not name.startswith("/proc/")}


def is_open(port, peer_port):
    """Whether the socket of this machine at `port` that is connected to `peer_port` is still to be written to."""
    ends = f":{port:04X}", f":{peer_port:04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for row in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            _, local, remote, state, *_ = row.split()
            if (local[-5:], remote[-5:]) == ends:
                return state in ("01", "08")  # ESTABLISHED, CLOSE_WAIT
    return False


def threads():
    """Those of the system: also the ones that Python knows nothing of. 0 where that can't be asked."""
    if not os.path.isdir("/proc/self/task"):
        return 0
    return len(os.listdir("/proc/self/task"))


def threads_end(expected, seconds=20.0):
    """Whether there are no more than `expected`; one that has just ended may still be seen for a moment."""
    deadline = time.monotonic() + seconds
    while threads() > expected and time.monotonic() < deadline:
        time.sleep(0.001)
    return threads() <= expected


def _status(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise LookupError(field)


def memory():
    """Resident bytes."""
    return _status("VmRSS")


def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak():
    """The most resident bytes since forget_peak()."""
    return _status("VmHWM")
