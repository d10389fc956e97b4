"""walk(): what comes when, and what a pool of connections is for."""

from __future__ import annotations

import contextlib
import ftplib

import pytest
import rftplib
from rftplib.listing import ListingError, walk
from support.actions import close
from support.listing_server import Scripted

TREE = {
    "MLSD": b"type=cdir; .\r\ntype=dir; a\r\ntype=file;size=1; z\r\n",
    "MLSD a": b"type=cdir; .\r\ntype=dir; b\r\ntype=file;size=2; y\r\n",
    "MLSD a/b": b"type=cdir; .\r\n",
}
PATHS = ["a", "a/b", "a/y", "z"]


def test_each_directory_before_what_is_in_it(module):
    server = Scripted(TREE)
    with server.client(module) as ftp:
        assert [entry.path for entry in walk(ftp)] == PATHS
    assert server.asked("MLSD") == list(TREE)


def test_nothing_is_asked_before_it_is_wanted(module):
    server = Scripted(TREE)
    with server.client(module) as ftp:
        entries = walk(ftp)
        assert server.commands == []
        assert next(entries).path == "a"
        assert ftp.sendcmd("NOOP") == "200 noop"
        assert server.asked("MLSD") == ["MLSD"]
        assert next(entries).path == "a/b"
        assert server.asked("MLSD") == ["MLSD", "MLSD a"]


def test_from_a_path_on(module):
    with Scripted({"MLSD x/": b"type=file; f\r\ntype=dir; d\r\n", "MLSD x/d": b"type=cdir; .\r\n"}).client(
        module
    ) as ftp:
        assert [entry.path for entry in walk(ftp, "x/")] == ["x/f", "x/d"]


def test_an_error_in_the_midst_is_raised(module):
    server = Scripted({**TREE, "MLSD a/b": b"what?\r\n"})
    with server.client(module) as ftp:
        found = []
        with pytest.raises(ListingError, match="what"):
            for entry in walk(ftp):
                found.append(entry.path)
        assert found == PATHS[:2]
    gone = Scripted({name: TREE[name] for name in ("MLSD", "MLSD a")}, **{"MLSD a/b": "550 gone"})
    with gone.client(module) as ftp, pytest.raises(ftplib.error_perm, match="550 gone"):
        list(walk(ftp))


def test_the_error_names_the_directory(module):
    gone = Scripted({name: TREE[name] for name in ("MLSD", "MLSD a")}, **{"MLSD a/b": "550 gone"})
    with gone.client(module) as ftp, pytest.raises(ftplib.error_perm) as caught:
        list(walk(ftp))
    assert (caught.value.args, str(caught.value)) == (("550 gone",), "550 gone (listing 'a/b')")
    with Scripted({**TREE, "MLSD a/b": b"what?\r\n"}).client(module) as ftp, pytest.raises(ListingError) as caught:
        list(walk(ftp))
    assert caught.value.line == "what?" and str(caught.value).endswith("'what?' (listing 'a/b')")


def test_errors_can_be_taken(module):
    tree, told = {**TREE, "MLSD a": b"type=cdir; .\r\ntype=dir; b\r\ntype=dir; c\r\n"}, []
    del tree["MLSD a/b"]
    tree["MLSD a/c"] = b"type=cdir; .\r\ntype=file;size=2; y\r\n"
    with Scripted(tree, **{"MLSD a/b": "550 gone"}).client(module) as ftp:
        found = [entry.path for entry in walk(ftp, onerror=told.append)]
    assert found == ["a", "a/b", "a/c", "a/c/y", "z"]
    assert [str(one) for one in told] == ["550 gone (listing 'a/b')"]
    with Scripted({}, MLSD="550 gone").client(module) as ftp:
        assert list(walk(ftp, onerror=told.append)) == [] and str(told[1]) == "550 gone"


class Pool:
    """What a Site is for walk(): each client that is borrowed has a server of its own."""

    def __init__(self, *servers):
        self.servers, self.borrowed = iter(servers), 0

    @contextlib.contextmanager
    def borrow(self):
        self.borrowed += 1
        with next(self.servers).client(rftplib) as ftp:
            yield ftp


def test_each_directory_by_a_client_of_a_pool():
    pool = Pool(Scripted(TREE), Scripted(TREE), Scripted(TREE))
    assert [entry.path for entry in walk(pool)] == PATHS
    assert pool.borrowed == 3


def test_a_lost_connection_is_replaced_once():
    class Lost(Scripted):
        def unknown(self, session):
            if session.line.startswith("MLSD"):
                close(session)
            super().unknown(session)

    pool = Pool(Lost(), Scripted(TREE), Scripted(TREE), Lost(), Scripted(TREE))
    assert [entry.path for entry in walk(pool)] == PATHS
    with pytest.raises((EOFError, OSError)):
        list(walk(Pool(Lost(), Lost(), Scripted(TREE))))


def test_a_refusal_is_no_lost_connection():
    pool = Pool(Scripted(MLSD="550 no"), Scripted(TREE))
    with pytest.raises(ftplib.error_perm):
        list(walk(pool))
    assert pool.borrowed == 1
