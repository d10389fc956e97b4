"""A file that is given up while it is written is deleted by who stores it: nobody else knows when that has ended."""

from __future__ import annotations

import pytest
import rftplib
from rftplib.fs import FTPFileSystem, _write
from support.actions import fall_silent, reset
from support.file_server import File, FileServer, dele, name_of, store

BLOCK = 10_000


def delete_when_stored(session):
    """As Pure-FTPd: what another connection may be storing is refused, and has another name after that."""
    name = name_of(session)
    if session.uploads:
        dele(session)
    else:
        session.server.files["left behind"] = session.server.files.pop(name)
        session.say(b"550 it has changed meanwhile\r\n")


def give_up(server, **options):
    options = {"timeouts": 30, "skip_instance_cache": True, **options}
    fs = FTPFileSystem("127.0.0.1", server.port, "user", "secret", **options)
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


class Leaving(rftplib.FTP):
    """It closes itself when it is told to go."""

    def getresp(self):
        try:
            return super().getresp()
        except rftplib.error_temp as refusal:
            if str(refusal).startswith("421"):
                self.close()
            raise


def begin(session):
    """The file is there before the client hears of it: who deletes it at once shall find it."""
    session.server.files[name_of(session)] = File()


def drip(session):
    """A reply without an end, of which something comes within every timeout."""
    while not session.server.going_on.wait(0.05):
        session.say(b"226-x\r\n")


@pytest.mark.parametrize(
    "last, options",
    [
        (fall_silent, {}),
        (drip, {}),
        (reset, {}),
        (b"226 gespeichert \xfc\r\n", {"errors": "strict"}),
        (b"421 that's all for today\r\n", {"factory": lambda site: Leaving()}),
    ],
)
def test_whatever_comes_of_it_the_programs_own_exception_is_raised(last, options, monkeypatch):
    """And another connection deletes it."""
    monkeypatch.setattr(_write, "PATIENCE", 0.2)
    with FileServer(replies={"STOR": (begin, store(append=False, last=last))}) as server:
        assert give_up(server, **options) == {}
        assert not server.going_on.is_set()
