"""A directory and all below it: `rftplib.listing.walk`.

A server without MLSD lists over a data connection, which takes five round trips and more for each directory. Many list
the same by STAT (RFC 959, section 4.1.3) over the control connection, several directories in one batch. That is
believed of a server once both have listed a directory alike, and of a directory if it is in its listing itself. Where
something else comes of STAT, LIST is asked.
"""

import collections
import itertools

from ._circles import Above, facts_of
from ._errors import Error, ListingError, also
from ._exact import ask, exact
from ._scan import collector, entries_of, is_plain, most, read, server_of

# How many directories that lie in one are listed together, at most: fewer where one of them was so large that they
# would have more than so many characters
_TOGETHER, _TEXT = 32, 1 << 22

# How often STAT may list something else than LIST: a directory may change in between
_TRIES = 3

# What says that a directory can't be listed
_FAILURES = (Error, OSError, EOFError)


def walk(ftp_or_site, path="", *, max_depth=100, max_entries=10_000_000, exact_times=True, onerror=None):
    """List a directory and all below it; returns an iterator over the entries, each directory before what is in it.

    ftp_or_site: a client, as for scandir(), or a Site (rftplib.session): then each directory is listed by a connection
    of its pool, and once more by another one if that fails. path, exact_times: as for scandir(). max_depth: how
    many directories deep, the first one included. max_entries: how many entries in all. onerror: called with the error
    of a directory that can't be listed, which is then passed over, as by os.walk; None: the error is raised.

    Links are listed, not followed. A directory that has the same `unique` as one that it lies in isn't entered again.
    Where the server tells none, and lists a link as a directory, a circle is an error, and so is a tree of more than 30
    directories in one another that have the same names and times in them.
    Between two entries the client can be used for something else, but for another current directory. On a server
    without MLSD the directories that lie in one may be listed together, by STAT, when the first of them is entered.

    Raises ListingError for what is deeper or more, and what scandir() raises: entries that were returned before are
    right, but they aren't all. The error of a directory below `path` names it in its text.
    """
    lister = _Lister(ftp_or_site, exact_times)
    opened, count = [], 0
    try:
        opened.append(lister.open(path, (), max_entries, Above()))
    except _FAILURES as failure:
        if onerror is None:
            raise
        onerror(failure)
    while opened:
        entry = opened[-1].next()
        if entry is None:
            opened.pop()
            continue
        count += 1
        if count > max_entries:
            raise ListingError("more entries than allowed")
        yield entry
        if entry.type != "dir" or opened[-1].above.has(entry.unique):
            continue
        if len(opened) >= max_depth:
            raise ListingError(f"deeper than max_depth: {ascii(entry.path)}")
        try:
            above = opened[-1].above.with_unique(entry.unique)
            opened.append(lister.open(entry.path, opened[-1], max_entries - count, above))
        except _FAILURES as failure:
            named = also(failure, f"listing {entry.path!a}").with_traceback(failure.__traceback__)
            if onerror is None:
                raise named from failure.__cause__
            onerror(named)


class _Directory:
    """What is left of the entries of a directory. Iterating over it gives the paths of the directories among them."""

    def __init__(self, entries, above):
        self.above = above  # for the directories among them
        self._entries, self._rest = iter(entries), None

    def next(self):
        """The next entry; None at the end."""
        if self._rest is None:
            return next(self._entries, None)
        return self._rest.popleft() if self._rest else None

    def __iter__(self):
        if self._rest is None:
            self._rest = collections.deque(self._entries)
        return (entry.path for entry in self._rest if entry.type == "dir")


class _Lister:
    """Lists directories by a client, or by those of a pool."""

    def __init__(self, ftp_or_site, exact_times):
        self._source, self._exact = ftp_or_site, exact_times
        self._ahead = {}  # entries of directories that are still to be entered, by path

    def open(self, path, others, max_entries, above):
        """A _Directory. above: what it lies in."""

        def again(path):
            try:
                return facts_of(self.list(path, (), max_entries))
            except Error:
                return []

        entries = list(self.list(path, others, max_entries))
        return _Directory(entries, above.with_listing(path, facts_of(entries), again))

    def list(self, path, others, max_entries):
        """The entries of a directory; others: paths of those that may be listed along with it."""
        found = self._ahead.pop(path, None)
        if found is not None:
            return found
        if not hasattr(type(self._source), "borrow"):
            return self._list(self._source, path, others, max_entries)
        try:
            with self._source.borrow() as ftp:
                return self._list(ftp, path, others, max_entries)
        except (OSError, EOFError):
            with self._source.borrow() as ftp:
                return self._list(ftp, path, others, max_entries)

    def _list(self, ftp, path, others, max_entries):
        server = server_of(ftp)
        if server.stat and is_plain(path):
            together = max(1, min(_TOGETHER, _TEXT // max(server.largest, 1)))
            plain = itertools.islice(filter(is_plain, others), together - 1)
            self._ahead.update(self._by_stat(ftp, server, [path, *plain], max_entries))
            if path in self._ahead:
                return self._ahead.pop(path)
        entries = entries_of(ftp, server, path, self._exact, max_entries)
        if server.mlsd is False and server.shows_all and server.stat is None and is_plain(path):
            entries = list(entries)
            _compare(ftp, server, path, entries, max_entries)
        return exact(ftp, list(entries)) if self._exact else entries

    def _by_stat(self, ftp, server, paths, max_entries):
        """The entries of those directories of which STAT tells enough, by path."""
        found = _stat(ftp, server, paths, max_entries)
        if self._exact:
            timed = iter(exact(ftp, list(itertools.chain(*found.values()))))
            found = {path: list(itertools.islice(timed, len(entries))) for path, entries in found.items()}
        return found


def _compare(ftp, server, path, entries, max_entries):
    """Find out whether STAT lists the same as LIST, whose entries are given."""
    if not entries or not hasattr(ftp, "max_reply"):  # ftplib's clients have no batches, and no limit for replies
        return
    if _stat(ftp, server, [path], max_entries).get(path) == entries:
        server.stat = True
        return
    server.unlike += 1
    if server.unlike == _TRIES:
        server.stat = False


def _stat(ftp, server, paths, max_entries):
    """What STAT lists of directories, by path: of those that it shows to be there, and of which it is understood."""
    limit = ftp.max_reply
    ftp.max_reply = most(max_entries)
    try:
        replies = ask(ftp, [f"STAT -a {path or '.'}" for path in paths])
    finally:
        ftp.max_reply = limit
    found = {}
    for path, reply in zip(paths, replies):
        server.largest = max(server.largest, len(reply.text))
        lines = collector(max_entries)
        try:
            for line in reply.lines[1:-1]:
                lines.append(line[1:] if line[:1] == " " else line)
            entries = read(lines, path, "list", max_entries, server.offset or 0)
        except Error:
            continue  # LIST tells what is wrong
        if reply.code in (211, 212, 213) and entries.itself and "truncated" not in reply.lines[-1].lower():
            found[path] = list(entries)
    return found
