"""What is on a server: files and directories as values, whatever its listings look like.

>>> from rftplib.listing import scandir
>>> for entry in scandir(ftp, "photos"):
...     print(entry.path, entry.type, entry.size, entry.modified)
"""

import copyreg

from ._errors import ListingError
from ._rftplib import Entry
from ._scan import parse, scandir
from ._stat import stat, stat_many
from ._walk import walk

__all__ = ["Entry", "ListingError", "parse", "scandir", "stat", "stat_many", "walk"]


def _parts(entry):
    """What an entry is made of, for copies and pickles."""
    told = (entry.path, entry.type, entry.size, entry.modified, entry.resolution, entry.mode)
    return Entry, (*told, entry.owner, entry.group, entry.target, entry.unique, entry.facts)


copyreg.pickle(Entry, _parts)

for _public in (ListingError, parse, scandir, stat, stat_many, walk):
    _public.__module__ = __name__
del _public
