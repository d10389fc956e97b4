"""Attempts, until a transfer is whole, and which failures are worth another one."""

import contextlib
import errno
import io
import re
import socket
import ssl
import time

from .. import _hints, _logs
from .._errors import Error, also, error_perm, error_proto, error_reply, error_temp
from .._pool import says_too_many
from .._recover import recover
from .._site import Site
from ._values import BeginAnew, NotWhole, Retry, TransferError

# What the local file system says, or a system that forbids it: the next attempt would end like this one
_LOCAL = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES EDQUOT EEXIST EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOSPC ENOTDIR ENXIO"
        " EPERM EROFS ESPIPE"
    ).split()
    if hasattr(errno, name)
)

# How 451 says that the server couldn't write, as vsftpd and Pure-FTPd do where the disk is full
_NOT_WRITTEN = re.compile(r"\bwrit(e|ing)\b.*\b(file|disk)|no space|disk.*full|quota|storage", re.IGNORECASE)

FULL = "the server's disk or your quota is full: make room on the server"


class Side:
    """The server's side: a Site or its URL, whose connections are replaced, or a client, which is its owner's."""

    def __init__(self, where):
        self._where = Site(where) if isinstance(where, str) else where
        self.replaces = isinstance(self._where, Site)
        self.name = f"{getattr(self._where, 'host', '')}:{getattr(self._where, 'port', '')}"

    def borrow(self):
        """A context that gives a client."""
        return self._where.borrow() if self.replaces else contextlib.nullcontext(self._where)

    def get_in_step(self):
        """After a failure: whether there can be another attempt at once."""
        return self.replaces or recover(self._where)


def run(where, job, retry, course):
    """What `job.attempt(ftp)` returns in the end. job.describe(name) tells, for an error, what was to be done there.

    A failed connection is never used again. A client of the caller's gets one attempt, but where what is there has
    turned out to be of no use and the client is in step.
    """
    check_retry(retry)
    side, garbled, connected = Side(where), False, False
    while True:
        job.attempts += 1
        try:
            with side.borrow() as ftp:
                connected = True
                return job.attempt(ftp)
        except Exception as error:
            if not isinstance(error, (Error, OSError, EOFError)):
                raise
            most = retry.attempts if connected else min(retry.attempts, _most_before_any(error))
            again = course.failed(error) < most
            if isinstance(error, BeginAnew):
                again = again and side.get_in_step()
            else:
                passes = isinstance(error, NotWhole) or may_pass(error, connected)
                again = again and side.replaces and passes and not course.stuck
            if isinstance(error, error_proto):
                again, garbled = again and not garbled, True
            if not again:
                raise told(error, job.describe(side.name), _advice(error, connected, job, course)) from error.__cause__
            pause = retry.pause(course.failures)
            _logs.event("control", _logs.INFO, "%s: %s; once more in %.1f s", job.describe(side.name), error, pause)
        time.sleep(pause)


def _most_before_any(error):
    """How many attempts are enough where there has been no connection yet, and this may be another service's port."""
    return 3 if isinstance(error, (ConnectionRefusedError, socket.timeout)) else float("inf")


def _advice(error, connected, job, course):
    """What a user may look at; None for nothing. connected: whether there has been a connection."""
    if is_full(error):
        return FULL
    if not connected:
        return _hints.of_connecting(error)
    if isinstance(error, error_perm) and error.args[0][:3] == "550":
        return job.advice
    if isinstance(error, (FileNotFoundError, PermissionError)) and error.filename is not None:
        return job.advice_here
    return course.stuck


def told(error, place, hint=None):
    """The error with that behind its text: see also()."""
    new = TransferError(str(error)) if isinstance(error, (BeginAnew, NotWhole)) else error
    return also(new, place, hint).with_traceback(error.__traceback__)


def check_retry(retry):
    """Raise unless `retry` makes sense."""
    if not isinstance(retry, Retry):
        raise TypeError(f"retry is a Retry, not {type(retry).__name__}")
    if retry.attempts < 1 or retry.base < 0 or retry.cap < 0:
        raise ValueError("retry: attempts must be at least 1, base and cap at least 0")


def may_pass(error, connected):
    """Whether another attempt, on a new connection, may end otherwise. connected: whether one has been had before."""
    if isinstance(error, error_temp):
        return not is_full(error) and _hints.told_by_site(error) is None
    if isinstance(error, error_perm):
        return says_too_many(error)
    if isinstance(error, error_reply):
        return error.args[0][:1] == "1"  # some of Pure-FTPd's final replies, after a cut, are the rest of a 1xx
    if isinstance(error, (error_proto, EOFError)):
        return True
    if isinstance(error, ssl.SSLError):  # whose errno is no errno
        cut_off = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError))
        return (connected or cut_off) and not isinstance(error, ssl.SSLCertVerificationError)
    if isinstance(error, socket.gaierror):
        return connected or error.errno == getattr(socket, "EAI_AGAIN", None)
    if isinstance(error, io.UnsupportedOperation):  # a file object's, which is an OSError without a number
        return False
    # what names a file is no connection's
    return isinstance(error, OSError) and error.errno not in _LOCAL and error.filename is None


def is_full(error):
    """Whether the server says that it has no room (RFC 959, section 4.2: 452 and 552, and many say 451)."""
    if not isinstance(error, (error_temp, error_perm)) or not error.args:
        return False
    code, text = error.args[0][:3], error.args[0][3:]
    return code in ("452", "552") or (code == "451" and bool(_NOT_WRITTEN.search(text)))


def is_refused(refusal):
    """Whether a command was refused for good; 4xx replies but 451 are about what happens to be."""
    return isinstance(refusal, error_perm) or refusal.args[0][:3] == "451"
