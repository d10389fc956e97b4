"""The same work with pycurl, as far as libcurl can do it. See works.py."""

from __future__ import annotations

import io
import os

import pycurl
from jobs import GIB, LINE, Job, check
from works_threads import beside_a_busy_thread


class CurlJob(Job):
    def __init__(self, library: str, variant: str, port: int, scale: int, folder: str):
        super().__init__(library, variant, port, scale, folder)
        self.handle = pycurl.Curl()
        self.handle.setopt(pycurl.USERPWD, "u:p")

    def connect(self, tls: bool = False) -> pycurl.Curl:
        """A handle that is logged in: its connection is kept from one transfer to the next."""
        curl = self.handle
        if tls:
            curl.setopt(pycurl.USE_SSL, pycurl.USESSL_ALL)
            curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0)
        self.get("zero-1", lambda block: None)
        return curl

    def ftp(self):
        self.connect()
        return self

    def tls(self):
        self.connect(tls=True)
        return self

    def get(self, name: str, write) -> None:
        self.handle.setopt(pycurl.URL, f"ftp://127.0.0.1:{self.port}/{name}")
        self.handle.setopt(pycurl.WRITEFUNCTION, write)
        self.handle.perform()

    def list(self, verb: str, count: int) -> list[str]:
        blocks = []
        self.handle.setopt(pycurl.CUSTOMREQUEST, f"{verb} n-{count}")
        self.get("", blocks.append)
        return b"".join(blocks).decode().splitlines()


def to_callback(job: CurlJob, size: int) -> None:
    total = 0

    def callback(block):
        nonlocal total
        total += len(block)

    job.get(f"zero-{size}", callback)
    check(total == size, total, size)


def to_file(job: CurlJob, size: int) -> None:
    with open(job.target(), "wb") as fp:
        job.get(f"zero-{size}", fp.write)
    check(os.path.getsize(job.target()) == size)


def from_file(job: CurlJob, size: int) -> None:
    curl = job.handle
    curl.setopt(pycurl.URL, f"ftp://127.0.0.1:{job.port}/x")
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.INFILESIZE_LARGE, size)
    with open(job.source, "rb") as fp:
        fp.seek(-size, os.SEEK_END)
        curl.setopt(pycurl.READFUNCTION, fp.read)
        curl.perform()
    check(curl.getinfo(pycurl.SIZE_UPLOAD) == size)


def callback(job: CurlJob, tls: bool = False):
    job.connect(tls)
    yield
    to_callback(job, job.amount(2 * GIB))
    yield


def file(job: CurlJob, tls: bool = False):
    job.connect(tls)
    yield
    to_file(job, job.amount(2 * GIB))
    yield
    os.unlink(job.target())


def bytesio(job: CurlJob):
    job.connect()
    into, size = io.BytesIO(), job.amount(GIB // 2)
    yield
    job.get(f"zero-{size}", into.write)
    yield
    check(into.tell() == size, into.tell())


def upload(job: CurlJob, tls: bool = False):
    job.connect(tls)
    yield
    from_file(job, os.path.getsize(job.source))
    yield


def tls_callback(job: CurlJob):
    return callback(job, tls=True)


def tls_file(job: CurlJob):
    return file(job, tls=True)


def tls_upload(job: CurlJob):
    return upload(job, tls=True)


def small(job: CurlJob):
    job.connect()
    yield
    for _ in range(job.amount(2000)):
        blocks = []
        job.get("zero-1000", blocks.append)
        check(sum(map(len, blocks)) == 1000)
    yield


def noop(job: CurlJob):
    curl = job.connect()
    curl.setopt(pycurl.NOBODY, 1)
    curl.setopt(pycurl.URL, f"ftp://127.0.0.1:{job.port}/")
    curl.setopt(pycurl.QUOTE, ["NOOP"] * job.amount(20_000))
    yield
    curl.perform()
    yield


def nlst(job: CurlJob):
    job.connect()
    count = job.amount(100_000)
    yield
    for _ in range(5):
        names = job.list("NLST", count)
        check(len(names) == count and names[5] == "file-0000005.dat")
    yield


def lines(job: CurlJob):
    job.connect()
    count = job.amount(100_000)
    yield
    for _ in range(5):
        rows = job.list("LIST", count)
        check(len(rows) == count and rows[5].endswith(" file-0000005.dat"))
    yield


def storlines(job: CurlJob):
    curl, count = job.connect(), job.amount(1_000_000)
    source = io.BytesIO(LINE * count)
    curl.setopt(pycurl.URL, f"ftp://127.0.0.1:{job.port}/x")
    curl.setopt(pycurl.UPLOAD, 1)
    curl.setopt(pycurl.CRLF, 1)
    curl.setopt(pycurl.TRANSFERTEXT, 1)
    curl.setopt(pycurl.READFUNCTION, source.read)
    yield
    curl.perform()
    yield
    check(curl.getinfo(pycurl.SIZE_UPLOAD) >= len(LINE) * count)


def busy_file(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.ftp, to_file)


def busy_callback(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.ftp, to_callback)


def tls_busy_file(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.tls, to_file)


def tls_busy_callback(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.tls, to_callback)


def busy_upload(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.ftp, from_file)


def tls_busy_upload(job: CurlJob):
    return beside_a_busy_thread(job, CurlJob.tls, from_file)
