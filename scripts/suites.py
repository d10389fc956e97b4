#!/usr/bin/env python3
"""Run the test suites (the folders of tests/) on one or more Pythons, some at a time; then say what came of it.

    suites.py run RESULTS LABEL=PYTHON... [--portable LABEL...] [--options LABEL...] [--long LABEL...]
        [--long-of-python LABEL...] [--suites NAME...]
    suites.py summary RESULTS [--require LABEL...]

`run` leaves a JUnit file and a log for each suite in RESULTS. What is marked `long` runs on the Pythons that --long
names; on those of --long-of-python too, but for the suites whose long tail is about servers. --portable runs some
suites once more with every native loop off, --options with all that docs/options.md describes turned on. `summary`
counts all that is there, cargo's logs included, and fails if a test failed, a suite had no test, or a required Python
is missing.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
PORTABLE = "portable"  # the variant with RFTPLIB_NATIVE=0: every native loop off
PORTABLE_SUITES = ("control", "compat", "transfer", "session")  # tests/stdlib runs both variants itself
OPTIONS = "options"  # the variant with RFTPLIB_TEST_OPTIONS=all: see tests/support/options.py
OPTIONS_SUITES = ("compat", "control", "download", "listing", "session", "tls", "transfer", "upload", "waiting")
OWN_ENVIRONMENT = ("integrations",)  # needs packages that the others don't: scripts/integrations
LARGE = ("tls", "transfer", "session", "fs", "waiting", "native_tls")
# Their long tail is more servers, more orders, more of what fsspec asks: nothing that is another Python's to answer.
ABOUT_SERVERS = ("fs", "listing", "mirror", "session", "tls", "transfers")
# Only they have tests of hypothesis's. Its plugin imports all of it at the end of any run, which takes a second.
HYPOTHESIS = ("control", "transfer")
AT_ONCE = 2 * (os.cpu_count() or 1)  # a suite waits for more than half of its time
TIMEOUT = 1800  # seconds for one suite; a single test has pytest's own timeout
NO_TESTS = 5  # pytest's exit status
RUNNING = set()


def all_suites():
    return sorted(folder.name for folder in TESTS.iterdir() if folder.is_dir() and any(folder.glob("test_*.py")))


# --- running


def run_suite(results, label, python, suite, long):
    """One pytest process, in an empty directory, so that nothing but the installed package can be imported."""
    stem = results / f"{label}--{suite}".replace(" ", "-")
    environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1")
    environment["SSL_CERT_FILE"] = os.devnull  # each NativeContext loads the system's roots from it, in 50 ms
    environment.pop("PYTHONPATH", None)
    environment.pop("RFTPLIB_NATIVE", None)
    environment.pop("RFTPLIB_TEST_OPTIONS", None)
    if label.endswith(PORTABLE):
        environment["RFTPLIB_NATIVE"] = "0"
    if label.endswith(OPTIONS):
        environment["RFTPLIB_TEST_OPTIONS"] = "all"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={ROOT}", f"-c{ROOT}/pyproject.toml"]
    command += [] if long else ["-m", "not long"]
    command += [] if suite in HYPOTHESIS else ["-p", "no:hypothesispytest"]
    command += ["-rs", f"--junitxml={stem}.xml", str(TESTS / suite)]
    pathlib.Path(f"{stem}.xml").unlink(missing_ok=True)  # of an earlier run
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=results) as empty, open(f"{stem}.log", "w") as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        process = subprocess.Popen(command, cwd=empty, env=environment, start_new_session=True, **streams)
        RUNNING.add(process)
        try:
            status = process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            status = f"killed after {TIMEOUT} s"
            abort(process)
        finally:
            kill_group(process)
            RUNNING.remove(process)
    seconds = time.monotonic() - start
    counts = read_junit(f"{stem}.xml")
    if status == NO_TESTS and not long:
        print(f"-- {label} {suite}: all of it is long", flush=True)
        pathlib.Path(f"{stem}.log").unlink()
        return
    # A suite that crashed, hung or had no test is a failure, whatever its tests said.
    if status != 0 and counts[1] == 0 or not any(counts):
        pathlib.Path(f"{stem}.broken").write_text(str(status))
    report(f"{label} {suite}", f"{stem}.log", status, counts, seconds)


def in_order(jobs):
    """The large suites first, so that no core is idle at the end; and no two alike beside each other if that can be."""
    labels = list(dict.fromkeys(job[0] for job in jobs))

    def key(job):
        label, _, suite, _ = job
        if suite not in LARGE:
            return 1, 0, 0
        turn = labels.index(label)
        return 0, (LARGE.index(suite) + turn) % len(LARGE), turn

    return sorted(jobs, key=key)


def abort(process):
    """End it by the signal at which pytest's faulthandler writes every thread's stack into the log."""
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        pass


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # all gone, as it should be
    process.wait()


def report(name, log, status, counts, seconds):
    """A line for each suite; with it the reasons of all skips, and the output if something failed."""
    lines = pathlib.Path(log).read_text(errors="replace").splitlines()
    passed, failed, skipped = counts
    shown = [f"-- {name}: {passed} passed, {failed} failed, {skipped} skipped in {seconds:.1f} s (exit {status})"]
    skips = collections.Counter()
    for line in lines:
        found = re.match(r"SKIPPED \[(\d+)\] \S+?(?::\d+)?: (.*)", line)
        if found:
            skips[found[2]] += int(found[1])
    shown += [f"   {count} skipped: {reason}" for reason, count in skips.most_common()]
    if status != 0:
        shown += [line for line in lines if not line.startswith("SKIPPED")][-400:]
    print("\n".join(shown), flush=True)


def run(options):
    results = pathlib.Path(options.results).resolve()
    results.mkdir(parents=True, exist_ok=True)
    suites = options.suites or [suite for suite in all_suites() if suite not in OWN_ENVIRONMENT]
    unknown = sorted(set(suites) - set(all_suites()))
    if unknown:
        sys.exit(f"no such suite: {', '.join(unknown)} (there are: {', '.join(all_suites())})")
    pythons = dict(item.split("=", 1) for item in options.pythons)

    def is_long(label, suite):
        return label in options.long or (label in options.long_of_python and suite not in ABOUT_SERVERS)

    jobs = [(label, python, suite, is_long(label, suite)) for label, python in pythons.items() for suite in suites]
    variants = [(label, PORTABLE, PORTABLE_SUITES) for label in options.portable]
    variants += [(label, OPTIONS, OPTIONS_SUITES) for label in options.options]
    for label, variant, chosen in variants:
        jobs += [(f"{label} {variant}", pythons[label], suite, False) for suite in chosen if suite in suites]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        futures = [pool.submit(run_suite, results, *job) for job in in_order(jobs)]
        try:
            for future in futures:
                future.result()
        except BaseException:  # Ctrl-C above all: the suites run in sessions of their own and don't get it
            for future in futures:
                future.cancel()
            for process in list(RUNNING):
                kill_group(process)
            raise


# --- counting


def cases_of(path):
    """The test cases of a JUnit file; none of one that isn't there or isn't whole."""
    try:
        return list(xml.etree.ElementTree.parse(path).iter("testcase"))
    except (OSError, xml.etree.ElementTree.ParseError):
        return []


def has_failed(case):
    return case.find("failure") is not None or case.find("error") is not None


def read_junit(path):
    """(passed, failed, skipped)"""
    cases = cases_of(path)
    failed = sum(map(has_failed, cases))
    skipped = sum(case.find("skipped") is not None for case in cases)
    return len(cases) - failed - skipped, failed, skipped


def read_cargo(path):
    found = re.findall(r"^test result: .* (\d+) passed; (\d+) failed; (\d+) ignored", path.read_text(), re.M)
    return tuple(sum(int(row[column]) for row in found) for column in range(3))


def summary(options):
    results = pathlib.Path(options.results)
    rows, problems = [], []
    for log in sorted(results.glob("*--*.log"), key=lambda log: ([int(n) for n in re.findall(r"\d+", log.name)], log)):
        label, _, suite = log.stem.partition("--")
        counts = read_cargo(log) if label == "rust" else read_junit(log.with_suffix(".xml"))
        broken = log.with_suffix(".broken")
        if broken.exists() or not any(counts):
            reason = f"exit {broken.read_text()}" if broken.exists() else "no tests"
            problems.append(f"{label} {suite}: {reason}, see {log}")
            counts = (counts[0], counts[1] + 1, counts[2])
        rows.append((label.replace("-", " "), suite, *counts))
        for case in filter(has_failed, cases_of(log.with_suffix(".xml"))):
            problems.append(f"{label} {suite}: {case.get('classname')}::{case.get('name')} failed, see {log}")
    for label in options.require:
        if not any(row[0] == label for row in rows):
            problems.append(f"Python {label}: nothing was run on it")
            rows.append((label, "(missing)", 0, 1, 0))
    print(f"\n{'Python':<14} {'suite':<12} {'passed':>7} {'failed':>7} {'skipped':>8}")
    for row in rows:
        print("{:<14} {:<12} {:>7} {:>7} {:>8}".format(*row))
    totals = [sum(row[column] for row in rows) for column in (2, 3, 4)]
    for problem in problems:
        print(problem)
    print("{} passed, {} failed, {} skipped".format(*totals))
    return 1 if totals[1] or not totals[0] else 0


def main():
    parser = argparse.ArgumentParser(description="Run the test suites on one or more Pythons.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("run")
    command.add_argument("results")
    command.add_argument("pythons", nargs="+", metavar="LABEL=PYTHON")
    command.add_argument("--portable", nargs="*", default=[], metavar="LABEL")
    command.add_argument("--options", nargs="*", default=[], metavar="LABEL")
    command.add_argument("--long", nargs="*", default=[], metavar="LABEL")
    command.add_argument("--long-of-python", nargs="*", default=[], metavar="LABEL")
    command.add_argument("--suites", nargs="*", default=[], metavar="NAME")
    command.set_defaults(action=run)
    command = commands.add_parser("summary")
    command.add_argument("results")
    command.add_argument("--require", nargs="*", default=[], metavar="LABEL")
    command.set_defaults(action=summary)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    return options.action(options)


if __name__ == "__main__":
    sys.exit(main())
