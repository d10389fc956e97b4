"""Run one script with the standard ftplib and with rftplib, and compare all that a user could see.

    def script(lib, env):               # env.host and env.port name the scripted server
        ftp = env.ftp()                 # lib.FTP, connected
        return ftp.pwd()

    same(script, {"PWD": b"257 oops\\r\\n"})

`same` fails where result, exception (type, args, cause, context), printed text, warnings, the bytes on the wire, the
uploaded bytes, the objects' attributes, or the closing of the data connections differ. It returns rftplib's outcome.
"""

from __future__ import annotations

import contextlib
import ftplib
import io
import re
import socket
import ssl
import warnings
from dataclasses import dataclass, field

import rftplib
from support.resources import descriptors, threads_end
from support.scripted_server import LIMIT, Server

LIBRARIES = {"ftplib": ftplib, "rftplib": rftplib}


@dataclass
class Outcome:
    result: object = None
    exception: object = None
    notes: list = field(default_factory=list)
    stdout: str = ""
    warnings: list = field(default_factory=list)
    wire: list = field(default_factory=list)
    uploads: list = field(default_factory=list)
    data_closed: list = field(default_factory=list)
    clients: list = field(default_factory=list)


class Env:
    """What a script may use: where the server is, and where to put what it sees."""

    def __init__(self, lib, server):
        self.lib, self.server = lib, server
        self.host, self.port = server.host, server.port
        self.notes, self.clients, self.others = [], [], []

    def note(self, *values):
        self.notes.append(describe(values if len(values) != 1 else values[0]))

    def keep(self, client):
        """Describe `client` in the outcome, and close it at the end."""
        self.clients.append(client)
        return client

    def close_later(self, thing):
        self.others.append(thing)
        return thing

    def unconnected(self, cls=None, debug=0, **kw):
        kw.setdefault("timeout", LIMIT)
        client = self.keep((cls or self.lib.FTP)(**kw))
        if debug:
            client.set_debuglevel(debug)
        return client

    def ftp(self, cls=None, debug=0, **kw):
        client = self.unconnected(cls, debug, **kw)
        client.connect(self.host, self.port)
        return client

    def tls(self, cls=None, debug=0, **kw):
        return self.ftp(cls or self.lib.FTP_TLS, debug, **kw)

    def attempt(self, call, *args, **kwargs):
        """Note the result or the exception of one call, and go on."""
        try:
            result = call(*args, **kwargs)
        except Exception as exc:
            self.notes.append(("raised", describe_exception(exc)))
            return None
        self.note(result)
        return result


def run(lib, script, server):
    """Run `script` once against `server` (a Server that is not started)."""
    outcome, env = Outcome(), Env(lib, server)
    stdout = io.StringIO()
    keep_alive = None  # the traceback holds the frames: what is closed now was closed on purpose
    server.start()
    try:
        with contextlib.redirect_stdout(stdout), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = script(lib, env)
                outcome.result = describe(result)
            except Exception as exc:
                keep_alive = exc
                outcome.exception = describe_exception(exc)
        server.finish()
        outcome.notes, outcome.stdout = env.notes, hide_ports(stdout.getvalue())
        outcome.warnings = [
            (w.category.__name__, str(w.message)) for w in caught if not issubclass(w.category, ResourceWarning)
        ]
        outcome.wire = [hide_ports(bytes(s.received).decode("latin-1")) for s in server.sessions]
        outcome.uploads = [bytes(data) for s in server.sessions for data in s.uploads]
        outcome.data_closed = server.client_closed()
        outcome.clients = [describe_attributes(client) for client in env.clients]
    finally:
        del keep_alive
        for client in env.clients:
            with contextlib.suppress(Exception):
                client.close()
        for thing in env.others:
            thing.close()
        server.discard()
    return outcome


def run_both(script, replies=None, **server_settings):
    """(rftplib's outcome, ftplib's outcome) of one script."""
    server = Server(replies, **server_settings)
    try:
        return run(rftplib, script, server), run(ftplib, script, server)
    finally:
        server.close()


def run_cleanly(script, server, quiet):
    """(rftplib's outcome, ftplib's) of a server that isn't started. rftplib leaves no descriptor, and no thread beyond
    the `quiet` number."""
    try:
        theirs = run(ftplib, script, server)
        before = descriptors()
        ours = run(rftplib, script, server)
        assert descriptors().items() <= before.items()  # what was garbage before may be gone
        assert threads_end(quiet), "a thread is left"
    finally:
        server.close()
    return ours, theirs


def same(script, replies=None, **server_settings):
    ours, theirs = run_both(script, replies, **server_settings)
    difference = differences(ours, theirs)
    if difference:
        raise AssertionError(difference)
    return ours


def differences(ours, theirs):
    """'' where the outcomes are equal, else the fields that differ."""
    ours, theirs = vars(ours).copy(), vars(theirs).copy()
    for outcome in (ours, theirs):
        # Empty ones tell nothing: whether the server had opened a connection when the script ended is chance.
        outcome["uploads"] = [data for data in outcome["uploads"] if data]
    different = [name for name in theirs if ours[name] != theirs[name]]
    return "\n".join(f"{name}:\n  rftplib: {ours[name]!r}\n  ftplib:  {theirs[name]!r}" for name in different)


def hide_ports(text):
    """The ports of active data connections change from run to run; that they are right, the transfers prove."""
    if "fd=" in text:
        text = re.sub(r"(<[\w.]*[sS]ocket )fd=\d+.*?>", r"\1...>", text)
    if "PORT " in text:
        text = re.sub(r"(PORT (?:\d+,){4})\d+,\d+", r"\1p,p", text)
    if "EPRT " in text:
        text = re.sub(r"(EPRT \|\d\|[^|]*\|)\d+\|", r"\1port|", text)
    return text


def describe(value):
    """Plain data that is equal where two values look the same to a user, types included."""
    if isinstance(value, str):
        return hide_ports(repr(value))
    if isinstance(value, dict):
        return [type(value).__name__, [(describe(k), describe(v)) for k, v in value.items()]]
    if isinstance(value, (tuple, list)):
        return [type(value).__name__, *(describe(v) for v in value)]
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, (bytes, bytearray)):
        return hide_ports(repr(value))
    if isinstance(value, BaseException):
        return describe_exception(value)
    if isinstance(value, socket.socket):
        state = "closed" if value.fileno() == -1 else f"open, timeout {value.gettimeout()}"
        return f"<{type(value).__module__}.{type(value).__name__} {value.family.name} {state}>"
    if isinstance(value, (ftplib.FTP, rftplib.FTP)):
        return f"<{type(value).__name__}>"
    if value is socket._GLOBAL_DEFAULT_TIMEOUT:
        return "<_GLOBAL_DEFAULT_TIMEOUT>"
    if isinstance(value, ssl.SSLContext):
        return f"<SSLContext {value.verify_mode.name} {value.check_hostname} {value.protocol.name}>"
    if isinstance(value, type):
        return f"<class {value.__name__}>"
    if callable(value) and hasattr(value, "__name__"):
        return f"<callable {value.__name__}>"
    return f"<{type(value).__name__}>"


def describe_exception(exc, depth=0):
    """Type, args, errno, and the same of what it was raised from and in."""
    if exc is None:
        return None
    if depth > 5:
        return "..."
    described = {
        "type": f"{type(exc).__module__}.{type(exc).__name__}",
        "args": describe(exc.args),
        "cause": describe_exception(exc.__cause__, depth + 1),
        "context": describe_exception(exc.__context__, depth + 1),
        "suppressed": exc.__suppress_context__,
    }
    if isinstance(exc, OSError):
        described["errno"] = exc.errno
        described["strerror"] = exc.strerror
    if isinstance(exc, UnicodeError) and hasattr(exc, "reason"):
        described["unicode"] = (exc.encoding, repr(exc.object), exc.start, exc.end, exc.reason)
    return described


def describe_attributes(client):
    """The instance's attributes in their order. Of the reader at `file` only whether it is there."""
    try:
        attributes = vars(client)
    except TypeError:
        return None
    return [
        (name, "<reader>" if name == "file" and hasattr(value, "readline") else describe(value))
        for name, value in attributes.items()
    ]
