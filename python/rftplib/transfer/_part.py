"""Files that aren't whole yet: their names, and how they become whole, on the local side."""

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat

from .. import _logs
from .._locks import is_still, lock
from ._values import TransferError

# The longest file name that systems take is 255 bytes: that of a part is longer than the file's by 19
_LONGEST = 200

# How many bytes at the end of a part are fetched again and compared
OVERLAP = 16 * 1024

_BUSY = "another transfer is writing %s"


def part_name(name, *identity):
    """The name beside `name` under which a file is kept until it is whole: '.NAME.<id>.part'.

    identity: what must not have changed for the rest to fit: of the source its size, time and unique fact, its path,
    the server's host and port.
    """
    text = "\0".join("" if item is None else str(item) for item in identity)
    token = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f".{_short(name)}.{token}.part"


def fresh_part_name(name):
    """A name of the same form that nobody else has: for a part that is never continued.

    Two transfers that shared one would write into each other's file, and its size would be right all the same.
    """
    return f".{_short(name)}.{secrets.token_hex(6)}.part"


def part_pattern(name):
    """A compiled pattern, for fullmatch(), of the names of all parts of `name`."""
    return re.compile(re.escape(f".{_short(name)}.") + "[0-9a-f]{12}" + re.escape(".part"))


def _short(name):
    coded = name.encode("utf-8", "surrogateescape")
    return name if len(coded) <= _LONGEST else coded[:_LONGEST].decode("utf-8", "ignore")


class Target:
    """Where a download goes to: `name` in a directory.

    directory: its path. dir_fd: a descriptor of it, by which everything is done then, so that nobody can put another
    one in its place.
    """

    def __init__(self, directory, name, dir_fd=None):
        self.directory, self.name, self._fd = directory, name, dir_fd
        self.path = os.path.join(directory, name)

    @classmethod
    def at(cls, path):
        """The target at that path. Raises FileNotFoundError and IsADirectoryError for what can't be one."""
        path = os.fspath(path)
        path = os.fsdecode(path)
        directory, name = os.path.split(path)
        if not name or name in (".", "..") or os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, "a directory: the local path names the file", path)
        if directory and not os.path.isdir(directory):
            raise FileNotFoundError(errno.ENOENT, "there is no such directory: it has to be made first", directory)
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path)  # raises what is wrong with the name
        if os.path.exists(path) and not os.path.isfile(path):
            raise OSError(errno.EINVAL, "no regular file, which can't be replaced: give an open file object", path)
        return cls(directory, name)

    def open(self, name, flags):
        """A descriptor of a file of that name."""
        flags |= os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        return os.open(self._path(name), flags | getattr(os, "O_BINARY", 0), 0o666, **self._below())

    def lstat(self, name):
        return os.stat(self._path(name), follow_symlinks=False, **self._below())

    def has(self, descriptor, name):
        """Whether the open file has that name."""
        return is_still(descriptor, self._path(name), **self._below())

    def unlink(self, name):
        """Remove the file of that name."""
        os.unlink(self._path(name), **self._below())

    def remove(self, name):
        """Remove it, if it is there and can be removed."""
        with contextlib.suppress(OSError):
            self.unlink(name)

    def replace(self, part):
        """The part becomes the file, at once."""
        places = {} if self._fd is None else {"src_dir_fd": self._fd, "dst_dir_fd": self._fd}
        os.replace(self._path(part), self._path(self.name), **places)

    def set_time(self, name, micros):
        if os.utime in os.supports_dir_fd or self._fd is None:
            os.utime(self._path(name), ns=(micros * 1000, micros * 1000), **self._below())

    def keep_mode(self, descriptor, extra=0):
        """The file's successor, which is open, gets its permissions, and `extra` ones. Who owns it doesn't matter."""
        if not hasattr(os, "fchmod"):  # Windows
            return
        try:
            mode = self.lstat(self.name).st_mode
            if stat.S_ISREG(mode):
                os.fchmod(descriptor, mode & 0o777 | extra)
        except FileNotFoundError:
            pass
        except OSError as error:  # file systems have their limits, and users their rights
            _logs.event("data", _logs.WARNING, "what replaces %s can't have its mode: %s", self.path, error)

    def sweep(self):
        """Remove the parts that other versions of the source have left, but those that somebody is writing."""
        if _short(self.name) != self.name:
            return  # they may be another file's
        pattern = part_pattern(self.name)
        with contextlib.suppress(OSError):
            for name in os.listdir(self._fd if self._fd is not None else self.directory or "."):
                if pattern.fullmatch(name) and stat.S_ISREG(self.lstat(name).st_mode):
                    with contextlib.suppress(OSError, TransferError):
                        Part(self, name).discard()

    def _path(self, name):
        return name if self._fd is not None else os.path.join(self.directory, name)

    def _below(self):
        return {} if self._fd is None else {"dir_fd": self._fd}


class Part:
    """A part, open for this transfer alone; in a `with` statement, at whose end it is closed."""

    def __init__(self, target, name):
        self._target, self.name = target, name
        self.path = os.path.join(target.directory, name)
        while True:
            self.file = os.fdopen(target.open(name, 0), "r+b", buffering=0)
            try:
                if self._lock():
                    break
            except BaseException:
                self.file.close()
                raise
            self.file.close()
        self.size = self.length()

    def _lock(self):
        """Whether it is ours and still has its name: who had it before may have finished it meanwhile.

        What has another name as well, as by a backup of hard links, isn't written to: it loses this one.
        """
        told = os.fstat(self.file.fileno())
        if not stat.S_ISREG(told.st_mode):
            raise OSError(errno.EINVAL, "no regular file", self.path)
        locked = lock(self.file.fileno())
        if locked is False:
            raise TransferError(_BUSY % self.path)
        if told.st_nlink > 1:
            with contextlib.suppress(FileNotFoundError):
                self._target.unlink(self.name)
            return False
        return locked is None or self._target.has(self.file.fileno(), self.name)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.file.close()

    def length(self):
        """How many bytes it has; none any more once it is the file."""
        return 0 if self.file.closed else os.fstat(self.file.fileno()).st_size

    def tail(self, position):
        """The last bytes before `position`: what is to be the same in the source."""
        self.file.seek(max(position - OVERLAP, 0))
        data = b""
        while len(data) < min(OVERLAP, position):
            block = self.file.read(min(OVERLAP, position) - len(data))
            if not block:
                break
            data += block
        return data

    def keep_mode(self):
        """What may not be read by others isn't while it comes; and it can be opened again by us to be continued."""
        self._target.keep_mode(self.file.fileno(), 0o600)

    def finish(self, micros):
        """It is whole: it gets the mode of what it replaces, its time and its name.

        micros: since 1970, None to leave the time as it is.
        """
        self._target.keep_mode(self.file.fileno())
        os.fsync(self.file.fileno())
        if os.name == "nt":
            self.file.close()  # an open file can't be renamed there
        if micros is not None:
            try:
                self._target.set_time(self.name, micros)
            except (OSError, OverflowError) as error:  # file systems have their limits, and users their rights
                _logs.event("data", _logs.WARNING, "%s can't have its time: %s", self.path, error)
        self._target.replace(self.name)

    def discard(self):
        """Remove it."""
        if os.name == "nt":
            self.file.close()
        self._target.remove(self.name)
        self.file.close()
