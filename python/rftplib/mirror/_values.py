"""What plans are made of, and what comes of them: immutable values."""

from typing import NamedTuple, Optional, Tuple  # noqa: UP035  (Python 3.9 evaluates them)

from .._errors import Error

# The first line of a saved plan has this version, and the last names how many lines there are before it
PLAN_VERSION, PLAN_END = 1, "end of the plan, lines before"

# What is said of a root that can't be made
NOT_MADE = "the target directory can't be made"

KINDS = ("mkdir", "copy", "touch", "delete", "rmdir")


class Refused(Error):
    """A plan that isn't made, or not run, because it may do harm: its text says why, and how to allow it."""


class Action(NamedTuple):
    """One step of a plan: an immutable value.

    kind: 'mkdir', 'copy', 'touch' (only the time is set), 'delete' (a file or a link) or 'rmdir'. path: relative to the
    target, with '/' between the names. size: in bytes; None where it is unknown. reason: why, such as 'missing' or
    'size differs'. modified: the time that the copy gets, in microseconds since 1970 (UTC); of a deletion: that of what
    is deleted. None where it is unknown. origin: the path in the source, where that is another one (names='quote').
    target: where a link leads that is copied as a link. there: what the target has of that name, which is replaced or
    deleted: (kind, size, modified); None where that isn't known. What is another one by then stays.
    """

    kind: str
    path: str
    size: Optional[int] = None  # noqa: UP045
    reason: str = ""
    modified: Optional[int] = None  # noqa: UP045
    origin: Optional[str] = None  # noqa: UP045
    target: Optional[str] = None  # noqa: UP045
    there: Optional[Tuple[str, Optional[int], Optional[int]]] = None  # noqa: UP006, UP045

    def __str__(self):
        size = "" if self.size is None else f" ({self.size:,} bytes)"
        link = "" if self.target is None else f" -> {shown(self.target)}"
        return f"{self.kind:6} {shown(self.path)}{link}{size}: {self.reason}"


def state(node):
    """What an Action says of what is `there`, which a Tree has as `node`."""
    return node.kind, node.size, node.modified


class Failure(NamedTuple):
    """Something that a plan or a run couldn't do: an immutable value.

    kind: what was tried: 'list', or the kind of an action. path: of what. error: what went wrong, the server's reply if
    it was one. advice: what to do about it.
    """

    kind: str
    path: str
    error: str
    advice: str

    def __str__(self):
        return f"{self.kind} {shown(self.path) or '.'}: {self.error}: {self.advice}"


class Report(NamedTuple):
    """What a run has done: an immutable value. str() is text for people, all failures in it.

    copied, touched, made, deleted: how many files and links were copied, how many files got another time, how many
    directories were made, and how many files and directories were deleted. bytes: how many were copied. seconds: how
    long it took. failures: what failed, a tuple of Failure; those of the plan are among them. withheld: why nothing was
    deleted although the plan wanted to; None if it was, or if there was nothing to delete. stopped: whether it has
    ended early. skipped: how many links of the source were left out (links='skip').
    """

    copied: int = 0
    touched: int = 0
    made: int = 0
    deleted: int = 0
    bytes: int = 0
    seconds: float = 0.0
    failures: Tuple[Failure, ...] = ()  # noqa: UP006
    withheld: Optional[str] = None  # noqa: UP045
    stopped: bool = False
    skipped: int = 0

    @property
    def ok(self):
        """Whether all was done."""
        return not (self.failures or self.withheld or self.stopped)

    def __str__(self):
        done = [
            f"{count:,} {what}"
            for count, what in (
                (self.copied, f"copied ({people(self.bytes)})"),
                (self.touched, "got another time"),
                (self.made, "directory made" if self.made == 1 else "directories made"),
                (self.deleted, "deleted"),
            )
            if count
        ]
        lines = [f"{', '.join(done) or ('nothing to do' if self.ok else 'nothing was done')}; {self.seconds:.1f} s"]
        if self.skipped:
            lines.append(links_skipped(self.skipped))
        if self.stopped:
            lines.append("stopped before the end" + (": run it again, it goes on where it was" if done else ""))
        if self.withheld:
            lines.append(self.withheld)
        if self.failures:
            lines.append(f"{len(self.failures):,} failed:")
            lines += [f"  {failure}" for failure in self.failures]
        return "\n".join(lines)


def links_skipped(count):
    """How many links were left out, for people."""
    return f"{count:,} link{'' if count == 1 else 's'} skipped"


def people(size):
    """A size in bytes for people."""
    if size < 1000:
        return f"{size:,} bytes"
    unit = "TB"
    for unit in ("kB", "MB", "GB", "TB"):  # noqa: B007
        size /= 1000
        if size < 1000:
            break
    return f"{size:,.1f} {unit}"


def shown(name):
    """A name as it can be printed: whatever a server calls its files, it can't command a terminal."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in name
    )
