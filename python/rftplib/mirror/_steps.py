"""The steps of a run that move no data: a server does each by batches of commands."""

import contextlib

from .._batch import batch
from .._errors import Error, error_perm
from .._scan import scandir
from .._stat import stat_many
from ..transfer._naming import time_commands
from . import _advice, _recheck
from ._listers import argument
from ._remote import WINDOW, Remote
from ._tree import seconds
from ._values import Failure

# What an action comes to where there is nothing to do any more
NOTHING = object()

# How many commands are one batch: Ctrl-C comes in between, and a lost connection costs no more than one
_CHUNK = 500


class Steps:
    """Each method is a generator: of each action None, or the Failure; NOTHING where the directory is there
    already, or what was to be deleted isn't."""

    def __init__(self, target):
        self._target = target
        self._server = isinstance(target, Remote)

    def prepare(self, lister, creates):
        """See to the target's root."""
        if creates:
            self._target.make_root()
        if self._server:
            self._target.learn(lister)
        yield from ()

    def mkdirs(self, lister, actions):
        if not self._server:
            yield from self._each(actions, _mkdir)
            return
        for chunk in _chunks(actions):
            replies, done = _tried(lister, "MKD", chunk)
            refused = [place for place, reply in enumerate(replies) if reply.code >= 400]
            found = _stats(lister, [chunk[place] for place in refused])
            there = {
                place for place, one in zip(refused, found) if not isinstance(one, Exception) and one.type == "dir"
            }
            for place, (action, reply) in enumerate(zip(chunk, replies)):
                if place in there:
                    yield done
                else:
                    yield None if reply.code < 400 else _refusal(action, reply)

    def done(self, lister, actions):
        """Of each copy True if it is there already, by an earlier run of the plan."""
        if not self._server:
            known = hasattr(self._target, "folders")
            yield from self._each(actions, lambda one, folders: known and folders.has(one))
            return
        for chunk in _chunks(actions):
            for action, found in zip(chunk, _stats(lister, chunk)):
                yield not isinstance(found, Exception) and _recheck.is_copy(found, action)

    def links(self, actions):
        yield from self._each(actions, lambda one, folders: folders.link(one))

    def touch(self, lister, actions):
        if not self._server:
            yield from self._each(actions, lambda one, folders: folders.touch(one))
            return
        for chunk in _chunks(actions):
            for action, reply in zip(chunk, lister.ask(lambda ftp, chunk=chunk: _set_times(ftp, chunk))):
                if isinstance(reply, str):
                    yield Failure(action.kind, action.path, reply, _recheck.ADVICE)
                else:
                    yield None if reply.code < 400 else _refusal(action, reply)

    def delete(self, lister, actions):
        if not self._server:
            yield from self._each(actions, _delete)
            return
        for kind, verb in (("delete", "DELE"), ("rmdir", "RMD")):
            for chunk in _chunks([action for action in actions if action.kind == kind]):
                if kind == "delete":
                    changed = lister.ask(lambda ftp, chunk=chunk: _recheck.changed(ftp, chunk))
                    yield from changed.values()
                    chunk = [action for action in chunk if action.path not in changed]
                (replies, done), listed = _tried(lister, verb, chunk), _Listed(lister)
                for action, reply in zip(chunk, replies):
                    if 200 <= reply.code < 300:
                        yield None
                    elif listed.lacks(action.path):
                        yield done
                    else:
                        yield _refusal(action, reply)

    def _each(self, actions, do):
        """By a local side's directories, or by the side itself."""
        if not actions:
            return
        with contextlib.ExitStack() as opened:
            own = hasattr(self._target, "folders")
            folders = opened.enter_context(self._target.folders()) if own else self._target
            for action in actions:
                try:
                    result = do(action, folders)
                except (OSError, ValueError, Error) as error:
                    result = Failure(action.kind, action.path, _advice.text(error), _advice.of(action.kind, error))
                yield result


def _mkdir(action, folders):
    return NOTHING if folders.mkdir(action.path) is False else None


def _delete(action, folders):
    there = folders.delete(action) if action.kind == "delete" else folders.rmdir(action.path)
    return None if there else NOTHING


class _Listed:
    """What is listed now. That a server refuses to tell of a path doesn't prove that there is no such path."""

    def __init__(self, lister):
        self._lister, self._names = lister, {}

    def lacks(self, path):
        """Whether the directory that `path` lies in is listed without it, or is proven not to be there itself."""
        parent, _, name = path.rpartition("/")
        if parent not in self._names:
            try:
                entries = self._lister.ask(lambda ftp: list(scandir(ftp, argument(parent))))
                self._names[parent] = {entry.name for entry in entries}
            except (Error, OSError, EOFError):
                self._names[parent] = None
        names = self._names[parent]
        if names is None:
            return bool(parent) and self.lacks(parent)
        return name not in names


def _set_times(ftp, actions):
    """Of each action the reply, or a text that says why none was asked for."""
    wanted = [_recheck.Copy(one, one.size, one.modified) for one in actions]
    found = _recheck.replaceable(ftp, wanted)
    commands = [time_commands(ftp, argument(one.path), seconds(one.modified)) for one in actions]
    due = [one[0] for one, trouble in zip(commands, found) if one and trouble is None]
    replies = iter(batch(ftp, due, WINDOW) if due else ())
    return [trouble or (next(replies) if one else _NOT_SETTABLE) for one, trouble in zip(commands, found)]


_NOT_SETTABLE = "the server can't be told this time"


def _tried(lister, verb, actions):
    """The replies, and what an action comes to that is found done: None where a lost connection has done it."""
    tries = []

    def ask(ftp):
        tries.append(ftp)
        return _batch(ftp, verb, actions)

    replies = lister.ask(ask)
    return replies, NOTHING if len(tries) == 1 else None


def _batch(ftp, verb, actions):
    return batch(ftp, [f"{verb} {argument(action.path)}" for action in actions], WINDOW)


def _stats(lister, actions):
    if not actions:
        return []
    return lister.ask(lambda ftp: stat_many(ftp, [argument(action.path) for action in actions]))


def _refusal(action, reply):
    refusal = error_perm(reply.text)
    return Failure(action.kind, action.path, _advice.text(refusal), _advice.of(action.kind, refusal))


def _chunks(actions):
    actions = list(actions)
    return [actions[begin : begin + _CHUNK] for begin in range(0, len(actions), _CHUNK)]
