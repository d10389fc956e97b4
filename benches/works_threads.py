"""The work that is measured beside other threads. See works.py."""

from __future__ import annotations

import functools
import os
import threading
import time

from jobs import GIB, MIB, Job, check, download_to_callback, download_to_file, upload_from_file
from works import callback, file, mlsd, storlines, upload

SIZES = (2 * MIB, 16 * MIB, 128 * MIB, GIB)


def beside_a_busy_thread(job: Job, connect, work):
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
    return beside_a_busy_thread(job, Job.ftp, functools.partial(download_to_file, path=job.target()))


def busy_callback(job: Job):
    return beside_a_busy_thread(job, Job.ftp, download_to_callback)


def busy_upload(job: Job):
    return beside_a_busy_thread(job, Job.ftp, functools.partial(upload_from_file, path=job.source))


def tls_busy_file(job: Job):
    return beside_a_busy_thread(job, Job.tls, functools.partial(download_to_file, path=job.target()))


def tls_busy_callback(job: Job):
    return beside_a_busy_thread(job, Job.tls, download_to_callback)


def tls_busy_upload(job: Job):
    return beside_a_busy_thread(job, Job.tls, functools.partial(upload_from_file, path=job.source))


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
