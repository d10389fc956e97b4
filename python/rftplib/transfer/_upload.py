"""An upload over all its attempts: for `rftplib.transfer.put`."""

import contextlib
import errno
import time

import rftplib

from .. import _logs
from .._errors import Error, error_perm, error_temp, refusal_of
from .._exact import ask
from .._loops import count
from .._recover import recover
from . import _naming
from ._attempts import is_full, is_refused
from ._look import look
from ._part import OVERLAP, fresh_part_name, part_name
from ._values import BeginAnew, NotWhole, TransferError, Transferred
from ._verify import local_hash, offered, remote_hash

# For how long a size must stay the same, in seconds, and how often that is looked for
SETTLED, ROUNDS = 0.2, 50


class Upload:
    """An upload of `source`, a LocalFile or a FileObject, over all its attempts."""

    advice_here = "is it there, and may this user read it?"

    def __init__(self, source, remote, course, *, overwrite, temporary, resume, verify, keep, check=None, untimed=None):
        self._source, self._remote, self._course = source, remote, course
        self._overwrite, self._temporary, self._verify, self._keep = overwrite, temporary, verify, keep
        self._check = check or (None if overwrite else self._check_absent)
        self._untimed = untimed  # called with what the server has said where the time isn't kept
        self._resume = resume and temporary and source.can_resume
        self.attempts, self.owned, self.advice = 0, False, None
        self._place = None  # the path that is written to, for what source, and whether something may be there
        self._identity = None
        self._left_over = False
        self._start = 0  # where the present attempt goes on
        self._no_append = False  # whether the server has refused APPE
        self._useless = False  # whether what is there is known to be wrong
        self._aside = None  # the path that an older file may have now
        self._timed = None  # the reply about the time
        self._naming = 0  # how often the name has been asked for
        self._named = None  # what is done if the name was given by an attempt that has got no reply, see _is_named
        self._older = None  # the size of what has the name; None: of nothing
        self._tells_sizes = False  # whether the server has told the size of what is written to
        self._end = None  # what size the server told last, where it was a wrong one
        self._hashed = None, None  # an identity of the source with an algorithm, and the hash
        self._checked = None  # the identity of the source that has the known hash
        self._state = ""

    def attempt(self, ftp):
        """Bring it to its end, or raise."""
        self._state = ""
        offer = self._verify.offer(ftp) if self._verify.digest is None else offered(ftp)
        with self._source.opened():
            self._course.size(self._source.size)
            self._choose_place(ftp)
            if self._verify.digest is not None and self._checked != self._source.identity:
                self._source.check(self._verify.digest)
                self._checked = self._source.identity
            if self._is_named(ftp):
                return self._done(ftp, *self._named)
            if self._check is not None:
                self._check(ftp)
            elif self._temporary and not look(ftp, self._remote).is_file:
                raise IsADirectoryError(errno.EISDIR, "a directory on the server", self._remote)
            try:
                return self._bring(ftp, offer)
            except BaseException as error:
                self._give_up(ftp, error)
                raise

    def describe(self, server):
        """What was to be done, for an error."""
        aside = f"; what was {self._remote!r} may be {self._aside!r} now" if self._aside else ""
        return f"putting {self._source.path!r} as {self._remote!r} on {server}{self._state}{aside}"

    def _choose_place(self, ftp):
        if not self._temporary:
            self._place = self._remote
            return
        identity = self._source.identity
        if self._place is not None:
            if identity == self._identity:
                return
            ask(ftp, ["DELE " + self._place])  # of what the source was
            self._named, self._useless, self._left_over, self._end = None, False, False, None
        head, slash, name = self._remote.rpartition("/")
        if self._resume:
            part = part_name(name, *identity, self._remote, ftp.host, ftp.port)
        else:
            part = fresh_part_name(name)
        self._place, self._identity = head + slash + part, identity

    def _is_named(self, ftp):
        """Whether an attempt that has got no reply to RNTO has given the name.

        That can be seen only where nothing of the same size had it before.
        """
        if self._named is None:
            return False
        size = self._named[0]
        return self._older != size and _naming.sizes(ftp, self._place, self._remote) == [None, size]

    def _check_absent(self, ftp):
        if _naming.exists(ftp, self._remote):
            raise FileExistsError(errno.EEXIST, "it is on the server, and overwrite is False", self._remote)

    def _bring(self, ftp, offer):
        self._start = self._find_start(ftp)
        sent = self._send(ftp)
        if self._source.has_changed():
            raise BeginAnew("the local file has changed meanwhile")
        size = self._start + sent
        if self._source.size is not None and size < self._source.size:
            raise TransferError(f"{self._source.path!r} has ended after {size} of {self._source.size} bytes")
        verified = "none"
        if self._verify.how != "none":
            verified = self._check_size(ftp, size)
        digest = None if self._verify.digest is None else "sha256:" + self._verify.digest
        if offer is not None:
            made = self._check_hash(ftp, size, offer)
            digest, verified = (digest or made, offer[0]) if made else (digest, verified)
        self._course.reach(size)  # whoever is told may object, as long as it hasn't got its name
        seconds = self._source.seconds if "mtime" in self._keep else None
        if not self._temporary:
            commands = _naming.time_commands(ftp, self._remote, seconds)
            if commands:
                self._note_time(*ask(ftp, commands))
        else:
            if self._check is not None:
                self._check(ftp)
            self._name(ftp, size, digest, verified, seconds)
        if _naming.utc(seconds) is not None:
            self._check_time()
        return self._done(ftp, size, digest, verified)

    def _name(self, ftp, size, digest, verified, seconds):
        """Give it its name. Only where no reply comes may it have got it nevertheless."""
        _naming.check_name(ftp, self._place, self._remote)
        told = self._verify.how != "none"
        self._naming, self._named = self._naming + 1, (size, digest, verified) if told else None
        notes = self._note_aside, self._note_time
        refused = _naming.name_it(ftp, self._place, self._remote, seconds, self._overwrite, *notes)
        if refused is None:
            return
        self._named = None
        part, final = _naming.sizes(ftp, self._place, self._remote)
        if part is None and (self._tells_sizes or final is not None):
            self._left_over = False
            self._state = f": {self._place!r} is gone: has another put() of the same file given it its name meanwhile?"
        raise refusal_of(refused)

    def _note_aside(self, path):
        self._aside = path

    def _note_time(self, reply):
        self._timed = reply

    def _check_time(self):
        """Whoever reads the log learns that the time isn't kept. The file is whole all the same."""
        reply, level, text = self._timed, _logs.INFO, "the server has no command for it"
        if reply is not None:
            if reply.ok:
                return
            text = reply.text.partition("\n")[0]
            if self._untimed is not None:
                self._untimed(reply.text)
            elif reply.command.startswith("MFMT"):
                level = _logs.WARNING
        _logs.event("control", level, "the time of %s isn't kept: %s", self._remote, text)

    def _done(self, ftp, size, digest, verified):
        self._course.reach(size)
        if self._naming > 1:  # an earlier attempt may have put an older file aside
            ask(ftp, ["DELE " + _naming.aside_name(self._place)])
        modified = _naming.utc(self._source.seconds)
        return Transferred(self._remote, size, self._start, 1, 0.0, digest, verified, modified)

    def _find_start(self, ftp):
        """How much of the file is there and can be continued."""
        if not self._resume:
            return 0
        there = self._settled_size(ftp)
        self._course.found(self._place, there)
        self._left_over = there is not None
        if not there or self._useless or there > self._source.size or self._no_append:
            return 0
        self._course.confirm(there)
        if there < min(OVERLAP, self._source.size) or not self._fits(ftp, there):
            return 0
        return there

    def _settled_size(self, ftp):
        """The size of what is there, once it has stopped growing.

        A server may still write what has arrived before the connection was lost: appended behind that, the rest of the
        file would be in the wrong place.
        """
        (there,) = _naming.sizes(ftp, self._place)
        for _ in range(ROUNDS):
            if not there:
                return there
            before = there
            time.sleep(SETTLED)
            (there,) = _naming.sizes(ftp, self._place)
            if there == before:
                return there
        raise NotWhole(f"{self._place!r} is still being written by an earlier transfer, or by another one")

    def _fits(self, ftp, there):
        """Whether what is on the server is the beginning of the file, as far as can be told."""
        offer = offered(ftp)
        if offer is not None:
            theirs = remote_hash(ftp, self._place, offer, there)
            if theirs is not None:
                whole = there == self._source.size
                return theirs == (self._own_hash(offer[0]) if whole else local_hash(self._source.file, offer[0], there))
        start = max(there - OVERLAP, 0)
        tail = bytearray()

        def take(block):
            tail.extend(block)
            if len(tail) > OVERLAP:
                self._useless = True
                raise BeginAnew("the server doesn't go on where REST says")

        try:
            ftp.retrbinary("RETR " + self._place, take, 16384, start or None)
        except (error_perm, error_temp) as refusal:
            if tail or not is_refused(refusal):
                raise
            ask(ftp, ["REST 0"])
            return True  # what can't be read has the right size at least
        self._source.file.seek(start)
        return bytes(tail) == self._source.file.read(there - start)

    def _send(self, ftp):
        """Send what isn't there; returns how many bytes that were."""
        if self._start and self._start == self._source.size:
            return 0
        if self._start:
            try:
                return self._store(ftp, "APPE")
            except (error_perm, error_temp) as refusal:
                if self._sent or not is_refused(refusal) or is_full(refusal):
                    raise
                self._no_append, self._start = True, 0
        if self._left_over:
            ask(ftp, ["DELE " + self._place])  # some servers let nobody write over it
        self._useless = False
        return self._store(ftp, "STOR")

    def _store(self, ftp, verb):
        self._source.rewind(self._start)
        self._course.reach(self._start)
        cmd, self._sent = f"{verb} {self._place}", 0
        with self._course.metered(ftp, cmd, self._start) as meter:
            # a client that isn't ours counts in nothing of ours
            each = None if isinstance(ftp, rftplib.FTP) else lambda block: count(meter, len(block))
            try:
                ftp.storbinary(cmd, self._source.file, self._course.blocksize, each)
            except (error_perm, error_temp) as refusal:
                if not meter.moved and not is_full(refusal):
                    self._state = ": is its directory there, and may this user write in it?"
                    if self._temporary:
                        self._state += " Where names mustn't begin with a dot, temporary=False does without."
                raise
            except (Error, OSError, EOFError):
                raise
            except Exception:  # read() has failed, when there was a file already, an empty one
                self._left_over = True
                raise
            finally:
                self._sent = meter.moved
                self._left_over |= bool(meter.moved)
        self._left_over = True
        return self._sent

    def _check_size(self, ftp, size):
        there, self._older = _naming.sizes(ftp, self._place, self._remote)
        self._tells_sizes = there is not None
        if there is None or there == size:
            return "none" if there is None else "size"
        text = f"the server has {there} bytes of {size}"
        if self._end == there and not self._start:
            raise TransferError(f"{text}, again: use verify='none' if what it tells is wrong")
        self._end = there
        self._useless = there > size
        raise NotWhole(text)

    def _check_hash(self, ftp, size, offer):
        theirs = remote_hash(ftp, self._place, offer, size)
        if theirs is None:
            if self._verify.how == "hash":
                raise TransferError(f"the server refuses to tell the hash of {self._place!r} ({offer[1]})")
            return None
        ours = self._own_hash(offer[0])
        if ours != theirs:
            self._useless = True
            text = f"the {offer[0]} of what the server has is {theirs}, and should be {ours}"
            raise (BeginAnew if self._start else TransferError)(text)
        return f"{offer[0]}:{ours}"

    def _own_hash(self, algorithm):
        """Made once: while it is, the server may lose patience, and the next attempt has only to give the name."""
        made_of = self._source.identity, algorithm
        if self._hashed[0] != made_of:
            self._hashed = made_of, local_hash(self._source.file, algorithm)
        return self._hashed[1]

    def _give_up(self, ftp, error):
        """Leave nothing on the server that can't be continued, where it still listens."""
        if not self._temporary or not self._left_over:
            return
        wrong = isinstance(error, TransferError) and not isinstance(error, (NotWhole, BeginAnew))
        if self._resume and not wrong:
            self._state = f": what has arrived is in {self._place!r}, where the next put() goes on"
        elif self._named is None and _is_in_step(ftp, error):
            with contextlib.suppress(Error, OSError, EOFError):
                ask(ftp, ["DELE " + self._place])


def _is_in_step(ftp, error):
    """Whether the client can be used after that error, or can be again."""
    if isinstance(error, (error_perm, error_temp)):
        return error.args[0][:3] != "421"
    if isinstance(error, TransferError):
        return True
    return isinstance(error, Exception) and not isinstance(error, (Error, OSError, EOFError)) and recover(ftp)
