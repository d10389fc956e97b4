"""Directories made, names changed, files deleted: for `rftplib.fs`."""

import errno
import os
from datetime import datetime, timezone
from pathlib import PurePosixPath

from .._batch import batch
from .._circles import CIRCLE, Above, facts_of
from .._errors import Error, refusal_of
from .._exact import ask
from .._features import features
from ..transfer._attempts import told
from ..transfer._naming import is_odd, name_it
from ._kinds import os_error, type_of
from ._tree import enter, expand, list_all
from ._write import publish, temporary, try_out


def mkdir(ftp, path, parents, exist_ok):
    """Make a directory, and with `parents` those above it that aren't there, too."""
    reply = _make(ftp, [path])
    if reply.ok:
        return
    found = type_of(ftp, path)
    if found is not None:
        if found == "dir" and exist_ok:
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if parents and path.count("/") > 1:
        parts = path.split("/")
        reply = _make(ftp, ["/".join(parts[:end]) for end in range(2, len(parts) + 1)])
        # another may have made it meanwhile
        if reply.ok or (exist_ok and type_of(ftp, path) == "dir"):
            return
    raise refusal_of(reply)


def _make(ftp, paths):
    """Make directories by one batch, but one by one where the server may change a name; returns the last reply.

    Raises TransferError if it does change one.
    """
    if not any(is_odd(path.rpartition("/")[2]) for path in paths):
        return batch(ftp, ["MKD " + path for path in paths])[-1]
    for path in paths:
        if type_of(ftp, path) is None:
            try_out(ftp, path)
        (reply,) = batch(ftp, ["MKD " + path])
    return reply


def mv(fs, path1, path2):
    """Rename one, or what a pattern or a list means: into a directory, or to the names in another list."""
    paths = fs._strip_protocol(path1) if isinstance(path1, list) else expand(fs, path1)
    into = isinstance(path1, list) or paths != [fs._strip_protocol(path1)]
    if not into:
        _mv(fs, paths[0], fs._strip_protocol(path2), os.fspath(path2).endswith("/"))
        return
    if isinstance(path2, list):
        targets, into = fs._strip_protocol(path2), False
    else:
        there = set(paths)  # a directory takes along what is in it
        paths = [path for path in paths if not any(str(above) in there for above in PurePosixPath(path).parents)]
        targets = [fs._strip_protocol(path2)] * len(paths)
    names = {(target, into and path.rpartition("/")[2]) for path, target in zip(paths, targets)}
    if not len(paths) == len(targets) == len(names):
        raise ValueError("each of the files that are moved needs a name of its own")
    for path, target in zip(paths, targets):
        _mv(fs, path, target, into)


def _mv(fs, path1, path2, into):
    """Rename; into a directory of that name if there is one, and with `into` if there is none as well.

    Where the server renames to no name that is taken, by way of a name that nobody has: path1 and path2 may be one file
    for it, by a link or as it ignores case.
    """

    def rename(ftp):
        target = path2
        if into or (path1 != path2 and type_of(ftp, path2) == "dir"):
            target = f"{path2.rstrip('/')}/{path1.rpartition('/')[2]}"
        try_out(ftp, target)
        refused = name_it(ftp, path1, target, None, False, None)
        if refused is None:
            return None
        found = [type_of(ftp, path) for path in (path1, target)]
        if found[0] is None:
            raise refusal_of(refused)
        name = temporary(target)
        if found == ["file", "file"] and _is_renamed(ftp, path1, name):
            return name, target
        error = refusal_of(refused)
        raise os_error(error, target, "write", ftp) from error  # it is the new name that is refused

    moved = fs._run(rename, path1, "rename", again=False)
    if moved:
        name, target = moved
        publish(fs, name, target, ["RNFR " + name, "RNTO " + path1])


def _is_renamed(ftp, path, name):
    try:
        return ask(ftp, ["RNFR " + path, "RNTO " + name])[1].ok
    except (Error, OSError, EOFError) as error:
        raise told(error, f"it may be named {name}") from error.__cause__


def rm(fs, paths, recursive, maxdepth):
    """Delete files and, with `recursive`, directories; links are deleted, not what they lead to.

    What can be deleted is deleted; then the first failure is raised.
    """
    refused = _delete(fs, paths, "DELE", not recursive)
    if not recursive or not refused:
        return

    def again(path):
        return facts_of(list_all(fs, [path], exact_times=False)[0])

    files, level, depth = [], {path: Above() for path in refused}, 0
    folders = [path for path in level if path != "/"]
    while level and depth != maxdepth:
        depth, dirs = depth + 1, {}
        for entries in _list(fs, list(level), refused):
            files += [entry.path for entry in entries if entry.type != "dir"]
            found = [entry for entry in entries if entry.type == "dir"]
            if found:
                parent = found[0].path.rpartition("/")[0] or "/"
                above = enter(level[parent], parent, facts_of(entries), again)
                dirs.update((entry.path, (above, entry.unique)) for entry in found)
        # pyftpdlib lists a link to a directory as a directory; but it deletes the link, and no directory
        level = {}
        for path in _delete(fs, list(dirs), "DELE", False):
            above, unique = dirs[path]
            if above.has(unique):
                raise OSError(errno.ELOOP, CIRCLE, path)
            level[path] = above.with_unique(unique)
        folders += level
    _delete(fs, files, "DELE", True, paths)
    _delete(fs, folders[::-1], "RMD", True, paths)


def _list(fs, level, asked):
    """The entries of directories that can't be deleted as files; those that another has deleted have none."""
    try:
        return list_all(fs, level, exact_times=False) if level else []
    except FileNotFoundError as error:
        if error.filename in asked:
            raise
        return _list(fs, [path for path in level if path != error.filename], asked)
    except NotADirectoryError as error:
        cause = asked[error.filename].__cause__  # it is a file, but can't be deleted
        raise fs._explained(cause, error.filename, "delete") from cause


def _delete(fs, paths, verb, final, asked=()):
    """Delete by one batch; returns what was refused, {path: OSError}. final: raise the first of it.

    That there is no more what was found, and not `asked` for, is no failure.
    """
    commands = {f"{verb} {path}": path for path in paths}
    task = "rmdir" if verb == "RMD" else "delete"

    def work(ftp):
        refused = {}
        for reply in batch(ftp, commands) if commands else ():
            if reply.ok:
                continue
            path = commands[reply.command]
            cause = refusal_of(reply)
            refused[path] = os_error(cause, path, task, ftp if final and not refused else None)
            refused[path].__cause__ = cause
        return refused

    refused = fs._run(work, next(iter(paths), "/"), again=False)
    for path, error in refused.items() if final else ():
        if not asked or path in asked or not isinstance(error, FileNotFoundError):
            raise error
    return refused


def touch(ftp, path):
    """Set the time of a file to now, by MFMT. Raises NotImplementedError if the server can't."""
    if not features(ftp).mfmt:
        raise NotImplementedError("the server can't set times: it has no MFMT")
    (reply,) = batch(ftp, [f"MFMT {datetime.now(timezone.utc):%Y%m%d%H%M%S} {path}"])
    if not reply.ok:
        raise refusal_of(reply)
