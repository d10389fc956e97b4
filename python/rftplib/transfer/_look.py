"""What tells whether a file on a server is still the same: its size, its time and its unique fact."""

import time
from typing import NamedTuple, Optional

import rftplib

from .. import _rftplib
from .._exact import ask, mdtm
from .._features import features
from .._stat import _UNKNOWN, _of_file, _of_mlst

# What a server reads in one go, in bytes; and up to what age a file is as recent as its time can tell, in seconds
_AT_ONCE, _FRESH = 64 * 1024, 2.0


class Look(NamedTuple):
    """size: in bytes. micros: the modification time, in microseconds since 1970. unique: of MLST. None: unknown.

    directory: the current one. is_file: False for what is surely none. entry: as in a listing, or None.
    """

    size: Optional[int] = None  # noqa: UP045  (Python 3.9 evaluates it)
    micros: Optional[int] = None  # noqa: UP045
    unique: Optional[str] = None  # noqa: UP045
    directory: Optional[str] = None  # noqa: UP045
    is_file: bool = True
    modified: object = None

    @property
    def is_known(self):
        """Whether it tells enough to continue a part of the file."""
        return self.size is not None and self.micros is not None

    def same(self, other):
        """Whether that is the same file, as far as it can be told."""
        return (self.size, self.micros, self.unique) == (other.size, other.micros, other.unique)


def look(ftp, path):
    """Look at a file, in one batch: by MLST, else by SIZE and MDTM (RFC 3659). A refusal tells nothing."""
    where = ["PWD"] if not path.startswith("/") else []
    if "MLST" in features(ftp):
        reply, *replies = ask(ftp, ["MLST " + path, *where])
        entry = _of_mlst(path, reply)
        # what it says of a link may be said of the link
        if reply.code not in _UNKNOWN and getattr(entry, "type", "") != "link":
            return _look(entry, replies)
    size, time, *replies = ask_in_binary(ftp, ["SIZE " + path, mdtm(path), *where])
    return _look(_of_file(path, size, time), replies)


def settled(ftp, path, known, verify):
    """Look at a file that is to be fetched; known: what is known of it, or None.

    Times are told in seconds: one that is written just now could change once more without being seen. It is looked at
    when that second is over, by the clock here: whatever changes afterwards has another time.
    """
    found = known or look(ftp, path)
    if verify.how == "none" or not found.is_known or found.size <= _AT_ONCE or found.micros % 1_000_000:
        return found
    age = time.time() - found.micros / 1_000_000
    if not -1 < age < _FRESH:
        return found
    time.sleep(_FRESH - age)
    return look(ftp, path)


def ask_in_binary(ftp, commands):
    """The replies to commands in TYPE I: of other sizes servers don't tell."""
    binary = "TYPE I"
    if getattr(ftp, "skip_redundant_type", False) and getattr(ftp, "_type_in_force", None) == binary:
        return ask(ftp, commands)
    reply, *replies = ask(ftp, [binary, *commands])
    if reply.ok and hasattr(ftp, "_type_in_force"):
        ftp._type_in_force = binary
    return replies


def look_of(entry, directory=None):
    """The same of an entry of a listing."""
    micros, _ = entry._micros()
    return Look(entry.size, micros, entry.unique, directory, entry.type != "dir", entry.modified)


def _look(entry, replies):
    """The same of an entry, or of what else there is; replies: that to PWD, if it was asked for."""
    directory = [rftplib.parse257(reply.text) for reply in replies if reply.code == 257]
    directory = directory[0] if directory else None
    return look_of(entry, directory) if isinstance(entry, _rftplib.Entry) else Look(directory=directory)
