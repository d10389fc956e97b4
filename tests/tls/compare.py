"""Count which of the checks hold with the standard library's ftplib, and which with rftplib.

    cd tests && python -m tls.compare [--native] [--verbose] [SERVER...]

Every check of `checks` on every server set-up, in TLS 1.2 and 1.3, over every address. The last line is:
stdlib X of N, rftplib N of N. With --native they run with rftplib alone, on a NativeContext. The servers have to be set
up (`python -m servers setup`); they are started and, if nobody else uses them, stopped. The exit status is 0 if rftplib
holds them all.
"""

from __future__ import annotations

import argparse
import ftplib
import sys
import threading
import time
from collections import Counter

import rftplib
from servers import Session
from support.ftps import EXPLICIT, Work, endpoints
from tls.checks import CHECKS, applicable

LIMIT = 60  # seconds for one check: stdlib may hang for as long as a timeout of 20 at each step

LIBRARIES = {"stdlib": ftplib, "rftplib": rftplib}


def attempt(lib, endpoint, name):
    """None if the check holds, else what went wrong."""
    work = Work(endpoint, lib)
    outcome = ["it hung"]

    def run():
        try:
            CHECKS[name][0](work)
            outcome[0] = None
        except Exception as error:
            outcome[0] = f"{type(error).__name__}: {error}".splitlines()[0]

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LIMIT)
    try:
        work.close()
    except OSError:
        pass
    return outcome[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", nargs="*", help=f"by default all: {', '.join(EXPLICIT)}")
    parser.add_argument("--native", action="store_true", help="rftplib alone, with a NativeContext")
    parser.add_argument("--verbose", action="store_true", help="print what went wrong")
    options = parser.parse_args()
    names = options.server or EXPLICIT
    if unknown := set(names) - set(EXPLICIT):
        parser.error(f"no such server: {', '.join(unknown)}")
    session = Session(names, setup=False)
    try:
        missing = session.open()
        if missing:
            print(*(f"{name}: {reason}" for name, reason in missing.items()), sep="\n", file=sys.stderr)
            return 2
        return count(names, options.native, options.verbose)
    finally:
        session.close()


def count(names, native, verbose) -> int:
    libraries = {"rftplib": rftplib} if native else LIBRARIES
    total, held = Counter(), Counter()
    for endpoint in endpoints(names, native):
        for name in applicable(endpoint):
            total[endpoint.server.name] += 1
            for label, lib in libraries.items():
                began = time.monotonic()
                problem = attempt(lib, endpoint, name)
                held[endpoint.server.name, label] += problem is None
                if problem and verbose:
                    print(f"{label:8} {endpoint} {name}: {problem} ({time.monotonic() - began:.1f} s)", flush=True)
        print(f"{str(endpoint):32} done", file=sys.stderr, flush=True)
    for server in total:
        counts = ", ".join(f"{label} {held[server, label]}" for label in libraries)
        print(f"{server:16} {counts} of {total[server]}")
    every = sum(total.values())
    sums = {label: sum(held[server, label] for server in total) for label in libraries}
    print(", ".join(f"{label} {number} of {every}" for label, number in sums.items()))
    return 0 if sums["rftplib"] == every else 1


if __name__ == "__main__":
    sys.exit(main())
