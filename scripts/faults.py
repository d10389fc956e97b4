#!/usr/bin/env python3
"""Try faults, and print how many: the tables of docs/robustness.md.

scripts/faults.py                                   runs everything briefly with the installed rftplib: some minutes
scripts/soak.py >soak.log; fuzz/long 60 >fuzz.log   what takes hours
scripts/faults.py --soak soak.log --fuzz fuzz.log   the same tables with the figures of the long runs
scripts/faults.py --write                           puts them into docs/robustness.md

Exit status 1 if anything has failed.
"""

import argparse
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "robustness.md"
SUITES = {
    "transfer/test_faults": "Servers that close, reset, fall silent, drip, lie or talk rubbish, at every step",
    "transfer/test_endless": "Endless lines, replies, listings and files: bounded, or streamed in constant memory",
    "transfer/test_sinks": "Full disks, sinks and sources that raise, give too much or change under the transfer",
    "control/test_addresses": "Data connections sent elsewhere, or taken by a stranger",
    "tls/test_hostile": "TLS refused, cut off, injected into, left out",
    "control/test_injection": "CR, LF and NUL in every argument of every method",
    "control/test_secrets": "Passwords looked for in debug output, logs, exceptions and repr",
    "transfer/test_reuse": "The object used again after a fault",
    "soak/test_soak": "Short soak runs and races",
    "transfers/test_resume": "Downloads cut off, parts tampered with, sources replaced, servers that ignore REST",
    "mirror/test_delete_rules": "Listings that fail while a mirror is to delete",
    "mirror/test_delete_directions": "Such listings between servers, of a disk, and of what fsspec knows",
    "mirror/test_hostile_names": "Names that lead out of a mirror's root, or are none",
    "mirror/test_hostile_links": "Links that lead out of a mirror's root, listed or planted in it",
}
PROPERTIES = ("control/test_any_command", "control/test_any_reply", "control/test_any_text", "transfer/test_any_data")


def pytest(modules, native, *options):
    """Run these modules of tests; returns their test cases and the output."""
    with tempfile.TemporaryDirectory() as folder_of_result:
        result = pathlib.Path(folder_of_result) / "result.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
        command += [f"-c{ROOT}/pyproject.toml", f"--junitxml={result}", *options]
        command += [str(ROOT / "tests" / f"{module}.py") for module in modules]
        environment = dict(os.environ, RFTPLIB_NATIVE=native, PYTHONDONTWRITEBYTECODE="1")
        run = subprocess.run(command, cwd=folder_of_result, env=environment, capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}\n{run.stdout}{run.stderr}")
        return list(xml.etree.ElementTree.parse(result).iter("testcase")), run.stdout


def passed(cases):
    return sum(case.find("failure") is None and case.find("error") is None for case in cases)


def faults():
    """A row for each kind of fault, on the loops in Rust and on those in Python."""
    cases = [case for native in ("1", "0") for case in pytest(SUITES, native)[0]]
    for module, what in SUITES.items():
        chosen = [case for case in cases if case.get("classname").endswith(module.replace("/", "."))]
        yield what, len(chosen), len(chosen) - passed(chosen)


def bad_inputs():
    """Examples that hypothesis and proptest have made, each with the answer that ftplib gives."""
    cases, output = pytest(PROPERTIES, "1", "--hypothesis-show-statistics")
    counted = re.findall(r"(\d+) passing(?: examples)?, (\d+) failing", output)
    examples, failing = (sum(int(pair[which]) for pair in counted) for which in (0, 1))
    failing += len(cases) - passed(cases)
    yield "Bad inputs, rftplib in three ways against ftplib itself (hypothesis)", examples + failing, failing
    run = subprocess.run(
        ["cargo", "test", "--locked", "--no-default-features", "--lib", "properties"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"(\d+) passed; (\d+) failed", run.stdout)
    source = (ROOT / "src/protocol/tests/properties.rs").read_text()
    each = int(re.search(r"cases: (\d+)", source)[1])
    good, wrong = (int(number) for number in found.groups()) if found else (0, 1)
    yield "Bad inputs, the core against a slow model of ftplib (proptest)", (good + wrong) * each, wrong


def fuzzed(log):
    """Executions of each fuzz target."""
    output = read(log) if log else run_here(["fuzz/smoke"])
    for target, runs, outcome in re.findall(r"^(\w+) +(\d+) executions, .*: (.*)$", output, re.M):
        yield f"Fuzzed: {target} (executions)", int(runs), int(outcome != "ok")


def soaked(log):
    brief = "transfers=5000 tls_transfers=500 connections=1000 tls_connections=100 failures=1000 one_object=5".split()
    brief += "garbage=200 interrupts=100 forks=50 exits=38 subinterpreters=3".split()
    output = read(log) if log else run_here([sys.executable, "scripts/soak.py", *brief])
    return [line for line in output.splitlines() if line.strip()]


def read(log):
    return pathlib.Path(log).read_text()


def run_here(command):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout


def row(what, tried, failed):
    """What failed is named, and is nothing to publish."""
    fine = not failed and tried > 0
    return f"| {what} | {tried:,}{'' if fine else f', {failed:,} FAILED'} |", fine


def main():
    parser = argparse.ArgumentParser(description="Try faults, and print how many.")
    parser.add_argument("--soak", metavar="LOG", help="the output of scripts/soak.py, instead of short runs")
    parser.add_argument("--fuzz", metavar="LOG", help="the output of fuzz/long, instead of ten seconds each")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/robustness.md")
    options = parser.parse_args()
    how = "With the long runs of `scripts/soak.py` and `fuzz/long`" if options.soak and options.fuzz else "In short"
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    rows = [row(*figures) for make in (faults, bad_inputs, lambda: fuzzed(options.fuzz)) for figures in make()]
    lines = soaked(options.soak)
    text = "\n".join(
        [f"{how}, Python {platform.python_version()} on {machine}.\n"]
        + ["| what is tried | how often |", "|---|--:|", *(line for line, _ in rows)]
        + ["\nLong runs, with the process's figures before and after:\n\n```text", *lines, "```"]
    )
    print(text)
    if options.write:
        before, mark, rest = PAGE.read_text().partition("<!-- as scripts/faults.py prints it -->\n")
        PAGE.write_text(f"{before}{mark}\n{text}\n\n<!-- end -->{rest.partition('<!-- end -->')[2]}")
    fine = all(good for _, good in rows)
    return 0 if fine and lines and not any("FAILED" in line for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
