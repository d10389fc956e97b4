"""Two trees, and what makes the second like the first.

Two times are the same if they differ by less than the coarser of their resolutions: a second for MLSD and MDTM, a
minute or a day for a LIST of a server without MDTM, a microsecond for a disk.
"""

from ._tree import SECOND, Tree, above, fold, parent_of, seconds
from ._values import Action, Failure, state

WAYS = ("auto", "size", "hash", "newer")

_IN_THE_WAY = "remove it, or exclude it"
_KINDS = {
    "file": "a file",
    "dir": "a directory",
    "link": "a link",
    "other": "something that is no file",
    "part": "a part",
}


# The first and the last time that file systems hold, in seconds, and how far from them a copy's may be: of ext4, xfs,
# those of 32 bits and of nanoseconds; of FAT, in local time
_EARLIEST = ((-(2**31), 1), (0, 1), (-(2**63) // 10**9, 1), (315_532_800, 86_400))
_LATEST = tuple((limit, 1) for limit in (2**31 - 1, 2**32 - 1, 15_032_385_535, 16_299_260_424, 2**63 // 10**9))
_LATEST += ((4_354_819_199, 86_400),)


class Comparison:
    """actions: what is to be done, without deletions. same: (path, node, node) to be compared by content.

    blocked: paths in whose way there is something else. skipped: how many links are left out.
    """

    def __init__(self, source, target, *, compare, newer_only, keeps_times, links, can_link, remote=False):
        self.actions, self.failures, self.same, self.skipped = [], [], [], 0
        self._source, self._target, self._compare, self._newer_only = source, target, compare, newer_only
        self._keeps_times, self._remote = keeps_times, remote
        self.blocked = set(target.unlisted)  # what is there isn't missing
        for path in sorted(source.nodes):
            node = source.nodes[path]
            if any(directory in self.blocked for directory in above(path)):
                continue
            if node.kind == "link" and links != "copy":
                self.skipped += 1
                continue
            if node.kind in ("part", "other"):
                continue
            self._one(path, node, target.nodes.get(path), can_link)

    def _one(self, path, node, there, can_link):
        if node.kind == "link" and not can_link(path, node.target):
            text = "a link that leads elsewhere" if node.target else "a link, and nobody knows where it leads"
            self._fail(path, text, "links='skip' leaves it out, links='follow' copies what is there")
        elif there is None and path in self._target.hidden:
            # a link to a directory, above all, which patterns for directories don't fit
            self._fail(
                path, f"{_KINDS[self._target.hidden[path].kind]} is in the way of {_KINDS[node.kind]}", _IN_THE_WAY
            )
        elif there is None:
            kind = "mkdir" if node.kind == "dir" else "copy"
            self._add(kind, path, node, "missing")
        elif there.kind != node.kind:
            self._fail(path, f"{_KINDS[there.kind]} is in the way of {_KINDS[node.kind]}", _IN_THE_WAY)
        elif node.kind == "link":
            if node.target != there.target:
                self._add("copy", path, node, "leads elsewhere", there)
        elif node.kind == "file":
            reason = self._differs(path, node, there)
            if reason:
                self._add("copy", path, node, reason, there)

    def _differs(self, path, node, there):
        """Why a file is to be copied; None for not at all."""
        ahead = None  # by how much the source is newer
        exact = max(node.resolution, there.resolution)
        if node.modified is not None and there.modified is not None:
            ahead = node.modified - there.modified
        if ahead is not None and ahead <= -exact and (self._newer_only or self._compare == "newer"):
            return None
        if self._compare == "newer":
            return "newer" if ahead is None or ahead >= exact else None
        if node.size != there.size and None not in (node.size, there.size):
            return "size differs"
        if self._compare == "size":
            return None if node.size == there.size is not None else "size unknown"
        if self._compare == "hash":
            self.same.append((path, node, there))
            return None
        if ahead is None:
            return None if node.size == there.size is not None else "nothing to compare by"
        if not self._keeps_times or (self._remote and seconds(node.modified) is None):
            return "newer" if ahead >= exact else None
        return "time differs" if abs(ahead) >= exact and not is_cut(node.modified, there.modified) else None

    def _add(self, kind, path, node, reason, there=None):
        size = node.size if kind == "copy" and node.kind == "file" else None
        modified = node.modified if node.kind == "file" else None
        self.actions.append(
            Action(kind, path, size, reason, modified, node.origin, node.target, there and state(there))
        )

    def _fail(self, path, text, advice):
        self.blocked.add(path)
        self.failures.append(Failure("copy", path, text, advice))


def is_cut(wanted, got):
    """Whether a file has got the time of its source as far as a file system holds such times: it has its limit."""
    wanted, got = wanted // SECOND, got // SECOND
    if any(wanted < limit and abs(got - limit) <= near for limit, near in _EARLIEST):
        return True
    return any(wanted > limit and abs(got - limit) <= near for limit, near in _LATEST)


def deletions(source: Tree, target: Tree, blocked=(), stale=None):
    """What the target has and the source hasn't, the deepest first; what is left alone on either side stays.

    stale: parts that are older were left by a transfer that has ended, microseconds since 1970; None: they all stay.
    """
    alone = source.kept | target.kept | set(blocked)
    alone |= {path for path, node in source.nodes.items() if node.kind in ("other", "link", "part")}
    alone |= {path for path, node in target.nodes.items() if node.kind == "other"}
    alone |= {
        path
        for path, node in target.nodes.items()
        if node.kind == "part" and (None in (stale, node.modified) or node.modified >= stale)
    }
    # Where upper and lower case are the same, README is the copy of Readme, which has just been made.
    twins = {fold(path) for path in source.nodes if path not in target.nodes}
    files, directories, held = [], [], set()
    for path in sorted(target.nodes, reverse=True):  # what is in a directory comes before it
        node = target.nodes[path]
        stays = path in source.nodes or path in alone or fold(path) in twins
        if stays or any(one in alone for one in above(path)):
            held.add(parent_of(path))
            held.update(above(path))
        elif node.kind != "dir":
            files.append(Action("delete", path, node.size, "not in the source", node.modified, there=state(node)))
        elif path not in held:
            directories.append(Action("rmdir", path, None, "not in the source"))
    for path in target.kept:
        held.update(above(path))
    return files + [action for action in directories if action.path not in held]
