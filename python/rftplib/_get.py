"""Downloads: `rftplib.transfer.get`."""

import contextlib
import os
import time

from ._exact import ask, mdtm
from ._part import part_name
from ._retry import Retry
from ._site import Site
from ._transferred import Transferred, TransferError


def get(source, remote, local, *, resume=True, verify="size", keep=("mtime",), retry=Retry(), rate=None, progress=None):  # noqa: B008
    """Download a file. The final name never has half a file."""
    began, attempts = time.monotonic(), 0
    while True:
        attempts += 1
        try:
            with _borrowed(source) as ftp:
                size, modified = _simple(ftp, remote, local, progress)
            return Transferred(os.fspath(local), size, 0, attempts, time.monotonic() - began, None, "size", modified)
        except (OSError, EOFError):
            if attempts >= retry.attempts or not isinstance(source, (Site, str)):
                raise
            time.sleep(retry.pause(attempts))


def _borrowed(source):
    if isinstance(source, str):
        source = Site(source)
    return source.borrow() if isinstance(source, Site) else contextlib.nullcontext(source)


def _simple(ftp, remote, local, progress):
    from .listing import stat

    entry = stat(ftp, remote)
    head, name = os.path.split(os.fspath(local))
    part = os.path.join(head, part_name(name, entry.size, entry.modified, entry.unique, remote, ftp.host, ftp.port))
    with open(part, "wb") as file:
        ftp.retrbinary("RETR " + remote, file.write)
        size = file.tell()
    if entry.size not in (None, size):
        raise TransferError(f"{remote}: {size} bytes came of {entry.size}")
    if progress is not None:
        progress.set_size(size)
        progress.relative_update(size)
    if entry.modified is not None:
        os.utime(part, (entry.modified.timestamp(),) * 2)
    os.replace(part, local)
    return size, entry.modified
