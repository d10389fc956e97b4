"""Uploads: `rftplib.transfer.put`."""

import os
import time
from datetime import datetime, timezone

from ._get import _borrowed
from ._part import part_name
from ._retry import Retry
from ._transferred import Transferred


def put(
    target,
    local,
    remote,
    *,
    overwrite=True,
    temporary=True,
    resume=True,
    verify="size",
    keep=("mtime",),
    retry=Retry(),  # noqa: B008  (it is immutable)
    rate=None,
    progress=None,
):
    """Upload a file. The final name never has half a file."""
    began, attempts = time.monotonic(), 0
    while True:
        attempts += 1
        try:
            with _borrowed(target) as ftp, open(local, "rb") as file:
                told = os.fstat(file.fileno())
                head, slash, name = remote.rpartition("/")
                part = head + slash + part_name(name, told.st_size, told.st_mtime_ns, told.st_ino, remote)
                ftp.storbinary("STOR " + part, file)
                ftp.rename(part, remote)
            modified = datetime.fromtimestamp(told.st_mtime, timezone.utc)
            return Transferred(remote, told.st_size, 0, attempts, time.monotonic() - began, None, "none", modified)
        except (OSError, EOFError):
            if attempts >= retry.attempts or isinstance(target, __import__("rftplib").FTP):
                raise
            time.sleep(retry.pause(attempts))
