"""A directory of a server: listed side by side, changed by batches of commands."""

import contextlib

from .. import _scan
from .._batch import batch
from .._errors import also, error_perm
from .._features import features
from .._site import _restored
from .._stat import stat_many
from . import _tree
from ._listers import Scan, Unreachable
from ._tree import Tree
from ._values import NOT_MADE

# How many commands are on their way at once
WINDOW = 256


class Remote:
    """A side: the directory in which the connections of `site` begin."""

    remote = True

    def __init__(self, site):
        self.site = site
        self.keeps_times = None  # not known yet
        self.patient = False  # whether uploads have to wait for each final reply
        self.other = frozenset()  # the `unique` of the other side's directory, and of those that it lies in

    def __str__(self):
        return self.site.url

    @property
    def sent(self):
        """How names are sent there: the encoding, and what is done about what it hasn't."""
        return self.site.encoding, self.site._values["errors"]

    def scan(self, rules, links, names, *, expected=0, **options):
        """The Tree; options as for scanning(). expected: about how many directories there may be."""
        with self.scanning(rules, links, names, **options) as listed:
            return listed(expected)

    @contextlib.contextmanager
    def scanning(self, rules, links, names, *, sent, needed, folds=False, connections=8):
        """A context in which it is being listed, and a function that returns the Tree as scan() does.

        `needed` as for a local side. What is needed by none of the sources is the target's to find out: whether times
        can be set.
        """
        tree = Tree(rules, names, sent, folds)
        question = _nothing if needed else _keeps_times
        with Scan(self.site, tree, links, question, connections, self.other) as scan:
            yield lambda expected: self._listed(scan, tree, expected, needed)

    def _listed(self, scan, tree, expected, needed):
        try:
            told = scan.wait(expected)
            self.keeps_times = self.keeps_times if needed else told
        except Unreachable as unreachable:
            refusal = unreachable.__cause__
            if needed or not self.site.directory or not is_gone(refusal) or not self._is_missing():
                raise also(refusal, f"at {self}") from None
            with self.outside().borrow() as ftp:
                self.keeps_times = _keeps_times(ftp)
            tree.exists = False
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
                raise also(error_perm(replies[-1].text), NOT_MADE)

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
                for entry in _scan.read(lines, parent, "list", _tree.MAX_ENTRIES):
                    if entry.type == "link" and entry.path in directories:
                        links.add(entry.path)
        return links


def is_gone(error):
    """Whether a server says so of a path; or that it may not be entered, which has the same code."""
    return isinstance(error, error_perm) and error.args[0][:3] == "550"


def _nothing(ftp):
    """What a source is asked before it is listed."""


def _keeps_times(ftp):
    """Whether the server lets times be set: by MFMT, or by MDTM as vsftpd does."""
    if features(ftp).mfmt:
        return True
    if not features(ftp).mdtm:
        return False
    (reply,) = batch(ftp, ["MDTM 20000101000000 ./no such file, this asks whether times can be set"])
    return reply.code >= 400 and " set " in reply.text.lower()
