"""Run the FTPS tests again and again with every Python named, and stop at the first failure.

    python tests/tls/repeat.py [--runs 10] [PYTHON...]        by default the Python that runs this

Each PYTHON needs rftplib, pytest and pytest-timeout. Needs the servers: `python -m servers setup` in tests/.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("python", nargs="*", default=[sys.executable])
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    environment = {**os.environ, "RFTPLIB_REQUIRE_SERVERS": "1"}
    for run in range(1, options.runs + 1):
        for python in options.python:
            began = time.monotonic()
            command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(HERE)]
            done = subprocess.run(command, env=environment, cwd=HERE.parent.parent, capture_output=True, text=True)
            last = (done.stdout.strip().splitlines() or ["no output"])[-1]
            print(f"run {run} of {options.runs}, {python}: {last} [{time.monotonic() - began:.0f} s]", flush=True)
            if done.returncode:
                print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
                return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
