"""Directories made, names changed, files deleted: for `rftplib.fs`."""

import errno
import os
from datetime import datetime, timezone

from ._batch import batch
from ._errors import error_perm, error_temp
from ._features import features
from ._fs_errors import os_error, type_of
from ._fs_tree import below, listed
from ._fs_write import publish


def _raise(reply):
    raise (error_temp if reply.code < 500 else error_perm)(reply.text)


def mkdir(ftp, path, parents, exist_ok):
    """Make a directory, and with `parents` those above it that aren't there, too."""
    (reply,) = batch(ftp, ["MKD " + path])
    if reply.ok:
        return
    found = type_of(ftp, path)
    if found is not None:
        if found == "dir" and exist_ok:
            return
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if parents and path.count("/") > 1:
        parts = path.split("/")
        reply = batch(ftp, ["MKD " + "/".join(parts[:end]) for end in range(2, len(parts) + 1)])[-1]
        # another may have made it meanwhile
        if reply.ok or (exist_ok and type_of(ftp, path) == "dir"):
            return
    _raise(reply)


def mv(ftp, path1, path2, into):
    """Rename; into a directory of that name if there is one, and with `into` if there is none as well."""
    if into or (path1 != path2 and type_of(ftp, path2) == "dir"):
        path2 = f"{path2.rstrip('/')}/{path1.rpartition('/')[2]}"
    publish(ftp, path1, path2)


def rm(fs, paths, recursive, maxdepth):
    """Delete files and, with `recursive`, directories; links are deleted, not what they lead to. One batch.

    What can be deleted is deleted; then the first failure is raised.
    """
    commands = {}
    for path in paths:
        if recursive and path != "/":
            entry = fs._run(lambda ftp, path=path: listed(ftp, path), path)
            if entry is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            recursive_here = entry.type == "dir"
        else:
            recursive_here = recursive
        if not recursive_here:
            commands["DELE " + path] = path
            continue
        entries = below(fs, path, maxdepth)
        commands.update(("DELE " + entry.path, entry.path) for entry in entries if entry.type != "dir")
        folders = sorted(entry.path for entry in entries if entry.type == "dir")
        commands.update(("RMD " + folder, folder) for folder in reversed(folders))
        if path != "/":
            commands["RMD " + path] = path
    failure = fs._run(lambda ftp: _delete(ftp, commands, paths), paths[0], again=False) if commands else None
    if failure is not None:
        error, cause = failure
        raise error from cause


def _delete(ftp, commands, asked):
    """The first failure, as (OSError, its cause); that another has deleted what was found is none."""
    first = None
    for reply in batch(ftp, commands):
        if reply.ok or first is not None:
            continue
        path, task = commands[reply.command], "rmdir" if reply.command.startswith("RMD") else "delete"
        cause = (error_temp if reply.code < 500 else error_perm)(reply.text)
        error = os_error(cause, path, task, ftp)
        if path in asked or not isinstance(error, FileNotFoundError):
            first = error, cause
    return first


def touch(ftp, path):
    """Set the time of a file to now, by MFMT. Raises NotImplementedError if the server can't."""
    if not features(ftp).mfmt:
        raise NotImplementedError("the server can't set times: it has no MFMT")
    (reply,) = batch(ftp, [f"MFMT {datetime.now(timezone.utc):%Y%m%d%H%M%S} {path}"])
    if not reply.ok:
        _raise(reply)
