#!/usr/bin/env python3
"""Count what one small file, and one NOOP, take of rftplib and of ftplib: system calls and instructions.

    python benches/count.py

Unlike times, these are nearly the same on a busy machine. The Python that runs this has to have rftplib installed;
strace and valgrind have to be there. Instructions are those of the program itself, the kernel's aren't among them: what
a system call costs is told by compare.py alone. Each work is done twice, so many times and twice as often: the
difference is what the work takes, without the start of the interpreter.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from compare import HERE, Server

# What is counted, and how many of them works.py does at scale 1
WORKS = {"small": ("a file of 1,000 bytes", 2_000), "noop": ("NOOP", 20_000)}
LIBRARIES = ("ftplib", "rftplib")
FEW, MANY = 20, 10  # scales: by what the amounts are divided


def run(tool: list[str], library: str, work: str, port: str, scale: int) -> str:
    """What the tool has said on stderr."""
    command = [*tool, sys.executable, str(HERE / "measure.py"), library, work, port, str(scale), tempfile.gettempdir()]
    environment = dict(os.environ, PYTHONHASHSEED="0")
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stderr


def instructions(library: str, work: str, port: str, scale: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        counted = str(pathlib.Path(folder, "counted"))
        run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={counted}"], library, work, port, scale)
        command = ["callgrind_annotate", "--threshold=100", "--auto=no", counted]
        table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = {"all": 0, "Rust": 0}
    for count, function in re.findall(r"^ *([\d,]+) \([ \d.]+%\) +(.*)$", table, re.MULTILINE):
        name = "all" if function == "PROGRAM TOTALS" else "Rust" if "_rftplib" in function else ""
        if name:
            found[name] += int(count.replace(",", ""))
    return found


def calls(library: str, work: str, port: str, scale: int) -> dict[str, int]:
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder, "calls")
        run(["strace", "-f", "-c", "-o", str(table)], library, work, port, scale)
        rows = [line.split() for line in table.read_text().splitlines()[2:-2]]
    return {row[-1]: int(row[3]) for row in rows}


def each(count, library: str, work: str, port: str) -> dict[str, float]:
    """The difference between many and few, for each of them."""
    few, many = (count(library, work, port, scale) for scale in (FEW, MANY))
    more = WORKS[work][1] // MANY - WORKS[work][1] // FEW
    return {name: (many[name] - few.get(name, 0)) / more for name in many}


def main() -> None:
    server = Server()
    print("| | | instructions | of them in Rust | system calls | |\n| --- | --- | --: | --: | --: | --- |")
    try:
        for work, (title, _) in WORKS.items():
            for library in LIBRARIES:
                count = each(instructions, library, work, server.port)
                made = {name: round(number, 1) for name, number in each(calls, library, work, server.port).items()}
                made = dict(sorted(((name, number) for name, number in made.items() if number >= 0.1), key=order))
                told = ", ".join(f"{name} {number:g}" for name, number in made.items())
                numbers = f"{count['all']:,.0f} | {count['Rust']:,.0f} | {sum(made.values()):.1f}"
                print(f"| {title} | {library} | {numbers} | {told} |", flush=True)
    finally:
        server.stop()


def order(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]


if __name__ == "__main__":
    main()
