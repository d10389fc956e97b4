"""What Site.borrow() lends: never too many, never a dead one, never one that isn't as it was at the beginning."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time

import pytest
import rftplib
from rftplib import _pool
from rftplib.session import Site, Timeouts, features
from support.limited_server import LimitedServer
from support.waiting import until

PATIENCE = 60  # seconds that nothing here takes
SHORT = Timeouts(2, 20, 20)


@pytest.fixture
def server():
    with LimitedServer(100) as running:
        yield running


def session_of(ftp):
    return ftp.sendcmd("STAT")


def in_threads(count, work):
    """Run work(number) in that many threads; raises what one of them has raised."""
    errors = []

    def run(number):
        try:
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads, errors


def end(threads, errors):
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    if errors:
        raise errors[0]


# ------------------------------------------------------------------------------------------------ lending


def test_a_connection_is_used_again(server):
    site = Site(server.url)
    with site.borrow() as ftp:
        first, session = ftp, session_of(ftp)
    with site.borrow() as ftp:
        assert ftp is first and session_of(ftp) == session
    assert server.accepted == 1


def test_equal_sites_share_their_connections(server):
    with Site(server.url).borrow() as ftp:
        session = session_of(ftp)
        site = Site(server.url)
    with site.borrow() as ftp:
        assert session_of(ftp) == session
    with Site(server.url, connections=3).borrow() as ftp:
        assert session_of(ftp) != session


def test_who_borrows_gets_it_as_it_was_at_the_beginning(server):
    site = Site(server.url, timeouts=SHORT)
    with site.borrow() as ftp:
        ftp.cwd("elsewhere")
        ftp.voidcmd("TYPE A")
        ftp.sock.settimeout(0.5)
        ftp.timeout = 0.5
    with site.borrow() as ftp:
        assert ftp.sendcmd("NOOP") == "200 noop"
        assert (ftp.sock.gettimeout(), ftp.timeout) == (20, 20)
    changed = server.commands.index("TYPE A")
    assert server.commands[changed + 1 : changed + 6] == ["TYPE I", "REST 0", "CWD /home", "PWD", "NOOP"]


@pytest.mark.parametrize("path, back", [("some/where", ["CWD /home", "CWD some/where"]), ("%2Fsite", ["CWD /site"])])
def test_the_directory_of_the_site_is_entered_when_it_is_lent(server, path, back):
    """Another one may have got its name meanwhile."""
    site = Site(f"{server.url}/{path}")
    with site.borrow() as ftp:
        ftp.sendcmd("NOOP")
    server.do(lambda: server.commands.append("meanwhile"))
    with site.borrow() as ftp:
        ftp.sendcmd("NOOP")
    assert server.accepted == 1
    lent = server.commands.index("NOOP") + 1
    told = server.commands[lent:]
    expected = ["TYPE I", "REST 0", *back, "PWD", "NOOP"]
    # what is sent when it is given back again may have come by now
    assert [one for one in told if one != "meanwhile"][: len(expected)] == expected
    assert told.index("meanwhile") < told.index(back[0])


def test_a_refusal_leaves_the_connection_in_use(server):
    site = Site(server.url)
    with pytest.raises(rftplib.error_perm):
        with site.borrow() as ftp:
            ftp.size("nothing")
    with site.borrow() as ftp:
        session_of(ftp)
    assert server.accepted == 1


ENDS = {
    "an error of the program": lambda ftp: 1 / 0,
    "an error in between": lambda ftp: (ftp.putcmd("NOOP"), 1 / 0),
    "a lost connection": lambda ftp: (ftp.sock.shutdown(socket.SHUT_RDWR), ftp.sendcmd("NOOP")),
    "somebody else's refusal": lambda ftp: raise_(rftplib.error_perm("550 of another server")),
    "a refusal for now": lambda ftp: raise_(rftplib.error_temp("450 busy")),
    "Ctrl-C": lambda ftp: raise_(KeyboardInterrupt()),
}


def raise_(error):
    raise error


@pytest.mark.parametrize("name", ENDS)
def test_all_other_exceptions_close_it(server, name):
    site = Site(server.url)
    with pytest.raises((ZeroDivisionError, OSError, EOFError, rftplib.Error, KeyboardInterrupt)):
        with site.borrow() as ftp:
            ENDS[name](ftp)
    assert ftp.sock is None
    with site.borrow() as ftp:
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert server.accepted == 2


def test_a_closed_client_isnt_lent_again(server):
    site = Site(server.url)
    with site.borrow() as ftp:
        ftp.quit()
    with site.borrow() as ftp:
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert server.accepted == 2


@pytest.mark.parametrize("farewell", [b"", b"421 idle for too long\r\n", b"200 noop\r\n"])
def test_a_dead_connection_isnt_lent_again(server, farewell):
    site = Site(server.url)
    with site.borrow() as ftp:
        session_of(ftp)
    server.end_all(farewell)
    with site.borrow() as ftp:
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert server.accepted == 2


def test_idle_connections_end(server, monkeypatch):
    site = Site(server.url)
    with site.borrow():
        pass
    monkeypatch.setattr(_pool, "IDLE", -1)
    with site.borrow() as ftp:
        session_of(ftp)
    assert server.accepted == 2
    monkeypatch.undo()
    site.close()
    with site.borrow() as ftp:
        session_of(ftp)
    assert server.accepted == 3


def test_a_pool_ends_with_its_sites(server):
    site = Site(server.url)
    with site.borrow() as ftp:
        pass
    assert ftp.sock is not None
    del site
    assert ftp.sock is None


def test_whoever_waits_gets_the_next_that_comes_back(server):
    site, got = Site(server.url, connections=1), []

    def borrow(number):
        with site.borrow() as ftp:
            got.append(session_of(ftp))

    with site.borrow() as ftp:
        session = session_of(ftp)
        threads, errors = in_threads(4, borrow)
        time.sleep(0.05)
        assert got == []
    end(threads, errors)
    assert got == [session] * 4
    assert server.most == 1


def test_nobody_waits_for_a_second_one(server):
    site = Site(server.url, connections=2)
    with site.borrow(), site.borrow():
        with pytest.raises(RuntimeError, match="has a connection of .* already, and waits for no other: 2 are open"):
            site.borrow().__enter__()
    with site.borrow() as ftp:
        session_of(ftp)
    lease = site.borrow()
    with lease, pytest.raises(RuntimeError, match="has begun already"):
        lease.__enter__()


def test_an_open_that_fails_leaves_its_place(server):
    site = Site(server.url.replace(str(server.port), "1"), connections=1, timeouts=SHORT)
    for _ in range(3):
        with pytest.raises(OSError):
            site.borrow().__enter__()


# ------------------------------------------------------------------------------------------------ limits

REFUSALS = [
    ("421 There are too many connections from your internet address.", "greeting"),
    ("421 8 users (the maximum) are already logged in, sorry", "greeting"),
    ("530 Sorry, the maximum number of clients (3) for this host are already connected.", "PASS"),
]


@pytest.mark.parametrize("text, at", REFUSALS)
def test_a_server_that_says_too_many_gets_fewer(text, at):
    with LimitedServer(3, text, at) as server:
        site = Site(server.url, timeouts=SHORT)
        barrier = threading.Barrier(3)

        def borrow(number):
            for _ in range(5):
                with site.borrow() as ftp:
                    barrier.wait(PATIENCE)  # three have one at the same time
                    session_of(ftp)

        while not server.refused:  # three may have been enough for all nine
            end(*in_threads(9, borrow))
        assert server.most == 3
        refused = server.refused
        end(*in_threads(9, borrow))
        assert server.refused == refused  # it is remembered


def test_one_more_is_tried_after_a_while(monkeypatch):
    with LimitedServer(1) as server, contextlib.ExitStack() as held:
        site = Site(server.url, connections=3, timeouts=SHORT)
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


def test_where_others_have_them_all_the_servers_word_is_raised():
    with LimitedServer(0) as server:
        site = Site(server.url, timeouts=Timeouts(0.3, 20, 20))
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


def test_a_server_is_asked_once_what_it_can_do(server):
    """While a connection stands; where its name may lead to another server, that is asked."""
    site = Site(server.url)
    with site.borrow() as first:
        told = features(first)
        with site.borrow() as ftp:
            assert features(ftp) == told and "SIZE" in told
        assert server.commands.count("FEAT") == 1
        first.close()
    site.close()
    with site.borrow():
        assert server.commands.count("FEAT") == 2
        server.do(lambda: setattr(server, "greeting", b"220 another one\r\n"))
        with site.borrow() as ftp:
            assert features(ftp) == told
    assert server.commands.count("FEAT") == 3


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


@pytest.mark.long
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_ten_thousand_times_in_sixteen_threads(limit):
    """More than the server takes are asked for; a fork comes in between. No deadlock, no session too many."""
    with LimitedServer(limit) as server:
        site = Site(server.url, connections=16, timeouts=Timeouts(0.5, 60, 60))
        begun = threading.Event()

        def borrow(number):
            for turn in range(625):
                with site.borrow() as ftp:
                    if turn % 25 == number:
                        session_of(ftp)
                if turn == 100:
                    begun.set()

        threads, errors = in_threads(16, borrow)
        assert begun.wait(PATIENCE)
        if hasattr(os, "fork"):
            child = os.fork()
            if child == 0:
                be_the_child(site)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        end(threads, errors)
        assert server.most == limit
        # what the server refused while it was being found out, and what the child asked for
        assert server.refused < 50


def be_the_child(site):
    """What the parent has isn't lent; the server is full, or has room for a new one."""
    status = 1
    try:
        with contextlib.suppress(rftplib.error_temp), site.borrow() as ftp:
            session_of(ftp)
        status = 0
    finally:
        os._exit(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_shares_nothing(server):
    site = Site(server.url, connections=2)
    with site.borrow() as ftp:
        session = session_of(ftp)
    with site.borrow() as outer:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                with site.borrow() as ftp, site.borrow() as other:
                    own = {session_of(ftp), session_of(other)}
                outer.close()
                status = len({session, *own}) - 3
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        # the parent's goes on
        assert session_of(outer) == session
    with site.borrow() as ftp:
        assert session_of(ftp) == session
