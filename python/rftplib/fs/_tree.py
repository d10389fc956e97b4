"""What is there, in fsspec's words: for `rftplib.fs`."""

import concurrent.futures
import errno
import os
from datetime import datetime, timezone
from glob import has_magic

from .._batch import batch
from .._circles import Above, facts_of
from .._errors import error_perm
from .._exact import told_size
from .._stat import _by_commands
from ..listing import ListingError, scandir, stat

# How many directories deep, and how many entries, a server may have
_DEEPEST, _MOST = 100, 10_000_000

# For how many directories of a level one more connection is worth its login
_EACH = 4

_TYPES = {"dir": "directory"}


def info_of(entry, target=None):
    """What fsspec calls the info of an entry; target: what a link leads to, as an Entry."""
    is_link = entry.type == "link"
    told = entry if target is None else target
    size = 0 if told.type == "dir" else told.size
    info = {"name": entry.path, "size": size, "type": _TYPES.get(told.type, told.type), "mtime": told.modified}
    others = {name: getattr(told, name) for name in ("mode", "owner", "group", "unique")}
    others["created"] = _created(told.facts.get("create", ""))
    if is_link:
        others.update(islink=True, destination=entry.target)
    info.update((name, value) for name, value in others.items() if value is not None)
    return info


def _created(text):
    try:
        return datetime.strptime(text[:14], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def info(ftp, path):
    """The info of a path; of what a link leads to, as far as it leads somewhere."""
    entry = stat(ftp, path)
    found = info_of(entry, *_targets(ftp, [entry], ("file", "dir")).values())
    if entry.type == "file" and entry.facts and entry.mode in (None, 0o777):
        # may be a link: ProFTPD's MLST tells the size of that, and a file would be read in part
        (reply,) = batch(ftp, ["SIZE " + path])
        size = told_size(reply)
        found["size"] = found["size"] if size is None else size
    return found


def ls(ftp, path):
    """The infos of what is in a directory, or of a file."""
    try:
        entries = list(scandir(ftp, path, exact_times=True))
    except error_perm:
        entry = stat(ftp, path)
        if entry.type == "dir":
            raise  # it can't be listed
        entries = [entry]
    targets = _targets(ftp, entries, ("file",))
    return [info_of(entry, targets.get(entry.path)) for entry in entries]


def listed(ftp, path):
    """The entry that a path has in its directory: a link is one. None if there is no such entry, or no directory."""
    try:
        entries = scandir(ftp, path.rpartition("/")[0] or "/")
    except error_perm:
        return None
    return next((entry for entry in entries if entry.path == path), None)


def _targets(ftp, entries, types):
    """{path: what it leads to} for the links among the entries that lead to something of these types; one batch."""
    links = [entry.path for entry in entries if entry.type == "link"]
    found = _by_commands(ftp, links) if links else []
    return {path: target for path, target in zip(links, found) if getattr(target, "type", None) in types}


def below(fs, path, maxdepth=None):
    """All entries below a directory, level by level; the directories of a level are listed side by side."""
    found, level, depth = [], [(path, Above())], 0
    while level and depth != maxdepth:
        depth += 1
        deeper = []
        for (parent, above), entries in zip(level, list_all(fs, [path for path, _ in level])):
            found += entries
            entered = [entry for entry in entries if entry.type == "dir" and not above.has(entry.unique)]
            if entered and depth != maxdepth:
                above = enter(above, parent, facts_of(entries), lambda path: facts_of(list_all(fs, [path])[0]))
                deeper += [(entry.path, above.with_unique(entry.unique)) for entry in entered]
        if len(found) > _MOST:
            raise OSError(errno.E2BIG, f"more than {_MOST} entries", path)
        level = deeper
    return found


def enter(above, path, listing, again):
    """What the directories of that listing lie in: see Above.with_listing(), which these are for. Raises OSError."""

    def listed(path):
        try:
            return again(path)
        except OSError:
            return []

    if above.depth + 1 >= _DEEPEST:
        raise OSError(errno.ELOOP, f"more than {_DEEPEST} directories deep", path)
    try:
        return above.with_listing(path, listing, listed)
    except ListingError as error:
        raise OSError(errno.ELOOP, str(error), path) from None


def list_all(fs, paths, exact_times=True):
    """The entries of each directory, listed side by side."""

    def entries(path):
        return fs._run(lambda ftp: list(scandir(ftp, path, exact_times=exact_times)), path, "list")

    if len(paths) == 1:
        return [entries(paths[0])]
    with concurrent.futures.ThreadPoolExecutor(min(fs.site.connections, -(-len(paths) // _EACH))) as threads:
        return list(threads.map(entries, paths))


def find(fs, path, maxdepth, withdirs):
    """{path: info} for all below a directory, sorted; for a file, its own."""
    if maxdepth is not None and maxdepth < 1:
        raise ValueError("maxdepth must be at least 1")
    try:
        entries = below(fs, path, maxdepth)
    except NotADirectoryError as error:
        if error.filename != path:
            raise
        return {path: fs.info(path)}
    files = [entry for entry in entries if withdirs or entry.type != "dir"]
    links = [entry for entry in files if entry.type == "link"]
    targets = fs._run(lambda ftp: _targets(ftp, links, ("file",)), path) if links else {}
    found = {entry.path: info_of(entry, targets.get(entry.path)) for entry in files}
    if withdirs:
        found[path] = {"name": path, "size": 0, "type": "directory", "mtime": None}
    return dict(sorted(found.items()))


def expand(fs, path, recursive=False, maxdepth=None):
    """The paths that one, a pattern or a list means. What is there is no pattern, and no element of a list is."""
    if maxdepth is not None and maxdepth < 1:
        raise ValueError("maxdepth must be at least 1")
    is_one = isinstance(path, (str, os.PathLike))
    paths = [fs._strip_protocol(one) for one in ([path] if is_one else path)]
    matches = fs.glob(paths[0], maxdepth=maxdepth) if is_one and has_magic(paths[0]) else paths
    # but for brackets, a pattern finds what is called as the pattern is
    if matches is paths or paths[0] in matches or ("[" in paths[0] and fs.lexists(paths[0])):
        found = [one for one in paths if not recursive or fs.exists(one)]
    else:
        found = paths = matches
        if maxdepth is not None:
            maxdepth -= 1  # one depth is that of the pattern
    if recursive and maxdepth != 0:
        found = {*found, *(below for one in paths for below in fs.find(one, maxdepth, withdirs=True))}
    if not found:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return sorted(set(found))


def as_itself(fs, path, target, recursive, maxdepth, is_dir):
    """A path and a target as fsspec's get(), put() and copy() want them: lists, if they would take for a pattern what
    is the name of something that is there.

    fs: where the path is. recursive, maxdepth: theirs. is_dir: whether a target is a directory.
    """
    if isinstance(path, list) and isinstance(target, str):
        if not any(has_magic(os.fspath(one)) for one in path) or not all(fs.isfile(one) for one in path):
            return path, target
        return path, [f"{target.rstrip('/')}/{os.path.basename(one)}" for one in path]
    one_of_each = isinstance(path, (str, os.PathLike)) and isinstance(target, (str, os.PathLike))
    if not one_of_each or not has_magic(os.fspath(path)) or not fs.exists(path):
        return path, target
    begin, base = fs._strip_protocol(path), os.fspath(target)
    found = [begin]
    if fs.isdir(path):
        found = list(fs.find(begin, maxdepth, withdirs=maxdepth is None)) if recursive else []
        found = sorted({begin, *found}) if recursive and maxdepth is None else found
    if (base.endswith("/") or is_dir(base)) and not os.fspath(path).endswith("/"):
        base = f"{base.rstrip('/')}/{begin.rpartition('/')[2]}"
    return found, [base.rstrip("/") + one[len(begin) :] for one in found]


def walk(fs, path, maxdepth, topdown, on_error, detail, above=Above()):  # noqa: B008  (it is immutable)
    """What fsspec's walk() yields; on_error holds below, too."""
    if maxdepth is not None and maxdepth < 1:
        raise ValueError("maxdepth must be at least 1")
    dirs, files = {}, {}
    try:
        dirs, files = _sorted(fs, path)
        if dirs and maxdepth != 1:
            above = enter(above, path, _facts(dirs, files), lambda path: _facts(*_sorted(fs, path)))
    except OSError as error:
        if on_error == "raise":
            raise
        if callable(on_error):
            on_error(error)
        return
    infos = dict(dirs)
    if not detail:
        dirs, files = list(dirs), list(files)
    if topdown:
        yield path, dirs, files
    if maxdepth != 1:
        for name in dirs:  # those that the caller has left
            path_below, unique = infos[name]["name"], infos[name].get("unique")
            if not above.has(unique):
                deeper = maxdepth and maxdepth - 1
                yield from walk(fs, path_below, deeper, topdown, on_error, detail, above.with_unique(unique))
    if not topdown:
        yield path, dirs, files


def _sorted(fs, path):
    """The infos of a directory by name: those of directories, and all others."""
    dirs, files = {}, {}
    for info in fs.ls(path, detail=True):
        into = dirs if info["type"] == "directory" else files
        into["" if info["name"] == path else info["name"].rpartition("/")[2]] = info
    return dirs, files


def _facts(dirs, files):
    """As facts_of(), of infos."""
    return [(name, one["type"], one["mtime"], one.get("unique")) for name, one in {**dirs, **files}.items()]
