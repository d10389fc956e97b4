"""The SHA-256 of all files, as `sha256sum -c` reads it, with a comment before each line for size and time.

The comments spare the next run the reading of what hasn't changed since.
"""

import os
import re

from . import _digests
from ._aside import Aside, is_special
from ._local import Local, LocalError

_COMMENT = re.compile(r"# (\d+) bytes, (\d+) us since 1970\n?")
_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)\n?")


def check_sides(source, target):
    """Raise ValueError unless the SHA-256 of what isn't copied can be had."""
    if not (isinstance(source, Local) or isinstance(target, Local)):
        raise ValueError("a manifest needs a local directory as source or target: what isn't copied is read there")


class Manifest:
    """One that is written at the end of a run. It is opened before, so that it is known that it can be."""

    def __init__(self, path):
        self.path, self._aside = os.fspath(path), None
        if not self.path:
            raise ValueError("the path of a manifest isn't empty")

    def open(self):
        """Open it, under a temporary name that is nobody else's. Raises OSError."""
        self._aside = Aside(self.path)

    def write(self, source, target, unchanged, outcomes):
        """Write that of a tree: of what was copied, and of the rest as the local side has it. Raises OSError."""
        for name, (digest, size, modified) in sorted(self._digests(source, target, unchanged, outcomes).items()):
            self._aside.write(f"# {size} bytes, {modified or 0} us since 1970\n")
            escaped = _escaped(name)
            self._aside.write(f"{'' if escaped == name else chr(92)}{digest}  {escaped}\n")
        self._aside.commit()

    def discard(self):
        """What isn't whole is gone."""
        if self._aside is not None:
            self._aside.discard()

    def inside(self, target):
        """As inside()."""
        return inside(self.path, target)

    def _digests(self, source, target, unchanged, outcomes):
        digests = {one.path: (one.digest, one.size, one.modified) for one in outcomes if one.digest is not None}
        before = read(self.path)
        side = target if isinstance(target, Local) else source
        with side.folders() as folders:
            for one in unchanged:
                own = one.path if side is target else one.origin or one.path
                try:
                    file, found = folders.read(own)
                except LocalError:
                    continue  # it has gone since
                with file:
                    size, modified = found.st_size, found.st_mtime_ns // 1000
                    known = before.get(one.path)
                    known = known[0] if known and known[1:] == (size, modified) else _digests.sha256(file)
                digests[one.path] = known, size, modified
        return digests


def read(path):
    """{path: (digest, size, modified)} of a manifest; {} if there is none, or what is there is none."""
    found, comment = {}, None
    if is_special(path):
        return found
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            for line in file:
                noted = _COMMENT.fullmatch(line)
                told = _LINE.fullmatch(line)
                if told and comment:
                    name = _unescaped(told[3]) if told[1] else told[3]
                    found[name] = told[2], int(comment[1]), int(comment[2])
                comment = noted
    except FileNotFoundError:
        pass
    return found


def inside(path, target):
    """The manifest's paths in the target, if it lies there: it isn't the mirror's to delete. Two if it is a link."""
    if not isinstance(target, Local):
        return set()
    path, root = os.fspath(path), os.path.realpath(target.root)
    itself = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    found = {os.path.relpath(one, root).replace(os.sep, "/") for one in (itself, os.path.realpath(path))}
    return {one for one in found if not one.startswith("..")}


def _escaped(name):
    return name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _unescaped(text):
    return re.sub(r"\\([\\nr])", lambda match: {"\\": "\\", "n": "\n", "r": "\r"}[match[1]], text)
