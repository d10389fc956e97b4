"""A local directory: read and written by descriptors of its directories, so that no link leads out of it."""

import contextlib
import errno
import os
import stat

from .._circles import CIRCLE
from .._errors import also
from . import _names, _tree
from ._local_part import NOFOLLOW, Part, check, check_unchanged, kind_of, new_part
from ._tree import Node, Tree, join, parent_of
from ._values import NOT_MADE

_DIRECTORY = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

# What a disk says that won't be otherwise with the next file
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class LocalError(Exception):
    """An OSError of the disk's, `error`: none of the network's, which would be worth another attempt."""

    def __init__(self, error):
        super().__init__(error)
        self.error = error


class Local:
    """A side: the directory `root`, an absolute path."""

    keeps_times, remote, sent = True, False, False

    def __init__(self, root, follow=False):
        self.root, self.follow = os.path.abspath(root), follow

    def __str__(self):
        return self.root

    def scan(self, rules, links, names, *, sent, needed, folds=False, connections=1):
        """The Tree. needed: whether it is an error that there is no such directory."""
        tree = Tree(rules, names, sent, folds)
        try:
            root = os.open(self.root, _DIRECTORY)
        except FileNotFoundError:
            if needed:
                raise
            tree.exists = False
            return tree
        try:
            _scan(tree, root, links)
        except OSError as error:
            raise also(error, f"in {self}") from None
        return tree

    def folds(self):
        """Whether the file system takes upper and lower case for the same."""
        path = self.root
        while not os.path.lexists(path):
            path = os.path.dirname(path)
        other = os.path.join(os.path.dirname(path), os.path.basename(path).swapcase())
        try:
            return other != path and os.path.samefile(path, other)
        except OSError:
            return False

    def make_root(self):
        try:
            os.makedirs(self.root, exist_ok=True)
        except OSError as error:
            raise also(error, NOT_MADE) from None

    def folders(self):
        """A context manager: the Folders of the root."""
        return Folders(self.root, self.follow)


class Folders:
    """Directories below the root, by descriptor. The last one is kept open, for files are taken one after another."""

    def __init__(self, root, follow=False):
        self._root, self._follow = root, follow
        self._top = self._last = None

    def __enter__(self):
        with local():
            self._top = os.open(self._root, _DIRECTORY)
        return self

    def __exit__(self, *_):
        self._forget()
        os.close(self._top)

    def of(self, path):
        """The descriptor of the directory that `path` lies in, and its name there."""
        parent, _, name = _names.check_path(path).rpartition("/")
        if self._last is None or self._last[0] != parent:
            self._forget()
            self._last = parent, self._open(parent)
        return self._last[1], name

    def place(self, path):
        """As of(), for others to work by; a LocalError if it can't be had."""
        with local():
            return self.of(path)

    def real(self, path):
        """A path by which others reach the same, as safely as the system allows."""
        folder, name = self.place(path)
        by_descriptor = f"/proc/self/fd/{folder}"
        if not os.path.isdir(by_descriptor):
            by_descriptor = os.path.join(self._root, parent_of(path))
        return os.path.join(by_descriptor, name)

    def _open(self, parent):
        folder = os.dup(self._top)
        for name in parent.split("/") if parent else ():
            try:
                deeper = os.open(name, _DIRECTORY | (0 if self._follow else NOFOLLOW), dir_fd=folder)
            finally:
                os.close(folder)
            folder = deeper
        return folder

    def _forget(self):
        if self._last is not None:
            os.close(self._last[1])
            self._last = None

    def read(self, path):
        """A file to be read, opened, and its stat. A link isn't followed."""
        with local():
            folder, name = self.of(path)
            flags = os.O_RDONLY | os.O_NONBLOCK | (0 if self._follow else NOFOLLOW)
            file = os.fdopen(os.open(name, flags, dir_fd=folder), "rb", buffering=0)
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                file.close()
                raise OSError(errno.EINVAL, "it is no file any more")
        return file, found

    @contextlib.contextmanager
    def part(self, path, modified, *identity):
        """A Part that gets its name, and the time, at the end of the block; after an error it is gone."""
        part = self.begin(path, modified, *identity)
        try:
            yield part
            with local():
                part.write_out()
                part.finish()
        finally:
            part.discard()

    def begin(self, path, modified, *identity):
        """A Part: a file to be written beside `path`, open for this transfer alone."""
        with local():
            folder, name = self.of(path)
            descriptor, part = new_part(folder, name, identity)
            return Part(self, path, part, os.fdopen(descriptor, "w+b", buffering=0), modified)

    def mkdir(self, path):
        """Make a directory; returns False if it is there."""
        folder, name = self.of(path)
        try:
            os.mkdir(name, dir_fd=folder)
        except FileExistsError:
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                raise
            return False
        return True

    def has(self, action):
        """Whether the copy that was planned is there, and not what was there before it."""
        folder, name = self.of(action.path)
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        state = kind_of(found, name), found.st_size, found.st_mtime_ns // 1000
        return state == ("file", action.size, action.modified) and tuple(action.there or ()) != state

    def touch(self, action):
        """Set the time of a file, unless it is another one than was planned."""
        folder, name = self.of(action.path)
        check(action, folder, name)
        os.utime(name, ns=(action.modified * 1000,) * 2, dir_fd=folder, follow_symlinks=False)

    def link(self, action):
        """Make a link, or have it lead elsewhere, unless there is something else than was planned."""
        from ..transfer._part import fresh_part_name  # a plan alone doesn't need it

        folder, name = self.of(action.path)
        if not _names.stays_inside(action.path, action.target):
            raise OSError(errno.EPERM, "the link leads out of the target")
        with contextlib.suppress(OSError):  # there is none, or no link
            if os.readlink(name, dir_fd=folder) == action.target:
                return  # another run has made it
        check(action, folder, name)
        part = fresh_part_name(name)
        os.symlink(action.target, part, dir_fd=folder)
        try:
            os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(part, dir_fd=folder)
            raise

    def delete(self, action):
        """Delete a file or a link, unless it is another one than was planned. Returns False if it is gone already."""
        with contextlib.suppress(FileNotFoundError):
            folder, name = self.of(action.path)
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISDIR(found.st_mode):
                raise IsADirectoryError(errno.EISDIR, "it has become a directory")
            check_unchanged(action.there or (kind_of(found, name), action.size, action.modified), found, name)
            os.unlink(name, dir_fd=folder)
            return True
        return False

    def rmdir(self, path):
        """Remove a directory. Returns False if it is gone already."""
        with contextlib.suppress(FileNotFoundError):
            folder, name = self.of(path)
            os.rmdir(name, dir_fd=folder)
            return True
        return False


@contextlib.contextmanager
def local():
    """What the disk raises in this block is a LocalError."""
    try:
        yield
    except OSError as error:
        raise LocalError(error) from error


def _scan(tree, root, links):
    """Each directory by its descriptor, links to directories only as told. Closes `root`."""
    opened = [_Opened("", "", root, _identity(os.fstat(root)))]
    try:
        while opened:
            here = opened[-1]
            entry = next(here.entries, None)
            if entry is None:
                os.close(opened.pop().folder)
                continue
            try:
                node, found, followed = _node(entry, here.folder, links)
            except FileNotFoundError:
                continue  # it has gone since
            except OSError as error:  # a directory that may be listed and not entered, or a disk that fails
                if not here.path:
                    raise
                tree.failed(here.path, error.strerror, "see to its permissions, or exclude it")
                os.close(opened.pop().folder)
                continue
            path = tree.take(here.path, here.origin, entry.name, node)
            if path is None or node.kind != "dir":
                continue
            identity = _identity(found)
            if followed and any(one.identity == identity for one in opened):
                tree.failed(path, CIRCLE, "exclude it")
                continue
            if len(opened) >= _tree.MAX_DEPTH:
                tree.failed(path, f"deeper than {_tree.MAX_DEPTH} directories", "exclude it")
                continue
            try:
                folder = os.open(entry.name, _DIRECTORY | (0 if followed else NOFOLLOW), dir_fd=here.folder)
                opened.append(_Opened(path, join(here.origin, entry.name), folder, identity))
            except OSError as error:
                tree.failed(path, error.strerror, "see to its permissions, or exclude it")
    finally:
        for one in opened:
            os.close(one.folder)


def _identity(found):
    return found.st_dev, found.st_ino


class _Opened:
    """A directory that is being listed."""

    def __init__(self, path, origin, folder, identity):
        self.path, self.origin, self.folder, self.identity = path, origin, folder, identity
        try:
            with os.scandir(folder) as entries:
                self.entries = iter(sorted(entries, key=lambda entry: entry.name))
        except OSError:
            os.close(folder)
            raise


def _node(entry, folder, links):
    """The Node of an entry, its stat, and whether it is a link that was followed."""
    found, followed = entry.stat(follow_symlinks=False), False
    if stat.S_ISLNK(found.st_mode) and links == "follow":
        with contextlib.suppress(OSError):  # it leads nowhere
            found, followed = entry.stat(follow_symlinks=True), True
    modified, kind = found.st_mtime_ns // 1000, kind_of(found, entry.name)
    if kind == "link":
        return Node(kind, None, modified, target=os.readlink(entry.name, dir_fd=folder)), found, followed
    if kind == "other":
        return Node(kind), found, followed
    return Node(kind, None if kind == "dir" else found.st_size, modified), found, followed
