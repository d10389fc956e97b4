"""A server's tree, listed by several connections side by side."""

import contextlib
import queue
import threading
import time
from typing import NamedTuple

from .. import _scan, _walk
from .._circles import CIRCLE, Above, facts_of
from .._errors import Error, ListingError, error_temp
from .._pool import pool_of, says_too_many
from .._stat import stat_many
from . import _advice, _names, _tree
from ._ahead import Listings, along
from ._threads import hang_up, wait_for
from ._tree import Node, join

# Refusals that say nothing of the directory but much of the connection, or of the moment
_PASSING = ("421", "425", "426", "430", "434")

# For how many seconds a connection is held while no directory waits, and threads that have been told to end are waited
# for: they leave nothing behind
_HOLD, _PATIENCE = 0.3, 1.0

# For how many seconds the first connection is ahead of the others, at most: a server that begins a process for each and
# reads its configuration, as ProFTPD does under inetd, is busier with them than with the root
_LEAD = 0.02

# How many directories are listed together, by STAT, where a server does that
_TOGETHER = 32


def argument(path):
    """A path as the argument of a command: none that a server takes for an option, a user's home or a pattern."""
    return path if path[:1] not in ("-", "~", " ") else "./" + path


class Unreachable(Exception):
    """No connection is to be had; its cause says why, and its text where."""

    @property
    def told(self):
        """What is said of it: an error and what to do about it, as texts."""
        error = self.__cause__
        return f"{_advice.text(error)} (at {self})", _advice.of("connect", error)


class Lister:
    """One connection, another one after it has failed. prepared(ftp): a context in which the first one is used.

    along: what is sent along when it is opened, see Site._open().
    """

    def __init__(self, site, prepared=contextlib.nullcontext, along=None):
        self.ftp, self._site, self._prepared, self._along = None, site, prepared, along
        self._lent, self._ended = contextlib.ExitStack(), False

    def ask(self, question):
        """What question(ftp) returns, once more by another connection if the first has failed."""
        for last in (False, True):
            fresh = self.ftp is None
            if fresh:
                try:
                    self.ftp = self._lent.enter_context(pool_of(self._site).lease(self._along))
                except Exception as error:
                    raise Unreachable(self._site.url) from error
            try:
                if fresh:
                    self._lent.enter_context(self._prepared(self.ftp))
                return question(self.ftp)
            except (error_temp, OSError, EOFError) as error:
                if isinstance(error, error_temp) and not _is_passing(error):
                    raise
                self.ftp.close()
                self.give_back()
                # that may have been the fault, as where EPSV leads nowhere
                self._prepared, self._along = contextlib.nullcontext, None
                if last or self._ended:
                    raise
        return None

    def close(self):
        """End what another thread does by it: that fails."""
        self._ended, ftp = True, self.ftp
        if ftp is not None:
            hang_up(ftp)

    def give_back(self):
        self.ftp = None
        self._lent.pop_all().close()


class _Directory(NamedTuple):
    """One that is to be listed. above: what it lies in."""

    path: str = ""
    origin: str = ""
    above: Above = Above()


class Scan:
    """Who has listed a directory takes the next that waits, with the same connection; who finds none gives it back.

    `with Scan(...) as scan:` in the block the tree is being listed, by one connection at first; scan.wait() begins the
    others, so that the one that lists the root isn't held up. question(ftp) is asked before the root is listed.
    """

    def __init__(self, site, tree, links, question, connections, other=frozenset()):
        self._site, self._tree, self._links, self._other = site, tree, links, other
        self._question, self._most = question, min(connections, site.connections)
        self._expected = None  # about how many directories there are, once that is known
        self._lock = threading.Lock()
        self._waiting = queue.SimpleQueue()
        self._open = 0  # how many directories are waiting or being listed
        self._missing = 0  # how many have got no connection
        self._root = None  # what is in the root, where that is taken before its final reply
        self._threads, self._listers, self._error, self._answer = [], [], None, None
        self._ended, self._connected = threading.Event(), threading.Event()

    def __enter__(self):
        self._began = time.monotonic()
        try:
            self._push([_Directory()])
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *raised):
        self._end()

    def wait(self, expected):
        """Wait until all is listed, and return what question(ftp) has returned.

        expected: see Remote.scan(). Raises Unreachable if there is no connection, what the root's listing raises, and
        errors that are none of a single directory's.
        """
        self._expected = expected
        self._connected.wait(max(0.0, self._began + _LEAD - time.monotonic()))
        with self._lock:
            while len(self._threads) < min(self._most, expected):
                self._begin()  # it is connected by the time that there is something to list
        while not self._ended.wait(0.1):
            pass
        self._end()
        if self._error is not None:
            raise self._error
        return self._answer

    def _end(self):
        whole = self._ended.is_set() and self._error is None
        self._ended.set()
        for lister in self._listers if not whole else ():
            lister.close()
        for _ in self._threads:
            self._waiting.put(None)
        wait_for(self._threads, _PATIENCE)

    def _push(self, directories):
        with self._lock:
            self._open += len(directories)
        for directory in directories:
            self._waiting.put(directory)
        with self._lock:
            while self._open > len(self._threads) < self._most:
                self._begin()

    def _begin(self):
        """One more that lists."""
        lister = Lister(self._site, self._prepared, along)
        work = threading.Thread(target=self._work, args=(lister,), daemon=True, name="rftplib-mirror-list")
        self._listers.append(lister)
        self._threads.append(work)
        work.start()

    def _prepared(self, ftp):
        return Listings(ftp, self._more, self._arrived)

    def _more(self):
        """Whether a connection will list another directory, as far as that can be told."""
        return self._waiting.qsize() > 0 or (self._expected not in (0, 1) and not self._tree.nodes)

    def _work(self, lister):
        try:
            try:
                lister.ask(lambda ftp: None)
                self._connected.set()
            except Unreachable:
                with self._lock:
                    self._missing += 1
                    if self._missing < len(self._threads):
                        return  # the others do it, or the last of them tells
                raise
            while True:
                directories = self._next(lister)
                if None in directories or self._ended.is_set():
                    return
                self._list(lister, directories)
                with self._lock:
                    self._open -= len(directories)
                    if not self._open:
                        self._ended.set()
        except BaseException as error:
            self._fail(error)
        finally:
            lister.give_back()

    def _fail(self, error):
        """That is the end of all."""
        self._error = self._error or error
        self._ended.set()

    def _next(self, lister):
        """The directories that this one lists next: its share of those that wait, where several go together."""
        try:
            found = [self._waiting.get(timeout=_HOLD)]
        except queue.Empty:
            lister.give_back()  # others may be waiting for a connection
            found = [self._waiting.get()]
        if lister.ftp is not None and _scan.server_of(lister.ftp).stat:
            share = min(_TOGETHER, -(-self._waiting.qsize() // len(self._threads)))
            with contextlib.suppress(queue.Empty):
                while len(found) < share:
                    found.append(self._waiting.get_nowait())
        return found

    def _list(self, lister, directories):
        if not directories[0].path:
            self._answer = lister.ask(self._question)
        try:
            listed = lister.ask(lambda ftp: self._entries(ftp, directories))
        except (Error, OSError, EOFError) as error:
            listed = [error] * len(directories)
        for directory, entries in zip(directories, listed):
            if not isinstance(entries, Exception):
                if directory.path or self._root is None:
                    self._push(self._take(directory, *entries))
                elif entries[0] != self._root:
                    raise ListingError("the root has changed while it was listed: run it again")
            elif not directory.path:
                raise entries
            else:
                with self._lock:
                    self._tree.failed(directory.path, _advice.text(entries), _advice.of("list", entries))

    def _arrived(self, lines):
        """All lines of a listing have come. What is in the root is taken at once: the directories in it don't wait for
        the final reply, without which the whole tree is none."""
        if self._root is not None or self._tree.nodes or self._links == "follow":
            return
        try:
            found = _scan.read(lines, "", "mlsd", _tree.MAX_ENTRIES)
        except Error:
            return  # it will be raised
        if found.itself and lines.cut is None:
            self._root = list(found)
            try:
                above = Above().with_listing("", facts_of(self._root), lambda path: [])
                self._push(self._take(_Directory(), self._root, above))
            except BaseException as error:  # not for whoever reads the reply, who may try again
                self._fail(error)

    def _take(self, directory, entries, above):
        """Note the entries of a directory, which lie in `above`; returns the directories among them, to be listed."""
        path, origin, _ = directory
        deeper = []
        with self._lock:
            for entry in entries:
                node = _node(entry)
                taken = self._tree.take(path, origin, entry.name, node)
                if taken is None or node.kind != "dir":
                    continue
                if above.has(entry.unique):
                    self._tree.failed(taken, CIRCLE, "exclude it")
                elif entry.unique in self._other:
                    self._tree.failed(taken, "source and target have it in common", "exclude it")
                elif taken.count("/") + 2 > _tree.MAX_DEPTH:
                    self._tree.failed(taken, f"deeper than {_tree.MAX_DEPTH} directories", "exclude it")
                else:
                    deeper.append(_Directory(taken, join(origin, entry.name), above.with_unique(entry.unique)))
        return deeper

    def _entries(self, ftp, directories):
        """Of each directory its entries and what those lie in, or what has been raised."""
        found, lister = [], _walk._Lister(ftp, True)

        def entries_of(path, others=()):
            return self._followed(ftp, list(lister.list(path, others, _tree.MAX_ENTRIES)))

        def facts(path):
            try:
                return facts_of(entries_of(path))
            except Error:
                return []

        for place, directory in enumerate(directories):
            others = [one.origin for one in directories[place + 1 :]]
            try:
                entries = entries_of(directory.origin, others)
                found.append((entries, directory.above.with_listing(directory.origin, facts_of(entries), facts)))
            except Error as error:
                if isinstance(error, error_temp) and _is_passing(error):
                    raise
                found.append(error)
        return found

    def _followed(self, ftp, entries):
        if self._links == "follow":
            links = [place for place, entry in enumerate(entries) if entry.type == "link"]
            for place, told in zip(links, stat_many(ftp, [argument(entries[place].path) for place in links])):
                if not isinstance(told, Exception):
                    entries[place] = told._at(entries[place].path)
        return entries


def _is_passing(error):
    return not isinstance(error, error_temp) or error.args[0][:3] in _PASSING or says_too_many(error)


def _node(entry):
    modified, resolution = entry._micros()
    kind = entry.type
    if kind == "file" and _names.is_part(entry.name):
        kind = "part"
    return Node(kind, entry.size if kind != "dir" else None, modified, resolution or _tree.SECOND, entry.target)
