#!/usr/bin/env python3
"""Compare rftplib with ftplib, pycurl (if it is installed) and a plain loop in Rust on the same work; print tables.

    python benches/compare.py [--rounds N] [--only NAME...] [--quick] [--write [PAGE]]

The Python that runs this has to have rftplib installed. The server runs in a process of its own, every measured run in
a fresh one; libraries take turns in each round. CPU time is the client's own, wall time that of the work alone. The
tables tell medians, their ratios, and whether the goals are met. Measure on an idle machine: beside other processes a
busy thread, for one, hardly gets to hold anybody up; how noisy it was stands above the tables. --quick only shows that
all of it works. --write puts the tables into docs/performance.md and draws the charts anew, unless the machine was too
noisy; it needs matplotlib. Some rows need vsftpd, which the tests' launcher starts (as root on Debian); elsewhere they
are left out.

The plain loop ("floor") is benches/floor.rs; it is built by cargo, and left out where there is none.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import noise  # noqa: E402
import plan  # noqa: E402
import report  # noqa: E402
from vsftpd import Vsftpd  # noqa: E402

LIMIT = 600  # seconds that one run may take
QUICK = 100  # by how much --quick divides all amounts
UPLOAD = 2 << 30
PAGE = HERE.parent / "docs" / "performance.md"
IMPORT = "import time; began = time.perf_counter(); import {}; print(time.perf_counter() - began)"


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


class Server:
    def __init__(self, *options: str):
        command = [sys.executable, str(HERE / "server.py"), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()
        if not self.port:
            sys.exit("the server didn't start")

    login = "u:p"  # any will do

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def certificate(folder: pathlib.Path) -> list[str]:
    """A throw-away key and certificate; nobody verifies it here."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    made = subprocess.run([*command.split(), "-keyout", key, "-out", cert], capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"openssl failed: {made.stderr}")
    return [cert, key]


def build_floor(notes: list[str]) -> str | None:
    if not shutil.which("cargo"):
        notes.append("no floor: cargo isn't installed")
        return None
    command = "cargo build --release --locked --no-default-features --features tls --example floor".split()
    built = subprocess.run([*command, "--message-format=json"], cwd=HERE.parent, capture_output=True, text=True)
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "floor" and message.get("executable"):
            return message["executable"]
    say(built.stderr)
    notes.append("no floor: it could not be built")
    return None


def scratch_folder() -> str | None:
    """In memory, where there is room: the disk isn't what is measured."""
    shm = "/dev/shm"
    return shm if os.path.isdir(shm) and shutil.disk_usage(shm).free > 3 * UPLOAD else None


class Bench:
    def __init__(self, folder: pathlib.Path, rounds: int, scale: int, notes: list[str], servers: set[str]):
        self.folder, self.rounds, self.scale, self.notes = folder, rounds, scale, notes
        self.floor = build_floor(notes)
        self.curl = importlib.util.find_spec("pycurl") is not None
        if not self.curl:
            notes.append("pycurl isn't installed")
        self.environment = {name: value for name, value in os.environ.items() if name != "RFTPLIB_NATIVE"}
        with open(folder / "upload", "wb") as fp:
            block = os.urandom(1 << 20)
            for _ in range(UPLOAD // scale >> 20):
                fp.write(block)
        self.servers = {}
        try:
            self.servers["plain"] = Server("--tls", *certificate(folder))
            self.servers["late"] = Server("--delay", str(plan.DELAY))
            if "vsftpd" in servers:
                self._start_vsftpd()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for server in self.servers.values():
            server.stop()

    def _start_vsftpd(self) -> None:
        try:
            self.servers["vsftpd"] = Vsftpd(self.scale)
        except (OSError, ImportError) as reason:
            self.notes.append(f"no vsftpd: {reason}")

    def can(self, work: plan.Work, run: plan.Run) -> bool:
        there = {plan.FLOOR: self.floor is not None, plan.PYCURL: self.curl}.get(run.library, True)
        return there and work.server in self.servers

    def once(self, work: plan.Work, run: plan.Run) -> dict:
        port = self.servers[work.server].port
        environment = dict(self.environment, RFTPLIB_BENCH_LOGIN=self.servers[work.server].login)
        if work.name == "imports":
            command = [sys.executable, "-c", IMPORT.format(run.library)]
        elif run.library == plan.FLOOR:
            command = [self.floor, work.name, port, str(self.scale), str(self.folder)]
        else:
            command = [sys.executable, str(HERE / "measure.py"), run.library, work.name, port, str(self.scale)]
            command += [str(self.folder), run.variant]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, timeout=LIMIT)
        if done.returncode:
            raise RuntimeError(f"{work.name} with {run.label}: exit {done.returncode}")
        if work.name == "imports":
            return {"wall": float(done.stdout)}
        return json.loads(done.stdout)

    def measure(self, work: plan.Work) -> dict:
        """{label: [a result for each round]}; the labels take turns."""
        results = {run.label: [] for run in work.runs if self.can(work, run)}
        # The first run is not counted: the server bakes its listings, Python compiles, the system finds its memory.
        warm_up = {run.variant: run for run in work.runs if run.library == plan.RFTPLIB}.values()
        for run in warm_up:
            if run.label in results:
                self.attempt(work, run, {run.label: []})
        rounds = self.rounds * 4 if work.name == "imports" else self.rounds
        for _ in range(rounds):
            for run in work.runs:
                if run.label in results:
                    self.attempt(work, run, results)
        return results

    def attempt(self, work: plan.Work, run: plan.Run, results: dict) -> None:
        try:
            results[run.label].append(self.once(work, run))
        except (RuntimeError, ValueError, subprocess.TimeoutExpired) as exc:
            note = f"failed: {work.title} with {run.label}"
            say(note, "-", exc)
            if note not in self.notes:
                self.notes.append(note)
            del results[run.label]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[], help="of works (mlsd) or tables (busy)")
    parser.add_argument("--quick", action="store_true", help="small amounts, one round: no measurement")
    parser.add_argument(
        "--write",
        metavar="PAGE",
        nargs="?",
        const=PAGE,
        type=pathlib.Path,
        help="put the tables into this page, by default docs/performance.md, and the charts into images/ beside it",
    )
    options = parser.parse_args()
    known = {work.name for work in plan.WORKS} | {work.table for work in plan.WORKS}
    if set(options.only) - known:
        parser.error(
            f"no such work: {', '.join(sorted(set(options.only) - known))}; there are {', '.join(sorted(known))}"
        )
    if options.write:
        import charts  # fails before anything is measured, not afterwards

        report.put_into(options.write.read_text(), "")
    works = [work for work in plan.WORKS if not options.only or {work.name, work.table} & set(options.only)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # so that the scratch folder goes
    notes = ["--quick: the numbers mean nothing"] if options.quick else []
    rounds = 1 if options.quick else options.rounds
    began, meter = time.monotonic(), noise.Meter()
    with tempfile.TemporaryDirectory(prefix="rftplib-bench-", dir=scratch_folder()) as folder:
        scale, servers = QUICK if options.quick else 1, {work.server for work in works}
        bench = Bench(pathlib.Path(folder), rounds, scale, notes, servers)
        measured = []
        try:
            for work in works:
                say(f"{time.monotonic() - began:6.0f} s  {work.name}: {work.title}")
                measured.append((work, bench.measure(work)))
        finally:
            bench.stop()
    rows = meter.rows()
    rows["spread"] = noise.spread(measured)
    if meter.is_noisy():
        notes.append("other processes were at work: the numbers are not reliable")
    text = report.report(measured, report.machine(rounds, rows, notes))
    print(text)
    if options.write and (options.quick or meter.is_noisy()):
        say("not written: these numbers would mean nothing")
        return 1
    if options.write:
        options.write.write_text(report.put_into(options.write.read_text(), text))
        images = options.write.parent / "images"
        images.mkdir(exist_ok=True)
        say("written:", options.write, *charts.write(measured, images))
    return 1 if any(note.startswith("failed") for note in notes) else 0


if __name__ == "__main__":
    sys.exit(main())
