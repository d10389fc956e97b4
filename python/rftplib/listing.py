"""What is on a server: files and directories as values, whatever its listings look like.

>>> from rftplib.listing import scandir
>>> for entry in scandir(ftp, "photos"):
...     print(entry.path, entry.type, entry.size, entry.modified)
"""

import copyreg

from ._errors import Error
from ._rftplib import Entry


class ListingError(Error):
    """A listing that can't be believed, so that none of its entries is handed out.

    line: the line that isn't understood, as `str`; None where it is something else.
    """

    def __init__(self, text, line=None):
        super().__init__(text, line)
        self.line = line

    def __str__(self):
        if self.line is None:
            return self.args[0]
        shown = ascii(self.line)
        return f"{self.args[0]}: {shown if len(shown) <= 300 else shown[:300] + '...'}"


from ._scan import parse, scandir  # noqa: E402  (they raise what is above)
from ._stat import stat, stat_many  # noqa: E402
from ._walk import walk  # noqa: E402

__all__ = ["Entry", "ListingError", "parse", "scandir", "stat", "stat_many", "walk"]


def _parts(entry):
    """What an entry is made of, for copies and pickles."""
    told = (entry.path, entry.type, entry.size, entry.modified, entry.resolution, entry.mode)
    return Entry, (*told, entry.owner, entry.group, entry.target, entry.unique, entry.facts)


copyreg.pickle(Entry, _parts)

for _function in (parse, scandir, stat, stat_many, walk):
    _function.__module__ = __name__
del _function
