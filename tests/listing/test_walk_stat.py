"""walk() on servers without MLSD: by STAT, once that has listed the same as LIST."""

from __future__ import annotations

import ftplib
import os

import pytest
import rftplib
from rftplib.listing import ListingError, scandir, walk
from support.listing_server import Scripted, send

FEAT = "211-Features:\r\n MDTM\r\n211 End"
MDTM = {"MDTM": "213 20200304050607"}


def line(name, kind="-", size=1):
    return f"{kind}rw-r--r--   1 joe  staff  {size} Mar  4  2020 {name}"


def listing(*names):
    """Those that end with a slash are directories."""
    rows = [line(".", "d"), line("..", "d")]
    return rows + [line(name.rstrip("/"), "d" if name.endswith("/") else "-") for name in names]


TREE = {
    ".": listing("a/", "b/", "f"),
    "a": listing("g", "sub/"),
    "a/sub": listing(),
    "b": listing("h"),
}
PATHS = ["a", "a/g", "a/sub", "b", "b/h", "f"]


class Tree(Scripted):
    """It lists the directory that was entered."""

    here = ""

    def unknown(self, session):
        if session.line.startswith("CWD "):
            self.here = session.line[4:].replace("/here", "").replace(".", "")
        if session.line in ("LIST", "LIST -a") and self.here:
            self.commands.append(session.line)
            return send(session, self.data_of[f"LIST -a {self.here}"])
        return super().unknown(session)


def server(tree=TREE, stat=None, code=213, prefix="", **answers):
    """One that lists `tree` by LIST, and by STAT as well, but for what `stat` says by path."""
    data, replies = {}, {}
    for path, rows in tree.items():
        command = "LIST -a" if path == "." else f"LIST -a {path}"
        data[command] = "".join(row + "\r\n" for row in rows).encode()
        rows = (stat or {}).get(path, rows)
        if not isinstance(rows, str):
            rows = "\r\n".join([f"{code}-status", *[prefix + row for row in rows], f"{code} end"])
        replies[f"STAT -a {path}"] = rows
    return Tree(data, **{**MDTM, "FEAT": FEAT, "STAT": "550 no", **replies, **answers})


def paths(entries):
    return [entry.path for entry in entries]


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("code, prefix", [(211, ""), (212, " "), (213, "")])
def test_the_first_directory_by_both_and_then_by_stat(exact, code, prefix):
    scripted = server(code=code, prefix=prefix)
    with scripted.client(rftplib) as ftp:
        entries = list(walk(ftp, exact_times=exact))
        assert paths(entries) == PATHS
        assert scripted.asked("LIST") == ["LIST -a"]
        assert scripted.asked("STAT") == ["STAT -a .", "STAT -a a", "STAT -a b", "STAT -a a/sub"]
        assert scripted.asked("CWD", "PWD") == []
        by_list = [entry for path in ("", "a", "b") for entry in scandir(ftp, path, exact_times=exact)]
        assert sorted(entries, key=lambda entry: entry.path) == sorted(by_list, key=lambda entry: entry.path)
        assert ftp.max_reply == rftplib.FTP.max_reply


def test_a_server_that_lists_something_else_by_stat_isnt_asked_again():
    """By itself it would be believed: what is missing would be taken for deleted."""
    tree = {**TREE, "c": listing("i"), "d": listing("j"), ".": listing("a/", "b/", "c/", "d/", "f")}
    scripted = server(tree, {path: listing() for path in tree})
    with scripted.client(rftplib) as ftp:
        assert paths(walk(ftp)) == ["a", "a/g", "a/sub", "b", "b/h", "c", "c/i", "d", "d/j", "f"]
        assert scripted.asked("LIST") == ["LIST -a", *[f"LIST -a {path}" for path in ("a", "a/sub", "b", "c", "d")]]
        assert len(scripted.asked("STAT")) == 3


def test_one_that_differs_once_is_asked_again():
    scripted = server(stat={".": listing("a/", "b/", "new")})
    with scripted.client(rftplib) as ftp:
        assert paths(walk(ftp)) == PATHS
        assert scripted.asked("LIST") == ["LIST -a", "LIST -a a"]


STRANGE = {
    "refused": "550 no",
    "unknown": "502 what?",
    "nothing": [],
    "not-there": "213-x\r\n213 y",
    "one-line": "213 nothing here",
    "not-itself": listing("h")[2:],
    "not-understood": [*listing("h"), "what is this?"],
    "another-code": f"214-x\r\n{line('.', 'd')}\r\n214 y",
    "of-the-server": "211-FTP server status:\r\n Connected to 127.0.0.1\r\n211 End",
}


@pytest.mark.parametrize("row", STRANGE)
def test_whatever_else_comes_of_it_is_left_to_list(row):
    scripted = server(stat={"b": STRANGE[row]})
    with scripted.client(rftplib) as ftp:
        assert paths(walk(ftp)) == PATHS
        assert scripted.asked("LIST") == ["LIST -a", "LIST -a b"]


def test_a_directory_that_cant_be_read_is_an_error():
    tree = {path: rows for path, rows in TREE.items() if path != "b"}
    scripted = server(tree, **{"LIST -a b": "550 no such directory", "CWD b": "550 no such directory"})
    with scripted.client(rftplib) as ftp:
        found = []
        with pytest.raises(ftplib.error_perm, match="550 no such directory"):
            for entry in walk(ftp):
                found.append(entry.path)
        assert found == PATHS[:4]


def test_a_line_that_isnt_understood_is_an_error():
    rows = [*listing("h"), "what is this?"]
    with server({**TREE, "b": rows}).client(rftplib) as ftp, pytest.raises(ListingError, match="what is this"):
        list(walk(ftp))


def test_names_that_a_server_takes_apart_are_left_to_list():
    tree = {**TREE, ".": listing("a/", "x y/", "-z/", "f"), "x y": listing("in"), "-z": listing("in")}
    scripted = server(tree)
    with scripted.client(rftplib) as ftp:
        assert paths(walk(ftp)) == ["a", "a/g", "a/sub", "x y", "x y/in", "-z", "-z/in", "f"]
    assert scripted.asked("STAT") == ["STAT -a .", "STAT -a a", "STAT -a a/sub"]


def test_many_directories_a_few_at_a_time():
    names = [f"d{number:03}" for number in range(100)]
    tree = {".": listing(*[f"{name}/" for name in names]), **{name: listing("f") for name in names}}
    scripted = server(tree)
    with scripted.client(rftplib) as ftp:
        entries = walk(ftp)
        assert next(entries).path == "d000"
        assert len(scripted.asked("STAT")) == 1
        assert next(entries).path == "d000/f"
        assert len(scripted.asked("STAT")) == 1 + 32
        assert len(list(entries)) == 198
        assert scripted.asked("LIST") == ["LIST -a"] and len(scripted.asked("STAT")) == 101


def test_large_directories_one_at_a_time():
    """What is listed ahead has to be kept."""
    names = [f"file-{number}-{'x' * 200}" for number in range(9000)]
    tree = {".": listing("a/", "b/", "c/"), "a": listing(*names), "b": listing("f"), "c": listing("f")}
    scripted = server({**tree, "a": listing(*names, "sub/"), "a/sub": listing()})
    with scripted.client(rftplib) as ftp:
        assert len(list(walk(ftp, exact_times=False))) == 9000 + 6
        assert scripted.asked("STAT") == ["STAT -a .", "STAT -a a", "STAT -a b", "STAT -a c", "STAT -a a/sub"]
        assert len(list(walk(ftp, exact_times=False))) == 9000 + 6
        # now it is known how large they may be
        assert scripted.asked("STAT")[5:8] == ["STAT -a .", "STAT -a a", "STAT -a a/sub"]


def test_too_many_entries():
    names = [f"f{number}" for number in range(100)]
    tree = {".": listing("a/", "b/"), "a": listing(*names), "b": listing(*names)}
    with server(tree).client(rftplib) as ftp, pytest.raises(ListingError, match="more"):
        list(walk(ftp, max_entries=150))


def test_a_client_of_ftplibs_asks_list():
    scripted = server()
    with scripted.client(ftplib) as ftp:
        assert paths(walk(ftp)) == PATHS
    assert scripted.asked("STAT") == []


def test_a_class_with_methods_of_its_own_is_asked():
    """What it makes of LIST isn't what STAT says."""

    class Client(rftplib.FTP):
        def retrlines(self, cmd, callback=None):
            return super().retrlines(cmd, lambda line: None if line.endswith(" f") else callback(line))

    scripted = server()
    with scripted:
        ftp = Client(timeout=30)
        ftp.connect("127.0.0.1", scripted.port)
        ftp.login()
        assert paths(walk(ftp))[-1] == "b/h"
        ftp.close()


# ------------------------------------------------------------------------ real servers


def grow(folder, depth=2):
    for number in range(3):
        path = folder / f"file-{number}"
        path.write_bytes(b"x" * number)
        os.utime(path, (1_600_000_000 + number, 1_600_000_000 + number))
    for number in range(6 if depth else 0):
        below = folder / f"dir {number}" if number == 5 else folder / f"dir{number}"
        below.mkdir()
        below.chmod(0o777)
        grow(below, depth - 1)


def test_a_tree_on_a_real_server(work, ftp):
    """The same with and without."""
    if not work.endpoint.server.complete:
        pytest.skip("it has no LIST like the others")
    from rftplib import _scan

    grow(work.path / "new")
    told = list(walk(ftp))
    server = _scan.server_of(ftp)
    by_stat = server.stat
    server.stat = False
    plainly = list(walk(ftp))
    assert told == plainly and len(told) == 3 * (1 + 6 + 36) + 6 + 36
    assert by_stat is (None if server.mlsd else True)
