#!/usr/bin/env python3
"""Long runs of the installed rftplib against a server on loopback, with figures before and after:

scripts/soak.py                         every scenario at full length
scripts/soak.py transfers connections   these two
scripts/soak.py transfers=1000          one, shorter

Exit status 1 if something has grown, crashed or hung. The scenarios are in tests/soak, where the test suite runs
them for a second or two each.
"""

import pathlib
import sys

# in place of this folder, where `soak` would be this script
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent / "tests")
from soak import canned, races, scenarios  # noqa: E402

SCENARIOS = {**scenarios.SCENARIOS, **races.SCENARIOS}


def main(arguments):
    status = 0
    for argument in arguments or SCENARIOS:
        name, _, number = argument.partition("=")
        if name not in SCENARIOS:
            sys.exit(f"no such scenario: {name}. There are: {', '.join(SCENARIOS)}")
        with canned.running() as port:
            try:
                print(SCENARIOS[name](port, *([int(number)] if number else [])), flush=True)
            except AssertionError as fault:
                print(f"{name} FAILED: {fault}", flush=True)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
