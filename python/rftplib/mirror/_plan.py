"""A plan: what is to be done, as a value that can be read, saved and run."""

import json
import os

from . import _names
from ._values import KINDS, Action, Failure

# The first line of a saved plan names this
_VERSION = 1


class Plan:
    """What makes the target like the source: an iterable of Action, in the order in which they are done.

    source, target: the two sides, str() of them is a URL (passwords masked) or a path. failures: what couldn't be
    listed or compared, a tuple of Failure: then run() deletes nothing. refusal: why run() refuses, as text; None if it
    doesn't. len() is the number of actions; a plan without any is false.
    """

    def __init__(self, source, target, actions, failures=(), refusal=None, creates=False, unchanged=()):
        """Made by plan() and load()."""
        self.source, self.target, self.failures, self.refusal = source, target, tuple(failures), refusal
        self._actions, self._creates = tuple(actions), creates
        self._unchanged = tuple(unchanged)

    def __iter__(self):
        return iter(self._actions)

    def __len__(self):
        return len(self._actions)

    def __repr__(self):
        return f"<Plan: {self.source} to {self.target}, {len(self)} actions>"

    @property
    def size(self):
        """How many bytes are to be copied, as far as the sizes are known."""
        return sum(action.size or 0 for action in self if action.kind == "copy")

    def run(
        self,
        *,
        connections=8,
        executor=None,
        verify="size",
        rate=None,
        progress=None,
        keep_going=True,
        manifest=None,
    ):
        """Do what is planned, and return a Report.

        connections: how many transfers at once, at most. executor: a concurrent.futures.Executor that does the copying,
        such as a ProcessPoolExecutor or dask.distributed's Client.get_executor(); None for threads of this process.
        verify: 'none', 'size', 'auto' (by hash where the server has one) or 'hash'. rate: bytes per second, all
        transfers together, at most. progress: an object with set_size(n) and relative_update(n), such as fsspec's
        TqdmCallback(). keep_going: go on after a failure. manifest: a path for the SHA-256 of all files, in the form
        that `sha256sum -c` reads; one side must be local.

        Files arrive under a temporary name and get their own when they are whole. Deletions come last, and only if
        nothing has failed. What fails is in the report. Raises Refused for a plan with a `refusal`, ValueError for
        values that make no sense, and KeyboardInterrupt, after all transfers have ended.
        """
        from ._run import Run

        options = {"connections": connections, "executor": executor, "verify": verify, "rate": rate}
        return Run(self, progress=progress, keep_going=keep_going, manifest=manifest, **options).run()

    def save(self, path):
        """Write the plan to a file: JSON lines, the first about the plan, the others an action each. No passwords."""
        head = {
            "rftplib.mirror": _VERSION,
            "source": str(self.source),
            "target": str(self.target),
            "refusal": self.refusal,
            "creates": self._creates,
            "failures": [failure._asdict() for failure in self.failures],
        }
        with open(path, "w", encoding="ascii") as file:
            for line in (head, *map(_line, self), *({"kind": "same", **_line_of(one)} for one in self._unchanged)):
                file.write(json.dumps(line) + "\n")

    @classmethod
    def load(cls, path, source, target):
        """Read a plan that save() has written.

        source, target: the same two sides as for plan(), since passwords aren't saved. Raises ValueError if they are
        others than the plan was made for, and for a file that is no plan or has paths that lead out of the target.
        """
        from ._sides import sides

        source, target = sides(source, target)
        with open(path, encoding="ascii") as file:
            lines = [_object(line, number) for number, line in enumerate(file, 1)]
        head = lines[0] if lines else {}
        if head.get("rftplib.mirror") != _VERSION:
            raise ValueError(f"{os.fspath(path)} is no plan, or one of another version")
        for name, side in (("source", source), ("target", target)):
            if head.get(name) != str(side):
                raise ValueError(f"the plan's {name} is {head.get(name)!r}, not {str(side)!r}")
        actions, unchanged = [], []
        for number, line in enumerate(lines[1:], 2):
            kind = line.pop("kind", None)
            (unchanged if kind == "same" else actions).append(_action("copy" if kind == "same" else kind, line, number))
        failures = [Failure(**failure) for failure in head.get("failures", ())]
        if any(action.target is not None for action in actions) and not hasattr(target, "folders"):
            raise ValueError("links can be made in a local target only")
        deletes = any(action.kind in ("delete", "rmdir") for action in actions)
        refusal = head.get("refusal") if deletes else None
        return cls(source, target, actions, failures, refusal, bool(head.get("creates")), unchanged)


def _line(action):
    return {"kind": action.kind, **_line_of(action)}


def _line_of(action):
    return {name: value for name, value in action._asdict().items() if name != "kind" and value is not None}


def _object(line, number):
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError(f"line {number} is no part of a plan")
    return found


def _action(kind, fields, number):
    """An Action of a saved plan; what it says is believed no more than what a server says."""
    try:
        if fields.get("there") is not None:
            what, *told = fields["there"]
            if not isinstance(what, str) or len(told) != 2 or not all(type(one) in (int, type(None)) for one in told):
                raise ValueError(f"there: {fields['there']!r}")
            fields["there"] = (what, *told)
        action = Action(kind, **fields)
        _names.check_path(action.path)
        if action.origin is not None:
            _names.check_path(action.origin)
        numbers = [value for value in (action.size, action.modified) if value is not None]
        if kind not in KINDS or not all(type(value) is int for value in numbers) or (action.size or 0) < 0:
            raise ValueError(f"{kind!r} with {fields!r} is no action")
        if not isinstance(action.reason, str) or not isinstance(action.target, (str, type(None))):
            raise ValueError(f"{kind!r} with {fields!r} is no action")
    except (TypeError, ValueError) as error:
        raise ValueError(f"line {number} is no action of a plan: {error}") from None
    return action
