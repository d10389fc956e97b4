"""Small files of a server, to a local directory."""

import collections
import contextlib
import os

from .._errors import Error, error_perm
from . import _digests
from ._ahead import Ahead
from ._jobs import Outcome, failed
from ._listers import Unreachable
from ._local import LocalError, local
from ._origin import Origin, ask

# So many files get their names together: as many are open
_TOGETHER = 16


def copy(job, actions, here, course):
    """Yield an Outcome for each. Raises what has to do with the connection."""
    site = job.source.site
    with job.target.folders() as folders, contextlib.closing(_Fetched(job, folders)) as fetched:
        try:
            with here.borrow(site) as ftp, Ahead(ftp, works=not course.failures) as ahead:
                waiting = collections.deque(map(Origin, actions))
                while waiting:
                    here.check()
                    origin = waiting.popleft()
                    ahead.more = bool(waiting)
                    try:
                        fetched.fetch(ftp, here, origin)
                    except (error_perm, ValueError) as refusal:
                        yield failed(origin.action, refusal)
                    except LocalError as error:
                        yield failed(origin.action, error.error)
                    if len(fetched.parts) >= _TOGETHER or not waiting:
                        ahead.settle()
                        yield from fetched.name(ftp, waiting)
        except (Error, OSError, EOFError):
            # what has come before the connection was lost isn't fetched again
            with contextlib.suppress(Unreachable):
                if fetched.parts:
                    with here.borrow(site) as ftp:
                        yield from fetched.name(ftp, [])
            raise


class _Fetched:
    """Files that are here and haven't got their names yet. parts: (Origin, Part) of each."""

    def __init__(self, job, folders):
        self.parts, self._job, self._folders = [], job, folders

    def fetch(self, ftp, here, origin):
        action, source = origin.action, self._job.source.site
        identity = action.size, action.modified, origin.path, source.host, source.port
        part = self._folders.begin(action.path, action.modified, *identity)
        part.action = action
        try:
            with here.metered(ftp, "RETR " + origin.path, origin.size):
                ftp.retrbinary("RETR " + origin.path, here.bounded(part.file.write, action))
        except BaseException:
            part.discard()
            raise
        self.parts.append((origin, part))

    def name(self, ftp, waiting):
        """Yield the Outcome of each; what has changed while it was fetched is appended to `waiting`."""
        parts, whole = self.parts, []
        for (origin, part), told in zip(parts, ask(ftp, [origin for origin, _ in parts])):
            size = os.fstat(part.file.fileno()).st_size
            trouble = origin.trouble(told, size) or _digests.mismatch(
                ftp, origin.path, part.file, size, self._job.verify
            )
            if trouble is None:
                part.modified = origin.modified
                whole.append((origin.action, part, size))
                continue
            part.discard()
            if origin.may_go_again():
                waiting.append(origin)
            else:
                yield failed(origin.action, trouble)
        for action, part, _ in whole:
            try:
                with local():
                    part.write_out()
            except LocalError as error:
                part.discard()
                yield failed(action, error.error)
        for action, part, size in whole:
            if part.file.closed:
                continue
            digest = _digests.sha256(part.file) if self._job.digests else None
            try:
                with local():
                    part.finish()
            except LocalError as error:
                part.discard()
                yield failed(action, error.error)
            else:
                yield Outcome(action.path, size, part.modified, digest)
        self.close()

    def close(self):
        """Those that have got no name are gone."""
        parts, self.parts = self.parts, []
        for _, part in parts:
            part.discard()
