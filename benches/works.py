"""The work that is measured, for libraries with ftplib's interface.

Each function is a generator: up to the first `yield` it prepares, from there to the second it works, and that is timed;
what it yields then are numbers of its own. Afterwards it checks that all happened: nothing is reported that didn't.
"""

from __future__ import annotations

import functools
import importlib
import io
import os
import resource
import socket
import threading
import time

import measure

MIB = 1 << 20
GIB = 1 << 30
LINE = b"a line of text that is neither long nor short\n"


class Job:
    """What a piece of work may use. `scale` divides every amount: 1 is the real thing."""

    def __init__(self, library: str, variant: str, port: int, scale: int, folder: str):
        self.module = importlib.import_module(library)
        self.variant, self.port, self.scale, self.folder = variant, port, scale, folder
        self.user, self.password = os.environ.get("RFTPLIB_BENCH_LOGIN", "u:p").split(":")

    def amount(self, full: int) -> int:
        return max(1, full // self.scale)

    def ftp(self):
        return self._login(self.module.FTP())

    def tls(self):
        context = None
        if self.variant == "NativeContext":
            # as little verified as ftplib's FTP_TLS does
            tls = importlib.import_module("rftplib.tls")
            context = tls.NativeContext(danger_accept_invalid_certs=True)
        FTP_TLS = _resuming(self.module) if self.variant == "resuming" else self.module.FTP_TLS
        ftp = self._login(FTP_TLS(context=context))
        ftp.prot_p()
        return ftp

    def _login(self, ftp):
        ftp.connect("127.0.0.1", self.port, timeout=60)
        ftp.login(self.user, self.password)
        return ftp

    def target(self, number: int = 0) -> str:
        return os.path.join(self.folder, f"download-{os.getpid()}-{number}")

    @property
    def source(self) -> str:
        return os.path.join(self.folder, "upload")


def _resuming(ftplib):
    """ftplib's FTP_TLS for servers that take a data connection only with the TLS session of the control connection."""

    class Resuming(ftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
            return conn, size

    return Resuming


def check(fact: bool, *notes: object) -> None:
    if not fact:
        raise SystemExit(f"the work was not done: {notes}")


def download_to_callback(ftp, size: int) -> None:
    total = 0

    def callback(block):
        nonlocal total
        total += len(block)

    ftp.retrbinary(f"RETR zero-{size}", callback)
    check(total == size, total, size)


def download_to_file(ftp, size: int, path: str) -> None:
    with open(path, "wb") as fp:
        ftp.retrbinary(f"RETR zero-{size}", fp.write)
    check(os.path.getsize(path) == size, path)


def upload_from_file(ftp, size: int, path: str) -> None:
    with open(path, "rb") as fp:
        fp.seek(-size, os.SEEK_END)
        reply = ftp.storbinary(f"STOR up-{os.getpid()}", fp)
    check(reply in (f"226 done {size}", "226 Transfer complete."), reply)


# ---------------------------------------------------------------------------------- transfers


def callback(job: Job, connect=Job.ftp):
    ftp = connect(job)
    yield
    download_to_callback(ftp, job.amount(2 * GIB))
    yield


def file(job: Job, connect=Job.ftp):
    ftp = connect(job)
    yield
    download_to_file(ftp, job.amount(2 * GIB), job.target())
    yield
    os.unlink(job.target())


def bytesio(job: Job):
    ftp, into, size = job.ftp(), io.BytesIO(), job.amount(GIB // 2)
    yield
    ftp.retrbinary(f"RETR zero-{size}", into.write)
    yield
    check(into.tell() == size, into.tell())


def upload(job: Job, connect=Job.ftp):
    ftp, size = connect(job), os.path.getsize(job.source)
    yield
    with open(job.source, "rb") as fp:
        reply = ftp.storbinary("STOR x", fp)
    yield
    check(reply == f"226 done {size}", reply)


def tls_callback(job: Job):
    return callback(job, Job.tls)


def tls_file(job: Job):
    return file(job, Job.tls)


def tls_upload(job: Job):
    return upload(job, Job.tls)


def small(job: Job):
    ftp, files = job.ftp(), job.amount(2000)
    yield
    for _ in range(files):
        blocks = []
        ftp.retrbinary("RETR zero-1000", blocks.append)
        check(sum(map(len, blocks)) == 1000)
    yield


def blocks(job: Job):
    """As many bytes as make a measurable time, fewer where each is a call."""
    blocksize = int(job.variant)
    ftp, size = job.ftp(), max(blocksize, job.amount(min(256 * MIB, blocksize * MIB)))
    total = 0

    def callback(block):
        nonlocal total
        total += len(block)

    yield
    ftp.retrbinary(f"RETR zero-{size}", callback, blocksize)
    check(total == size, total, size)
    yield {"bytes": size}


def idle(job: Job):
    """What each of 1,000 connections takes, and how often a thread wakes up that waits for a reply on one of them."""
    count, folder, seconds = job.amount(1000), "/proc/self/fd", 2
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 4 * count + 100), limits[1]))
    yield
    ftp = job.ftp()
    memory, descriptors = measure.memory("VmRSS"), len(os.listdir(folder))
    clients = [job.ftp() for _ in range(count)]
    each = {
        "memory": (measure.memory("VmRSS") - memory) / count,
        "descriptors": (len(os.listdir(folder)) - descriptors) / count,
    }

    def wait():
        try:
            ftp.getresp()
        except EOFError:
            return

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.2)  # it waits by now
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw, time.perf_counter()
    time.sleep(seconds)
    # one of them is our own sleep's
    woken = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before - 1
    each["wakeups"] = max(0, woken) / (time.perf_counter() - began)
    ftp.sock.shutdown(socket.SHUT_RDWR)
    thread.join()
    yield each
    for client in clients:
        client.close()


def noop(job: Job):
    ftp, commands = job.ftp(), job.amount(20_000)
    yield
    for _ in range(commands):
        ftp.voidcmd("NOOP")
    yield


def round_trips(job: Job):
    """Against a server that answers late."""
    ftp = job.ftp()
    if job.variant:
        ftp.skip_redundant_type = True
    yield
    for _ in range(20):
        blocks = []
        ftp.retrbinary("RETR zero-1000", blocks.append)
        check(len(b"".join(blocks)) == 1000)
    yield


# ---------------------------------------------------------------------------------- text


def mlsd(job: Job):
    ftp, count = job.ftp(), job.amount(100_000)
    yield
    for _ in range(3):
        rows = list(ftp.mlsd(f"n-{count}"))
        check(len(rows) == count and rows[5][1]["size"] == "185", len(rows))
    yield


def scandir(job: Job):
    """As values with a type, a size and a date; of ftplib's, what there is: dicts of text."""
    ftp, count = job.ftp(), job.amount(100_000)
    if job.module.__name__ == "ftplib":
        listed, size = ftp.mlsd, lambda row: int(row[1]["size"])
    else:
        listing = importlib.import_module("rftplib.listing")
        listed, size = functools.partial(listing.scandir, ftp), lambda row: row.size
    yield
    for _ in range(3):
        rows = list(listed(f"n-{count}"))
        check(len(rows) == count and size(rows[5]) == 185, len(rows))
    yield


def nlst(job: Job):
    ftp, count = job.ftp(), job.amount(100_000)
    yield
    for _ in range(5):
        names = ftp.nlst(f"n-{count}")
        check(len(names) == count and names[5] == "file-0000005.dat")
    yield


def lines(job: Job):
    ftp, count = job.ftp(), job.amount(100_000)
    yield
    for _ in range(5):
        rows = []
        ftp.retrlines(f"LIST n-{count}", rows.append)
        check(len(rows) == count and rows[5].endswith(" file-0000005.dat"))
    yield


def storlines(job: Job):
    count = job.amount(1_000_000)
    ftp, source = job.ftp(), io.BytesIO(LINE * count)
    yield
    reply = ftp.storlines("STOR x", source)
    yield
    check(reply == f"226 done {(len(LINE) + 1) * count}", reply)


def storlines_file(job: Job):
    count, path = job.amount(1_000_000), job.target()
    with open(path, "wb") as fp:
        fp.write(LINE * count)
    ftp = job.ftp()
    yield
    with open(path, "rb") as fp:
        reply = ftp.storlines("STOR x", fp)
    yield
    os.unlink(path)
    check(reply == f"226 done {(len(LINE) + 1) * count}", reply)


def _linear(job: Job, verb: str):
    """As many entries in all, whether in one listing or in many. Of mlsd's none is kept: with a million dicts it is the
    system's memory that is measured."""
    ftp, each = job.ftp(), job.amount(int(job.variant))
    times = max(1, job.amount(1_000_000) // each)
    yield
    for _ in range(times):
        entries = ftp.mlsd(f"n-{each}") if verb == "MLSD" else ftp.nlst(f"n-{each}")
        check(sum(1 for _ in entries) == each)
    yield {"entries": times * each}


def linear_mlsd(job: Job):
    return _linear(job, "MLSD")


def linear_nlst(job: Job):
    return _linear(job, "NLST")


# ---------------------------------------------------------------------------------- threads


SIZES = (2 * MIB, 16 * MIB, 128 * MIB, GIB)


def _beside_a_busy_thread(job: Job, connect, work):
    # What takes one library ten seconds is over at once with another. So each gets the first size that takes it a
    # quarter of a second, or else the last one, and that again and again for two seconds at least.
    sizes = iter(SIZES)
    ftp, over, transfers = connect(job), [], 0

    def spin():
        count = 0
        while not over:
            count += 1

    thread = threading.Thread(target=spin)
    yield
    thread.start()
    time.sleep(0.2)  # by then it is busy
    try:
        took = 0.0
        while took < 0.25 / job.scale and (more := next(sizes, None)):
            size, began = job.amount(more), time.perf_counter()
            work(ftp, size)
            took, transfers = time.perf_counter() - began, 1
        while (took := time.perf_counter() - began) < 2 / job.scale:
            work(ftp, size)
            transfers += 1
        rate = transfers * size / MIB / took
    finally:
        over.append(1)
        thread.join()
    yield {"rate": rate}
    if os.path.exists(job.target()):
        os.unlink(job.target())


def busy_file(job: Job):
    return _beside_a_busy_thread(job, Job.ftp, functools.partial(download_to_file, path=job.target()))


def busy_callback(job: Job):
    return _beside_a_busy_thread(job, Job.ftp, download_to_callback)


def busy_upload(job: Job):
    return _beside_a_busy_thread(job, Job.ftp, functools.partial(upload_from_file, path=job.source))


def tls_busy_file(job: Job):
    return _beside_a_busy_thread(job, Job.tls, functools.partial(download_to_file, path=job.target()))


def tls_busy_callback(job: Job):
    return _beside_a_busy_thread(job, Job.tls, download_to_callback)


def tls_busy_upload(job: Job):
    return _beside_a_busy_thread(job, Job.tls, functools.partial(upload_from_file, path=job.source))


def _in_threads(job: Job, work):
    """2 GiB in all, over as many connections as the variant says, each in a thread of its own."""
    count = int(job.variant)
    size = job.amount(2 * GIB) // count
    clients, failures = [job.ftp() for _ in range(count)], []

    def one(number, ftp):
        try:
            work(number, ftp, size)
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=one, args=pair) for pair in enumerate(clients)]
    yield
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    yield {"rate": size * count / MIB / (time.perf_counter() - began)}
    check(not failures, failures)
    for number in range(count):
        if os.path.exists(job.target(number)):
            os.unlink(job.target(number))


def threads_file(job: Job):
    return _in_threads(job, lambda number, ftp, size: download_to_file(ftp, size, job.target(number)))


def threads_callback(job: Job):
    return _in_threads(job, lambda number, ftp, size: download_to_callback(ftp, size))


def ticks(job: Job):
    """How long a thread that only wants to tick is held up, at worst, while the main thread does the variant."""
    works = {"callback": callback, "file": file, "upload": upload, "mlsd": mlsd, "storlines": storlines}
    work = works[job.variant](job) if job.variant else iter((None, time.sleep(0)))
    worst, over = 0.0, []

    def tick():
        nonlocal worst
        last = time.perf_counter()
        while not over:
            time.sleep(0.001)
            now = time.perf_counter()
            worst = max(worst, now - last)
            last = now

    thread = threading.Thread(target=tick)
    next(work)
    yield
    thread.start()
    if not job.variant:
        time.sleep(1 / job.scale)  # how it ticks with nobody else in the process
    next(work)
    over.append(1)
    thread.join()
    yield {"worst": worst}
    for _ in work:
        pass
