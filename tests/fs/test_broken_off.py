"""A file that is given up while it is written is deleted by who stores it: nobody else knows when that has ended."""

from __future__ import annotations

import pytest
from rftplib.fs import FTPFileSystem, _write
from support.actions import fall_silent
from support.file_server import FileServer, dele, name_of, store

BLOCK = 10_000


def delete_when_stored(session):
    """As Pure-FTPd: what another connection may be storing is refused, and has another name after that."""
    name = name_of(session)
    if session.uploads:
        dele(session)
    else:
        session.server.files["left behind"] = session.server.files.pop(name)
        session.say(b"550 it has changed meanwhile\r\n")


def give_up(server):
    fs = FTPFileSystem("127.0.0.1", server.port, "user", "secret", timeouts=30, skip_instance_cache=True)
    try:
        with pytest.raises(KeyError), fs.open("/file", "wb", block_size=BLOCK) as file:
            file.write(b"x" * 2 * BLOCK)
            raise KeyError
    finally:
        fs.site.close()
    return server.files


@pytest.mark.parametrize("last", [b"226 stored\r\n", b"426 there is less than I thought\r\n"])
def test_it_is_deleted_by_the_connection_that_stored_it(last):
    with FileServer(replies={"STOR": store(append=False, last=last), "DELE": delete_when_stored}) as server:
        assert give_up(server) == {}


def test_a_server_that_does_not_answer_any_more(monkeypatch):
    monkeypatch.setattr(_write, "PATIENCE", 0.2)
    with FileServer(replies={"STOR": store(append=False, last=fall_silent)}) as server:
        assert give_up(server) == {}
