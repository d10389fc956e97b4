"""What fsspec knows, as the side that is no server: s3://, memory:// and so on.

In an object store nothing is there before it is whole. Elsewhere a file is written under a temporary name, and renamed.
"""

import contextlib
import errno
import re
import secrets

from .._errors import Error
from ..transfer._part import part_name
from . import _names
from ._tree import Node, Tree, join


class Other:
    """A side: the directory that a URL names. Objects have no times that can be set: a copy is compared as such."""

    keeps_times, remote = False, False

    def __init__(self, url):
        self.url = url
        self._opened = None

    def __str__(self):
        return re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", self.url)

    def __reduce__(self):
        return Other, (self.url,)

    def _fs(self):
        """The file system, and the root's path in it."""
        if self._opened is None:
            try:
                from fsspec.core import url_to_fs
            except ImportError:
                raise ImportError(f"{self} needs fsspec: pip install fsspec") from None
            fs, root = url_to_fs(self.url)
            fs.invalidate_cache()
            self._opened = fs, root.rstrip("/")
        return self._opened

    def _path(self, path):
        return join(self._fs()[1], _names.check_path(path))

    def scan(self, rules, links, names, *, sent, needed, folds=False, connections=1, expected=0):
        """The Tree; `needed` as for a local side."""
        fs, root = self._fs()
        tree = Tree(rules, names, sent, folds)
        if not fs.isdir(root):
            if needed:
                raise FileNotFoundError(f"{self} isn't there")
            tree.exists = False
            return tree
        waiting = [""]
        while waiting:
            parent = waiting.pop()
            directory = join(root, parent) if parent else root
            for told in fs.ls(directory, detail=True, refresh=True):
                name = told["name"].rstrip("/").rpartition("/")[2]
                kind = {"file": "file", "directory": "dir"}.get(told["type"], "other")
                if told.get("islink"):
                    kind = "link"  # what is behind it lies elsewhere
                if kind == "file" and _names.is_part(name):
                    kind = "part"
                if told["name"].strip("/") == directory.strip("/"):
                    continue  # object stores list a directory in itself
                path = tree.take(parent, parent, name, Node(kind, told.get("size"), _time(told)))
                if path is not None and kind == "dir":
                    waiting.append(path)
        return tree

    def make_root(self):
        with _told():
            fs, root = self._fs()
            fs.makedirs(root, exist_ok=True)

    def mkdir(self, path):
        with _told():
            self._fs()[0].makedirs(self._path(path), exist_ok=True)

    def read(self, path):
        with _told():
            return self._fs()[0].cat_file(self._path(path))

    def write(self, path, data):
        self._arrive(path, lambda fs, place: fs.pipe_file(place, data), len(data))

    def get(self, path, file):
        """Copy a file into one that is open."""
        with _told(), self._fs()[0].open(self._path(path), "rb") as source:
            for block in iter(lambda: source.read(1 << 20), b""):
                file.write(block)

    def put(self, local, path):
        self._arrive(path, lambda fs, place: fs.put_file(local, place))

    def _arrive(self, path, write, size=None):
        """Have a file written; what was there before stays until the new one is whole."""
        with _told():
            fs, final = self._fs()[0], self._path(path)
            if not _renames(fs):
                write(fs, final)
                return
            parent, slash, name = final.rpartition("/")
            part = parent + slash + part_name(name, secrets.token_hex(16))
            try:
                write(fs, part)
                there = fs.info(part).get("size")
                if size is not None and there not in (None, size):
                    raise OSError(f"{there} bytes of {size} have arrived")
                _rename(fs, part, final, f"{parent}{slash}{part_name(name, secrets.token_hex(16))}")
            except BaseException:
                with contextlib.suppress(Exception):
                    fs.rm_file(part)
                raise

    def touch(self, path, modified):
        """Nothing: it has no time that can be set."""

    def delete(self, action):
        """Delete a file. Returns False if it is gone already."""
        with _told():
            there = self._fs()[0].exists(self._path(action.path))
            if there:
                self._fs()[0].rm_file(self._path(action.path))
        return there

    def rmdir(self, path):
        """Remove a directory. Returns False if it is gone already; object stores have none without files."""
        with _told():
            there = self._fs()[0].exists(self._path(path))
            if there:
                self._fs()[0].rmdir(self._path(path))
        return there


def _renames(fs):
    """Whether a file system has a rename of its own. AbstractFileSystem's copies: in an object store for nothing."""
    from fsspec.spec import AbstractFileSystem

    return type(fs).mv is not AbstractFileSystem.mv or type(fs).protocol == "memory"


def _rename(fs, part, final, aside):
    """Where there is a file that isn't renamed over, as on SMB, it is put `aside` meanwhile."""
    try:
        fs.mv(part, final)
        return
    except OSError as refusal:
        if refusal.errno != errno.EEXIST:
            raise
    fs.mv(final, aside)
    try:
        fs.mv(part, final)
    except BaseException:
        fs.mv(aside, final)
        raise
    fs.rm_file(aside)


@contextlib.contextmanager
def _told():
    """What a file system raises in this block is an OSError, whatever its libraries have for their failures."""
    try:
        yield
    except (Error, OSError, EOFError, ValueError, ImportError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _time(told):
    """Microseconds since 1970, by whatever name the file system has for that."""
    for name in ("mtime", "LastModified", "last_modified", "updated", "modified", "created"):
        value = told.get(name)
        if value is None:
            continue
        if hasattr(value, "timestamp"):
            if value.tzinfo is None:
                return None
            value = value.timestamp()
        if isinstance(value, (int, float)):
            return round(value * 1_000_000)
    return None
