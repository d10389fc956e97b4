"""How to reach a server, as a value: `rftplib.session.Site`."""

import os
import ssl
from typing import NamedTuple, Optional
from urllib.parse import quote

import rftplib

from . import _hints
from ._pool import pool_of
from ._prepare import Halted, enter
from ._site_url import SCHEMES, parse
from .tls import FTPS, FTPS_PORT


class Timeouts(NamedTuple):
    """For how many seconds a server is waited for; None for no limit.

    connect: until a control connection stands, TLS included. reply: for each reply. idle: for a data connection, and
    for each block on it.
    """

    connect: Optional[float] = 15  # noqa: UP045  (Python 3.9 evaluates it)
    reply: Optional[float] = 60  # noqa: UP045
    idle: Optional[float] = 60  # noqa: UP045


class Site:
    """How to reach a server: an immutable value. Nothing is opened before open() or borrow().

    Site(url, *, user=None, password=None, context=None, implicit=None, timeouts=Timeouts(), encoding='utf-8',
    errors='surrogateescape', connections=8, factory=None, keepalive=60)

    url: such as 'ftps://user:password@ftp.example.org/directory?cafile=/etc/ca.pem'. ftp:// is in clear text, ftpes://
    and ftps:// are TLS by rftplib.tls.FTPS: verified, and never in clear text. ftpes:// asks for TLS by AUTH, on port
    21 where none is named. ftps:// means port 990 where none is named. On port 990 TLS begins with the first byte, on
    all others by AUTH; `implicit`, true or false, says otherwise, and so does '?implicit=true' in the URL. The
    directory is where connections begin: relative to the login's, or with %2F in front from the root. cafile: a file of
    authorities to verify by, in place of the system's.

    user, password: in place of the URL's. password: a str, or a function that returns one when it is needed. Without a
    password, ~/.netrc is looked into; without a user there either, the login is anonymous.

    context: an ssl.SSLContext or a NativeContext, which must verify. A Site with one can't be pickled: use `cafile`.
    timeouts: Timeouts, in seconds, or a number for all three. encoding, errors: of commands, replies and text lines.
    connections: the most that borrow() opens at once. factory: called with the Site, returns an unconnected client in
    place of rftplib.FTP() or FTPS(), such as one of a subclass of yours; where the URL demands TLS it must be an FTPS,
    with the site's `implicit`, and its context is its own: FTPS(context=site.context(), implicit=site.implicit).
    keepalive: after how many silent seconds a control connection is probed (`FTP.tcp_keepalive`, unless the client has
    its own); None: never.

    Equal Sites share their connections in a process. Sites are hashable and can be pickled; repr() shows no password.
    Raises ValueError for what is no such URL, and for values that make no sense.
    """

    __slots__ = ("_values", "_context", "_pool", "__weakref__")

    def __init__(
        self,
        url,
        *,
        user=None,
        password=None,
        context=None,
        implicit=None,
        timeouts=Timeouts(),  # noqa: B008  (it is immutable)
        encoding="utf-8",
        errors="surrogateescape",
        connections=8,
        factory=None,
        keepalive=60,
    ):
        """Take the URL apart; see the class."""
        values = parse(url)
        secured = values["scheme"] != "ftp"
        if user is not None:
            values["user"] = user
        if password is not None:
            values["password"] = password
        if context is not None and not secured:
            raise ValueError("a context is for ftps:// and ftpes://")
        if context is not None and values["cafile"] is not None:
            raise ValueError("cafile is for the context that is made where none is given")
        if implicit is not None and not secured:
            raise ValueError("implicit is for ftps:// and ftpes://")
        if isinstance(connections, bool) or not isinstance(connections, int) or connections < 1:
            raise ValueError("connections must be an int of at least 1")
        implicit = values["implicit"] if implicit is None else implicit
        values["implicit"] = secured and (values["port"] == FTPS_PORT if implicit is None else bool(implicit))
        values["timeouts"] = _timeouts(timeouts)
        if keepalive is not None and not _is_time(keepalive):
            raise ValueError("keepalive must be more than 0 seconds, or None")
        values.update(context=context, encoding=encoding, errors=errors, connections=connections, factory=factory)
        values["keepalive"] = keepalive
        self._set(values)
        pool_of(self)  # which lasts as long as one of those that share it

    def _set(self, values):
        for name, value in (("_values", values), ("_context", values["context"]), ("_pool", None)):
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError(f"a Site can't be changed: {name}")

    def __delattr__(self, name):
        raise AttributeError(f"a Site can't be changed: {name}")

    def _key(self):
        return tuple(self._values.values())

    def __eq__(self, other):
        return self._key() == other._key() if isinstance(other, Site) else NotImplemented

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        others = [f"{name}={self._values[name]!r}" for name in _USUAL if self._values[name] != _USUAL[name]]
        return f"Site({', '.join([repr(self.url), *others])})"

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        if self._values["context"] is not None:
            raise TypeError("a Site with a context can't be pickled: name a cafile in the URL, or give a factory")
        return _restored, (self._values,)

    @property
    def url(self):
        """The URL, a password in it shown as '***'."""
        values = self._values
        login = ""
        if values["user"] is not None:
            login = quote(values["user"], safe="") + (":***" if values["password"] is not None else "") + "@"
        host = f"[{values['host']}]" if ":" in values["host"] else values["host"]
        port = "" if values["port"] == SCHEMES[values["scheme"]] else f":{values['port']}"
        directory = values["directory"]
        path = "/" + ("%2F" + quote(directory[1:]) if directory.startswith("/") else quote(directory))
        query = [] if values["cafile"] is None else [f"cafile={quote(values['cafile'])}"]
        if self.secured and self.implicit != (self.port == FTPS_PORT):
            query.append(f"implicit={str(self.implicit).lower()}")
        query = f"?{'&'.join(query)}" if query else ""
        return f"{values['scheme']}://{login}{host}{port}{path if directory else ''}{query}"

    @property
    def host(self):
        """The server's name or address."""
        return self._values["host"]

    @property
    def port(self):
        """The port of the control connection."""
        return self._values["port"]

    @property
    def user(self):
        """Who logs in; None where ~/.netrc is to tell."""
        return self._values["user"]

    @property
    def directory(self):
        """Where connections begin; '' for the login's directory."""
        return self._values["directory"]

    @property
    def secured(self):
        """Whether it is TLS."""
        return self._values["scheme"] != "ftp"

    @property
    def implicit(self):
        """Whether TLS begins with the first byte."""
        return self._values["implicit"]

    @property
    def timeouts(self):
        """The Timeouts."""
        return self._values["timeouts"]

    @property
    def encoding(self):
        """The encoding of commands, replies and text lines."""
        return self._values["encoding"]

    @property
    def connections(self):
        """The most that borrow() opens at once."""
        return self._values["connections"]

    def context(self):
        """The context of TLS: the one that was given, or one that verifies by cafile or the system's authorities."""
        if self._context is None:
            cafile = self._values["cafile"]
            try:
                context = ssl.create_default_context(cafile=cafile)
            except OSError as error:  # which names no file
                raise ValueError(f"cafile {cafile!r} can't be used: {error}") from error
            object.__setattr__(self, "_context", context)
        return self._context

    def open(self):
        """Return a new client, logged in, in TYPE I: the caller's own, to be closed by the caller.

        Its exceptions tell the replies they are made of (`FTP.structured_replies`), and it sends no TYPE that is in
        force already. Raises what connect() and login() of the client raise.
        """
        return self._open()[0]

    def borrow(self):
        """Return a context manager that lends a client for a `with` block: an idle one, or a new one.

        It is as open() makes it: in the directory where connections begin, in TYPE I. At the end of the block it goes
        back, ready for the next one; after an exception that may have left replies unread, it is closed. At most
        `connections` of them are open, fewer where the server says that they are too many; who finds none waits until
        one comes back. Any number of threads may borrow, but a thread that has one already never waits for another: it
        gets an idle one, or a new one, or RuntimeError. Who borrows while the first login is under way waits for that,
        and raises its refusal as well: a wrong password is sent once.

            with site.borrow() as ftp:
                ftp.delete('old')

        Entering the block raises what open() raises.
        """
        return pool_of(self).lease()

    def close(self):
        """Close the idle connections that borrow() keeps. Those that are lent out are closed when they come back."""
        pool_of(self).close_idle()

    def _open(self, pool=None, along=None):
        """A new client, and the directory of the login; None if the server doesn't tell.

        pool: the one that it is for. along(ftp, features): commands that are sent together with the first ones, given
        what FEAT says, None if that isn't known yet; the replies are left in the client, see _prepare.ALONG.
        """
        try:
            return self._opened(pool, along)
        except Halted:
            pass
        try:
            return self._opened(pool, along, alone=True)
        except BaseException:
            if pool is not None:
                pool.together = True  # that wasn't it
            raise

    def _opened(self, pool, along, alone=False):
        ftp = self._client()
        try:
            connect, reply, idle = self.timeouts
            ftp.connect(self.host, self.port, timeout=connect)
            ftp.sock.settimeout(reply)
            ftp.timeout = idle
            return ftp, enter(ftp, self._login, self.directory, pool, along, alone)
        except BaseException as error:
            ftp.close()
            told = _hints.of_site(error, self)
            if told is error:
                raise
            raise told.with_traceback(error.__traceback__) from None

    def _copy(self):
        """An equal Site, for the pool, which must not keep itself alive by the one that has it."""
        site = Site.__new__(Site)
        site._set(self._values)
        return site

    def _client(self):
        factory = self._values["factory"]
        if factory is not None:
            ftp = factory(self)
            self._check_client(ftp)
        elif self.secured:
            ftp = FTPS(context=self.context(), implicit=self.implicit)
        else:
            ftp = rftplib.FTP()
        ftp.encoding, ftp.errors = self.encoding, self._values["errors"]
        ftp.structured_replies = ftp.skip_redundant_type = True
        if getattr(ftp, "tcp_keepalive", None) is None:
            ftp.tcp_keepalive = self._values["keepalive"]
        return ftp

    def _check_client(self, ftp):
        """Raise unless the factory's client encrypts and verifies as the URL says: a password is about to be sent."""
        if not self.secured:
            return
        if not isinstance(ftp, FTPS):
            raise TypeError(
                f"{self._values['scheme']}:// is for clients that are FTPS, and factory returned {type(ftp).__name__}"
            )
        if bool(ftp.implicit) != self.implicit:
            raise ValueError(
                f"factory returned a client with implicit={ftp.implicit}, and the site has {self.implicit}"
            )

    def _login(self):
        """(user, password, account)"""
        user, password = self._values["user"], self._values["password"]
        if callable(password):
            password = password()
            if not isinstance(password, str):
                raise TypeError(f"the password function returned no str, but {type(password).__name__}")
        if password is not None:
            return user or "", password, ""
        found = _netrc(self.host)
        if found is not None and user in (None, found[0]):
            return found[0], found[2] or "", found[1] or ""
        return user or "", "", ""

    def _lacks_password(self):
        """Whether a login goes without a password."""
        return self._values["password"] is None and not self._login()[1]


_USUAL = {
    "timeouts": Timeouts(),
    "encoding": "utf-8",
    "errors": "surrogateescape",
    "connections": 8,
    "context": None,
    "factory": None,
    "keepalive": 60,
}


def _restored(values):
    site = Site.__new__(Site)
    site._set(values)
    pool_of(site)
    return site


def _timeouts(value):
    timeouts = Timeouts(*value) if isinstance(value, tuple) else Timeouts(value, value, value)
    for name, seconds in timeouts._asdict().items():
        if seconds is not None and not _is_time(seconds):
            raise ValueError(f"timeouts: {name} must be more than 0 seconds, or None")
    return timeouts


def _is_time(value):
    """Whether it is a number of seconds that isn't 0."""
    return isinstance(value, (int, float)) and value > 0


def _netrc(host):
    """(user, account, password) from ~/.netrc, or None. Raises netrc.NetrcParseError for a file that is no good."""
    import netrc  # only who needs it waits for it

    path = os.path.expanduser("~/.netrc")
    try:
        found = netrc.netrc(path).authenticators(host)
    except FileNotFoundError:
        return None
    if any(one and ("\n" in one or "\r" in one) for one in found or ()):
        raise netrc.NetrcParseError(f"a quote isn't closed in what is said of {host}", path)
    return found
