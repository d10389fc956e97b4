"""How noisy the machine was: what else it had to do, and how far the rounds of one row are apart."""

from __future__ import annotations

import os
import pathlib
import resource
import statistics

from plan import FTPLIB, RFTPLIB, Work

IDLE, WAITING, STEAL = 3, 4, 7  # fields of the first line of /proc/stat
MOST = 0.05  # the share of the processors' time that others may take before the figures are called unreliable


class Meter:
    """Counts from its beginning to rows()."""

    def __init__(self) -> None:
        self._load, self._times, self._own = _load(), _times(), _own()
        self._shares: dict[str, float] = {}

    def rows(self) -> dict[str, str]:
        """For the head of the report. Servers and clients must have ended by now: a process counts when it has."""
        after = _times()
        if not (self._times and after):
            return {}
        spent = [late - early for late, early in zip(after, self._times)]
        total = max(1, sum(spent))
        own = (_own() - self._own) * os.sysconf("SC_CLK_TCK")
        busy = total - spent[IDLE] - spent[WAITING] - spent[STEAL]
        self._shares = {"others": max(0.0, busy - own) / total, "steal": spent[STEAL] / total}
        return {
            "load": f"{self._load} before, {_load()} after",
            "others": f"{self._shares['others']:.1%} of the processors' time for other processes",
            "steal": f"{self._shares['steal']:.1%} for other machines on the same host",
        }

    def is_noisy(self) -> bool:
        return any(share > MOST for share in self._shares.values())


def spread(measured: list[tuple[Work, dict]]) -> str:
    """(highest - lowest) / median of the rounds, of ftplib and rftplib in each row."""
    found = []
    for work, results in measured:
        for label, rounds in results.items():
            key = "rate" if rounds and "rate" in rounds[0] else "wall"
            values = [result[key] for result in rounds]
            if label.split()[0] in (FTPLIB, RFTPLIB) and len(values) > 1:
                apart = (max(values) - min(values)) / statistics.median(values)
                found.append((apart, f"{work.title}, {label}"))
    if not found:
        return ""
    worst, where = max(found)
    middle = statistics.median(apart for apart, _ in found)
    return f"the rounds of a row are {middle:.0%} apart (median), {worst:.0%} at worst: {where}"


def _times() -> list[int]:
    try:
        return [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return []


def _own() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else "?"
