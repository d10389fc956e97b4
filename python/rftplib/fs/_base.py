"""What `rftplib.fs` stands on: a Site made of storage options, and errors made OSErrors."""

from fsspec import AbstractFileSystem

from .._errors import Error, error_perm
from ..session import Site, Timeouts
from . import _urls
from ._kinds import os_error, unreachable
from ._transaction import WholeTransaction

# Options that fsspec gives to any filesystem, and that say nothing here: there is no cache of listings
_FSSPECS = {"asynchronous", "listings_expiry_time", "loop", "max_paths", "use_listings_cache"}

BLOCK_SIZE = 5 << 20


class SiteFileSystem(AbstractFileSystem):
    """A filesystem of fsspec's that has a Site."""

    root_marker = "/"
    cachable = True
    transaction_type = WholeTransaction
    _scheme = ""

    def __init__(
        self,
        host,
        port=None,
        username=None,
        password=None,
        *,
        timeouts=Timeouts(),  # noqa: B008  (it is immutable)
        encoding="utf-8",
        errors="surrogateescape",
        connections=8,
        block_size=None,
        auto_mkdir=False,
        factory=None,
        keepalive=60,
        cafile=None,
        context=None,
        implicit=None,
        **options,
    ):
        """Nothing is opened yet; raises ValueError for what makes no sense."""
        unknown = sorted(options.keys() - _FSSPECS)
        if unknown:
            there = "host, port, username, password, " + ", ".join(sorted(SiteFileSystem.__init__.__kwdefaults__))
            raise TypeError(f"{type(self).__name__} has no option {', '.join(unknown)}; it has {there}")
        super().__init__(**options)
        self.site = Site(
            _urls.site_url(self._scheme, host, port, cafile),
            user=username,
            password=password,
            timeouts=timeouts,
            encoding=encoding,
            errors=errors,
            connections=connections,
            factory=factory,
            keepalive=keepalive,
            context=context,
            implicit=implicit,
        )
        self.auto_mkdir = auto_mkdir
        self.blocksize = block_size or BLOCK_SIZE

    @classmethod
    def _strip_protocol(cls, path):
        return [_urls.path_of(one) for one in path] if isinstance(path, list) else _urls.path_of(path)

    @staticmethod
    def _get_kwargs_from_urls(path):
        return _urls.options_of(path)

    def unstrip_protocol(self, name):
        """Return the URL of a path, without the password."""
        return _urls.url_of(self.protocol, self.site, _urls.path_of(name))

    def _run(self, work, path, task=None, again=True):
        """What work(ftp) returns, by a client of the pool; what it raises becomes an OSError.

        again: once more, by another connection, unless the server has refused it, or can't be believed to be it.
        """
        while True:
            failure, connected = None, False
            try:
                with self.site.borrow() as ftp:
                    connected = True
                    try:
                        return work(ftp)
                    except error_perm as refusal:  # it has left the connection in step, unless that was closed
                        cause, failure = refusal, os_error(refusal, path, task, ftp if ftp.sock else None)
            except (Error, OSError, EOFError) as error:
                if again and not isinstance(error, error_perm) and not hasattr(error, "verify_code"):
                    again = False
                    continue
                cause = error
                failure = os_error(error, path) if connected else unreachable(error, self.unstrip_protocol("/"))
            if failure is cause:
                raise failure
            raise failure from cause

    def _explained(self, error, path, task):
        """The OSError for one that has come on another connection."""
        if not isinstance(error, error_perm):
            return os_error(error, path)
        return self._run(lambda ftp: os_error(error, path, task, ftp), path)
