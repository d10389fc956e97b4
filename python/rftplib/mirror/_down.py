"""Small files of a server, to a local directory."""

import os

from .._errors import error_perm
from .._stat import stat_many
from . import _digests
from ._ahead import Ahead
from ._jobs import Outcome, failed
from ._listers import argument
from ._local import LocalError


def copy(job, actions, here, works):
    """Yield an Outcome for each. Raises what has to do with the connection."""
    site = job.source.site
    with here.borrow(site) as ftp, job.target.folders() as folders, Ahead(ftp, works=works) as ahead:
        for place, action in enumerate(actions):
            here.check()
            ahead.more = place + 1 < len(actions)
            try:
                outcome = _one(job, action, here, ftp, folders, ahead)
            except (error_perm, ValueError) as refusal:
                outcome = failed(action, refusal)
            except LocalError as error:
                outcome = failed(action, error.error)
            yield outcome


def _one(job, action, here, ftp, folders, ahead):
    origin = argument(action.origin or action.path)
    with folders.part(action.path, action.modified, action.size, action.modified, origin, ftp.host, ftp.port) as part:
        with here.metered(ftp, "RETR " + origin, action.size):
            ftp.retrbinary("RETR " + origin, part.file.write)
        size = os.fstat(part.file.fileno()).st_size
        if action.size not in (None, size):
            ahead.settle()
            part.modified = _changed(ftp, origin, size, action.size)
        if job.verify in ("auto", "hash"):
            ahead.settle()
            _digests.check(ftp, origin, part.file, size, job.verify)
        digest = _digests.sha256(part.file) if job.digests else None
    return Outcome(action.path, size, part.modified, digest)


def _changed(ftp, path, size, expected):
    """The time of a file that isn't as long as it was listed. Raises EOFError unless all that there is has come."""
    (found,) = stat_many(ftp, [path])
    if isinstance(found, Exception) or found.size != size:
        raise EOFError(f"{size} bytes came of {expected}")
    return found._micros()[0]
