"""A plan is run here: directories, then files side by side, then times, and deletions last of all."""

import contextlib
import threading
import time

from .._errors import Error
from ..transfer._course import check_progress, check_rate
from . import _advice, _guards
from ._jobs import Here, Job, Stopped, divided, failed
from ._listers import Lister, Unreachable
from ._remote import Remote
from ._tree import above
from ._values import Failure, Refused, Report

VERIFY = ("none", "size", "auto", "hash")


class Run:
    """One run of one plan."""

    def __init__(self, plan, *, connections, executor, verify, rate, progress, keep_going, manifest, fresh):
        if isinstance(connections, bool) or not isinstance(connections, int) or connections < 1:
            raise ValueError("connections is an int of at least 1")
        if verify not in VERIFY:
            raise ValueError(f"verify is one of {', '.join(VERIFY)}, not {verify!r}")
        self._plan, self._executor, self._verify, self._rate = plan, executor, verify, check_rate(rate)
        self._keep_going, self._progress, self._manifest = keep_going, check_progress(progress), None
        if manifest is not None:
            from ._manifest import Manifest, check_sides

            check_sides(plan.source, plan.target)
            self._manifest = Manifest(manifest)
        self.source, self.target = plan.source, plan.target
        for side in (self.source, self.target):
            if isinstance(side, Remote):
                connections = min(connections, side.site.connections)
        self._connections = connections
        self._telling = threading.Lock()
        self.failures, self.outcomes, self.counts = [], [], {"linked": 0, "made": 0, "touched": 0, "deleted": 0}
        self._withheld, self._stopped = None, False
        self._fresh, self._before = fresh, []  # the copies of an earlier run

    def run(self):
        plan, began = self._plan, time.monotonic()
        if plan.refusal:
            raise Refused(plan.refusal)
        if self._verify == "hash":
            self._check_hashes()
        self._here = Here(self._moved, self._rate)
        if self._progress is not None:
            self._progress.set_size(plan.size)
        try:
            self._do(plan)
        except BaseException as error:
            self._here.end()
            if isinstance(error, Stopped):
                raise self._here.raised from None
            if isinstance(error, KeyboardInterrupt):
                self._stopped = True
                error.report = self._report(began)
            raise
        finally:
            if self._manifest is not None:
                self._manifest.discard()
        return self._report(began)

    def _check_hashes(self):
        """Raise ValueError where a server tells none. That one can't be reached is told when it is needed."""
        from ._digests import algorithm_of

        for side in (self.source, self.target):
            if isinstance(side, Remote):
                made = side is self.target and self._plan._creates
                with contextlib.suppress(Error, OSError, EOFError):
                    algorithm_of(side.outside() if made else side.site, side, "verify")

    def _do(self, plan):
        if not plan and not plan._creates and self._manifest is None:
            return
        from ._steps import Steps  # what there is nothing to do for isn't waited for

        steps = Steps(self.target)
        try:
            with self._of_target() as lister:
                self._step(steps.prepare(lister, plan._creates))
                self._step(steps.mkdirs(lister, [one for one in plan if one.kind == "mkdir"]), "made")
                copies = self._without_places([one for one in plan if one.kind == "copy"])
                if not self._fresh:
                    copies = self._remaining(steps, lister, copies)
        except (Unreachable, Error, OSError, EOFError) as error:
            self._give_up(error)
            return
        if self._manifest is not None:
            self._manifest.open()
        self._copy([one for one in copies if one.target is None])
        if self._here.raised is not None:
            raise self._here.raised
        if self._stopped:
            return
        try:
            with self._of_target() as lister:
                self._step(steps.links([one for one in copies if one.target is not None]), "linked")
                self._step(steps.touch(lister, [one for one in plan if one.kind == "touch"]), "touched")
                self._delete(steps, lister, [one for one in plan if one.kind in ("delete", "rmdir")])
        except (Unreachable, Error, OSError, EOFError) as error:
            self._give_up(error)
        if self._manifest is not None and not self._stopped:
            try:
                self._manifest.write(self.source, self.target, [*plan._unchanged, *self._before], self.outcomes)
            except OSError as error:
                told = Failure("manifest", self._manifest.path, _advice.text(error), _advice.of("manifest", error))
                self.failures.append(told)

    def _without_places(self, copies):
        """Without those into directories that couldn't be made, which is said once, of the uppermost of these."""
        failed = {failure.path: failure for failure in self.failures if failure.kind == "mkdir"}
        if not failed:
            return copies
        tops = {path: 0 for path in failed if not any(one in failed for one in above(path))}
        kept = []
        for action in copies:
            top = next((one for one in above(action.path) if one in tops), None)
            if top is None:
                kept.append(action)
            else:
                tops[top] += 1
        for path, count in tops.items():
            error = failed[path].error + (f"; {count:,} to be in it are not copied" if count else "")
            failed[path] = failed[path]._replace(error=error)
        self.failures[:] = [one for one in self.failures if one.kind != "mkdir"] + [failed[path] for path in tops]
        return kept

    def _remaining(self, steps, lister, copies):
        """Without those that an earlier run of this plan has brought."""
        files = [one for one in copies if one.target is None]
        there = set()
        for action, result in zip(files, steps.done(lister, files)):
            self._here.check()
            if result is True:
                there.add(action.path)
                self._before.append(action)
                self._moved(action.size)
        return [one for one in copies if one.path not in there]

    def _give_up(self, error):
        self._stopped = True
        kind = "connect" if isinstance(self.target, Remote) and not _advice.is_not_made(error) else "mkdir"
        if isinstance(error, Unreachable):
            told = error.told
        else:
            told = _advice.text(error), _advice.of("connect", error)
        self.failures.append(Failure(kind, str(self.target), *told))

    def _of_target(self):
        return _Lent(self.target)

    def _step(self, results, count=None):
        """Note what each action of a step came to: None, a Failure, or NOTHING."""
        for result in results:
            self._here.check()
            if isinstance(result, Failure):
                self.failures.append(result)
            elif result is None and count is not None:
                self.counts[count] += 1

    def _delete(self, steps, lister, actions):
        if self._manifest is not None:
            own = self._manifest.inside(self.target)
            actions = [action for action in actions if action.path not in own]
        if lister is not None:
            self._check_names(lister, actions)
        if actions:
            self._withheld = _guards.withheld(self._plan.failures, self.failures)
            if self._withheld is None:
                self._step(steps.delete(lister, actions), "deleted")

    def _check_names(self, lister, deletions):
        """What a server hasn't got under its very name isn't copied, and may be what is to be deleted."""
        from ._recheck import missing

        made = {one.path for one in self._plan if one.kind == "mkdir"} | {one.path for one in self.outcomes}
        altered = missing(lister, made, deletions)
        self.failures += altered
        lost = {failure.path for failure in altered}
        self.outcomes = [one for one in self.outcomes if one.path not in lost]

    def _copy(self, actions):
        jobs = []
        here = True
        if self._executor is not None:
            from ._executor import by_executor, is_of_this_process

            here = is_of_this_process(self._executor)
        groups = list(divided(actions, self._connections))
        at_once = max(1, min(self._connections, len(groups)))
        rate = None if self._rate is None else self._rate / at_once
        for group, large in groups:
            digests = self._manifest is not None
            jobs.append(Job(self.source, self.target, group, self._verify, rate, digests, large, keep=here))
        if self._executor is None:
            from . import _copy  # a plan alone doesn't need it
            from ._threads import in_threads

            in_threads(_copy.copy, jobs, at_once, self._here, self._take)
        else:
            if not here:
                self._close_idle()
            broken, left = by_executor(self._executor, jobs, at_once, self._here, self._take)
            if broken is not None:
                self._left(broken, left)

    def _close_idle(self):
        """The connections of this process count as well, where others do the copying."""
        for side in (self.source, self.target):
            if isinstance(side, Remote):
                side.site.close()

    def _left(self, broken, jobs):
        """The executor is broken: tell what hasn't been copied for that."""
        self._stopped = True
        count = sum(len(job.actions) for job in jobs)
        if count:
            text = f"{_advice.text(broken)}; {count:,} files were not copied"
            self.failures.append(Failure("copy", str(self.target), text, _advice.of("copy", broken)))

    def _take(self, job, outcomes):
        if isinstance(outcomes, BaseException):
            outcomes = [failed(action, outcomes) for action in job.actions]
        for outcome in outcomes:
            if outcome.failure is None:
                self.outcomes.append(outcome)
            else:
                self.failures.append(outcome.failure)
            if outcome.fatal or (outcome.failure is not None and not self._keep_going):
                self._stopped = True
                self._here.stop.set()

    def _moved(self, size):
        if self._progress is not None:
            with self._telling:
                self._progress.relative_update(size)

    def _report(self, began):
        return Report(
            copied=len(self.outcomes) + self.counts.pop("linked"),
            bytes=sum(outcome.size for outcome in self.outcomes),
            seconds=time.monotonic() - began,
            failures=(*self._plan.failures, *self.failures),
            withheld=self._withheld,
            stopped=self._stopped,
            skipped=self._plan.skipped,
            **self.counts,
        )


class _Lent:
    """`with _Lent(side) as lister:` a Lister of a server's side, None of another."""

    def __init__(self, side):
        self._lister = Lister(side.site) if isinstance(side, Remote) else None

    def __enter__(self):
        return self._lister

    def __exit__(self, kind, error, traceback):
        if self._lister is not None:
            if kind is not None and self._lister.ftp is not None:
                self._lister.ftp.close()
            self._lister.give_back()
