#!/usr/bin/env python3
"""Run short soak scenarios under valgrind, and print what it finds in or under rftplib's engine.

Needs valgrind (Debian: valgrind) and the installed rftplib. Exit status 1 for an invalid read or write or a use of
uninitialised memory with the engine on the stack, and for a leak that is made more than once. Python's own findings are
counted, no more: it is not built for valgrind, and every read of SSLSocket.session leaks in its `_ssl`.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCENARIOS = ["transfers=300", "connections=40", "failures=100", "garbage=40", "one_object=3", "tls_connections=5"]
LEAK = re.compile(r"([\d,]+)(?: \(.*\))? bytes in ([\d,]+) blocks are definitely lost")


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log"
        command = [
            "valgrind",
            "--error-limit=no",
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--num-callers=40",
        ]
        command += [f"--log-file={log}", sys.executable, str(ROOT / "scripts/soak.py"), *SCENARIOS]
        # Each object its own block, so that valgrind sees it. The server runs outside.
        status = subprocess.run(command, env=dict(os.environ, PYTHONMALLOC="malloc")).returncode
        findings = re.split(r"^==\d+== *\n", log.read_text(), flags=re.M)
    errors, leaks, python = [], [], 0
    for finding in findings:
        ours = "_rftplib" in finding
        leak = LEAK.search(finding)
        if not ours:
            python += bool(leak or re.search(r"Invalid|ninitialised", finding))
        elif leak:
            leaks.append((int(leak[2].replace(",", "")), finding))
        elif re.search(r"Invalid|ninitialised|Mismatched", finding):
            errors.append(finding)
    repeated = [finding for blocks, finding in leaks if blocks > 1]
    print(*errors, *repeated, sep="\n")
    print(f"valgrind: {len(errors)} errors in the engine, {len(repeated)} leaks made repeatedly, {len(leaks)} in all; "
          f"{python} findings in Python itself")  # fmt: skip
    return 1 if status or errors or repeated else 0


if __name__ == "__main__":
    sys.exit(main())
