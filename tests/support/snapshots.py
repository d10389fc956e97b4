"""What is in a directory: to see that nothing has changed in it."""

from __future__ import annotations

import os


def snapshot(root):
    """{path: (kind, size or target, time, content)} of all below a directory."""
    found = {}
    for folder, directories, files in os.walk(root):
        for name in [*directories, *files]:
            path = os.path.join(folder, name)
            told, relative = os.lstat(path), os.path.relpath(path, root)
            if os.path.islink(path):
                found[relative] = "link", os.readlink(path)
            elif os.path.isdir(path):
                found[relative] = "dir", sorted(os.listdir(path))
            else:
                with open(path, "rb") as file:
                    found[relative] = "file", told.st_size, told.st_mtime_ns, file.read()
    return found


def contents(root):
    """{path: content} of all files, None for directories."""
    return {
        path: one[3] if one[0] == "file" else None if one[0] == "dir" else one for path, one in snapshot(root).items()
    }
