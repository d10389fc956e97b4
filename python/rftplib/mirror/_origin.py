"""A file of a server that is fetched: whether what has come is one version of it, and all of it."""

from .._stat import stat_many
from ..transfer import TransferError
from ._listers import argument
from ._tree import SECOND

# So often a file is fetched that changes each time
_ROUNDS = 3


class Origin:
    """The source of an action. size, modified: what it was like before it was fetched, and in the end what it is."""

    def __init__(self, action):
        self.action, self.path = action, argument(action.origin or action.path)
        self.size, self.modified, self._rounds = action.size, action.modified, 0

    def trouble(self, told, came):
        """Why the `came` bytes can't be believed, as an exception; None if they can.

        told: what stat_many() says of it afterwards. A server that can't tell is believed if the size is right.
        """
        size, modified, resolution = self.size, None, None
        if not isinstance(told, Exception) and told.type != "dir":
            size = self.size if told.size is None else told.size
            modified, resolution = told._micros()
        before, known, self.size = self.modified, self.size, size
        if None in (before, modified) or abs(modified - before) >= max(resolution or 0, SECOND):
            self.modified = before if modified is None else modified
        if size not in (None, came):
            return EOFError(f"{came} bytes came of {size}")
        if (before is not None and self.modified != before) or (known is not None and size != known):
            return TransferError("it has changed while it was read")
        return None

    def may_go_again(self):
        """Whether it is fetched once more."""
        self._rounds += 1
        return self._rounds < _ROUNDS


def ask(ftp, origins):
    """What the server says of each, by a batch."""
    return stat_many(ftp, [origin.path for origin in origins]) if origins else []
