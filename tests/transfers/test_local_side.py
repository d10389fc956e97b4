"""What a download does to the disk, and what it asks of the server: no more than what has come, byte for byte."""

from __future__ import annotations

import errno
import os

import pytest
from rftplib.transfer import Retry, TransferError, get, put
from support.file_server import AT_ONCE, DATA, FileServer, cut_after, retr
from support.written import check_order, note_order

ONCE = Retry(attempts=1)
TEXT = b"a\r\nb\nc\r" * 30_000


def parts(folder):
    return [folder / name for name in os.listdir(folder) if name.endswith(".part")]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_is_on_the_disk_before_it_gets_its_name(local, replaced, monkeypatch):
    if replaced:
        (local / "a").write_bytes(b"old")
    calls = note_order(monkeypatch)
    with FileServer({"a": DATA}) as server:
        get(server.site, "a", local / "a")
    check_order(calls, local / "a")


def test_so_is_one_in_several_pieces(local, monkeypatch):
    calls, cuts = note_order(monkeypatch), iter([cut_after(100_000)] * 2)
    with FileServer({"a": DATA}, {"RETR": lambda session: session.perform(next(cuts, retr()))}) as server:
        get(server.site, "a", local / "a", retry=AT_ONCE)
    check_order(calls, local / "a")


@pytest.mark.skipif(os.name == "nt", reason="no blocks to count")
def test_no_room_is_taken_for_what_the_server_says_will_come(local):
    """It may say what it wants: 100 GB of nothing would fill the disk, or hold up whoever has to zero them."""
    seen = []

    def look(data, offset):
        seen.extend((os.stat(path).st_size, os.stat(path).st_blocks) for path in parts(local))
        return data[offset:]

    with FileServer({"a": DATA}, {"SIZE": b"213 100000000000\r\n", "RETR": retr(look)}) as server:
        with pytest.raises(TransferError, match="300000 bytes came of 100000000000"):
            get(server.site, "a", local / "a", retry=ONCE)
        (part,) = parts(local)
        assert seen == [(0, 0)]
        assert part.read_bytes() == DATA


@pytest.mark.parametrize("before", ["TYPE I", "TYPE A"])
def test_never_as_text(local, before):
    """Not if the client was in TYPE A, and neither for what is looked at nor for what is moved."""
    (local / "b").write_bytes(TEXT)
    with FileServer({"a": TEXT}) as server:
        with server.site.open() as ftp:
            ftp.voidcmd(before)
            begun = len(server.lines)
            get(ftp, "a", local / "a")
            ftp.voidcmd(before)
            put(ftp, local / "b", "b")
        assert (local / "a").read_bytes() == TEXT
        assert bytes(server.files["b"].content) == TEXT
    kind, lines = None, [line for line, _ in server.lines[begun:]]
    for line in lines:
        verb = line.partition(" ")[0]
        kind = line if verb == "TYPE" else kind
        assert verb not in ("RETR", "STOR", "SIZE") or kind == "TYPE I", lines
    assert [line for line in lines if line.startswith("TYPE A")] == ["TYPE A"] * (before == "TYPE A")


@pytest.mark.parametrize("refused, told", [("fchmod", "its mode"), ("utime", "its time")])
def test_what_a_file_system_refuses_is_logged_and_the_file_is_whole(local, monkeypatch, caplog, refused, told):
    """FAT, and what is mounted from elsewhere, know of no modes, or not all times."""

    def refuse(*_, **__):
        raise PermissionError(errno.EPERM, "not on this file system")

    (local / "a").write_bytes(b"old")
    with FileServer({"a": DATA}) as server:
        monkeypatch.setattr(os, refused, refuse)
        get(server.site, "a", local / "a")
        monkeypatch.undo()
    assert (local / "a").read_bytes() == DATA
    assert os.listdir(local) == ["a"]
    (logged,) = {one.getMessage() for one in caplog.records if "not on this file system" in one.getMessage()}
    assert f"can't have {told}: " in logged


@pytest.mark.parametrize("name", ["a" * 255, "\u20ac" * 85])
def test_the_longest_names(local, name):
    """Those of their parts are longer, and are shortened therefore."""
    cuts = iter([cut_after(100_000)])
    there = {name.encode().decode("latin-1"): DATA}  # as the server reads it
    with FileServer(there, {"RETR": lambda session: session.perform(next(cuts, retr()))}) as server:
        get(server.site, name, local / name, retry=AT_ONCE)
    assert (local / name).read_bytes() == DATA
    assert os.listdir(local) == [name]
