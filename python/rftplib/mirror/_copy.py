"""A job is done here, wherever that is.

It can be done twice: files arrive under a temporary name, and get their own when they are whole.
"""

from .._errors import Error
from .._stat import stat_many
from ..transfer import Retry
from ..transfer._attempts import BeginAnew, NotWhole, may_pass, told
from ..transfer._course import Course
from . import _down, _large, _up
from ._jobs import MOST_BYTES, Here, Longer, Stopped, failed
from ._listers import Unreachable, argument
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
    """Do what is `left`, again after a failure that another connection may mend.

    Files go together, and what has failed may be the fault of one of them: half as many are tried then, until it is
    alone and fails alone.
    """
    course, most = _course(job, here), len(left)
    while left:
        together, error, fatal = left[:most], None, False
        try:
            for outcome in _way(job)(job, together[:], here, course):
                outcomes.append(outcome)
                course.confirm(len(outcomes))
                for done in (left, together):
                    done[:] = [action for action in done if action.path != outcome.path]
                if outcome.fatal:
                    return
                if not job.large:
                    here.moved(outcome.size)
        except Longer as trouble:
            here.check()
            _look_again(job, here, outcomes, left, trouble)
            continue
        except LocalError as trouble:
            error = trouble.error
        except Unreachable as trouble:
            error, fatal = trouble, True
        except (Error, OSError, EOFError, ValueError) as trouble:
            error = trouble
        if error is None or not together:
            most, course = max(most * 2, 1), _course(job, here)
            continue
        here.check()
        failures, stuck = course.failed(error), None if fatal else course.stuck
        again = is_worth_another(error) and stuck is None
        fatal = fatal or failed(together[0], error).fatal
        if len(together) > 1 and not fatal:
            most = len(together) // 2
        elif not (again and failures < RETRY.attempts):
            outcomes.append(failed(left.pop(0), error if stuck is None else told(error, stuck), fatal))
            course = _course(job, here)
            if outcomes[-1].fatal:
                return
            continue
        if again:
            here.pause(RETRY.pause(course.failures))


def _course(job, here):
    """What counts the attempts that come to nothing: at a large file, or in a row at small ones."""
    return _large.course(job, here) if job.large else Course()


def _look_again(job, here, outcomes, left, trouble):
    """More has come of a file than is listed: it is copied as long as it is by now, if that is what the server says."""
    (action,) = [one for one in left if one.path == trouble.action.path]
    left.remove(action)
    try:
        with here.borrow(job.source.site) as ftp:
            (found,) = stat_many(ftp, [argument(action.origin or action.path)])
    except Unreachable as unreachable:
        outcomes.append(failed(action, unreachable))
        left.clear()
        return
    except (Error, OSError, EOFError) as error:
        found = error
    if isinstance(found, Exception) or found.size is None or found.size <= action.size:
        outcomes.append(failed(action, trouble))
        return
    longer = action._replace(size=found.size, modified=found._micros()[0])
    _try(job._replace(actions=(longer,), large=found.size > MOST_BYTES), here, outcomes, [longer])


def _way(job):
    if job.large:
        return _large.copy
    if isinstance(job.source, Remote) and isinstance(job.target, Local):
        return _down.copy
    return _up.copy


def is_worth_another(error):
    """Whether another connection, or another moment, may do better."""
    if isinstance(error, Unreachable):
        error = error.__cause__
    return isinstance(error, (BeginAnew, NotWhole)) or may_pass(error, True)
