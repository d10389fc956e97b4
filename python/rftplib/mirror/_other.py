"""What fsspec knows, as the side that is no server: s3://, memory:// and so on.

In an object store nothing is there before it is whole. Elsewhere a file is written under a temporary name, and renamed.
"""

import contextlib
import errno
import io
import os
import re
import secrets

from .._circles import Above
from .._errors import Error
from ..transfer import TransferError
from ..transfer._part import part_name
from . import _advice, _digests, _names
from ._jobs import EXCESS
from ._local import LocalError
from ._local_part import CHANGED, COME
from ._tree import MAX_DEPTH, SECOND, Node, Tree, join

# By how many bytes a large file may be longer than it was listed
_EXCESS_OF_LARGE = 1 << 20

# What is raised where a directory can't be listed
_FAILURES = (Error, OSError, EOFError, ValueError)


class Other:
    """A side: the directory that a URL names. Objects have no times that can be set: a copy is compared as such."""

    keeps_times, remote, sent = False, False, False

    def __init__(self, url):
        self.url = url
        self._opened = None
        self._begun = set()  # paths that were written to without a temporary name: what is there now may be a half

    def __str__(self):
        return re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", self.url)

    def __reduce__(self):
        return Other, (self.url,)

    def opened(self):
        """The file system, and the root's path in it."""
        if self._opened is None:
            try:
                from fsspec.core import url_to_fs
            except ImportError:
                raise ImportError(f"{self} needs fsspec: pip install fsspec") from None
            with _told():
                fs, root = url_to_fs(self.url)
                fs.invalidate_cache()
            self._opened = fs, root.rstrip("/")
        return self._opened

    def _path(self, path):
        return join(self.opened()[1], _names.check_path(path))

    def scan(self, rules, links, names, *, sent, needed, folds=False, connections=1):
        """The Tree; `needed` as for a local side."""
        tree = Tree(rules, names, sent, folds)
        with _told():
            fs, root = self.opened()
            if not fs.isdir(root):
                if needed:
                    raise FileNotFoundError(f"{self} isn't there")
                tree.exists = False
                return tree
        waiting = [("", Above())]
        while waiting:
            parent, above = waiting.pop()
            try:
                entries = self._list(parent)
                above = above.with_listing(parent, _facts(entries), self._facts)
            except _FAILURES as error:
                if not parent:
                    raise
                tree.failed(parent, _advice.text(error), _advice.of("list", error))
                continue
            for name, node in entries:
                path = tree.take(parent, parent, name, node)
                if path is None or node.kind != "dir":
                    continue
                if path.count("/") + 2 > MAX_DEPTH:
                    tree.failed(path, f"deeper than {MAX_DEPTH} directories", "exclude it")
                else:
                    waiting.append((path, above))
        return tree

    def _list(self, path):
        """(name, Node) of all that is in a directory."""
        with _told():
            fs, directory = self.opened()[0], self._path(path) if path else self.opened()[1]
            listed = fs.ls(directory, detail=True, refresh=True)
            # object stores list a directory in itself
            listed = [told for told in listed if told["name"].strip("/") != directory.strip("/")]
            return [(told["name"].rstrip("/").rpartition("/")[2], _node(told)) for told in listed]

    def _facts(self, path):
        try:
            return _facts(self._list(path))
        except _FAILURES:
            return []

    def make_root(self):
        with _told():
            fs, root = self.opened()
            fs.makedirs(root, exist_ok=True)

    def mkdir(self, path):
        with _told():
            self.opened()[0].makedirs(self._path(path), exist_ok=True)

    def read(self, path, size):
        """A file's content. size: as it is listed. Raises EOFError if less comes than there is, TransferError if much
        more comes."""
        with _told():
            fs, place = self.opened()[0], self._path(path)
            if size:
                data = fs.cat_file(place, start=0, end=size + EXCESS + 1)
            else:  # of what is empty object stores have no part
                with fs.open(place, "rb") as source:
                    data = source.read(EXCESS + 1)
            self._check_whole(path, len(data), size, EXCESS)
        return data

    def get(self, path, file, size):
        """Copy a file into one that is open; the rest as read(), but that `size` may be None."""
        with _told():
            came = 0
            with self.opened()[0].open(self._path(path), "rb") as source:
                for block in iter(lambda: source.read(1 << 20), b""):
                    file.write(block)
                    came += len(block)
                    if size is not None and came > size + _EXCESS_OF_LARGE:
                        break
            self._check_whole(path, came, size, _EXCESS_OF_LARGE)

    def _check_whole(self, path, came, size, excess):
        if size in (None, came):
            return
        if came > size + excess:
            raise TransferError(f"more than the {size:,} bytes came that are listed")
        found = _now(self.opened()[0], self._path(path))
        size = size if found is None or found.size is None else found.size
        if size != came:
            raise EOFError(f"{came:,} bytes came of {size:,}")

    def write(self, action, data):
        self._arrive(action, lambda fs, place: fs.pipe_file(place, data), lambda: io.BytesIO(data), len(data))

    def put(self, local, action):
        size = os.stat(local).st_size
        self._arrive(action, lambda fs, place: fs.put_file(local, place), lambda: open(local, "rb"), size)

    def _arrive(self, action, write, opened, size):
        """Have a file written; what was there before stays until the new one is whole. opened(): the new content."""
        with _told():
            fs, final = self.opened()[0], self._path(action.path)
            if not _renames(fs):
                if action.path not in self._begun:
                    _check(fs, action, final, opened, size)
                self._begun.add(action.path)
                write(fs, final)
                try:
                    _check_arrived(fs, final, size)
                except OSError:
                    with contextlib.suppress(Exception):
                        fs.rm_file(final)  # what was there before is lost already
                    raise
                self._begun.discard(action.path)
                return
            parent, slash, name = final.rpartition("/")
            part = parent + slash + part_name(name, secrets.token_hex(16))
            try:
                write(fs, part)
                _check_arrived(fs, part, size)
                _check(fs, action, final, opened, size)
                _rename(fs, part, final, f"{parent}{slash}{part_name(name, secrets.token_hex(16))}")
            except BaseException:
                with contextlib.suppress(Exception):
                    fs.rm_file(part)
                raise

    def touch(self, action):
        """Nothing: it has no time that can be set."""

    def delete(self, action):
        """Delete a file, unless it is another one than was planned. Returns False if it is gone already."""
        with _told():
            fs, place = self.opened()[0], self._path(action.path)
            found = _now(fs, place)
            if found is not None:
                if action.there is not None and _has_changed(found, action.there):
                    raise OSError(errno.EBUSY, CHANGED)
                fs.rm_file(place)
        return found is not None

    def rmdir(self, path):
        """Remove a directory. Returns False if it is gone already; object stores have none without files."""
        with _told():
            fs, place = self.opened()[0], self._path(path)
            there = fs.exists(place)
            if there:
                if self._list(path):  # pyarrow's file systems remove a directory with all that is in it
                    raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
                fs.rmdir(place)
        return there


def _renames(fs):
    """Whether a file system has a rename of its own. AbstractFileSystem's copies: in an object store for nothing."""
    from fsspec.spec import AbstractFileSystem

    return type(fs).mv is not AbstractFileSystem.mv or type(fs).protocol == "memory"


def _move(fs, old, new):
    """Rename a file. The mv() that memory:// has takes names for patterns."""
    if type(fs).protocol == "memory":
        fs.cp_file(old, new)
        fs.rm_file(old)
    else:
        fs.mv(old, new)


def _rename(fs, part, final, aside):
    """Where there is a file that isn't renamed over, as on SMB, it is put `aside` meanwhile."""
    try:
        _move(fs, part, final)
        return
    except OSError as refusal:
        if refusal.errno != errno.EEXIST:
            raise
    _move(fs, final, aside)
    try:
        _move(fs, part, final)
    except BaseException:
        _move(fs, aside, final)
        raise
    fs.rm_file(aside)


def _now(fs, place):
    """The Node of what is there now, whatever the file system has remembered; None for nothing."""
    fs.invalidate_cache(place)
    try:
        return _node(fs.info(place))
    except FileNotFoundError:
        return None


def _check_arrived(fs, place, size):
    found = _now(fs, place)
    if found is None or found.size not in (None, size):
        raise OSError(f"{0 if found is None else found.size} bytes of {size} have arrived")


def _check(fs, action, place, opened, size):
    """Raise LocalError unless what is there may be replaced: it is what it was when that was planned, or the same as
    what replaces it, opened(), which another run has copied."""
    found, trouble = _now(fs, place), None
    if found is not None and action.reason == "missing":
        trouble = COME
    elif found is not None and action.there is not None and _has_changed(found, action.there):
        trouble = CHANGED
    if trouble is not None and not (found.kind == "file" and found.size == size and _is_same(fs, place, opened)):
        raise LocalError(OSError(errno.EBUSY, trouble))


def _has_changed(found, there):
    kind, size, modified = there
    if found.kind != kind or (None not in (found.size, size) and found.size != size):
        return True
    if None in (found.modified, modified):
        return False
    # Object stores may list fractions of a second, and tell none of a single object
    whole = 0 in (found.modified % SECOND, modified % SECOND)
    return abs(found.modified - modified) >= (SECOND if whole else 1)


def _is_same(fs, place, opened):
    with opened() as ours, fs.open(place, "rb") as theirs:
        return _digests.sha256(ours) == _digests.sha256(theirs)


@contextlib.contextmanager
def _told():
    """What a file system raises in this block is an OSError, whatever its libraries have for their failures."""
    try:
        yield
    except (Error, OSError, EOFError, ValueError, ImportError, LocalError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


def _facts(entries):
    """As facts_of(), of (name, Node): nothing tells what a directory is one with."""
    return [(name, node.kind, node.modified, None) for name, node in entries]


def _node(told):
    kind = {"file": "file", "directory": "dir"}.get(told["type"], "other")
    if told.get("islink"):
        kind = "link"  # what is behind it lies elsewhere
    if kind == "file" and _names.is_part(told["name"].rpartition("/")[2]):
        kind = "part"
    return Node(kind, None if kind == "dir" else told.get("size"), _time(told))


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
