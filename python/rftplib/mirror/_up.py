"""Small files of any side, to a server or to what fsspec knows."""

import contextlib
import io
import os

from .._batch import batch
from .._errors import Error, error_perm, error_temp, refusal_of
from .._features import features
from ..transfer import TransferError
from ..transfer._attempts import told
from ..transfer._naming import name_it, sizes, time_commands
from ..transfer._part import part_name
from . import _digests, _recheck
from ._ahead import Ahead
from ._jobs import Outcome, failed, untimed
from ._listers import argument
from ._local import Local, LocalError
from ._local_part import ALTERED, is_same_version
from ._origin import Origin, ask
from ._remote import WINDOW, Remote
from ._tree import join, parent_of, seconds
from ._values import Failure

# "not understood", "not implemented" (RFC 959): there is no SIZE
_UNKNOWN = (500, 501, 502, 504)


def copy(job, actions, here, course):
    """Yield an Outcome for each. Raises what has to do with a connection."""
    works = not course.failures
    with contextlib.ExitStack() as opened:
        if isinstance(job.source, Local):
            folders = opened.enter_context(job.source.folders())
            contents = [(action, lambda action=action: _read(folders, action)) for action in actions]
        else:
            contents = []
            for action, found in _fetched(job, actions, here, works):
                if isinstance(found, Outcome):
                    yield found
                else:
                    contents.append((action, lambda action=action, found=found: _Content(found, action.modified)))
        if isinstance(job.target, Remote):
            yield from _store(job, contents, here, works)
        else:
            for action, opener in contents:
                here.check()
                with opener() as content:
                    data = content.file.read()
                digest = _digests.sha256(io.BytesIO(data)) if job.digests else None
                try:
                    job.target.write(action, data)
                except LocalError as error:
                    yield failed(action, error.error)
                else:
                    yield Outcome(action.path, len(data), content.modified, digest)


def _fetched(job, actions, here, works):
    """(action, its content in memory, or an Outcome) for each: the connection is given back before the next begins."""
    if not isinstance(job.source, Remote):
        for action in actions:
            here.check()
            yield action, io.BytesIO(job.source.read(action.origin or action.path, action.size))
        return
    found = []
    with here.borrow(job.source.site) as ftp, Ahead(ftp, works=works) as ahead:
        waiting = [Origin(action) for action in actions]
        while waiting:
            came = []
            for place, origin in enumerate(waiting):
                here.check()
                ahead.more, content = place + 1 < len(waiting), io.BytesIO()
                command = "RETR " + origin.path
                try:
                    with here.metered(ftp, command, origin.size):
                        ftp.retrbinary(command, here.bounded(content.write, origin.action))
                except (error_perm, ValueError) as refusal:
                    found.append((origin.action, failed(origin.action, refusal)))
                else:
                    came.append((origin, content))
            ahead.settle()
            waiting = _sort_out(job, ftp, came, found)
    yield from found


def _sort_out(job, ftp, came, found):
    """What has come whole is appended to `found`; returns the Origins of what is fetched again."""
    again = []
    for (origin, content), one in zip(came, ask(ftp, [origin for origin, _ in came])):
        size = content.tell()
        trouble = origin.trouble(one, size) or _digests.mismatch(ftp, origin.path, content, size, job.verify)
        content.seek(0)
        if trouble is None:
            found.append((origin.action._replace(modified=origin.modified), content))
        elif origin.may_go_again():
            again.append(origin)
        else:
            found.append((origin.action, failed(origin.action, trouble)))
    return again


class _Content:
    """What is to be stored: a file that is read from, and the time that it gets, in microseconds."""

    def __init__(self, file, modified, found=None):
        self.file, self.modified, self._found = file, modified, found
        self.length = len(file.getbuffer()) if found is None else found.st_size

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._found is not None:
            self.file.close()

    def is_as_before(self):
        return self._found is None or is_same_version(os.fstat(self.file.fileno()), self._found)


def _read(folders, action):
    file, found = folders.read(action.origin or action.path)
    return _Content(file, found.st_mtime_ns // 1000, found)


class _Stored:
    """A file that is on the server under a temporary name."""

    def __init__(self, action, part, size, content, digest):
        self.action, self.part, self.size, self.digest = action, part, size, digest
        self.modified = content.modified


def _store(job, contents, here, works):
    """Each to a temporary name; then sizes, times and names of all by batches."""
    with here.borrow(job.target.site) as ftp:
        patient = job.target.patient or not features(ftp).size or "(vsFTPd" not in (ftp.welcome or "")
        try:
            yield from _send(job, contents, here, ftp, Ahead(ftp, patient, works))
        except (Error, OSError, EOFError):
            job.target.patient = True  # it may be that
            raise


def _part_of(action, content, here):
    """The temporary name: of this run and this version of the file. Two runs that shared one would write into each
    other's file; another attempt of this run writes over what the one before has left."""
    name = action.path.rpartition("/")[2]
    return join(parent_of(action.path), part_name(name, here.token, action.path, content.length, content.modified))


def _send(job, contents, here, ftp, ahead):
    stored, leftover, trouble = [], [], None
    with ahead:
        for place, (action, opener) in enumerate(contents):
            here.check()
            ahead.more, part = place + 1 < len(contents), None
            try:
                with opener() as content:
                    part = _part_of(action, content, here)
                    command = "STOR " + argument(part)
                    with here.metered(ftp, command, None):
                        ftp.storbinary(command, content.file)
                    size = content.file.tell()
                    digest = _digests.Hashes(ftp, content.file, job)
                    if not content.is_as_before():
                        raise LocalError(OSError(None, ALTERED))
            except error_temp as refusal:
                if str(refusal)[:3] == "421":
                    raise
                leftover.append(part)
                trouble = refusal
                break  # those before it are none the worse for it
            except (error_perm, ValueError, TransferError) as refusal:
                leftover.append(part)
                yield failed(action, refusal)
            except LocalError as error:
                leftover.append(part)
                yield failed(action, error.error)
            else:
                stored.append(_Stored(action, part, size, content, digest))
    yield from _finish(job, ftp, stored, here.asides)
    leftover = [part for part in leftover if part is not None]
    if leftover:
        batch(ftp, [f"DELE {argument(part)}" for part in leftover])
    if trouble is not None:
        raise trouble


def _finish(job, ftp, stored, asides):
    short, torn = None, []
    replies = batch(ftp, ["TYPE I", *(f"SIZE {argument(one.part)}" for one in stored)], WINDOW)[1:]
    whole = []
    for one, reply in zip(stored, replies):
        if reply.code == 213 and reply.text[4:].strip() != str(one.size):
            short = EOFError(f"{reply.text[4:].strip()} bytes of {one.size} have arrived")
            torn.append(one.part)
        elif reply.code >= 400 and reply.code not in _UNKNOWN:
            short = EOFError(f"it hasn't arrived: {reply.text}")
        else:
            whole.append(one)
    if job.verify in ("auto", "hash"):
        for one in whole[:]:
            try:
                one.digest.verify(ftp, argument(one.part), one.size)
            except TransferError as error:
                whole.remove(one)
                torn.append(one.part)
                yield failed(one.action, error)
    by_path = {one.action.path: one for one in whole}
    for paths in _recheck.rounds(list(by_path)):
        yield from _name(job, ftp, [by_path[path] for path in paths], asides)
    if torn:
        batch(ftp, [f"DELE {argument(part)}" for part in torn])
    if short is not None:
        raise short


def _name(job, ftp, whole, asides):
    """All get their times and names, by one batch, but where there is something else of that name by now."""
    copies = [_recheck.Copy(one.action, one.size, one.modified if job.target.keeps_times else None) for one in whole]
    refused = dict(zip(whole, _recheck.replaceable(ftp, copies)))
    useless = [one for one in whole if refused[one] is not None]
    if useless:
        batch(ftp, [f"DELE {argument(one.part)}" for one in useless])
    for one in useless:
        yield Outcome(one.action.path, failure=Failure("copy", one.action.path, refused[one], _recheck.ADVICE))
    whole = [one for one in whole if refused[one] is None]
    commands, ends = [], []
    for one in whole:
        if job.target.keeps_times:
            commands += time_commands(ftp, argument(one.part), seconds(one.modified))
        commands += [f"RNFR {argument(one.part)}", f"RNTO {argument(one.action.path)}"]
        ends.append(len(commands))
    replies, begin = batch(ftp, commands, WINDOW), 0
    for one, end in zip(whole, ends):
        own, begin = replies[begin:end], end
        yield _named(ftp, one, own, asides)


def _named(ftp, one, replies, asides):
    """The Outcome of a file that was renamed. Where that is refused for good because there is one of that name, it is
    put aside first, and deleted when the new one is in its place."""
    *times, begun, renamed = replies
    refusal = None
    if begun.code >= 400 or renamed.code >= 400:
        refusal = error_perm((begun if begun.code >= 400 else renamed).text)
        if begun.code < 400 and renamed.code >= 500 and one.action.reason != "missing":
            refusal = _by_way_of(ftp, one, asides)
    if refusal is not None:
        return failed(one.action, _without(ftp, one, refusal))
    if one.action.path in asides:  # the connection was lost before it was deleted
        batch(ftp, [f"DELE {asides.pop(one.action.path)}"])
    if times and times[0].code >= 400:
        return untimed(one.action, one.size, times[0].text)
    return Outcome(one.action.path, one.size, one.modified, one.digest.sha256)


def _by_way_of(ftp, one, asides):
    """Rename it where another one has to be put aside; returns the refusal, None if there is none."""
    path = one.action.path

    def note(aside):
        if aside is None:
            del asides[path]
        else:
            asides[path] = aside

    try:
        refused = name_it(ftp, argument(one.part), argument(path), None, True, note)
    except TransferError as error:
        return TransferError(f"{error} (what was {path!r} is {asides.pop(path)!r} now)")
    except (Error, OSError, EOFError) as error:
        if path in asides:
            error = told(error, f"what was {path!r} may be {asides[path]!r} now")
        raise error from error.__cause__
    return None if refused is None else refusal_of(refused)


def _without(ftp, one, refusal):
    """The refusal of a name. What was sent is deleted if that leaves what was there before; else the text tells where
    it is."""
    final = argument(one.action.path)
    if not isinstance(refusal, TransferError) and (one.action.reason == "missing" or sizes(ftp, final)[0] is not None):
        batch(ftp, [f"DELE {argument(one.part)}"])
        return refusal
    told = f"{refusal} (the new file is {one.part!r} on the server; see whether {one.action.path!r} is there)"
    return type(refusal)(told)
