"""What a side has: every file and directory below its root, by its path."""

from typing import NamedTuple, Optional

from . import _names
from ._values import Failure, Refused, shown

# How deep a tree may be, and how many entries it may have, those that are left alone included
MAX_DEPTH, MAX_ENTRIES = 100, 10_000_000

SECOND = 1_000_000
# FAT has times of two seconds. It is believed to be there where all times are even, and there are as many of them.
_OF_FAT, _ENOUGH = 2 * SECOND, 8
_YEAR_10000 = 253_402_300_800


class Node(NamedTuple):
    """kind: 'file', 'dir', 'link' or 'other'. modified: microseconds since 1970. resolution: how exact that is."""

    kind: str
    size: Optional[int] = None  # noqa: UP045
    modified: Optional[int] = None  # noqa: UP045
    resolution: int = 1
    target: Optional[str] = None  # noqa: UP045
    origin: Optional[str] = None  # noqa: UP045


class Tree:
    """nodes: {path: Node}. kept: paths that are none of ours, with all below them. failures: what couldn't be listed.

    hidden: {path: Node} of what patterns leave out. unlisted: the directories of the failures.

    exists: whether there is a root. Names are checked as they come; `names` says what happens to those that can't be.
    """

    def __init__(self, rules, names, sent, folds=False):
        self.nodes, self.kept, self.failures, self.exists = {}, set(), [], True
        self.hidden, self.unlisted = {}, set()
        self._rules, self._policy, self._sent = rules, names, sent
        self._folded = {} if folds else None

    def see_resolution(self):
        """Note how exact the times are, as far as the files show it: neither servers nor disks tell that they round."""
        times = {node.modified for node in self.nodes.values() if node.kind == "file" and node.modified is not None}
        if len(times) >= _ENOUGH and not any(time % _OF_FAT for time in times):
            coarse = {path: node for path, node in self.nodes.items() if node.resolution < _OF_FAT}
            self.nodes.update((path, node._replace(resolution=_OF_FAT)) for path, node in coarse.items())

    def take(self, parent, origin, name, node):
        """Note what a listing of the directory `parent` names; returns its path if it is one of ours, else None.

        origin: the path of that directory on its side, where it is another one.
        """
        if len(self.nodes) + len(self.kept) >= MAX_ENTRIES:
            raise Refused(f"more than {MAX_ENTRIES:,} entries: mirror its directories one by one")
        if not self._rules.wants(join(parent, name), node.kind == "dir"):
            self.kept.add(join(parent, name))
            self.hidden[join(parent, name)] = node
            return None
        found = _names.trouble(name, sent=self._sent)
        own, at = name, join(origin, name)
        if found and self._policy == "quote" and not _names.trouble(name, windows=False):
            own = _names.quoted(name)
            found = _names.trouble(own, sent=self._sent)
        if found:
            if self._policy == "refuse":
                raise Refused(f"the name {shown(name)!r} in {where(origin)} {found}: names='skip' leaves it out")
            self.failures.append(Failure("list", at, f"the name {found}", "rename it, or exclude it"))
            self.kept.add(join(parent, name))
            return None
        path = join(parent, own)
        if path in self.nodes or path in self.kept:
            raise Refused(f"{shown(path)!r} is listed twice: a server that does so can't be believed")
        if self._folded is not None and self._folded.setdefault(fold(path), path) != path:
            other = self._folded[fold(path)]
            raise Refused(f"{shown(path)!r} and {shown(other)!r} are one name on the target: rename or exclude one")
        self.nodes[path] = node._replace(origin=at) if at != path else node
        return path

    def failed(self, path, error, advice):
        """Note a directory that couldn't be listed."""
        self.failures.append(Failure("list", path, str(error), advice))
        self.kept.add(path)
        self.unlisted.add(path)


def join(parent, name):
    return f"{parent}/{name}" if parent else name


def parent_of(path):
    return path.rpartition("/")[0]


def above(path):
    """The directories that a path lies in, the nearest first, without the root."""
    while True:
        path = parent_of(path)
        if not path:
            return
        yield path


def where(path):
    return repr(shown(path)) if path else "the root"


def seconds(modified):
    """A time in microseconds as servers take it: in whole seconds, None if it is unknown, before 1970 or after 9999."""
    return None if modified is None or not 0 <= modified // SECOND < _YEAR_10000 else modified // SECOND


def fold(path):
    """What a path is on a file system that takes upper and lower case for the same."""
    import unicodedata

    return unicodedata.normalize("NFC", path.casefold())
