"""Whether a transfer has brought what it should: sizes and hashes, here and on the server.

Hashes by HASH (draft-bryan-ftpext-hash), XSHA256 and its siblings, XCRC and XMD5.
"""

import contextlib
import hashlib
import re
import zlib
from typing import NamedTuple, Optional

from .._exact import ask
from .._features import features
from ._values import TransferError

# By preference: the name here, that of HASH, the commands
_KNOWN = (
    ("sha256", "SHA-256", ("XSHA256",)),
    ("sha512", "SHA-512", ("XSHA512",)),
    ("sha1", "SHA-1", ("XSHA1", "XSHA")),
    ("md5", "MD5", ("XMD5",)),
    ("crc32", "CRC32", ("XCRC",)),
)

# How fast a server reads what it makes a hash of, at the least, in bytes per second
_SLOWEST = 20_000_000

_BLOCK = 1 << 20


class Verify(NamedTuple):
    """How a transfer is verified. how: "none", "size", "auto", "hash" or "known"; digest: of the last one."""

    how: str
    digest: Optional[str] = None  # noqa: UP045  (Python 3.9 evaluates it)

    @classmethod
    def of(cls, text):
        """The one that a user has named."""
        if text in ("none", "size", "auto", "hash"):
            return cls(text)
        if isinstance(text, str) and re.fullmatch("sha256:[0-9A-Fa-f]{64}", text):
            return cls("known", text[7:].lower())
        raise ValueError(f"verify is 'none', 'size', 'auto', 'hash' or 'sha256:' with 64 digits, not {text!r}")

    def offer(self, ftp):
        """By what the server can tell a hash, where one is wanted. Raises TransferError where there has to be one."""
        if self.how not in ("auto", "hash"):
            return None
        found = offered(ftp)
        if found is None and self.how == "hash":
            raise TransferError("the server offers no hash (FEAT): use verify='auto', or 'size'")
        return found

    def check(self, ftp, path, file, size, offer):
        """Compare the open `file` with what is known of it. Returns (digest, verified).

        `offer` is what offer() gave. Raises TransferError if they differ.
        """
        wanted, algorithm = self.digest, "sha256"
        if offer is not None:
            algorithm = offer[0]
            wanted = remote_hash(ftp, path, offer, size)
            if wanted is None and self.how == "hash":
                raise TransferError(f"the server refuses to tell the hash of {path!r} ({offer[1]})")
        if wanted is None:
            return None, "none" if self.how == "none" or size is None else "size"
        made = local_hash(file, algorithm, size)
        if made != wanted:
            raise TransferError(f"the {algorithm} of what is here is {made}, and should be {wanted}")
        return f"{algorithm}:{made}", algorithm


def offered(ftp):
    """The (algorithm, command) that a server's FEAT offers, the best one; None if it offers none."""
    has = features(ftp)
    for algorithm, name, commands in _KNOWN:
        if name in has.hash:
            return algorithm, "HASH"
        for command in commands:
            if command in has:
                return algorithm, command
    return None


def remote_hash(ftp, path, offer, size):
    """The hash of a file on the server in hexadecimal digits; None if the server refuses to tell it."""
    algorithm, command = offer
    commands = [f"{command} {path}"]
    if command == "HASH":
        (name,) = [name for known, name, _ in _KNOWN if known == algorithm]
        if features(ftp).hash[0] != name:
            commands.insert(0, "OPTS HASH " + name)
    with _patience(ftp, size):
        reply = ask(ftp, commands)[-1]
    return _found(algorithm, reply.text) if reply.code in (213, 250) else None


def new(algorithm):
    """An object with update() and hexdigest()."""
    return _Crc32() if algorithm == "crc32" else hashlib.new(algorithm)


def local_hash(file, algorithm, size=None):
    """The hash of an open file in hexadecimal digits, from its beginning on: of `size` bytes, by default all."""
    made, left = new(algorithm), size
    file.seek(0)
    while left is None or left:
        block = file.read(_BLOCK if left is None else min(_BLOCK, left))
        if not block:
            break
        made.update(block)
        left = None if left is None else left - len(block)
    return made.hexdigest()


def _found(algorithm, text):
    """The hash in a reply such as '213 SHA-256 0-49 6c48... name' or '250 6C48...'."""
    length = len(new(algorithm).hexdigest())
    words = text[4:].split()
    exact = [word for word in words if len(word) == length and re.fullmatch("[0-9A-Fa-f]+", word)]
    if algorithm == "crc32" and not exact:  # some leave leading zeros out
        exact = [word for word in words if re.fullmatch("[0-9A-Fa-f]{1,8}", word)]
    return exact[0].lower().rjust(length, "0") if exact else None


@contextlib.contextmanager
def _patience(ftp, size):
    """A context in which the reply may take as long as a server may need to read the file."""
    timeout = ftp.sock.gettimeout()
    if timeout:
        ftp.sock.settimeout(max(timeout, (size or 0) / _SLOWEST))
    try:
        yield
    finally:
        if ftp.sock is not None:
            ftp.sock.settimeout(timeout)


class _Crc32:
    def __init__(self):
        self._value = 0

    def update(self, data):
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self):
        return f"{self._value:08x}"
