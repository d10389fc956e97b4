"""Listings that can't be believed: an error, never a part of them; whatever is sent, time and memory have bounds."""

from __future__ import annotations

import ftplib
import itertools

import pytest
import rftplib
from rftplib import _scan
from rftplib.listing import ListingError, scandir, walk
from support.listing_server import Scripted, send

GOOD = b"type=file;size=1; good\r\ntype=file;size=1; better\r\n"
NO_MLSD = {"FEAT": "211-Features:\r\n MDTM\r\n211 End"}
UNIX = b"-rw-r--r--   1 0 0 12 Apr  8  1994 "
UNBELIEVABLE = {
    "garbage": b"garbage\r\n",
    "no name": b"type=file;size=1;\r\n",
    "an empty name": b"type=file;size=1; \r\n",
    "no type": b"size=1; name\r\n",
    "a slash": b"type=file; ../../etc/passwd\r\n",
    "an absolute path": b"type=file; /etc/passwd\r\n",
    "a directory above": b"type=dir; ../up\r\n",
    "NUL": b"type=file; a\0b\r\n",
    "a name in two lines": b"type=file;size=1; one\nhalf\r\n",
    "a name with a return in it": b"type=file;size=1; one\rhalf\r\n",
    "the complaint of ls": b"ls: cannot access 'x': No such file or directory\r\n",
    "another line of ls": UNIX + b"name\r\n",
    "cut off": b"type=file;si",
    "a page": b"<html><body>Please log in</body></html>\r\n",
}


@pytest.mark.parametrize("line", UNBELIEVABLE.values(), ids=UNBELIEVABLE)
def test_one_bad_line_is_enough(line):
    server = Scripted({"MLSD": GOOD + line})
    with server.client(rftplib) as ftp:
        with pytest.raises(ListingError) as caught:
            scandir(ftp)
        assert caught.value.line
        with pytest.raises(ListingError):
            list(walk(ftp))
        # what was said on the control connection has been read
        assert ftp.sendcmd("NOOP") == "200 noop"


@pytest.mark.parametrize("name", [b"../../etc/passwd", b"/etc/passwd", b"a\0b", b""], ids=ascii)
def test_names_of_list_stay_inside(name):
    server = Scripted({"LIST": UNIX + b"good\r\n" + UNIX + name + b"\r\n"}, **NO_MLSD)
    with server.client(rftplib) as ftp, pytest.raises(ListingError):
        scandir(ftp)


@pytest.mark.parametrize("reply", ["426 aborted", "451 disk", "550 gone", "425 no data connection", "552 too much"])
def test_the_final_reply_counts(reply):
    for answers in ({}, NO_MLSD):
        server = Scripted({"MLSD": GOOD, "LIST": UNIX + b"good\r\n"}, **answers)
        server.final = reply.encode() + b"\r\n"
        with server.client(rftplib) as ftp, pytest.raises((ftplib.error_temp, ftplib.error_perm), match=reply):
            scandir(ftp)


def test_421_ends_it():
    for answers in (
        {"MLSD": "421 bye"},
        {**NO_MLSD, "LIST": "421 bye"},
        {**NO_MLSD, "LIST": "421 bye", "CWD": "250 ok"},
    ):
        server = Scripted(**answers)
        with server.client(rftplib) as ftp, pytest.raises(ftplib.error_temp, match="421"):
            scandir(ftp, "d")
        assert len(server.asked("MLSD", "LIST")) == 1


def endless(line):
    return itertools.repeat(line * 1000)


@pytest.mark.parametrize(
    "line", [b"type=file;size=1; the same\r\n", b"\r\n", b"total 1\r\n", b"+,\ta\r\n", b"x" * 4000 + b"\r\n"], ids=ascii
)
@pytest.mark.parametrize("answers", [{}, NO_MLSD], ids=["MLSD", "LIST"])
def test_an_endless_listing_is_an_error(line, answers):
    server = Scripted({"MLSD": endless(line), "LIST": endless(line)}, **answers)
    with server.client(rftplib) as ftp, pytest.raises(ListingError, match="more than"):
        scandir(ftp, max_entries=1000)


def test_no_more_entries_than_allowed():
    server = Scripted({"MLSD": b"".join(b"type=file; %d\r\n" % number for number in range(10))})
    with server.client(rftplib) as ftp:
        assert len(list(scandir(ftp, max_entries=10))) == 10
        with pytest.raises(ListingError, match="more entries"):
            scandir(ftp, max_entries=9)


WHOLE = {
    "MLSD": b"type=file;size=4; file8.dat\r\ntype=file;size=4; file9.dat\r\n",
    "LIST": b"-rw-r--r-- 1 u g 4 Jan 01 2020 file8.dat\r\n-rw-r--r-- 1 u g 4 Jan 01 2020 file9.dat\r\n",
}


@pytest.mark.parametrize("answers", [{}, NO_MLSD], ids=["MLSD", "LIST"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"], ids=["loop in Rust", "loop in Python"])
@pytest.mark.parametrize("debugging", [0, 3])
def test_a_listing_that_ends_inside_a_line_is_an_error(answers, encoding, debugging, capsys):
    """The file "file9." isn't there, and "file9.dat" is: whoever believed that would delete it."""
    server = Scripted({verb: whole[:-5] for verb, whole in WHOLE.items()}, **answers)
    with server.client(rftplib, encoding=encoding) as ftp:
        ftp.set_debuglevel(debugging)
        with pytest.raises(ListingError, match="cut short") as caught:
            scandir(ftp)
        assert caught.value.line.endswith(" file9.")
        server.data_of = WHOLE
        assert [entry.name for entry in scandir(ftp)] == ["file8.dat", "file9.dat"]


class Tree(Scripted):
    """Each directory has a directory. The names are short, the tree is deep."""

    unique = staticmethod(lambda path: "")

    def unknown(self, session):
        if session.line.startswith("MLSD"):
            self.commands.append(session.line)
            path = session.line[5:]
            text = f"type=cdir; .\r\ntype=file; f\r\ntype=dir;{self.unique(path)} d\r\n"
            return send(session, text.encode())
        return super().unknown(session)


def test_an_endless_tree_is_an_error():
    tree = Tree()
    tree.unique = lambda path: f"modify=20200101{len(path):06};"
    with tree.client(rftplib) as ftp:
        found = []
        with pytest.raises(ListingError, match="max_depth"):
            for entry in walk(ftp, max_depth=7):
                found.append(entry.path)
        assert len(tree.asked("MLSD")) == 7
        assert found[:3] == ["f", "d", "d/f"]
        with pytest.raises(ListingError, match="more entries"):
            list(walk(ftp, max_entries=7))


def test_a_directory_within_itself_is_entered_once():
    tree = Tree()
    tree.unique = lambda path: f"unique={path.count('d') % 3};"
    with tree.client(rftplib) as ftp:
        paths = [entry.path for entry in walk(ftp)]
    assert paths == ["f", "d", "d/f", "d/d", "d/d/f", "d/d/d", "d/d/d/f", "d/d/d/d"]


def test_links_are_not_followed():
    server = Scripted({"MLSD": b"type=OS.unix=slink:/;unique=1; a\r\ntype=OS.unix=symlink; b\r\ntype=cdir; .\r\n"})
    with server.client(rftplib) as ftp:
        assert [entry.type for entry in walk(ftp)] == ["link", "link"]
    assert server.asked("MLSD") == ["MLSD"]


def test_what_was_known_goes_with_the_connection():
    server = Scripted({"MLSD": GOOD})
    with server.client(rftplib) as ftp:
        list(scandir(ftp))
        assert ftp.sock in _scan._known
        ftp.close()
        del ftp
    import gc

    gc.collect()
    assert all(sock.fileno() != -1 for sock in _scan._known)
