"""A directory of a server: listed side by side, changed by batches of commands."""

import contextlib
import queue
import threading
from typing import NamedTuple

from .. import _scan
from .._batch import batch
from .._errors import Error, error_perm, error_temp
from .._features import features
from .._pool import says_too_many
from .._site import _restored
from .._stat import stat_many
from . import _advice, _names, _tree
from ._tree import Node, Tree, join

# How many commands are on their way at once
WINDOW = 256

# Refusals that say nothing of the directory but much of the connection, or of the moment
_PASSING = ("421", "425", "426", "430", "434")


class Remote:
    """A side: the directory in which the connections of `site` begin."""

    remote = True

    def __init__(self, site):
        self.site = site
        self.keeps_times = None  # not known yet

    def __str__(self):
        return self.site.url

    def scan(self, rules, links, names, *, sent, needed, folds=False, connections=8, expected=0):
        """The Tree; `needed` as for a local side. expected: about how many directories there may be.

        What is needed by none of the sources is the target's to find out: whether times can be set.
        """
        tree = Tree(rules, names, sent, folds)
        lister = Lister(self.site)
        try:
            if needed:
                lister.ask(lambda ftp: None)
            else:
                self.keeps_times = lister.ask(_keeps_times)
        except Unreachable as unreachable:
            lister.give_back()
            refusal = unreachable.__cause__
            if needed or not self.site.directory or not _is_gone(refusal) or not self._is_missing():
                raise refusal from None
            with self.outside().borrow() as ftp:
                self.keeps_times = _keeps_times(ftp)
            tree.exists = False
            return tree
        _Scan(self.site, tree, links).run(connections, lister, expected)
        return tree

    def _is_missing(self):
        """Whether the server can be logged in to, and has no such directory."""
        above = self.outside()
        with above.borrow() as ftp:
            (found,) = stat_many(ftp, [self.site.directory])
        return isinstance(found, error_perm)

    def learn(self, lister):
        """Find out whether times can be set, where scan() hasn't: of a plan that was loaded."""
        if self.keeps_times is None:
            self.keeps_times = lister.ask(_keeps_times)

    def outside(self):
        """The site, in the directory of the login."""
        return _restored({**self.site._values, "directory": ""})

    def make_root(self):
        """Make the directory and those above it, as far as they aren't there."""
        with self.outside().borrow() as ftp:
            parts = self.site.directory.split("/")
            paths = ["/".join(parts[: end + 1]) for end in range(len(parts)) if parts[end]]
            replies = batch(ftp, [f"MKD {path}" for path in paths])
            (found,) = stat_many(ftp, [self.site.directory])
            if isinstance(found, Exception) or found.type != "dir":
                raise error_perm(replies[-1].text)

    def linked(self, deletions):
        """Which of the directories that these deletions are about, or lie in, are links, as LIST shows them.

        MLSD of many servers doesn't: whoever deletes what is in a link to a directory deletes what is elsewhere.
        """
        directories = {above for action in deletions for above in _tree.above(action.path)}
        directories |= {action.path for action in deletions if action.kind == "rmdir"}
        links = set()
        if not directories:
            return links
        with self.site.borrow() as ftp:
            if _scan.server_of(ftp).mlsd is False:
                return links  # what was listed was listed by LIST
            for parent in sorted({_tree.parent_of(path) for path in directories}):
                lines = _scan._by_list(ftp, _scan.server_of(ftp), parent, _tree.MAX_ENTRIES)
                for entry in _scan._read(lines, parent, "list", _tree.MAX_ENTRIES):
                    if entry.type == "link" and entry.path in directories:
                        links.add(entry.path)
        return links


def _is_gone(error):
    return isinstance(error, error_perm) and error.args[0][:3] == "550"


def argument(path):
    """A path as the argument of a command: none that a server takes for an option, a user's home or a pattern."""
    return path if path[:1] not in ("-", "~", " ") else "./" + path


def _keeps_times(ftp):
    """Whether the server lets times be set: by MFMT, or by MDTM as vsftpd does."""
    if features(ftp).mfmt:
        return True
    if not features(ftp).mdtm:
        return False
    (reply,) = batch(ftp, ["MDTM 20000101000000 ./no such file, this asks whether times can be set"])
    return reply.code >= 400 and " set " in reply.text.lower()


class Unreachable(Exception):
    """No connection is to be had; its cause says why."""


class Lister:
    """One connection, another one after it has failed."""

    def __init__(self, site):
        self.ftp, self._site, self._lent = None, site, contextlib.ExitStack()

    def ask(self, question):
        """What question(ftp) returns, once more by another connection if the first has failed."""
        for last in (False, True):
            if self.ftp is None:
                try:
                    self.ftp = self._lent.enter_context(self._site.borrow())
                except Exception as error:
                    raise Unreachable from error
            try:
                return question(self.ftp)
            except (error_temp, OSError, EOFError) as error:
                if isinstance(error, error_temp) and not _is_passing(error):
                    raise
                self.ftp.close()
                self.give_back()
                if last:
                    raise
        return None

    def give_back(self):
        self.ftp = None
        self._lent.pop_all().close()


class _Directory(NamedTuple):
    """One that is to be listed. uniques: those of the directories that it lies in. hops: by how many links."""

    path: str = ""
    origin: str = ""
    uniques: tuple = ()
    hops: int = 0


class _Scan:
    """Directories are listed by several connections at once; each keeps its connection for as long as there are any."""

    def __init__(self, site, tree, links):
        self._site, self._tree, self._links = site, tree, links
        self._lock = threading.Lock()
        self._waiting = queue.SimpleQueue()
        self._open = 0  # how many directories are waiting or being listed
        self._threads, self._listers, self._error = [], [], None
        self._ended = threading.Event()

    def run(self, connections, lister, expected):
        """List all. Raises what the root's listing raises, and errors that are none of a single directory's.

        lister: the first one, which has a connection. expected: see Remote.scan().
        """
        self._most = min(connections, self._site.connections)
        self._spare = lister
        self._push(_Directory())
        with self._lock:
            while len(self._threads) < min(self._most, expected):
                self._begin(eager=True)
        try:
            while not self._ended.wait(0.1):
                pass
        finally:
            interrupted = not self._ended.is_set()
            self._ended.set()
            for lister in self._listers if interrupted else ():
                if lister.ftp is not None:
                    lister.ftp.close()
            for _ in self._threads:
                self._waiting.put(None)
            for thread in self._threads:
                thread.join(1)
        if self._error is not None:
            raise self._error

    def _push(self, directory):
        self._waiting.put(directory)
        with self._lock:
            self._open += 1
            if self._open > len(self._threads) < self._most:
                self._begin()

    def _begin(self, eager=False):
        """One more that lists; eager: it logs in although there is nothing to list yet."""
        lister, self._spare = self._spare or Lister(self._site), None
        work = threading.Thread(target=self._work, args=(lister, eager), daemon=True, name="rftplib-mirror-list")
        self._listers.append(lister)
        self._threads.append(work)
        work.start()

    def _work(self, lister, eager):
        try:
            if eager:
                lister.ask(lambda ftp: None)
            while True:
                try:
                    directory = self._waiting.get_nowait()
                except queue.Empty:
                    lister.give_back()  # others may be waiting for a connection
                    directory = self._waiting.get()
                if directory is None or self._ended.is_set():
                    return
                self._list(lister, directory)
                with self._lock:
                    self._open -= 1
                    if not self._open:
                        self._ended.set()
        except BaseException as error:
            self._error = self._error or (error.__cause__ if isinstance(error, Unreachable) else error)
            self._ended.set()
        finally:
            lister.give_back()

    def _list(self, lister, directory):
        path, origin, uniques, hops = directory
        try:
            entries = lister.ask(lambda ftp: self._entries(ftp, origin))
        except (Error, OSError, EOFError) as error:
            if not path:
                raise
            with self._lock:
                self._tree.failed(path, _advice.text(error), _advice.of("list", error))
            return
        deeper = []
        with self._lock:
            for entry, followed in entries:
                node = _node(entry)
                taken = self._tree.take(path, origin, entry.name, node)
                if taken is None or node.kind != "dir":
                    continue
                below = hops + followed
                if (entry.unique is not None and entry.unique in uniques) or below > _tree.MAX_LINKS:
                    self._tree.failed(taken, "it leads in a circle", "exclude it")
                elif taken.count("/") + 2 > _tree.MAX_DEPTH:
                    self._tree.failed(taken, f"deeper than {_tree.MAX_DEPTH} directories", "exclude it")
                else:
                    deeper.append(_Directory(taken, join(origin, entry.name), (*uniques, entry.unique), below))
        for one in deeper:
            self._push(one)

    def _entries(self, ftp, path):
        """(entry, whether it is a link that was followed) for each."""
        entries = list(_scan.scandir(ftp, path, exact_times=True, max_entries=_tree.MAX_ENTRIES))
        pairs = [(entry, False) for entry in entries]
        if self._links == "follow":
            links = [place for place, entry in enumerate(entries) if entry.type == "link"]
            for place, found in zip(links, stat_many(ftp, [argument(entries[place].path) for place in links])):
                if not isinstance(found, Exception):
                    pairs[place] = found._at(entries[place].path), True
        return pairs


def _is_passing(error):
    return not isinstance(error, error_temp) or error.args[0][:3] in _PASSING or says_too_many(error)


def _node(entry):
    modified, resolution = entry._micros()
    kind = entry.type
    if kind == "file" and _names.is_part(entry.name):
        kind = "part"
    return Node(kind, entry.size if kind != "dir" else None, modified, resolution or _tree.SECOND, entry.target)
