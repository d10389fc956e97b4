"""Hashes of whole files: a server's, where it has a command for them, and ours."""

import tempfile

from ..transfer import TransferError
from ..transfer._verify import Verify, local_hash, offered, remote_hash
from ._compare import is_cut
from ._listers import argument
from ._local import LocalError
from ._remote import Remote
from ._tree import seconds
from ._values import Action, state


def sha256(file):
    """For a manifest: of an open file, in hexadecimal digits."""
    return local_hash(file, "sha256")


def mismatch(ftp, path, file, size, verify):
    """The TransferError if a file hasn't the hash that the server tells of `path`, where `verify` wants it; or None."""
    if verify in ("auto", "hash"):
        wanted = Verify.of(verify)
        try:
            wanted.check(ftp, path, file, size, wanted.offer(ftp))
        except TransferError as error:
            return error
    return None


class Hashes:
    """Of a file that is about to be sent: for the manifest, and in the form that the server tells."""

    def __init__(self, ftp, file, job):
        self._wanted = Verify.of(job.verify)
        self._offer = self._wanted.offer(ftp)
        self._made = self._offer and local_hash(file, self._offer[0])
        self.sha256 = sha256(file) if job.digests else None

    def verify(self, ftp, path, size):
        """Raise TransferError unless the server says the same of `path`."""
        if self._offer is None:
            return
        told = remote_hash(ftp, path, self._offer, size)
        if told is None and self._wanted.how == "hash":
            raise TransferError(f"the server refuses to tell its hash ({self._offer[1]})")
        if told not in (None, self._made):
            raise TransferError(f"the {self._offer[0]} of what has arrived is {told}, and should be {self._made}")


def different(source, target, pairs):
    """The actions for files of equal size: 'copy' where the contents differ, 'touch' where only the time does."""
    algorithm = _common(source, target)
    here = _all(source, [(node.origin or path, node.size) for path, node, _ in pairs], algorithm)
    there = _all(target, [(path, node.size) for path, node, _ in pairs], algorithm)
    actions = []
    for (path, node, old), ours, theirs in zip(pairs, here, there):
        exact = max(node.resolution, old.resolution)
        if ours is None or ours != theirs:
            actions.append(
                Action("copy", path, node.size, "contents differ", node.modified, node.origin, there=state(old))
            )
        elif target.keeps_times and None not in (node.modified, old.modified):
            settable = not target.remote or seconds(node.modified) is not None
            if settable and abs(node.modified - old.modified) >= exact and not is_cut(node.modified, old.modified):
                actions.append(Action("touch", path, node.size, "time differs", node.modified, there=state(old)))
    return actions


def algorithm_of(site, side, option):
    """That of the hashes which a server tells; ValueError, with the option that needs them, if it tells none."""
    with site.borrow() as ftp:
        offer = offered(ftp)
    if offer is None:
        raise ValueError(f"{side} offers no hash (FEAT): {option}='auto' or 'size' (--{option} auto, --{option} size)")
    return offer[0]


def _common(source, target):
    """The algorithm by which both sides are compared."""
    found = set()
    for side in (source, target):
        if isinstance(side, Remote):
            found.add(algorithm_of(side.site, side, "compare"))
    if len(found) > 1:
        raise ValueError(f"the servers' hashes can't be compared: {' and '.join(sorted(found))}")
    return found.pop()


def _all(side, files, algorithm):
    """The hash of each (path, size); None where it can't be had."""
    if isinstance(side, Remote):
        with side.site.borrow() as ftp:
            return [remote_hash(ftp, argument(path), offered(ftp), size) for path, size in files]
    if hasattr(side, "folders"):
        with side.folders() as folders:
            return [_of_local(folders, path, algorithm) for path, _ in files]
    return [_of_other(side, path, size, algorithm) for path, size in files]


def _of_local(folders, path, algorithm):
    try:
        file, _ = folders.read(path)
    except LocalError:
        return None
    with file:
        return local_hash(file, algorithm)


def _of_other(side, path, size, algorithm):
    with tempfile.TemporaryFile() as file:
        try:
            side.get(path, file, size)
        except (OSError, EOFError):
            return None
        return local_hash(file, algorithm)
