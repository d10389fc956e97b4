"""A plan: what is to be done, as a value that can be read, saved and run."""

from ._values import PLAN_END, PLAN_VERSION


class Plan:
    """What makes the target like the source: an iterable of Action, in the order in which they are done.

    source, target: the two sides, str() of them is a URL (passwords masked) or a path. failures: what couldn't be
    listed or compared, a tuple of Failure: then run() deletes nothing. refusal: why run() refuses, as text; None if it
    doesn't. skipped: how many links of the source are left out. len() is the number of actions; a plan without any is
    false.
    """

    def __init__(self, source, target, actions, failures=(), refusal=None, creates=False, unchanged=(), skipped=0):
        """Made by plan() and load()."""
        self.source, self.target, self.failures, self.refusal = source, target, tuple(failures), refusal
        self._actions, self._creates = tuple(actions), creates
        self._same, self.skipped = unchanged, skipped
        self._fresh = True  # whether it can't have been run yet

    def __iter__(self):
        return iter(self._actions)

    def __len__(self):
        return len(self._actions)

    def __repr__(self):
        return f"<Plan: {self.source} to {self.target}, {len(self)} actions>"

    @property
    def _unchanged(self):
        """The files of the source that aren't copied: a function of the planner's, as few want to know."""
        return self._same() if callable(self._same) else self._same

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
        nothing has failed. A plan that was loaded, or was run before, goes on: what is there by size and time, and
        wasn't when it was planned, isn't copied again.

        What fails is in the report. Raises Refused for a plan with a `refusal`, ValueError for values that make no
        sense and for verify='hash' where a server tells none, OSError for a manifest that can't be written, before
        anything is copied; and, after all transfers have ended, KeyboardInterrupt and what `progress` has raised. The
        transfers of an executor, and of fsspec, can't be ended from here: KeyboardInterrupt waits 5 seconds for what is
        under way, which goes on then.
        """
        from ._run import Run

        options = {"connections": connections, "executor": executor, "verify": verify, "rate": rate}
        options["fresh"], self._fresh = self._fresh, False
        return Run(self, progress=progress, keep_going=keep_going, manifest=manifest, **options).run()

    def save(self, path):
        """Write the plan to a file, readable for its owner alone: JSON lines, the first about the plan, the last about
        its length, the others an action each. No passwords, those of URLs for fsspec neither. A file that is there
        stays until the new one is whole. Raises OSError, with the path, if it can't be written.
        """
        import json  # a plan alone doesn't need it

        from ._aside import Aside, is_special

        head = {
            "rftplib.mirror": PLAN_VERSION,
            "source": str(self.source),
            "target": str(self.target),
            "refusal": self.refusal,
            "creates": self._creates,
            "skipped": self.skipped,
            "failures": [failure._asdict() for failure in self.failures],
        }
        lines = [head, *map(_line, self), *({"kind": "same", **_line_of(one)} for one in self._unchanged)]
        lines = [json.dumps(line) + "\n" for line in (*lines, {PLAN_END: len(lines)})]
        if is_special(path):  # /dev/stdout
            with open(path, "w", encoding="ascii") as file:
                file.writelines(lines)
            return
        aside = Aside(path, private=True)
        try:
            for line in lines:
                aside.write(line)
            aside.commit()
        finally:
            aside.discard()

    @classmethod
    def load(cls, path, source, target):
        """Read a plan that save() has written.

        source, target: the same two sides as for plan(), since passwords aren't saved. Raises ValueError, with the
        file's name, if they are others than the plan was made for, for a file that is no plan, or is cut off, or has
        paths that lead out of the target or can't be asked for, and OSError if it can't be read.
        """
        from ._saved import read
        from ._sides import sides

        source, target = sides(source, target)
        loaded = cls(source, target, *read(path, source, target))
        loaded._fresh = False
        return loaded


def _line(action):
    return {"kind": action.kind, **_line_of(action)}


def _line_of(action):
    return {name: value for name, value in action._asdict().items() if name != "kind" and value is not None}
