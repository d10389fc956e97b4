"""Jobs are done by an executor of the user's: by threads, processes or other machines."""

import collections
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, ThreadPoolExecutor, wait

from . import _copy
from ._jobs import Stopped
from ._threads import PATIENCE


def is_of_this_process(executor):
    """Whether its workers share the connections of this process, for sure."""
    return isinstance(executor, ThreadPoolExecutor)


def by_executor(executor, jobs, at_once, here, take):
    """Have the jobs done; take(job, outcomes) is called with what each came to. Returns what has broken the executor,
    None if nothing has, and the jobs that were not handed out.

    At most `at_once` of them are handed out at a time, as many as there may be connections: each takes one of each
    side.
    """
    running, waiting, broken = {}, collections.deque(jobs), None
    try:
        while running or (waiting and broken is None and not here.stop.is_set()):
            while broken is None and waiting and len(running) < at_once and not here.stop.is_set():
                try:
                    running[executor.submit(_copy.copy, waiting[0])] = waiting[0]
                    waiting.popleft()
                except RuntimeError as error:  # it is shut down, or its workers have died
                    broken = error
            for future in wait(list(running), timeout=0.2, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                error = CancelledError() if future.cancelled() else future.exception()
                if isinstance(error, (BrokenExecutor, CancelledError)):
                    broken = error
                outcomes = error if error is not None else future.result()
                take(job, outcomes)
                if error is None:
                    for outcome in outcomes:
                        here.moved(outcome.size)
    except BaseException as error:  # Ctrl-C, or what progress has raised: what is under way can't be ended
        handed = [future for future in running if not future.cancel()]
        for future in wait(handed, timeout=None if isinstance(error, Stopped) else PATIENCE).done:
            if future.exception() is None:
                take(running[future], future.result())
        raise
    return broken, waiting
