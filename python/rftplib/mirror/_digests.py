"""Hashes: a server's, where it has a command for them, and ours."""

import hashlib
import io
import zlib

from .._batch import batch
from .._errors import error_temp
from .._features import features
from ._remote import WINDOW, Remote, argument
from ._values import Action

# Commands of servers that are no HASH (draft-bryan-ftp-hash), with what they make, the best first
_OTHERS = (("XSHA512", "sha512"), ("XSHA256", "sha256"), ("XSHA1", "sha1"), ("XMD5", "md5"), ("XCRC", "crc32"))
_KNOWN = {"SHA-512": "sha512", "SHA-256": "sha256", "SHA-1": "sha1", "MD5": "md5", "CRC32": "crc32"}

_BLOCK = 1 << 20


class _Crc:
    def __init__(self):
        self._value = 0

    def update(self, data):
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self):
        return f"{self._value:08x}"


def digest(file, algorithm):
    """The hash of a whole file, in hexadecimal digits."""
    state = _Crc() if algorithm == "crc32" else hashlib.new(algorithm)
    file.seek(0)
    while True:
        block = file.read(_BLOCK)
        if not block:
            return state.hexdigest()
        state.update(block)


def sha256(file):
    return digest(file, "sha256")


def method(ftp):
    """(command, algorithm) by which the server tells hashes; None if it doesn't."""
    found = features(ftp)
    selected = found.hash[:1]
    if selected and selected[0] in _KNOWN:
        return "HASH", _KNOWN[selected[0]]
    for command, algorithm in _OTHERS:
        if command in found:
            return command, algorithm
    return None


def needed(ftp, verify):
    """As method(), where `verify` wants it; raises Error where it must be had and can't be."""
    if verify not in ("auto", "hash"):
        return None
    found = method(ftp)
    if found is None and verify == "hash":
        raise NoHash("the server has no command for hashes (HASH, XSHA256...): verify by 'auto' or 'size'")
    return found


class NoHash(ValueError):
    """The server can't tell hashes."""


def ask(ftp, command, paths):
    """The server's hashes of these paths, in lower case; None where it doesn't tell."""
    replies = batch(ftp, [f"{command} {argument(path)}" for path in paths], WINDOW)
    return [_hex(reply.text, command) if reply.code < 300 else None for reply in replies]


def _hex(text, command):
    """The hexadecimal digits in '213 SHA-256 0-99 HEX NAME' or '250 HEX'."""
    words = text.split()
    place = 3 if command == "HASH" else 1
    word = words[place].lower() if len(words) > place else ""
    return word if word and all(character in "0123456789abcdef" for character in word) else None


def check(ftp, path, file, verify):
    """Raise Error unless the file has the hash that the server tells of `path`."""
    found = needed(ftp, verify)
    if found is not None:
        (told,) = ask(ftp, found[0], [path])
        _same(told, digest(file, found[1]), verify)


def _same(told, ours, verify):
    if told is None and verify == "hash":
        raise NoHash("the server doesn't tell its hash: verify by 'auto' or 'size'")
    if told is not None and told.lstrip("0") != ours.lstrip("0"):
        raise error_temp(f"450 its contents are others than the server's hash says ({told}, not {ours})")


class Hashes:
    """Of a file that is about to be sent: for the manifest, and in the form that the server tells."""

    def __init__(self, ftp, file, job):
        found = needed(ftp, job.verify)
        self.command = found and found[0]
        self.theirs = found and digest(file, found[1])
        self.sha256 = sha256(file) if job.digests else None

    def verify(self, ftp, path, verify):
        """Raise Error unless the server says the same of `path`."""
        if self.command:
            _same(ask(ftp, self.command, [path])[0], self.theirs, verify)


def different(source, target, pairs):
    """The actions for files of equal size: 'copy' where the contents differ, 'touch' where only the time does."""
    paths = [(path, node.origin or path) for path, node, _ in pairs]
    algorithm = _common(source, target)
    here = _all(source, [origin for _, origin in paths], algorithm)
    there = _all(target, [path for path, _ in paths], algorithm)
    actions = []
    for (path, node, old), ours, theirs in zip(pairs, here, there):
        exact = max(node.resolution, old.resolution)
        if ours is None or ours.lstrip("0") != (theirs or "").lstrip("0"):
            actions.append(Action("copy", path, node.size, "contents differ", node.modified, node.origin))
        elif target.keeps_times and None not in (node.modified, old.modified):
            if abs(node.modified - old.modified) >= exact:
                actions.append(Action("touch", path, None, "time differs", node.modified))
    return actions


def _common(source, target):
    """The algorithm by which both sides are compared."""
    found = set()
    for side in (source, target):
        if isinstance(side, Remote):
            with side.site.borrow() as ftp:
                known = method(ftp)
            if known is None:
                raise NoHash(f"{side} has no command for hashes (HASH, XSHA256...): compare by 'auto' or 'size'")
            found.add(known[1])
    if len(found) > 1:
        raise NoHash(f"the servers' hashes can't be compared: {' and '.join(sorted(found))}")
    return found.pop()


def _all(side, paths, algorithm):
    if isinstance(side, Remote):
        with side.site.borrow() as ftp:
            return ask(ftp, method(ftp)[0], paths)
    if hasattr(side, "folders"):
        with side.folders() as folders:
            return [_of_local(folders, path, algorithm) for path in paths]
    return [digest(io.BytesIO(side.read(path)), algorithm) for path in paths]


def _of_local(folders, path, algorithm):
    file, _ = folders.read(path)
    with file:
        return digest(file, algorithm)
