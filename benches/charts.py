"""The charts of README.md and docs/performance.md, in SVG: drawn by matplotlib from the medians.

Text stays text, and the colours of each chart are given twice: for light and for dark surroundings.
"""

from __future__ import annotations

import io
import pathlib
import re

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from plan import FLOOR, FTPLIB, PYCURL, RFTPLIB, Work
from report import Results, median, ratio

# What each colour becomes where the surroundings are dark
DARK = {
    "#ffffff": "#161b22",
    "#1f2328": "#e6edf3",
    "#59636e": "#9198a1",
    "#d1d9e0": "#30363d",
    "#818b98": "#768390",
    "#0d7d72": "#2bc5b4",
    "#b35900": "#f0a33e",
    "#7a4fd0": "#b392f0",
}
CARD, TEXT, FAINT, GRID, GRAY, TEAL, ORANGE, PURPLE = DARK
COLOURS = {FTPLIB: GRAY, RFTPLIB: TEAL, PYCURL: ORANGE, FLOOR: PURPLE}
FONTS = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"

# The rows of README's chart: (group, label, name of the work)
PICTURE = (
    ("plain", "download to a file", "file"),
    ("plain", "download to a callback", "callback"),
    ("plain", "upload", "upload"),
    ("FTPS", "download to a file", "tls_file"),
    ("FTPS", "upload", "tls_upload"),
    ("listings", "mlsd", "mlsd"),
    ("listings", "nlst", "nlst"),
    ("beside a\nbusy thread", "download", "busy_file"),
    ("beside a\nbusy thread", "FTPS download", "tls_busy_file"),
    ("beside a\nbusy thread", "FTPS upload", "tls_busy_upload"),
)

Measured = list  # of (Work, Results)


def write(measured: Measured, folder: pathlib.Path) -> list[str]:
    """Draw what was measured into `folder`; returns the names of the files."""
    charts = {"speed": speed(measured), "transfers": transfers(measured), "busy": busy(measured)}
    names = []
    for name, figure in charts.items():
        if figure is not None:
            names.append(f"{name}.svg")
            (folder / names[-1]).write_text(svg(figure, __doc__.splitlines()[0]), encoding="utf-8")
    return names


def speed(measured: Measured) -> Figure | None:
    """How many times as fast as ftplib."""
    first: dict[str, float] = {}
    for work, results in measured:
        times = faster(work, results)
        if times and work.name not in first:
            first[work.name] = times
    rows = [(group, label, first[name]) for group, label, name in PICTURE if name in first]
    if not rows:
        return None
    groups = list(dict.fromkeys(group for group, *_ in rows))
    figure, axes = canvas(
        len(rows) + 0.35 * len(groups), "how many times as fast as ftplib (ftplib = 1)", left=0.42, row=0.25
    )
    axes.set_xscale("log")
    place, group_before = 0.0, ""
    for group, label, times in rows:
        if group != group_before:
            place += 0.35 if group_before else 0
            figure_left = {"transform": axes.get_yaxis_transform(), "ha": "left", "va": "top", "weight": "bold"}
            axes.text(-0.73, place - 0.32, group, color=FAINT, **figure_left)
            group_before = group
        axes.barh(place, times - 1, left=1, height=0.62, color=TEAL)
        before(axes, place, label)
        behind(axes, max(times, 1), place, said(times), weight="bold")
        place += 1
    highest = max(times for *_, times in rows)
    axes.set_xlim(min(0.9, *(times * 0.9 for *_, times in rows)), highest * 4)
    axes.set_ylim(place - 0.5, -0.5)
    ticks = [power for power in (1, 10, 100, 1000, 10_000) if power < highest * 4]
    axes.set_xticks(ticks, [f"{power:,}" for power in ticks])
    axes.axvline(1, color=GRAY, linewidth=1.5)
    return figure


def faster(work: Work, results: Results) -> float | None:
    if work.table == "busy":
        return ratio(median(results, RFTPLIB, "rate"), median(results, FTPLIB, "rate"))
    if work.table == "cost":
        return ratio(median(results, FTPLIB, "wall"), median(results, RFTPLIB, "wall"))
    return None


def transfers(measured: Measured) -> Figure | None:
    """The client's processor time as a share of ftplib's."""
    rows = []
    for work, results in measured:
        theirs = median(results, FTPLIB, "cpu") if work.table == "cost" else None
        if theirs:
            shares = {library: ratio(median(results, library, "cpu"), theirs) for library in COLOURS}
            rows.append((short(work.title), shares))
    if not rows:
        return None
    figure, axes = canvas(len(rows), "processor time of the client (ftplib = 1)", left=0.47, legend=True)
    for place, (label, shares) in enumerate(rows):
        axes.barh(place, shares[RFTPLIB] or 0, height=0.62, color=TEAL)
        before(axes, place, label)
        for library in (PYCURL, FLOOR):
            if shares[library]:
                axes.plot(min(shares[library], 1.5), place, marker="D", markersize=6, color=COLOURS[library])
    axes.axvline(1, color=GRAY, linewidth=1.5)
    axes.set_xlim(0, 1.55)
    axes.set_ylim(len(rows) - 0.5, -0.6)
    legend(figure, {"ftplib": FTPLIB, "rftplib": RFTPLIB, "pycurl": PYCURL, "a loop in Rust": FLOOR})
    return figure


def busy(measured: Measured) -> Figure | None:
    """MiB/s beside a busy thread."""
    libraries = (FTPLIB, RFTPLIB, PYCURL)
    rows = [
        (short(work.title), [median(results, library, "rate") for library in libraries])
        for work, results in measured
        if work.table == "busy" and any(results.values())
    ]
    if not rows:
        return None
    figure, axes = canvas(1.6 * len(rows), "MiB/s while another Python thread computes", left=0.47, legend=True)
    axes.set_xscale("log")
    for row, (label, rates) in enumerate(rows):
        before(axes, row, label)
        for number, (library, rate) in enumerate(zip(libraries, rates)):
            if rate:
                place = row + 0.27 * (number - 1)
                axes.barh(place, rate, height=0.25, color=COLOURS[library])
                behind(axes, rate, place, said(rate), size=10)
    known = [rate for _, rates in rows for rate in rates if rate]
    axes.set_xlim(min(known) / 2, max(known) * 4)
    axes.set_ylim(len(rows) - 0.5, -0.6)
    ticks = [power for power in (0.1, 1, 10, 100, 1000, 10_000) if min(known) / 2 < power < max(known) * 4]
    axes.set_xticks(ticks, [f"{power:g}" for power in ticks])
    legend(figure, {library: library for library in libraries})
    return figure


# ---------------------------------------------------------------------------------- how it looks


def canvas(rows: float, title: str, left: float, legend: bool = False, row: float = 0.3):
    """A figure on a card of its own, and its axes: as high as so many rows take, each `row` inches."""
    matplotlib.rcParams.update(
        {"svg.fonttype": "none", "svg.hashsalt": "rftplib", "font.family": "DejaVu Sans", "font.size": 12}
    )
    above, below = (0.9 if legend else 0.55), 0.42  # inches
    height = row * rows + above + below
    figure = Figure(figsize=(6.4, height), facecolor=CARD)
    axes = figure.add_axes((left, below / height, 0.97 - left, 1 - (above + below) / height), facecolor=CARD)
    figure.text(0.02, 1 - 0.32 / height, title, color=TEXT, weight="bold", size=13)
    axes.set_yticks([])
    axes.tick_params(axis="x", which="both", colors=FAINT, length=0)
    axes.grid(axis="x", which="major", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure, axes


def before(axes, row: float, text: str, color: str = TEXT, **look) -> None:
    """Text to the left of a row."""
    place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center"}
    axes.text(-0.01, row, text, color=color, **place, **look)


def behind(axes, x: float, row: float, text: str, **look) -> None:
    """Text to the right of a bar that ends at x."""
    axes.annotate(text, (x, row), (5, 0), textcoords="offset points", va="center", color=TEXT, **look)


def legend(figure: Figure, entries: dict[str, str]) -> None:
    marks = [Line2D([], [], marker="s", linestyle="", color=COLOURS[name]) for name in entries.values()]
    shown = figure.legend(
        marks, entries, ncols=len(marks), loc="upper left", frameon=False, fontsize=11, handletextpad=0.2,
        columnspacing=1.2, borderpad=0, borderaxespad=0, bbox_to_anchor=(0.015, 1 - 0.46 / figure.get_figheight()),
    )  # fmt: skip
    for text in shown.get_texts():
        text.set_color(TEXT)


def said(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"


def short(title: str) -> str:
    """A row's title in the tables, as short as it is understood in a chart."""
    text = title.replace("`", "").replace("rftplib with ", "").replace(", 1,000,000 lines", "")
    return re.sub(r", \d+ times$| into list.append.*| \(ssl\)|(?<=to a) Python", "", text)


def svg(figure: Figure, title: str) -> str:
    into = io.StringIO()
    figure.savefig(into, format="svg", metadata={"Date": None, "Creator": None})
    rules = [
        f'[style*="{what}: {light}"] {{ {what}: {dark} !important }}'
        for light, dark in DARK.items()
        for what in ("fill", "stroke")
    ]
    style = f"<style>text {{ font-family: {FONTS} !important }}\n@media (prefers-color-scheme: dark) {{\n"
    style += "\n".join(rules) + "\n}</style>"
    text = into.getvalue()
    head, svg_tag, rest = text.partition("<svg ")
    attributes, _, body = rest.partition(">")
    lines = f"{head}{svg_tag}{attributes}>\n{style}{body}".splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"
