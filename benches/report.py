"""The tables, in Markdown, from the medians."""

from __future__ import annotations

import datetime
import os
import platform
import ssl
import statistics
from importlib import metadata

from plan import BLOCKS, DELAY, FLOOR, FTPLIB, MEMORY, MEMORY_GOAL, PYCURL, RFTPLIB, Goal, Work

Results = dict  # {label: [result of each round]}


def median(results: Results, label: str, key: str) -> float | None:
    values = [result[key] for result in results.get(label, [])]
    return statistics.median(values) if values else None


def ratio(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def number(value: float | None, digits: int = 2) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.1f}"


def pair(cpu: float | None, wall: float | None, digits: int = 2) -> str:
    return "" if cpu is None or wall is None else f"{cpu:.{digits}f} / {wall:.{digits}f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["--:" if name else "---" for name in head[1:]], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def verdict(*facts: tuple[str, float | None, float | None, bool]) -> str:
    """ "met", or what wasn't: each fact is (name, reached, limit, whether more is better)."""
    missed = []
    known = [fact for fact in facts if fact[1] is not None and fact[2] is not None]
    for name, reached, limit, upwards in known:
        if (reached < limit) if upwards else (reached > limit):
            missed.append(f"{name} {reached:.2f}".strip())
    if missed:
        return f"**not met** ({', '.join(missed)})"
    return "met" if known else ""


# ---------------------------------------------------------------------------------- one function a table


def cost(works: list[tuple[Work, Results]]) -> str:
    labels = [FTPLIB, RFTPLIB, PYCURL, FLOOR]
    head = ["work", *labels, "rftplib / ftplib", "rftplib / floor", "goal", ""]
    rows = []
    for work, results in works:
        cpu = {label: median(results, label, "cpu") for label in labels}
        wall = {label: median(results, label, "wall") for label in labels}
        cpu_ratio, wall_ratio = (ratio(of[RFTPLIB], of[FTPLIB]) for of in (cpu, wall))
        cpu_floor, wall_floor = (ratio(of[RFTPLIB], of[FLOOR]) for of in (cpu, wall))
        goal, wanted, judged = work.goal, "", ""
        if isinstance(goal, Goal):
            wanted = f"≤ {goal.cpu} / {goal.wall}" if goal.wall else f"CPU ≤ {goal.cpu}"
            if goal.floor_cpu:
                wanted += f", CPU ≤ {goal.floor_cpu} of the floor"
            if goal.floor_wall:
                wanted += f", wall ≤ {goal.floor_wall} of the floor"
            judged = verdict(
                ("CPU", cpu_ratio, goal.cpu, False),
                ("wall", wall_ratio, goal.wall, False),
                ("CPU of the floor", cpu_floor, goal.floor_cpu, False),
                ("wall of the floor", wall_floor, goal.floor_wall, False),
            )
        cells = [f"{number(cpu[label], 3)} / {number(wall[label], 3)}" if cpu[label] else "" for label in labels]
        ratios = [
            f"{number(a)} / {number(b)}" if a else "" for a, b in ((cpu_ratio, wall_ratio), (cpu_floor, wall_floor))
        ]
        rows.append([work.title, *cells, *ratios, wanted, judged])
    return "CPU seconds of the client / seconds on the wall.\n\n" + table(head, rows)


def busy(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for work, results in works:
        rates = [median(results, label, "rate") for label in (FTPLIB, RFTPLIB, PYCURL)]
        times = ratio(rates[1], rates[0])
        wanted = f"≥ {work.goal}" if work.goal else ""
        cells = [number(rate, 1) for rate in rates] + [number(times, 0)]
        rows.append([work.title, *cells, wanted, verdict(("", times, work.goal, True))])
    text = (
        "MiB/s while another Python thread of the process computes. Files of 2 MiB to 1 GiB: the first size that takes "
    )
    text += (
        "a quarter of a second, again and again for two seconds at least. vsftpd is the real one, which demands that "
    )
    text += "data connections resume the TLS session; for ftplib a subclass does that.\n\n"
    return text + table(["", FTPLIB, RFTPLIB, PYCURL, "rftplib / ftplib", "goal", ""], rows)


def threads(works: list[tuple[Work, Results]]) -> str:
    labels = [f"{library} x {count}" for library in (FTPLIB, RFTPLIB) for count in (1, 8)]
    rows = []
    for work, results in works:
        rates = [median(results, label, "rate") for label in labels]
        share = ratio(rates[3], rates[2])
        judged = verdict(("", share, work.goal, True))
        rows.append([work.title, *(number(rate, 0) for rate in rates), number(share), "≥ 1", judged])
    text = "2 GiB over one connection and over eight in eight threads, in MiB/s.\n\n"
    return text + table(["", *labels, "rftplib 8 / 1", "goal", ""], rows)


def ticks(works: list[tuple[Work, Results]]) -> str:
    labels = ["nothing", FTPLIB, RFTPLIB]
    rows = []
    for work, results in works:
        cells = [number(1000 * (median(results, label, "worst") or 0), 1) for label in labels]
        highest = max((result["worst"] for result in results.get(RFTPLIB, [])), default=0)
        rows.append([work.title, *cells, number(1000 * highest, 1)])
    text = (
        "The longest time, in ms, between two ticks of a thread that sleeps for 1 ms: the medians of the rounds, and "
    )
    text += 'rftplib\'s worst. "nothing": nobody else in the process does anything.\n\n'
    return text + table(["meanwhile", *labels, "rftplib, worst"], rows)


def linear(works: list[tuple[Work, Results]]) -> str:
    counts = (10_000, 100_000, 1_000_000)
    rows = []
    for work, results in works:
        for library in (FTPLIB, RFTPLIB):
            each = []
            for count in counts:
                label = f"{library} {count}"
                cpu, entries = median(results, label, "cpu"), median(results, label, "entries")
                each.append(ratio(1e9 * cpu, entries) if cpu is not None else None)
            growth = ratio(each[2], each[0])
            wanted, judged = "", ""
            if library == RFTPLIB:
                wanted, judged = f"≤ {work.goal}", verdict(("", growth, work.goal, False))
            cells = [number(value, 0) for value in each] + [number(growth)]
            rows.append([f"{work.title}, {library}", *cells, wanted, judged])
    head = ["", *(f"{count:,}" for count in counts), "last / first", "goal", ""]
    return "CPU time for each entry, in ns, by the length of the listing.\n\n" + table(head, rows)


def round_trips(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for work, results in works:
        wall = [median(results, run.label, "wall") for run in work.runs]
        saved = None if None in wall[1:] else (wall[1] - wall[2]) / 20 / DELAY * 1000
        cells = [number(value) for value in wall] + [number(saved)]
        rows.append([work.title, *cells, "≥ 0.9", verdict(("", saved, 0.9, True))])
    head = ["", *(run.label for run in works[0][0].runs), "round trips saved for each file", "goal", ""]
    return f"Seconds with a server that takes {DELAY} ms to answer each command.\n\n" + table(head, rows)


def imports(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for work, results in works:
        took = [median(results, run.label, "wall") for run in work.runs]
        more = None if None in took else 1000 * (took[1] - took[0])
        cells = [milliseconds(value) for value in took] + [number(more, 1)]
        rows.append(["", *cells, "≤ 3", verdict(("", more, work.goal, False))])
    text = "Importing in a fresh interpreter, in ms.\n\n"
    return text + table(["", "import ftplib", "import rftplib", "more", "goal", ""], rows)


def memory(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for work, results in works:
        cells = [median(results, label, "peak") for label in (FTPLIB, RFTPLIB, PYCURL)]
        mib = [None if cell is None else cell / (1 << 20) for cell in cells]
        judged = verdict(("", mib[1], MEMORY_GOAL / (1 << 20), False))
        rows.append([work.title, *(number(value, 1) for value in mib), f"≤ {MEMORY_GOAL >> 20}", judged])
    text = "The peak of the process's memory over that before the transfer, in MiB.\n\n"
    return text + table(["", FTPLIB, RFTPLIB, PYCURL, "goal", ""], rows)


def blocks(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for work, results in works:
        for library in (FTPLIB, RFTPLIB):
            cells = []
            for size in BLOCKS:
                label = f"{library} {size}"
                cpu, moved = median(results, label, "cpu"), median(results, label, "bytes")
                cells.append("" if cpu is None or not moved else f"{1e9 * cpu / moved:.3g}")
            rows.append([f"{work.title}, {library}", *cells])
    head = ["blocksize", *(f"{size:,}" for size in BLOCKS)]
    return "CPU time for each byte, in ns, by the size of the blocks.\n\n" + table(head, rows)


def idle(works: list[tuple[Work, Results]]) -> str:
    rows = []
    for _, results in works:
        for library in (FTPLIB, RFTPLIB):
            memory, descriptors, wakeups = (
                median(results, library, key) for key in ("memory", "descriptors", "wakeups")
            )
            kib = None if memory is None else memory / 1024
            rows.append([library, number(kib, 1), number(descriptors, 1), number(wakeups, 1)])
    text = (
        "For each of 1,000 connections; and how often in a second a thread wakes up that waits for a reply: rftplib's\n"
    )
    text += "does so that `close()`, `settimeout()` and signals take effect within 200 ms.\n\n"
    return text + table(["", "memory in KiB", "descriptors", "wake-ups in a second"], rows)


TITLES = {
    "cost": "Transfers",
    "busy": "Beside a busy thread",
    "threads": "Threads",
    "ticks": "How long other threads are held up",
    "linear": "Long listings",
    "round_trips": "Round trips",
    "imports": "Import",
    "blocks": "Block sizes",
    "idle": "Idle connections",
    "memory": "Memory",
}


def report(measured: list[tuple[Work, Results]], header: str) -> str:
    parts = [header]
    for name, title in TITLES.items():
        if name == "memory":
            works = [(work, results) for work, results in measured if work.name in MEMORY and work.table == "cost"]
        else:
            works = [(work, results) for work, results in measured if work.table == name]
        works = [(work, results) for work, results in works if any(results.values())]
        if works:
            parts.append(f"### {title}\n\n{globals()[name](works)}")
    return "\n\n".join(parts) + "\n"


# ---------------------------------------------------------------------------------- where


def processor() -> str:
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def machine(rounds: int, noise: dict[str, str], notes: list[str]) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    rows = {
        "processor": f"{processor()}, {cores} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}, {ssl.OPENSSL_VERSION}",
        "rftplib": version("rftplib"),
        "pycurl": version("pycurl"),
        "date": datetime.date.today().isoformat(),
        "rounds": str(rounds),
        **noise,
        "notes": "; ".join(notes),
    }
    lines = [f"{name}: {value}" for name, value in rows.items() if value]
    return "```\n" + "\n".join(lines) + "\n```"


def put_into(page: str, text: str) -> str:
    """The page with a report between its marks."""
    before, mark, rest = page.partition("<!-- as benches/compare.py prints it -->\n")
    _, end, after = rest.partition("<!-- end -->\n")
    if not end:
        raise ValueError("the page has no marks for the tables")
    return f"{before}{mark}\n{text.strip()}\n\n{end}{after}"
