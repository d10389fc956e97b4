"""Whether a transfer has brought what it should: what get() and put() have in common."""

import re
from typing import NamedTuple, Optional

from . import _hash
from ._transferred import TransferError


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
        found = _hash.offered(ftp)
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
            wanted = _hash.remote_hash(ftp, path, offer, size)
            if wanted is None and self.how == "hash":
                raise TransferError(f"the server refuses to tell the hash of {path!r} ({offer[1]})")
        if wanted is None:
            return None, "none" if self.how == "none" or size is None else "size"
        made = _hash.local_hash(file, algorithm, size)
        if made != wanted:
            raise TransferError(f"the {algorithm} of what is here is {made}, and should be {wanted}")
        return f"{algorithm}:{made}", algorithm


def check_keep(keep):
    """The names of what is to be kept, as a set."""
    kept = {keep} if isinstance(keep, str) else set(keep)
    if kept - {"mtime"}:
        raise ValueError(f"keep knows 'mtime', not {', '.join(map(repr, sorted(kept - {'mtime'})))}")
    return kept


def check_remote(remote):
    """Raise unless that may be the name of a file on a server."""
    if not isinstance(remote, str):
        raise TypeError(f"the remote path is a str, not {type(remote).__name__}")
    if not remote or remote.endswith("/"):
        raise ValueError(f"the remote path names a file: {remote!r} doesn't")
    if "\r" in remote or "\n" in remote:
        raise ValueError("an illegal newline character should not be contained")
