"""Transfer a large file with many cuts, by rftplib.transfer, on real servers, and compare it afterwards.

    python scripts/cuts.py [--size MIB] [--cuts N] [--most RATIO] [--pause SECONDS] [--rate BYTES] [--servers a,b]
        [--schemes ftp,ftpes] [--ways get,put]

Prints how long it took, how many bytes went over the data connections in proportion to the file's size, and whether the
file is the same (SHA-256). Exits with 1 where one isn't, where there were fewer cuts than asked for, where more was
moved than --most, or where a server can't be had. Needs an installed rftplib and the servers of the tests.

Before a cut nothing moves for --pause seconds, so that the server has read what has come by then. With --pause 0 what
lies unread in the server's socket is lost with ProFTPD, which ends the session without reading on, up to 5 MB a cut
where the connection is as fast as here: 20 cuts of 256 MiB came to 1.02 to 1.05 in clear text and under TLS, and to
1.001 to 1.006 with a pause. The client can't know what was read but by SIZE, and it sends what is missing, no more.
vsftpd reads on to the end.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import rftplib  # noqa: E402
from rftplib.session import Site  # noqa: E402
from rftplib.tls import FTPS  # noqa: E402
from rftplib.transfer import Retry, get, put  # noqa: E402
from servers import CATALOGUE, Session  # noqa: E402
from servers.layout import PASSWORD, USER, certificate, home  # noqa: E402
from support.cutter import Cutter  # noqa: E402

MIB = 1 << 20


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="of the file, in MiB")
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--most", type=float, default=1.02, help="how much may be moved, in proportion to the size")
    parser.add_argument("--pause", type=float, default=0.1, help="for how many seconds nothing moves before a cut")
    parser.add_argument("--rate", type=float, help="bytes per second at most")
    parser.add_argument("--servers", default="vsftpd,proftpd,pureftpd,pyftpdlib")
    parser.add_argument("--schemes", default="ftp,ftpes")
    parser.add_argument("--ways", default="get,put")
    return parser.parse_args()


def make(path, size):
    """A file of that many MiB, which doesn't repeat itself."""
    with open(path, "wb") as file:
        for _ in range(size):
            file.write(os.urandom(MIB))
    path.chmod(0o666)


def digest(path):
    made = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(MIB):
            made.update(block)
    return made.hexdigest()


def site_of(name, scheme, folder, cutter):
    def factory(site):
        ftp = FTPS(context=site.context(), implicit=site.implicit) if site.secured else rftplib.FTP()
        ftp.socket_factory = cutter.connect
        return ftp

    server = CATALOGUE[name]
    query = f"?cafile={certificate('ca.crt')}" if scheme != "ftp" else ""
    url = f"{scheme}://{USER}:{PASSWORD}@{server.hosts[0]}:{server.port}/{folder}{query}"
    return Site(url, factory=factory, timeouts=30)


def run(args, name, scheme, way, folders, wanted):
    """One transfer; returns whether all was as it should be."""
    there, here = folders
    marks = sorted(random.sample(range(args.size * MIB // 100, args.size * MIB * 99 // 100), args.cuts))
    with Cutter(marks, at_cut=lambda number: time.sleep(args.pause)) as cutter:
        with contextlib.closing(site_of(name, scheme, there.name, cutter)) as site:
            began = time.perf_counter()
            if way == "get":
                done = get(site, "big", here / "copy", retry=Retry(base=0.05), rate=args.rate)
            else:
                done = put(site, there / "big", "copy", retry=Retry(base=0.05), rate=args.rate)
            seconds = time.perf_counter() - began
    copy = (here if way == "get" else there) / "copy"
    same = digest(copy) == wanted
    copy.unlink()
    moved = cutter.moved / (args.size * MIB)
    wrong = [] if same else ["DIFFERENT"]
    wrong += [] if cutter.cuts == args.cuts else [f"NOT {args.cuts} CUTS"]
    wrong += [] if moved <= args.most else [f"MORE THAN {args.most}"]
    text = f"{cutter.cuts} cuts, {done.attempts} attempts, {seconds:.1f} s, moved {moved:.4f} of its size"
    print(f"{name} {scheme} {way}: {text}, {', '.join(wrong) or 'the same'}", flush=True)
    return not wrong


def main():
    args = options()
    logging.disable(logging.WARNING)
    names = args.servers.split(",")
    there, here = home() / f"cuts-{os.getpid()}", Path(tempfile.mkdtemp())
    there.mkdir()
    there.chmod(0o777)
    session = Session(names, setup=False)
    good = True
    try:
        unavailable = session.open()
        make(there / "big", args.size)
        wanted = digest(there / "big")
        for name in names:
            if name in unavailable:
                print(f"{name}: {unavailable[name]}")
                good = False
                continue
            for scheme in args.schemes.split(","):
                for way in args.ways.split(","):
                    good &= run(args, name, scheme, way, (there, here), wanted)
    finally:
        session.close()
        shutil.rmtree(there)
        shutil.rmtree(here)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
