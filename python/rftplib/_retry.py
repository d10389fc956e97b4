"""Which failures are worth another attempt, and when: `rftplib.transfer.Retry`."""

import errno
import random
import socket
import ssl
from typing import NamedTuple

from ._errors import error_perm, error_proto, error_reply, error_temp
from ._pool import says_too_many

# What the local file system says, or a system that forbids it: the next attempt would end like this one
_LOCAL = frozenset(
    getattr(errno, name)
    for name in (
        "EACCES EDQUOT EEXIST EFBIG EIO EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE ENOENT ENOMEM ENOSPC ENOTDIR ENXIO"
        " EPERM EROFS ESPIPE"
    ).split()
    if hasattr(errno, name)
)


class Retry(NamedTuple):
    """How often a transfer is tried again, and after which pauses.

    attempts: how many attempts in a row may fail without progress; each new byte sets the count back. base, cap: the
    pause before the n-th of these is a random time between 0 and min(cap, base * 2**(n-1)) seconds ("full jitter"), so
    that many clients don't come back at the same moment.
    """

    attempts: int = 10
    base: float = 1.0
    cap: float = 60.0

    def pause(self, failures):
        """Return a random pause in seconds, for after so many failures in a row."""
        return random.uniform(0, min(self.cap, self.base * 2 ** min(max(failures, 1) - 1, 60)))


def check_retry(retry):
    """Raise unless `retry` makes sense."""
    if not isinstance(retry, Retry):
        raise TypeError(f"retry is a Retry, not {type(retry).__name__}")
    if retry.attempts < 1 or retry.base < 0 or retry.cap < 0:
        raise ValueError("retry: attempts must be at least 1, base and cap at least 0")


def may_pass(error, connected):
    """Whether another attempt, on a new connection, may end otherwise. connected: whether one has been had before."""
    if isinstance(error, error_temp):
        return error.args[0][:3] != "452"  # no space on the server
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
    return isinstance(error, OSError) and error.errno not in _LOCAL


def is_refused(refusal):
    """Whether a command was refused for good; 4xx replies but 451 are about what happens to be."""
    return isinstance(refusal, error_perm) or refusal.args[0][:3] == "451"
