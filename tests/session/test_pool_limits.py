"""A pool of connections where the server has something to say about how many there are, or about the login."""

from __future__ import annotations

import contextlib
import gc
import itertools
import linecache
import sys
import threading

import pytest
import rftplib
from rftplib import _pool
from rftplib.session import Site
from support.clock import Clock
from support.limited_server import LIMITS, LimitedServer, session_of
from support.side_by_side import PATIENCE, end, in_threads
from support.waiting import until

REFUSALS = [
    ("421 There are too many connections from your internet address.", "greeting"),
    ("421 8 users (the maximum) are already logged in, sorry", "greeting"),
    ("530 Sorry, the maximum number of clients (3) for this host are already connected.", "PASS"),
]


@pytest.mark.parametrize("text, at", REFUSALS)
def test_a_server_that_says_too_many_gets_fewer(text, at):
    with LimitedServer(3, text, at) as server:
        site = Site(server.url, timeouts=LIMITS)

        def work():
            """Fifteen times three of nine have one at the same time, whoever they are."""
            times, over = itertools.count(1), threading.Event()
            barrier = threading.Barrier(3, lambda: next(times) == 15 and over.set())

            def borrow(number):
                while not over.is_set():
                    with site.borrow() as ftp:
                        try:
                            barrier.wait(PATIENCE)
                        except threading.BrokenBarrierError:
                            assert over.is_set()
                        session_of(ftp)
                barrier.abort()  # for those that would wait for others

            end(*in_threads(9, borrow))

        while not server.refused:  # three may have been enough for all nine
            work()
        assert server.most == 3
        refused = server.refused
        work()
        assert server.refused == refused  # it is remembered


@pytest.mark.parametrize("text, at", REFUSALS)
def test_idle_ones_of_another_site_of_the_server_make_room(text, at):
    """Such as another directory's: a mirror on one server needs two Sites."""
    with LimitedServer(1, text, at) as server:
        sites = [Site(f"{server.url}/{directory}", timeouts=LIMITS) for directory in ("one", "two")]
        for site in (*sites, *sites):
            with site.borrow() as ftp:
                session_of(ftp)
        assert server.most == 1
        for site in sites:
            site.close()


def test_one_more_is_tried_after_a_while(monkeypatch):
    with LimitedServer(1) as server, contextlib.ExitStack() as held:
        site = Site(server.url, connections=3, timeouts=LIMITS)
        held.enter_context(site.borrow())
        with pytest.raises(RuntimeError):
            site.borrow().__enter__()
        server.limit = 3
        with pytest.raises(RuntimeError):
            site.borrow().__enter__()
        assert (server.accepted, server.refused) == (1, 1)
        monkeypatch.setattr(_pool, "REGAIN", 0)
        for _ in range(2):
            held.enter_context(site.borrow())
        assert (server.accepted, server.refused) == (3, 1)


def test_where_others_have_them_all_the_servers_word_is_raised(monkeypatch):
    monkeypatch.setattr(_pool, "time", Clock())
    with LimitedServer(0) as server:
        site = Site(server.url, timeouts=LIMITS)
        with pytest.raises(rftplib.error_temp, match="^421 Too many connections$") as raised:
            site.borrow().__enter__()
        assert (raised.value.code, server.refused > 1) == (421, True)
        server.limit = 1
        with site.borrow() as ftp:
            session_of(ftp)


@pytest.mark.parametrize("text", ["530 Login incorrect", "530 Too many login failures", "421 Service not available"])
def test_other_refusals_are_raised_at_once(text):
    with LimitedServer(0, text, "PASS") as server, pytest.raises(rftplib.Error):
        Site(server.url).borrow().__enter__()
    assert server.refused == 1


def test_a_refused_password_is_sent_once():
    """Those that wait for the first login raise its refusal; the next one to ask tries again."""
    together = 4

    def password():
        until(lambda: len(pool._turn._waiters) >= together - 1)
        return "wrong"

    def borrow(number):
        with pytest.raises(rftplib.error_perm, match="^530 Login incorrect$"):
            with site.borrow():
                pass

    with LimitedServer(0, "530 Login incorrect", "PASS") as server:
        site = Site(server.url.replace(":secret", ""), password=password)
        pool = _pool.pool_of(site)
        end(*in_threads(together, borrow))
        assert server.refused == 1
        server.limit, together = 100, 1
        with site.borrow() as ftp:
            assert ftp.sendcmd("NOOP") == "200 noop"


def test_a_first_login_that_is_lost_holds_nobody_up_twice():
    """Those that have waited for it go on side by side, not one after another."""
    together, arrived = 4, threading.Barrier(3)

    def password():
        if not waited:
            waited.append(True)
            until(lambda: len(pool._turn._waiters) >= together - 1)
            raise OSError("lost")
        arrived.wait(PATIENCE)
        return "secret"

    def borrow(number):
        try:
            with site.borrow() as ftp:
                assert ftp.sendcmd("NOOP") == "200 noop"
        except OSError as error:
            lost.append(str(error))

    waited, lost = [], []
    with LimitedServer(100) as server:
        site = Site(server.url.replace(":secret", ""), password=password)
        pool = _pool.pool_of(site)
        end(*in_threads(together, borrow))
    assert lost == ["lost"]


def interrupted(work, number):
    """Whether Ctrl-C came, at the line of the pool with this number, counted as they are run.

    Not where a lock is let go at the end of a `with`: Python takes no signals there.
    """
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if frame.f_code.co_filename != _pool.__file__:
            return None
        if event == "line" and "with " not in linecache.getline(_pool.__file__, frame.f_lineno):
            count += 1
            if count == number:
                raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


@pytest.mark.parametrize("standing", [False, True])
def test_wherever_ctrl_c_comes_the_place_is_free_again(standing):
    def work():
        with site.borrow() as ftp:
            ftp.sendcmd("NOOP")

    with LimitedServer(100) as server:
        site, number = Site(server.url, connections=1, timeouts=LIMITS), 1
        while interrupted(work, number):
            end(*in_threads(1, lambda _: work()))
            if not standing:
                site.close()
            number += 1
        site.close()
    assert number > 40


def test_a_connection_that_the_collector_gives_back(monkeypatch):
    """In the middle of what is done to the pool by the same thread."""
    real = _pool.Pool._take_stale

    def take_stale(pool):
        gc.collect()
        return real(pool)

    def lend(site):
        with site.borrow() as ftp:
            yield ftp

    class Holder:
        pass

    def work(number):
        holder = Holder()
        holder.itself, holder.lent = holder, lend(site)
        next(holder.lent)
        del holder
        with site.borrow() as ftp:
            assert ftp.sendcmd("NOOP") == "200 noop"

    with LimitedServer(100) as server:
        site = Site(server.url, timeouts=LIMITS)
        monkeypatch.setattr(_pool.Pool, "_take_stale", take_stale)
        end(*in_threads(1, work))
        site.close()
