"""Folders, listings, sizes, renaming and deleting: what rftplib says is what ftplib says."""

from __future__ import annotations

import os

import pytest
import rftplib

complete = pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)
listing = pytest.mark.endpoints(where=lambda endpoint: endpoint.server.mlsd)


@pytest.fixture
def filled(work):
    for name in ("a.txt", "b with space.bin", ".hidden", "ü☃.txt"):
        work.put(name, b"content of " + name.encode())
    for folder in ("new", "std"):
        (work.path / folder / "sub").mkdir()
        (work.path / folder / "sub" / "inner").write_bytes(b"x" * 1234)
        for path in (work.path / folder / "sub", work.path / folder):
            os.utime(path, (1_600_000_000, 1_600_000_000))
    return work


@complete
def test_make_enter_leave_remove(work, pair):
    assert pair.same(lambda ftp: ftp.mkd("made")).endswith("made")
    assert (work.path / "new" / "made").is_dir()
    assert pair.same(lambda ftp: ftp.cwd("made")[:3]) in ("250", "200")
    assert pair.same(lambda ftp: ftp.pwd()).endswith("/new/made")
    pair.same(lambda ftp: ftp.mkd("deeper"))
    assert pair.same(lambda ftp: ftp.cwd("")[:3]) in ("250", "200")
    assert pair.same(lambda ftp: ftp.pwd()).endswith("/new/made")
    assert pair.same(lambda ftp: ftp.cwd("..")[:3]) in ("250", "200")
    assert pair.same(lambda ftp: ftp.pwd()).endswith("/new")
    pair.same(lambda ftp: ftp.rmd("made/deeper"))
    pair.same(lambda ftp: ftp.rmd("made"))
    assert list((work.path / "new").iterdir()) == []


def test_home(endpoint, work):
    with endpoint.login() as ftp:
        home = ftp.pwd()
        assert home == "/" or not endpoint.server.chrooted
        ftp.cwd(work.name)
        assert ftp.pwd() == f"{home.rstrip('/')}/{work.name}"
        ftp.cwd("/")
        assert ftp.pwd() == "/"


def test_rename(work, pair):
    work.put("before", b"moved")
    pair.same(lambda ftp: ftp.rename("before", "after")[:3])
    assert (work.path / "new" / "after").read_bytes() == b"moved"
    pair.same(lambda ftp: ftp.mkd("folder"))
    pair.same(lambda ftp: ftp.rename("after", "folder/inside")[:3])
    assert (work.path / "new" / "folder" / "inside").read_bytes() == b"moved"
    assert isinstance(pair.same(lambda ftp: ftp.rename("missing", "other")), rftplib.error_perm)


def test_delete(work, pair):
    work.put("gone", b"")
    assert pair.same(lambda ftp: ftp.delete("gone")[:3]) in ("250", "200")
    assert not (work.path / "new" / "gone").exists()
    assert isinstance(pair.same(lambda ftp: ftp.delete("gone")), rftplib.error_perm)


@complete
def test_size(work, pair):
    pair.same(lambda ftp: ftp.voidcmd("TYPE I")[:3])
    for size in (0, 1, 8192, 3_000_001, 5 * 2**30 + 1):
        for folder in ("new", "std"):
            os.truncate(work.put("sized", b"", folder), size)
        assert pair.same(lambda ftp, size: ftp.size("sized"), size) == size


def test_size_in_text_mode(work, pair):
    work.put("text", b"a\nb\n")
    pair.same(lambda ftp: ftp.sendcmd("TYPE A")[:3])
    pair.same(lambda ftp: ftp.size("text"))


@complete
def test_nlst_of_real_directories(filled, reading_pair):
    for arguments in ((), ("sub",), (".",), ("*.txt",), ("missing",), ("",)):
        names = reading_pair.same(lambda ftp, arguments: ftp.nlst(*arguments), arguments)
        if not arguments:
            assert {"a.txt", "b with space.bin", "ü☃.txt", "sub"} <= {name.removeprefix("./") for name in names}


def test_dir(filled, reading_pair):
    def listed(ftp, arguments):
        lines: list[str] = []
        ftp.dir(*arguments, lines.append)
        return lines

    for arguments in ((), ("sub",), ("",), ("-a",), ("missing",)):
        lines = reading_pair.same(listed, arguments)
        if not arguments:
            assert any(line.endswith("b with space.bin") for line in lines)


def test_dir_prints(filled, reading_pair, capsys):
    def printed(ftp):
        assert ftp.dir() is None
        return capsys.readouterr().out

    assert "a.txt" in reading_pair.same(printed)


def test_retrlines_of_a_listing(filled, reading_pair):
    def listed(ftp):
        lines: list[str] = []
        return ftp.retrlines("LIST", lines.append)[:3], lines

    code, lines = reading_pair.same(listed)
    assert code == "226"
    assert any("a.txt" in line for line in lines)


@complete
def test_nlst_of_an_empty_folder(pair):
    """`[]` or 550, as the server likes; Pure-FTPd names the folder itself and its parent."""
    names = pair.same(lambda ftp: ftp.nlst())
    assert isinstance(names, rftplib.error_perm) or set(names) <= {".", ".."}


@complete
def test_many_names(work, reading_pair):
    names = {f"{number:05}-{'x' * (number % 50)}" for number in range(600)}
    for name in names:
        (work.path / "new" / name).touch()
    listed = reading_pair.same(lambda ftp: ftp.nlst())
    assert {name.removeprefix("./") for name in listed} - {".", ".."} == names


@listing
def test_mlsd(filled, reading_pair):
    for path in ("", "sub", "missing"):
        for facts in ([], ["type", "size"], ["size", "nonsense"]):
            reading_pair.same(lambda ftp, *arguments: list(ftp.mlsd(*arguments)), path, facts)


@listing
def test_mlsd_knows_the_facts(filled, ftp):
    found = dict(ftp.mlsd())
    assert found["a.txt"]["type"] == "file"
    assert found["a.txt"]["size"] == str(len(b"content of a.txt"))
    assert found["a.txt"]["modify"].startswith("20200913122640")
    assert found["sub"]["type"] == "dir"
    assert {"b with space.bin", "ü☃.txt"} <= set(found)


@listing
def test_mlsd_sends_nothing_before_it_is_asked(filled, ftp):
    before = ftp.lastresp
    entries = ftp.mlsd()
    (filled.path / "new" / "later").touch()
    assert ftp.lastresp == before
    assert "later" in {name for name, _ in entries}


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.server.mlsd)
def test_no_mlsd(pair):
    error = pair.same(lambda ftp: list(ftp.mlsd()))
    assert isinstance(error, rftplib.error_perm)
    assert pair.same(lambda ftp: ftp.pwd()).endswith("/new")
