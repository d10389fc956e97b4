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
from jobs import GIB, LINE, MIB, Job, check, download_to_callback, download_to_file

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
