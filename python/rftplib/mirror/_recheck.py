"""What a server has, looked at once more before something is replaced or deleted: it isn't ours alone."""

from typing import NamedTuple

from .._errors import error_perm
from .._scan import scandir
from .._stat import stat_many
from ..transfer._naming import is_odd, likeness
from ._listers import argument
from ._local_part import CHANGED, COME
from ._tree import SECOND, fold, join, parent_of
from ._values import Failure

ADVICE = "see which one is to stay, and plan again"


class Copy(NamedTuple):
    """A file that is to get its name on a server: its Action, and its size and time, in microseconds."""

    action: object
    size: int
    modified: int


def replaceable(ftp, copies):
    """Of each Copy None, or why it mustn't get its name: what is there is another one than when that was planned.

    What is the same as the copy was made by another run.
    """
    asked = [one for one in copies if one.action.reason == "missing" or one.action.there is not None]
    found = dict(zip(asked, stat_many(ftp, [argument(one.action.path) for one in asked]))) if asked else {}
    return [_why_not(one, found.get(one)) for one in copies]


def _why_not(copy, found):
    if found is None or isinstance(found, Exception) or found.type == "dir":
        return None  # nobody knows; onto a directory the server won't rename
    if found.type == "file" and found.size == copy.size and _is_then(found, copy.modified, sure=True):
        return None
    if copy.action.reason == "missing":
        return f"{COME}, or the server takes the name for another one's"
    return CHANGED if _has_changed(found, copy.action) else None


def changed(ftp, actions):
    """{path: a Failure} of what isn't to be deleted, for it has changed since the plan was made."""
    known = [action for action in actions if action.there is not None]
    links = [action for action in known if action.there[0] == "link"]
    asked = [action for action in known if action.there[0] in ("file", "part")]
    found = stat_many(ftp, [argument(action.path) for action in asked]) if asked else []
    others = [
        action for action, one in zip(asked, found) if not isinstance(one, Exception) and _has_changed(one, action)
    ]
    others += _no_links(ftp, links)
    return {action.path: Failure(action.kind, action.path, CHANGED, ADVICE) for action in others}


def _no_links(ftp, actions):
    """Those of the actions on links whose path isn't a link any more: only a listing tells what isn't followed."""
    found = []
    for parent in sorted({parent_of(action.path) for action in actions}):
        own = {action.path.rpartition("/")[2]: action for action in actions if parent_of(action.path) == parent}
        try:
            entries = scandir(ftp, argument(parent))
        except error_perm:
            continue  # it has gone, and what was in it
        found += [own[entry.name] for entry in entries if entry.name in own and entry.type != "link"]
    return found


def _has_changed(found, action):
    """By type, size and time, as far as both are known."""
    _, size, modified = action.there
    if found.type == "dir":
        return True
    return None not in (size, found.size) and size != found.size or not _is_then(found, modified)


def is_copy(found, action):
    """Whether an Entry is the copy that was planned, and not what was there before it."""
    if found.type != "file" or found.size != action.size or not _is_then(found, action.modified, sure=True):
        return False
    return action.there is None or _has_changed(found, action)


def _is_then(found, modified, sure=False):
    """Whether the time of an Entry is that one; sure: not if one of them isn't known."""
    micros, resolution = found._micros()
    if None in (micros, modified):
        return not sure
    return abs(micros - modified) < max(resolution or 0, SECOND)


def missing(lister, made, deletions):
    """A Failure for each of the paths in `made` that the server hasn't got under that very name: it has changed it, or
    taken it for another one's.

    Listed again are the directories in which something is to be deleted, as that may be what was made, and those with
    names that servers change, or have only one of.
    """
    risky = {parent_of(action.path) for action in deletions}
    twins = {}
    for path in made:
        twins.setdefault(join(parent_of(path), loose(path)), []).append(path)
    for paths in twins.values():
        if len(paths) > 1 or is_odd(paths[0].rpartition("/")[2]):
            risky.add(parent_of(paths[0]))
    failures = []
    for parent in sorted(risky & {parent_of(path) for path in made}):
        there = lister.ask(lambda ftp, parent=parent: {entry.name for entry in scandir(ftp, parent)})
        hides = not any(name.startswith(".") for name in there)
        in_danger = {_bare(action.path) for action in deletions if parent_of(action.path) == parent}
        for path in sorted(one for one in made if parent_of(one) == parent):
            name = path.rpartition("/")[2]
            hidden = hides and name.startswith(".") and _bare(path) not in in_danger
            if name not in there and not hidden:
                failures.append(Failure("copy", path, _ALTERED, "rename it, or exclude it"))
    return failures


_ALTERED = "the server doesn't list it under this name: it has changed the name, or takes it for another one's"


def loose(path):
    """The same for paths in a directory whose names a server may make one of."""
    return likeness(fold(path.rpartition("/")[2]))


def _bare(path):
    """As loose(), without the dot at the beginning: many servers list no names that have one."""
    return loose(path).lstrip("._")


def rounds(paths):
    """The paths in groups of which none has two names that may be one for a server."""
    groups, counts = [], {}
    for path in paths:
        key = join(parent_of(path), loose(path))
        place = counts[key] = counts.get(key, -1) + 1
        if place == len(groups):
            groups.append([])
        groups[place].append(path)
    return groups
