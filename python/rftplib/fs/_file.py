"""Open files of `rftplib.fs`: read by parts through fsspec's caches, written under a temporary name."""

import errno
import io
import os
import warnings

from fsspec.caching import AllBytes
from fsspec.spec import AbstractBufferedFile

from .._errors import Error
from . import _write
from ._read import read


class FTPFile(AbstractBufferedFile):
    """A file on a server, as FTPFileSystem.open() gives it in binary mode.

    Reading: each part that the cache hasn't got is one transfer; if the server has another version of the file by then,
    that is an OSError (ESTALE). Writing: one STOR to a temporary name in the same directory, which gets the file's name
    by close(), or by the commit of a transaction. If the `with` block ends by an exception, if something fails, or if
    the file is never closed, there is no such file. Appending: APPE to the file itself.
    """

    def __init__(self, fs, path, mode="rb", **options):
        self._upload = self._temporary = self._opened = None
        super().__init__(fs, path, mode, **options)
        if mode == "rb":
            self._begin_reading()
        elif mode == "xb" and fs.exists(path):
            self._closed = True
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        elif mode == "ab":
            self._begin_appending()

    def _begin_reading(self):
        if self._details is not None and self.details["type"] == "directory":
            self._closed = True
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), self.path)
        if self.size is None:  # the server doesn't tell: there are no parts then
            data = self.fs.cat_file(self.path)
            self.size = len(data)
            self.cache = AllBytes(self.blocksize, self._fetch_range, self.size, data)

    def _begin_appending(self):
        """At once, so that who can't append learns it here."""
        self._closed = True
        if not self.autocommit:
            raise io.UnsupportedOperation("what is appended can't be taken back: not in a transaction")
        self.fs._run(lambda ftp: _write.try_out(ftp, self.path), self.path, "write", again=False)
        size = self.fs.size(self.path) if self.fs.exists(self.path) else 0
        self._upload = self._sending(lambda: _write.Upload(self.fs.site, "APPE " + self.path))
        self._closed, self.loc, self.offset = False, size or 0, 0

    # ---------------------------------------------------------------------------------- reading

    def _fetch_range(self, start, end):
        size = self.size if self._details is not None else None  # a size that was given may be wrong
        try:
            data = self.fs._run(lambda ftp: read(ftp, self.path, start, end, size), self.path, "read")
        except OSError as error:
            if error.errno == errno.EIO:
                self._check_version()  # less has come, or there is nothing so far behind, for it is another file
            raise
        self._check_version()
        return data

    def _check_version(self):
        """Raise if the server has another file by now: what is read by parts would be a mixture of both."""
        now = _version(self.fs.info(self.path))
        if self._opened is None:
            self._opened = now if self._details is None else _version(self._details)
        if now != self._opened and not _has_grown(self._opened, now):
            raise OSError(errno.ESTALE, "it has changed since it was opened", self.path)

    # ---------------------------------------------------------------------------------- writing

    def _upload_chunk(self, final=False):
        try:
            self._send_buffer(final)
        except BaseException:
            self.discard()
            raise
        return True

    def _send_buffer(self, final):
        """Send what the buffer has: all of a small file at once, by a connection of the pool."""
        data = self.buffer.getvalue()
        if self._temporary is None and self.mode != "ab":
            self._temporary = _write.temporary(self.path)
        if final and self._upload is None:
            self.fs._run(lambda ftp: _write.store(ftp, self._temporary, data), self.path, "write")
        else:
            self._sending(lambda: self._send(data, final))
        if final and self.autocommit:
            self.commit()

    def _send(self, data, final):
        if self._upload is None:
            self._upload = _write.Upload(self.fs.site, "STOR " + self._temporary)
        self._upload.send(data)
        if final:
            upload, self._upload = self._upload, None
            upload.finish(self._temporary)

    def _sending(self, work):
        try:
            return work()
        except (Error, OSError, EOFError) as error:
            failure = error
        # only now: what is asked there must not wait for what has failed
        explained = self.fs._explained(failure, self.path, "write")
        if explained is failure:
            raise failure
        raise explained from failure

    def commit(self):
        """Give the file its name, which close() does outside of transactions. Raises OSError."""
        if not self.closed and not self.forced:
            self.close()  # the transaction ends before the file
        name, self._temporary = self._temporary, None
        if name is not None:
            _write.publish(self.fs, name, self.path, ["DELE " + name], self.mode != "xb")

    def discard(self):
        """Break off: there is no such file, or the one that there was."""
        self._closed = True
        upload, self._upload = self._upload, None
        name, self._temporary = self._temporary, None
        if name is None:
            if upload is not None:
                upload.abort()
        elif upload is None or not upload.take_back(name):
            _write.give_up(self.fs, self.path, ["DELE " + name])  # else it stays, under a name that nobody reads

    def __exit__(self, kind, error, traceback):
        if kind is not None and self.mode != "rb":
            self.discard()
        self.close()

    def __del__(self):
        if self.closed:
            return
        if self.mode == "rb":
            self.close()
            return
        self._closed = True
        if self._upload is not None:
            self._upload.abort()
        if self.loc:
            warnings.warn(f"{self.path} was written, but not closed: it isn't there", ResourceWarning, 2, source=self)


def _version(info):
    return info["size"], info["mtime"], info.get("unique")


def _has_grown(before, now):
    """Whether only something was appended, as far as that can be told."""
    (size, _, unique), (later, _, same) = before, now
    return None not in (size, later, unique) and unique == same and size < later


class PackedFile(io.BufferedIOBase):
    """An FTPFile that is written through a compressor of fsspec's, which leaves the file open when it is closed."""

    def __init__(self, compress, file):
        self._file, self._packer = file, compress(file, mode="wb")

    def writable(self):
        return True

    def write(self, data):
        return self._packer.write(data)

    def close(self):
        if not self.closed:
            try:
                self._packer.close()
                self._file.close()
            finally:
                super().close()

    def discard(self):
        self._file.discard()
        try:
            self._packer.close()
        except (OSError, ValueError):
            pass  # what it still had to say has nowhere to go
        super().close()

    def __exit__(self, kind, error, traceback):
        if kind is not None:
            self.discard()
        self.close()

    def __del__(self):
        pass  # or it would be closed, and the file be there


class TextFile(io.TextIOWrapper):
    """An FTPFile that is written as text: what is written when an exception comes is no file here either."""

    def __exit__(self, kind, error, traceback):
        if kind is not None and not self.closed:
            self.buffer.discard()
            return
        self.close()

    def __del__(self):
        pass  # or it would be closed, and the file be there
