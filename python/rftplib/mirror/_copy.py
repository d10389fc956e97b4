"""A job is done here, wherever that is.

It can be done twice: files arrive under a temporary name, and get their own when they are whole.
"""

from .._errors import Error
from ..transfer import Retry
from ..transfer._attempts import BeginAnew, NotWhole, may_pass
from . import _down, _large, _up
from ._jobs import Here, Stopped, failed
from ._listers import Unreachable
from ._local import Local, LocalError
from ._remote import Remote

# So many attempts in a row may come to nothing
RETRY = Retry(attempts=6, base=0.5, cap=30.0)


def copy(job, here=None):
    """Do the job; returns an Outcome for each of its actions, fewer if it was stopped or going on is no use."""
    here, outcomes, left = here or Here(rate=job.rate), [], list(job.actions)
    try:
        _try(job, here, outcomes, left)
    except Stopped:
        pass
    finally:
        if not job.keep:
            for side in (job.source, job.target):
                if isinstance(side, Remote):
                    side.site.close()
    return outcomes


def _try(job, here, outcomes, left):
    """Do what is `left`, again after a failure that another connection may mend."""
    failures, came = 0, 0
    while left:
        error = None
        before = here.total
        try:
            for outcome in _way(job)(job, left[:], here, failures == 0):
                came += 1
                outcomes.append(outcome)
                left[:] = [action for action in left if action.path != outcome.path]
                if outcome.fatal:
                    return
                if not job.large:
                    here.moved(outcome.size)
        except LocalError as trouble:
            outcomes.append(failed(left.pop(0), trouble.error))
        except Unreachable as trouble:
            error, fatal = trouble.__cause__, True
        except (Error, OSError, EOFError, ValueError) as trouble:
            error, fatal = trouble, False
        if error is not None:
            here.check()
            failures = 1 if came or here.total > before else failures + 1
            came = 0
            if failures < RETRY.attempts and is_worth_another(error):
                here.pause(RETRY.pause(failures))
                continue
            outcomes.append(failed(left.pop(0), error, fatal))
            failures = 0
        if outcomes and outcomes[-1].fatal:
            return


def _way(job):
    if job.large:
        return _large.copy
    if isinstance(job.source, Remote) and isinstance(job.target, Local):
        return _down.copy
    return _up.copy


def is_worth_another(error):
    """Whether another connection, or another moment, may do better."""
    return isinstance(error, (BeginAnew, NotWhole)) or may_pass(error, True)
