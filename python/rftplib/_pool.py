"""Connections that are used again and again: what `Site.borrow()` lends.

One pool for all equal Sites of a process. Its lock is held for moments only: nothing is opened, read or closed
meanwhile.
"""

import contextlib
import copy
import os
import re
import threading
import time
import weakref

from ._errors import Error, error_perm
from ._lent import Lent

# For how many seconds an idle connection is worth keeping: servers and firewalls drop them
IDLE = 30.0

# After how many seconds one connection more is tried than the server has allowed
REGAIN = 300.0

# For how many seconds a server may go on counting a connection that has just been closed
COUNTED = 1.0

# How often who waits looks by himself, in seconds
LOOK = 1.0

_TOO_MANY = re.compile(
    r"too (many|much)|maximum|\bmax\b|limit|no more (connection|user|session)|already (logged|connected)|simultaneous"
    r"|concurrent",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"attempt|failure|tries|password|quota|file", re.IGNORECASE)

_pools = weakref.WeakValueDictionary()
_lock = threading.Lock()


def pool_of(site):
    """The pool of all Sites that equal this one."""
    if site._pool is None:
        key = site._key()
        with _lock:
            pool = _pools.get(key)
            if pool is None:
                pool = _pools[key] = Pool(site._copy())
        object.__setattr__(site, "_pool", pool)
    return site._pool


def says_too_many(error):
    """Whether `error` is a server's refusal because there are too many connections."""
    if not isinstance(error, Error) or not error.args:
        return False
    text = str(error.args[0])
    return text[:3] in ("421", "425", "530") and bool(_TOO_MANY.search(text)) and not _OTHERS.search(text)


class _Place:
    """What a connection that is being opened, or a first login, is counted by."""

    __slots__ = ("__weakref__",)


def _nobody():
    """In the place of a reference to a first login: there is none."""


class Pool:
    """At most `limit` connections, each lent to one borrower at a time.

    What is counted is referred to weakly: Ctrl-C between two lines may take it from the one who had it, and then its
    place is free again.
    """

    def __init__(self, site):
        self._site = site
        self._limit = site.connections
        self._idle = []  # the latest last
        weakref.finalize(self, _close_all, self._idle)
        self._begin()

    def _begin(self):
        """Nothing stands, and nobody waits: at first, and in a forked process."""
        # Held by its own `with`: Condition's is Python code, in which Ctrl-C would leave it locked. Held twice by one
        # thread where the collector ends a generator that has a connection, in the middle of what is done here.
        self._mutex = threading.RLock()
        self._changed, self._turn = threading.Condition(self._mutex), threading.Condition(self._mutex)
        self._let_in, self._first = False, _nobody  # whether a login has succeeded, and the one before, under way
        self.together = True  # whether first commands may be sent together, see _prepare.enter()
        self._refusal = None  # of the latest login that has come to nothing for good
        self._told = None, None  # a server that has taken the login, and what it has said to FEAT
        self._process = os.getpid()
        self._standing = weakref.WeakSet()  # the connections that there are, lent or idle
        self._opening = weakref.WeakSet()  # the places of those that are about to be opened
        self._most = 0  # how many have stood at once since the server has refused one
        self._lowered = 0.0  # when it has, or when one more was tried since

    def after_fork(self):
        """In the child: the connections are the parent's."""
        inherited = self._idle[:]
        self._idle.clear()
        self._begin()
        _close_all(inherited)

    def lease(self, along=None):
        """What Site.borrow() returns. along: for a new connection, see Site._open()."""
        return _Lease(self, along)

    def take(self, along=None):
        """Return a connection that is fit to be used."""
        mine = []  # what is counted for this call
        try:
            while True:
                lent = self._next(mine)
                if isinstance(lent, _Place):
                    lent = self._open(lent, along, mine)
                elif not self._is_fit(lent):
                    continue
                if lent is not None:
                    return lent
        except BaseException:
            self._forget(mine)  # at once, as a traceback may keep them
            raise

    def give_back(self, lent, error=None):
        """Take a connection back from its borrower, whose block `error` has ended, if any."""
        fit = False
        try:
            fit = lent.process == os.getpid() and lent.clean_up(error)
        finally:
            if not fit:
                lent.close()
            if lent.process == self._process:  # a fork hasn't copied it
                _close_all(self._note(lent, fit, error))

    def _note(self, lent, fit, error):
        with self._mutex:
            self._standing.discard(lent)
            stale = self._take_stale()
            lent.lender = None
            if fit:
                self._idle.append(lent)
                self._standing.add(lent)
            if says_too_many(error):
                self._lower(len(self._standing))
            self._changed.notify()
        return stale

    def _forget(self, counted):
        with self._mutex:
            self._opening.difference_update(counted)
            self._standing.difference_update(counted)
            self._changed.notify()
        _close_all(one for one in counted if isinstance(one, Lent))

    def close_idle(self):
        """Close the connections that nobody has."""
        with self._mutex:
            idle = self._idle[:]
            self._idle.clear()
            self._standing.difference_update(idle)
            self._changed.notify_all()
        _close_all(idle)

    def _next(self, mine):
        """Take an idle connection, or a place for a new one. Waits until there is either."""
        me, stale = threading.get_ident(), []
        try:
            with self._mutex:
                while True:
                    self._regain()
                    stale += self._take_stale()
                    if self._idle:
                        mine.append(self._idle[-1])
                        lent = self._idle.pop()
                        lent.lender = me
                        return lent
                    if self._count() < self._limit:
                        mine.append(_Place())
                        self._opening.add(mine[-1])
                        return mine[-1]
                    if any(lent.lender == me for lent in list(self._standing)):
                        raise RuntimeError(
                            f"this thread has a connection of {self._site!r} already, and waits for no other: "
                            f"{len(self._standing)} are open, {self._limit} may be"
                        )
                    self._changed.wait(LOOK)
        finally:
            _close_all(stale)

    def _is_fit(self, lent):
        fit = False
        try:
            fit = lent.is_fit(self._site.timeouts)
        finally:
            if not fit:
                lent.close()
                with self._mutex:
                    self._standing.discard(lent)
                    self._changed.notify()
        return fit

    def known(self, ftp):
        """Whether the same server has taken the login on another connection, as long as there is one, and what FEAT has
        said there, or None. A name may stand for several servers: the address and the greeting tell."""
        with self._mutex:
            others = self._count() > 1
            known = others and self._told[0] == _server(ftp) is not None
            return known, self._told[1] if known else None

    def learn(self, ftp, features=None):
        """Remember that this one has, and what FEAT has said, if that has come."""
        with self._mutex:
            self._told = _server(ftp), features

    def _open(self, place, along, mine):
        """Open a connection in the place that was taken; None if the server says that there are too many."""
        lent = None
        try:
            lent = self._connect(along)
            if lent is not None:
                mine.append(lent)
        finally:
            with self._mutex:
                self._opening.discard(place)
                if lent is not None:
                    lent.lender = threading.get_ident()
                    self._standing.add(lent)
                    self._most = max(self._most, len(self._standing))
                    self._limit = max(self._limit, len(self._standing))
                self._changed.notify()
        return lent

    def _connect(self, along):
        began, pause = time.monotonic(), 0.05
        while True:
            try:
                return Lent(*self._site._open(self, along), self._site.directory)
            except Error as refusal:
                if not says_too_many(refusal):
                    raise
                error = refusal
            with self._mutex:
                standing = len(self._standing)
                if standing and (standing >= self._most or time.monotonic() - began > COUNTED):
                    self._lower(standing)
                    return None
            # One that was closed may still be counted. Where none of ours stands, others have them all: those of other
            # Sites of this server, such as another directory's, may be idle.
            for pool in self._neighbours():
                pool.close_idle()
            if time.monotonic() - began > (self._site.timeouts.connect or COUNTED):
                raise error
            time.sleep(pause)
            pause = min(2 * pause, LOOK)

    def _neighbours(self):
        """The pools of other Sites of the same server."""
        with _lock:
            pools = list(_pools.values())
        server = self._site.host, self._site.port
        return [pool for pool in pools if pool is not self and (pool._site.host, pool._site.port) == server]

    @contextlib.contextmanager
    def login(self):
        """A context for a login. Who comes, connected, while the first one is under way waits for its end: a password
        that is refused is sent once, and those that have waited raise the refusal as well."""
        mine = _Place()
        with self._mutex:
            first, known = self._first, self._refusal
            while first() is not None and self._first is first:
                self._turn.wait(LOOK)
            if self._refusal is not known:
                raise copy.copy(self._refusal)
            if not self._let_in:
                self._first = weakref.ref(mine)
        succeeded, refusal = False, None
        try:
            yield
            succeeded = True
        except error_perm as error:
            refusal = None if says_too_many(error) else error
            raise
        finally:
            with self._mutex:
                self._let_in = self._let_in or succeeded
                self._refusal = refusal or self._refusal
                if self._let_in or self._first() is mine:
                    self._first = _nobody
                self._turn.notify_all()

    # what follows is called with the lock held

    def _count(self):
        return len(self._standing) + len(self._opening)

    def _lower(self, standing):
        self._limit = self._most = max(standing, 1)
        self._lowered = time.monotonic()

    def _regain(self):
        while self._limit < self._site.connections and time.monotonic() - self._lowered > REGAIN:
            self._limit += 1
            self._lowered += REGAIN

    def _take_stale(self):
        """The connections that have been idle for too long, to be closed."""
        stale = []
        while self._idle and time.monotonic() - self._idle[0].since > IDLE:
            stale.append(self._idle.pop(0))
        self._standing.difference_update(stale)
        return stale


class _Lease:
    """`with pool.lease() as ftp:`"""

    def __init__(self, pool, along):
        self._pool, self._along, self._lent = pool, along, None

    def __enter__(self):
        if self._lent is not None:
            raise RuntimeError("this loan has begun already: call borrow() again")
        try:
            self._lent = self._pool.take(self._along)
            return self._lent.ftp
        except BaseException as error:
            if self._lent is not None:
                self.__exit__(type(error), error, None)
            raise

    def __exit__(self, kind, error, traceback):
        lent, self._lent = self._lent, None
        self._pool.give_back(lent, error)


def _server(ftp):
    """What tells a server from another one of the same name; None if that can't be told."""
    try:
        return ftp.welcome, ftp.sock.getpeername()
    except (OSError, AttributeError):  # somebody's own client
        return None


def _close_all(connections):
    for lent in connections:
        lent.close()


def _after_fork():
    """Locks that threads of the parent may have held are made anew, and its connections let go of."""
    global _lock
    _lock = threading.Lock()
    for pool in list(_pools.values()):
        pool.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
