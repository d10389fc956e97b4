"""What Site.borrow() lends: never too many, never a dead one, never one that isn't as it was at the beginning."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import types

import pytest
import rftplib
from rftplib import _pool
from rftplib.session import Site, features
from support.limited_server import LIMITS, LimitedServer, session_of
from support.side_by_side import PATIENCE, end, in_threads


@pytest.fixture
def server():
    with LimitedServer(100) as running:
        yield running


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
    site = Site(server.url, timeouts=LIMITS)
    with site.borrow() as ftp:
        ftp.cwd("elsewhere")
        ftp.voidcmd("TYPE A")
        ftp.sock.settimeout(0.5)
        ftp.timeout = 0.5
    with site.borrow() as ftp:
        assert ftp.sendcmd("NOOP") == "200 noop"
        assert (ftp.sock.gettimeout(), ftp.timeout) == (20, 20)
    changed = server.heard.index("TYPE A")
    assert server.heard[changed + 1 : changed + 6] == ["TYPE I", "REST 0", "CWD /home", "PWD", "NOOP"]


@pytest.mark.parametrize("path, back", [("some/where", ["CWD /home", "CWD some/where"]), ("%2Fsite", ["CWD /site"])])
def test_the_directory_of_the_site_is_entered_when_it_is_lent(server, path, back):
    """Another one may have got its name meanwhile."""
    site = Site(f"{server.url}/{path}")
    with site.borrow() as ftp:
        ftp.sendcmd("NOOP")
    server.lines.append(("meanwhile", False))
    with site.borrow() as ftp:
        ftp.sendcmd("NOOP")
    assert server.accepted == 1
    lent = server.heard.index("NOOP") + 1
    told = server.heard[lent:]
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


def test_a_server_is_asked_once_what_it_can_do(server):
    """While a connection stands; where its name may lead to another server, that is asked."""
    site = Site(server.url)
    with site.borrow() as first:
        told = features(first)
        with site.borrow() as ftp:
            assert features(ftp) == told and "SIZE" in told
        assert server.heard.count("FEAT") == 1
        first.close()
    site.close()
    with site.borrow():
        assert server.heard.count("FEAT") == 2
        server.greeting = b"220 another one\r\n"
        with site.borrow() as ftp:
            assert features(ftp) == told
    assert server.heard.count("FEAT") == 3


def test_an_open_that_fails_leaves_its_place(server):
    site = Site(server.url.replace(str(server.port), "1"), connections=1, timeouts=LIMITS)
    for _ in range(3):
        with pytest.raises(OSError):
            site.borrow().__enter__()


@pytest.mark.long
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_ten_thousand_times_in_sixteen_threads(limit):
    """More than the server takes are asked for; a fork comes in between. No deadlock, no session too many."""
    with LimitedServer(limit) as server:
        site = Site(server.url, connections=16, timeouts=60)
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
        refused = server.refused
        if hasattr(os, "fork"):
            child = os.fork()
            if child == 0:
                be_the_child(site)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        end(threads, errors)
        assert server.most == limit
        # what the other fifteen had still to find out, and what the child asked for
        assert server.refused - refused < 50


def be_the_child(site):
    """What the parent has isn't lent; the server is full, or has room for a new one. It isn't asked for a minute."""
    status = 1
    _pool.time = types.SimpleNamespace(monotonic=lambda: 100 * time.monotonic(), sleep=time.sleep)
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
