"""What is measured, with whom, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass

FTPLIB, RFTPLIB, PYCURL, FLOOR = "ftplib", "rftplib", "pycurl", "floor"


@dataclass(frozen=True)
class Run:
    """One column: a library, and a variant of the work."""

    label: str
    library: str
    variant: str = ""


def runs(*libraries: str) -> tuple[Run, ...]:
    return tuple(Run(library, library) for library in libraries)


BOTH = runs(FTPLIB, RFTPLIB)
PYTHONS = runs(FTPLIB, RFTPLIB, PYCURL)
ALL = runs(FTPLIB, RFTPLIB, PYCURL, FLOOR)
WITHOUT_CURL = runs(FTPLIB, RFTPLIB, FLOOR)
WITH_NATIVE = (*runs(FTPLIB), Run(RFTPLIB, RFTPLIB, "NativeContext"))
# ftplib with the subclass that is passed around for servers which demand that the TLS session is resumed
RESUMING = Run(FTPLIB, FTPLIB, "resuming")


@dataclass(frozen=True)
class Goal:
    """The most that rftplib may take, as a share of what ftplib (or the floor) takes in the same run."""

    cpu: float
    wall: float | None = None
    floor_cpu: float | None = None
    floor_wall: float | None = None


@dataclass(frozen=True)
class Work:
    name: str  # that of the function in works.py
    title: str
    table: str
    runs: tuple[Run, ...] = ALL
    goal: Goal | float | None = None
    server: str = "plain"  # "late", or "vsftpd": the real one, as it comes


# The block sizes of which the cost of each byte is told
BLOCKS = (1, 64, 1024, 8192, 1 << 16, 1 << 20)

WORKS = [
    Work("callback", "2 GiB to a Python callback", "cost", ALL, Goal(0.35, 0.65, floor_wall=1.3)),
    Work("file", "2 GiB to a file, `fp.write`", "cost", ALL, Goal(0.5, 0.6, floor_cpu=1.1)),
    Work("bytesio", "512 MiB to a BytesIO", "cost", ALL, Goal(0.6, 0.7)),
    Work("upload", "2 GiB from a file", "cost", ALL, Goal(0.5, 0.65)),
    Work("mlsd", "`mlsd` of 100,000 entries, 3 times", "cost", WITHOUT_CURL, Goal(0.15, 0.2)),
    Work(
        "scandir",
        "`rftplib.listing.scandir` of 100,000 entries, `mlsd` in ftplib, 3 times",
        "cost",
        BOTH,
        Goal(0.15, 0.2),
    ),
    Work("nlst", "`nlst` of 100,000 names, 5 times", "cost", ALL, Goal(0.4, 0.5)),
    Work("lines", "`retrlines` of 100,000 lines into `list.append`, 5 times", "cost", ALL, Goal(0.4, 0.5)),
    Work("storlines", "`storlines`, 1,000,000 lines from a BytesIO", "cost", ALL, Goal(0.1, 0.2)),
    Work("storlines_file", "`storlines`, 1,000,000 lines from a file", "cost", WITHOUT_CURL, Goal(0.1, 0.2)),
    Work("noop", "20,000 times NOOP", "cost", ALL, Goal(0.7, 0.95)),
    Work("small", "2,000 files of 1,000 bytes", "cost", ALL, Goal(0.7, 0.95)),
    Work("tls_callback", "FTPS (`ssl`): 2 GiB to a Python callback", "cost", ALL, Goal(0.75, 0.9)),
    Work("tls_file", "FTPS (`ssl`): 2 GiB to a file", "cost", ALL, Goal(0.75, 0.9)),
    Work("tls_upload", "FTPS (`ssl`): 2 GiB from a file", "cost", ALL, Goal(0.5)),
    Work("busy_file", "to a file", "busy", PYTHONS, 100),
    Work("busy_callback", "to a Python callback", "busy", PYTHONS, 100),
    Work("busy_upload", "from a file", "busy", PYTHONS, 100),
    Work("tls_busy_file", "FTPS (`ssl`) to a file", "busy", PYTHONS, 50),
    Work("tls_busy_callback", "FTPS (`ssl`) to a Python callback", "busy", PYTHONS, 50),
    Work("tls_busy_upload", "FTPS (`ssl`) from a file", "busy", PYTHONS, 50),
    # ftplib's own FTP_TLS is refused there
    Work("tls_busy_file", "FTPS (`ssl`) to a file, vsftpd", "busy", (RESUMING, *runs(RFTPLIB)), 50, "vsftpd"),
    Work("tls_busy_upload", "FTPS (`ssl`) from a file, vsftpd", "busy", (RESUMING, *runs(RFTPLIB)), 50, "vsftpd"),
    Work("tls_busy_file", "FTPS to a file, rftplib with `NativeContext`", "busy", WITH_NATIVE, 50),
    Work("tls_busy_callback", "FTPS to a Python callback, rftplib with `NativeContext`", "busy", WITH_NATIVE, 50),
]
WORKS += [
    Work(
        name,
        title,
        "threads",
        tuple(Run(f"{library} x {count}", library, count) for library in (FTPLIB, RFTPLIB) for count in ("1", "8")),
        1.0,
    )
    for name, title in (("threads_file", "to files"), ("threads_callback", "to Python callbacks"))
]
WORKS += [
    Work(
        "ticks",
        title,
        "ticks",
        (Run("nothing", RFTPLIB), Run(FTPLIB, FTPLIB, variant), Run(RFTPLIB, RFTPLIB, variant)),
    )
    for variant, title in (
        ("callback", "2 GiB to a Python callback"),
        ("file", "2 GiB to a file"),
        ("upload", "2 GiB from a file"),
        ("mlsd", "`mlsd` of 100,000 entries, 3 times"),
        ("storlines", "`storlines`, 1,000,000 lines from a BytesIO"),
    )
]
WORKS += [
    Work(
        name,
        title,
        "linear",
        tuple(
            Run(f"{library} {count}", library, str(count))
            for library in (FTPLIB, RFTPLIB)
            for count in (10_000, 100_000, 1_000_000)
        ),
        2.0,
    )
    for name, title in (("linear_mlsd", "`mlsd`"), ("linear_nlst", "`nlst`"))
]
WORKS += [
    Work(
        "round_trips",
        "20 files of 1,000 bytes",
        "round_trips",
        (*BOTH, Run("rftplib, skip_redundant_type", RFTPLIB, "skip")),
        server="late",
    ),
    Work("imports", "import", "imports", BOTH, 3.0),
    Work(
        "blocks",
        "download to a Python callback",
        "blocks",
        tuple(Run(f"{library} {size}", library, str(size)) for library in (FTPLIB, RFTPLIB) for size in BLOCKS),
    ),
    Work("idle", "idle connections", "idle", BOTH),
]
# Of which 2 GiB downloads the memory is told
MEMORY = ("callback", "file", "tls_callback", "tls_file")
MEMORY_GOAL = 8 << 20
DELAY = 50  # ms that the late server takes to answer
