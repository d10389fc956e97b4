"""A server's files as an fsspec filesystem, for pandas, Dask and whatever else takes fsspec's URLs.

>>> import pandas
>>> pandas.read_csv("ftps://user:password@ftp.example.org:21/data/prices.csv")

Needs fsspec: pip install 'rftplib[fs]'. rftp:// is clear text, ftpes:// and ftps:// are TLS, verified; ftp:// is
fsspec's own, unless rftplib.install() was called.
"""

import concurrent.futures
import errno
import os
import tempfile

try:
    import fsspec
except ImportError as error:
    raise ImportError("rftplib.fs needs fsspec: pip install fsspec") from error

from fsspec.implementations.local import LocalFileSystem

from .._errors import Error, also
from ..transfer import Retry, get, put
from . import _change, _tree
from ._base import SiteFileSystem
from ._file import FTPFile, PackedFile, TextFile
from ._kinds import in_options
from ._read import read

__all__ = ["FTPESFileSystem", "FTPFileSystem", "FTPSFileSystem"]

# Before a download or an upload is given up: a program waits for it
_RETRY = Retry(attempts=4, base=0.5, cap=5)


class FTPFileSystem(SiteFileSystem):
    """The files of a server in clear text, as an fsspec filesystem: rftp://user:password@host:port/path.

    FTPFileSystem(host, port=None, username=None, password=None, *, timeouts=Timeouts(), encoding='utf-8',
    errors='surrogateescape', connections=8, block_size=5 MiB, auto_mkdir=False, factory=None, keepalive=60)

    host, port, username, password: of the server; in URLs %40 and so on stand for special characters. Without a
    password, ~/.netrc is looked into; without a user there either, the login is anonymous. timeouts, encoding, errors,
    connections, factory, keepalive: those of rftplib.session.Site. block_size: of open files, in bytes. auto_mkdir:
    whether a file that is written or copied to has the directories above it made.

    Paths begin at the server's root and are taken as they are, without %. Instances can be used by any number of
    threads, can be pickled, and share the connections of equal ones. Nothing is cached: what others change is seen.

    What fails raises an OSError as it does with local files (FileNotFoundError, PermissionError...), with the server's
    reply in its text and ftplib's exception as its cause; no listing that failed is taken for an empty one.
    """

    protocol = "rftp"
    _scheme = "ftp"

    # ---------------------------------------------------------------------------------- what is there

    def info(self, path, **kwargs):
        """Return what the server tells of a path, a dict: by MLST or, in one batch, SIZE, MDTM and CWD (RFC 3659).

        name, type ("file", "directory", "link", "other") and size, in bytes; mtime, a datetime in UTC, mode, owner,
        group, unique and destination where they are told. Links are followed. Raises OSError.
        """
        path = self._strip_protocol(path)
        return self._run(lambda ftp: _tree.info(ftp, path), path, "stat")

    def ls(self, path, detail=True, **kwargs):
        """Return the names in a directory, or with `detail` what info() tells of each; of a file, its own.

        Links to files are as the files, links to directories of the type "link". Raises OSError.
        """
        path = self._strip_protocol(path)
        found = self._run(lambda ftp: _tree.ls(ftp, path), path, "list")
        return found if detail else [info["name"] for info in found]

    def walk(self, path, maxdepth=None, topdown=True, on_error="raise", **kwargs):
        """Yield (path, directories, files) for a directory and all below it, as fsspec's walk() does.

        on_error: "raise" (here the default), "omit", or a function that gets the OSError.
        """
        detail = kwargs.get("detail", False)
        yield from _tree.walk(self, self._strip_protocol(path), maxdepth, topdown, on_error, detail)

    def find(self, path, maxdepth=None, withdirs=False, detail=False, **kwargs):
        """Return the paths of all files below a directory, sorted; with `detail` a dict of what info() tells of each.

        Of a file: its own; of what isn't there: none. Links to directories aren't followed. Raises OSError if any
        directory can't be listed.
        """
        path = self._strip_protocol(path)
        try:
            found = _tree.find(self, path, maxdepth, withdirs)
        except FileNotFoundError as error:
            if error.filename != path:
                raise
            found = {}
        return found if detail else list(found)

    def expand_path(self, path, recursive=False, maxdepth=None, **kwargs):
        """Return the paths that a path, a pattern or a list of paths means, sorted; recursive: all below them, too.

        What is there is itself, whatever characters its name has, and nothing in a list is a pattern: what find() and
        glob() return can be deleted without anything else. Raises FileNotFoundError if there are none, OSError.
        """
        return _tree.expand(self, path, recursive, maxdepth)

    def du(self, path, total=True, maxdepth=None, withdirs=False, **kwargs):
        """Return how many bytes the files below a directory have, or with total=False a dict of paths and sizes."""
        found = self.find(path, maxdepth, withdirs, detail=True)
        sizes = {name: info["size"] or 0 for name, info in found.items()}
        return sum(sizes.values()) if total else sizes

    def exists(self, path, **kwargs):
        """Return whether there is such a file or directory. Raises OSError if that can't be told."""
        return self._type(path) not in (None, "link")  # which leads nowhere, or it would be followed

    def isdir(self, path):
        """Return whether there is such a directory. Raises OSError if that can't be told."""
        return self._type(path) == "directory"

    def isfile(self, path):
        """Return whether there is such a file. Raises OSError if that can't be told."""
        return self._type(path) == "file"

    def _type(self, path):
        try:
            return self.info(path)["type"]
        except (FileNotFoundError, NotADirectoryError):
            return None

    def lexists(self, path, **kwargs):
        """Return whether there is such a name, also that of a link which leads nowhere."""
        path = self._strip_protocol(path)
        return self.exists(path) or self._run(lambda ftp: _tree.listed(ftp, path), path) is not None

    def modified(self, path):
        """Return when a file was changed, a datetime in UTC (MDTM or MLST, RFC 3659: to the second on most servers).

        Raises NotImplementedError if the server doesn't tell, OSError.
        """
        return self._time(path, "mtime")

    def created(self, path):
        """Return when a file was made, a datetime in UTC; few servers tell. Raises as modified() does."""
        return self._time(path, "created")

    def _time(self, path, name):
        time = self.info(path).get(name)
        if time is None:
            raise NotImplementedError(f"the server doesn't tell the time of {path!r}")
        return time

    def checksum(self, path):
        """Return a number that is another one if the size, time of change or `unique` of a file is another one."""
        return int(self.ukey(path), 16)

    def ukey(self, path):
        """Return a text that is another one if the size, time of change or `unique` of a file is another one."""
        info = self.info(path)
        return fsspec.utils.tokenize(*(info.get(name) for name in ("name", "size", "mtime", "unique")))

    # ---------------------------------------------------------------------------------- contents

    def cat_file(self, path, start=None, end=None, **kwargs):
        """Return the contents of a file, or of it what a slice [start:end] is; only that is transferred.

        By RANG where the server has it, else by REST (RFC 3659, section 5), the transfer broken off at the end.
        """
        path = self._strip_protocol(path)
        return self._run(lambda ftp: read(ftp, path, start, end), path, "read")

    def cat(self, path, recursive=False, on_error="raise", **kwargs):
        """Return the contents of a file; of several (a list, a pattern, `recursive`) a dict of paths and contents.

        By as many connections at once as the site allows. on_error: "raise", "omit", or "return" the exceptions.
        """
        paths = self.expand_path(path)
        if recursive:
            paths = [name for one in paths for name in self.find(one)]
        elif isinstance(path, str) and paths == [self._strip_protocol(path)]:
            return self.cat_file(path)
        found = self.cat_ranges(paths, None, None, on_error="raise" if on_error == "raise" else "return")
        return {name: data for name, data in zip(paths, found) if on_error != "omit" or isinstance(data, bytes)}

    def cat_ranges(self, paths, starts, ends, max_gap=None, on_error="return", **kwargs):
        """Return parts of files, [start:end] of each path, by as many connections at once as the site allows.

        starts, ends: lists, or one for all paths. on_error: "return" the exceptions in their places, or "raise".
        """
        if max_gap is not None:
            raise NotImplementedError("max_gap")
        if not isinstance(paths, list):
            raise TypeError("paths must be a list")
        starts, ends = (one if isinstance(one, list) else [one] * len(paths) for one in (starts, ends))
        if len(starts) != len(paths) or len(ends) != len(paths):
            raise ValueError("as many starts and ends as paths are wanted")
        with concurrent.futures.ThreadPoolExecutor(min(self.site.connections, len(paths) or 1)) as threads:
            futures = [threads.submit(self.cat_file, *part) for part in zip(paths, starts, ends)]
        return [on_error == "return" and future.exception() or future.result() for future in futures]

    def _open(self, path, mode="rb", block_size=None, autocommit=True, cache_options=None, **kwargs):
        block_size = block_size or self.blocksize
        if self.auto_mkdir and mode != "rb":
            self.makedirs(self._parent(path), exist_ok=True)
        options = {"block_size": block_size, "autocommit": autocommit, "cache_options": cache_options}
        return FTPFile(self, path, mode, **options, **kwargs)

    def open(self, path, mode="rb", block_size=None, cache_options=None, compression=None, **kwargs):
        """Open a file: "rb", "wb", "xb", "ab", or without the b for text; FTPFile tells what that means here."""
        if "r" in mode:
            return super().open(path, mode, block_size, cache_options, compression, **kwargs)
        text = {name: kwargs.pop(name) for name in ("encoding", "errors", "newline") if name in kwargs}
        binary = mode.replace("b", "").replace("t", "") + "b"
        compression = fsspec.core.get_compression(path, compression)
        file = super().open(path, binary, block_size, cache_options, **kwargs)
        if compression is not None:
            file = PackedFile(fsspec.compression.compr[compression], file)
        return file if "b" in mode else TextFile(file, **text)

    def get(self, rpath, lpath, recursive=False, callback=fsspec.callbacks.DEFAULT_CALLBACK, maxdepth=None, **kwargs):
        """Download what a path, a pattern or a list of paths means, by get_file(), as fsspec's get() does."""
        paths = _tree.as_itself(self, rpath, lpath, recursive, maxdepth, os.path.isdir)
        super().get(*paths, recursive, callback, maxdepth, **kwargs)

    def put(self, lpath, rpath, recursive=False, callback=fsspec.callbacks.DEFAULT_CALLBACK, maxdepth=None, **kwargs):
        """Upload what a path, a pattern or a list of paths means, by put_file(), as fsspec's put() does."""
        paths = _tree.as_itself(LocalFileSystem(), lpath, rpath, recursive, maxdepth, self.isdir)
        super().put(*paths, recursive, callback, maxdepth, **kwargs)

    def copy(self, path1, path2, recursive=False, maxdepth=None, on_error=None, **kwargs):
        """Copy what a path, a pattern or a list of paths means, by cp_file(), as fsspec's copy() does."""
        paths = _tree.as_itself(self, path1, path2, recursive, maxdepth, self.isdir)
        super().copy(*paths, recursive, maxdepth, on_error, **kwargs)

    def get_file(self, rpath, lpath, callback=fsspec.callbacks.DEFAULT_CALLBACK, outfile=None, **kwargs):
        """Download a file to a local path or into a file object, by rftplib.transfer.get; a directory is only made."""
        rpath, target = self._strip_protocol(rpath), lpath if outfile is None else outfile
        if not hasattr(target, "write"):
            if self.isdir(rpath):
                os.makedirs(target, exist_ok=True)
                return
            os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
        self._transfer(lambda: get(self.site, rpath, target, retry=_RETRY, progress=callback), rpath, "read")

    def put_file(self, lpath, rpath, callback=fsspec.callbacks.DEFAULT_CALLBACK, mode="overwrite", **kwargs):
        """Upload a local file, by rftplib.transfer.put; a directory is only made. mode: or "create", if it isn't there.

        The directories above are made. In a transaction the file gets its name when that ends.
        """
        rpath = self._strip_protocol(rpath)
        if self._intrans or os.path.isdir(lpath):
            super().put_file(lpath, rpath, callback=callback, mode=mode, **kwargs)
            return
        if mode == "create" and self.exists(rpath):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), rpath)
        for last in (False, True):
            try:
                self._transfer(lambda: put(self.site, lpath, rpath, retry=_RETRY, progress=callback), rpath, "write")
                return
            except FileNotFoundError as error:
                if last or error.filename != rpath:
                    raise
                self.makedirs(self._parent(rpath), exist_ok=True)

    def _transfer(self, work, path, task):
        try:
            work()
        except (Error, EOFError) as error:
            failure = error
        except OSError as error:
            raise in_options(error)  # noqa: B904  (it is the same)
        else:
            return
        raise self._explained(failure, path, task) from failure

    def cp_file(self, path1, path2, **kwargs):
        """Copy a file by way of this machine; of a directory only make one like it."""
        path1, path2 = self._strip_protocol(path1), self._strip_protocol(path2)
        if self.isdir(path1):
            self.makedirs(path2, exist_ok=True)
            return
        with tempfile.SpooledTemporaryFile(self.blocksize) as copy:
            try:
                self.get_file(path1, copy)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                way = f"copying {path1!r} by way of {tempfile.gettempdir()}; TMPDIR names another directory"
                raise also(error, way) from None
            copy.seek(0)
            with self.open(path2, "wb") as target:
                while data := copy.read(self.blocksize):
                    target.write(data)

    # ---------------------------------------------------------------------------------- changes

    def rm_file(self, path):
        """Delete a file or a link. Raises OSError."""
        path = self._strip_protocol(path)
        self._run(lambda ftp: ftp.delete(path), path, "delete", again=False)

    _rm = rm_file

    def rm(self, path, recursive=False, maxdepth=None):
        """Delete files, given as a path, a pattern or a list of paths; recursive: directories, too.

        By few batches. Links are deleted, not what they lead to. Raises the first OSError, after all else was deleted.
        """
        _change.rm(self, self.expand_path(path), recursive, maxdepth)

    def mv(self, path1, path2, recursive=False, maxdepth=None, **kwargs):
        """Rename a file or a directory, by RNFR and RNTO (RFC 959); into a directory that path2 is. Raises OSError.

        A file that has that name is replaced. What a pattern or a list means is moved into the directory path2, or a
        list to the paths of another list.
        """
        _change.mv(self, path1, path2)

    def mkdir(self, path, create_parents=True, **kwargs):
        """Make a directory; those above it, too, unless create_parents is false. Raises OSError."""
        path = self._strip_protocol(path)
        self._run(lambda ftp: _change.mkdir(ftp, path, create_parents, False), path, "mkdir", again=False)

    def makedirs(self, path, exist_ok=False):
        """Make a directory, and those above it; exist_ok: it may be there already. Raises OSError."""
        path = self._strip_protocol(path)
        self._run(lambda ftp: _change.mkdir(ftp, path, True, exist_ok), path, "mkdir", again=exist_ok)

    def rmdir(self, path):
        """Remove a directory, which must be empty. Raises OSError."""
        path = self._strip_protocol(path)
        self._run(lambda ftp: ftp.rmd(path), path, "rmdir", again=False)

    def touch(self, path, truncate=True, **kwargs):
        """Make an empty file; truncate=False: set only the time of one that is there, by MFMT."""
        path = self._strip_protocol(path)
        if truncate or not self.exists(path):
            self.pipe_file(path, b"", **kwargs)
        else:
            self._run(lambda ftp: _change.touch(ftp, path), path)


class FTPSFileSystem(FTPFileSystem):
    """The files of a server over TLS, as an fsspec filesystem: ftps://user:password@host:port/path.

    FTPSFileSystem(host, port=990, username=None, password=None, *, cafile=None, context=None, implicit=None, ...)

    Verified and never in clear text, neither commands nor data: rftplib.tls.FTPS. On port 990 TLS begins with the first
    byte, on all others by AUTH; `implicit`, true or false, says otherwise. cafile: a file of authorities to verify by,
    in place of the system's. context: an ssl.SSLContext or a NativeContext, which must verify; with one the filesystem
    can't be pickled. The other options are those of FTPFileSystem.
    """

    protocol = "ftps"
    _scheme = "ftps"


class FTPESFileSystem(FTPSFileSystem):
    """The same, on port 21 where none is named: ftpes://user:password@host/path. TLS begins by AUTH (RFC 4217)."""

    protocol = "ftpes"
    _scheme = "ftpes"
