"""Subclasses, patches and stand-ins that write down every step that goes through them.

The trace is a list of what a user's override would see: (name, arguments), in order. Two libraries with equal traces
call every overridable step at the same moments with the same arguments.
"""

from __future__ import annotations

import functools

from support.harness import describe

# Every step of CONTRACT that users override; __init__ and __exit__ are traced as well.
STEPS = [
    "connect", "getwelcome", "set_debuglevel", "set_pasv", "sanitize", "putline", "putcmd", "getline", "getmultiline",
    "getresp",
    "voidresp", "abort", "sendcmd", "voidcmd", "sendport", "sendeprt", "makeport", "makepasv", "ntransfercmd",
    "transfercmd", "login",
    "retrbinary", "retrlines", "storbinary", "storlines", "acct", "nlst", "dir", "mlsd", "rename", "delete", "cwd",
    "size", "mkd", "rmd",
    "pwd", "quit", "close", "auth", "ccc", "prot_p", "prot_c",
]  # fmt: skip


def arguments(args, kwargs):
    """Ports of listening sockets differ from run to run; block sizes and texts don't."""
    return describe(["port" if isinstance(a, int) and a > 9000 else a for a in args]), describe(kwargs)


def recording(trace, name, function):
    """`function`, which writes itself down; for the method of a class and for an instance attribute alike."""

    @functools.wraps(function)
    def step(*args, **kwargs):
        shown = args[1:] if args and hasattr(args[0], "passiveserver") else args
        trace.append((name, *arguments(shown, kwargs)))
        return function(*args, **kwargs)

    return step


def subclass(base, trace):
    """Every step overridden; each calls its super()."""

    def override(name):
        def step(self, *args, **kwargs):
            trace.append((name, *arguments(args, kwargs)))
            return getattr(super(cls, self), name)(*args, **kwargs)

        return step

    steps = {name: override(name) for name in STEPS if hasattr(base, name)}
    cls = type("Traced" + base.__name__, (base,), steps)
    return cls


def by_instance(base, trace):
    """Every step put on the object itself, as `ftp.makepasv = lambda: ...` does."""

    class Client(base):
        def __init__(self, *args, **kwargs):
            for name in STEPS:
                if hasattr(base, name):
                    setattr(self, name, recording(trace, name, getattr(super(), name)))
            super().__init__(*args, **kwargs)

    return Client


def patch_class(base, trace, monkeypatch):
    """Every step replaced in the class, as `ftplib.FTP.makepasv = f` does."""
    for cls in base.__mro__[:-1]:
        for name in STEPS:
            if name in vars(cls):
                monkeypatch.setattr(cls, name, recording(trace, f"{cls.__name__}.{name}", vars(cls)[name]))
    return base


class Proxy:
    """Passes everything on to `target`, and writes down the calls."""

    def __init__(self, target, trace, name, methods):
        self.__dict__.update(_target=target, _trace=trace, _name=name, _methods=methods)

    def __getattr__(self, name):
        value = getattr(self._target, name)
        if name not in self._methods:
            return value

        def call(*args, **kwargs):
            self._trace.append((f"{self._name}.{name}", *arguments(args, kwargs)))
            return value(*args, **kwargs)

        return call

    def __setattr__(self, name, value):
        setattr(self._target, name, value)

    def __enter__(self):
        self._trace.append((f"{self._name}.__enter__",))
        return self

    def __exit__(self, *args):
        self._trace.append((f"{self._name}.__exit__", describe(args[0])))
        return self._target.__exit__(*args)


SOCKET_METHODS = {
    "sendall", "send", "recv", "recv_into", "makefile", "close", "shutdown", "settimeout", "getsockname",
    "getpeername", "accept",
    "unwrap", "detach", "setblocking",
}  # fmt: skip
FILE_METHODS = {"readline", "read", "close"}


def with_proxies(base, trace, methods=SOCKET_METHODS):
    """sock, file, and every data connection are stand-ins, as test doubles and wrappers are."""

    class Client(base):
        def connect(self, *args, **kwargs):
            resp = super().connect(*args, **kwargs)
            self.sock = Proxy(self.sock, trace, "sock", methods)
            self.file = Proxy(self.file, trace, "file", FILE_METHODS)
            return resp

        def ntransfercmd(self, cmd, rest=None):
            conn, size = super().ntransfercmd(cmd, rest)
            return DataProxy(conn, trace, "conn", SOCKET_METHODS), size

        def makeport(self):
            return Proxy(super().makeport(), trace, "listening", SOCKET_METHODS)

    return Client


class DataProxy(Proxy):
    """A data connection whose text file is written down, too."""

    def makefile(self, *args, **kwargs):
        self._trace.append(("conn.makefile", *arguments(args, kwargs)))
        return Proxy(self._target.makefile(*args, **kwargs), self._trace, "conn.file", FILE_METHODS)


class AttributeLog:
    """A mixin that writes down which attributes are read and set on the object."""

    def __getattribute__(self, name):
        get = super().__getattribute__
        log = get("__dict__").get("_log")
        if log is not None and not name.startswith("__"):
            log.append(("get", name))
        return get(name)

    def __setattr__(self, name, value):
        log = self.__dict__.get("_log")
        if log is not None:
            log.append(("set", name))
        super().__setattr__(name, value)
