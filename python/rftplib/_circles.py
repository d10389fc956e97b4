"""Directories that lie in themselves, by a mount or by a link that the server lists as a directory.

Where the server tells no `unique`, a circle looks like a tree that a program has made, with the same names and times at
each level. So a directory that has the same in it as one above it is only suspected. In a circle the way from that one
to this can be gone again and again; a tree ends.
"""

from typing import NamedTuple

from ._errors import ListingError

CIRCLE = "it leads in a circle"

# How often the way is gone. Systems end a circle of links by themselves, after 32 to 63 of them: so it goes on for as
# long as the first of these numbers, and not for as long as the second. A circle without links has no end, and whatever
# goes on as long as the third is deeper than anybody lists.
_FEW, _MANY, _ENDLESS = 30, 70, 101


class Above(NamedTuple):
    """What the directories are that one lies in: an immutable value.

    uniques: as the server tells them (RFC 3659, section 7.5.2). listings: where it doesn't, (path, a number for what is
    in it). ends: (number, way) where a suspected way was found to end. depth: how many directories they are.
    """

    uniques: frozenset = frozenset()
    listings: tuple = ()
    ends: frozenset = frozenset()
    depth: int = 0

    def has(self, unique):
        """Whether one of them is the same as one of that `unique`, so that this leads in a circle."""
        return unique is not None and unique in self.uniques

    def with_unique(self, unique):
        """As this, for what is in the directory of that `unique`."""
        return self if unique is None else self._replace(uniques=self.uniques | {unique})

    def with_listing(self, path, listing, again):
        """As this, for what is in the directory `path`. Raises ListingError if that is in a circle.

        listing: what facts_of() returns for it. again: a function that returns the same of another directory, and
        nothing of what can't be listed.
        """
        number, ends = _number(listing), self.ends
        if number is None:
            return self._replace(depth=self.depth + 1)
        alike = next((other for other, same in reversed(self.listings) if same == number), None)
        way = None if alike is None else "/" + path[len(alike) :].strip("/")

        def goes_on(times):
            return _number(again(path.rstrip("/") + way * times)) == number

        if way is not None and (number, way) not in ends:
            if goes_on(_FEW) and (not goes_on(_MANY) or goes_on(_ENDLESS)):
                raise ListingError(CIRCLE)
            ends |= {(number, way)}
        return Above(self.uniques, (*self.listings, (path, number)), ends, self.depth + 1)


def facts_of(entries):
    """(name, type, modified, unique) of each Entry."""
    return [(entry.name, entry.type, entry.modified, entry.unique) for entry in entries]


def _number(listing):
    """The same number for the same directory. Files may grow meanwhile: only their names count.

    None where it matters to nobody: if there is no directory in it whose `unique` isn't told, or nothing else. A way
    through directories that have one thing in them ends where it is too deep.
    """
    listing = list(listing)
    found = [(name, kind, modified) for name, kind, modified, unique in listing if kind in _KINDS and unique is None]
    if not found or len(listing) < 2:
        return None
    return hash(frozenset([*found, *(name for name, kind, _, _ in listing if kind not in _KINDS)]))


# As listings and fsspec call a directory
_KINDS = ("dir", "directory")
