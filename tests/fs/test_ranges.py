"""Parts of files: RANG where a server has it, and the end of a transfer that is broken off."""

from __future__ import annotations

import logging

import pytest
import rftplib
from rftplib.fs import FTPFileSystem, _read
from support.actions import fall_silent
from support.file_server import DATA, FEAT, FileServer, feat, name_of, retr
from support.waiting import Waiter

OTHER = DATA[::-1]
FILES = {"file": DATA, "other": OTHER, "closed": DATA}
SECONDS = 300  # what a client waits for any reply: longer than a test may last


def rang(session):
    """It holds until the next transfer; this server keeps it where RETR is refused, too."""
    start, end = map(int, session.argument.split())
    session.range = start, end + 1
    session.say(b"350 restarting\r\n")


def ranged(session):
    """An action for RETR: what RANG said, else what REST said."""
    if name_of(session) == "closed":
        session.say(b"550 Permission denied\r\n")
        return
    start, end = getattr(session, "range", (None, None))
    session.range = None, None
    retr(lambda data, offset: data[offset if start is None else start : end])(session)


class Ranges:
    """A server with RANG, and a filesystem with one connection to it."""

    def __init__(self, **replies):
        replies = {"FEAT": feat(*FEAT, "RANG STREAM"), "RANG": rang, "RETR": ranged, **replies}
        self.server = FileServer(FILES, replies)

    def __enter__(self):
        self.server.__enter__()
        where = "127.0.0.1", self.server.port
        self.fs = FTPFileSystem(
            *where, "user", "secret", timeouts=SECONDS, connections=1, keepalive=None, skip_instance_cache=True
        )
        return self

    def __exit__(self, *exception):
        self.fs.site.close()
        self.server.__exit__(*exception)

    def asked(self, *verbs):
        """The commands of these verbs, of all sessions; REST 0 is the pool's, between two users of a connection."""
        return [line for line, _ in self.server.lines if line.split(" ")[0] in verbs and line != "REST 0"]


def test_a_range_is_asked_for():
    """No more comes than is wanted, and nothing is broken off."""
    with Ranges() as ranges:
        assert ranges.fs.cat_file("/file", 1000, 3000) == DATA[1000:3000]
        assert ranges.fs.cat_file("/other", 0, 10) == OTHER[:10]
        assert ranges.fs.cat_file("/other", 50) == OTHER[50:]
        assert ranges.asked("RANG", "REST", "RETR") == [
            "RANG 1000 2999", "RETR /file", "RANG 0 9", "RETR /other", "REST 50", "RETR /other",
        ]  # fmt: skip
        assert [size for _, size in ranges.server.retrieved] == [2000, 10, len(OTHER) - 50]
        assert len(ranges.server.sessions) == 1


@pytest.mark.parametrize("reply", [b"500 what?\r\n", b"501 bad\r\n", b"502 not here\r\n", b"504 not for RETR\r\n"])
def test_a_server_that_tells_of_ranges_and_refuses_them(reply):
    with Ranges(RANG=reply) as ranges:
        assert ranges.fs.cat_file("/file", 1000, 3000) == DATA[1000:3000]
        assert ranges.asked("RANG", "REST", "RETR") == ["RANG 1000 2999", "REST 1000", "RETR /file"]


def test_a_server_that_knows_no_ranges():
    with Ranges(FEAT=feat(*FEAT)) as ranges:
        assert ranges.fs.cat_file("/file", 1000, 3000) == DATA[1000:3000]
        assert ranges.asked("RANG", "REST", "RETR") == ["REST 1000", "RETR /file"]


def test_a_range_of_a_file_that_is_refused_is_not_the_next_ones():
    with Ranges() as ranges:
        with pytest.raises(PermissionError):
            ranges.fs.cat_file("/closed", 1000, 3000)
        assert ranges.fs.cat_file("/other") == OTHER
        assert ranges.asked("RETR") == ["RETR /closed", "RETR /other"]


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name == "proftpd")
def test_proftpd_is_asked_for_ranges(work, caplog):
    path, fs = work.put("file", DATA), work.fs()
    with caplog.at_level(logging.DEBUG, "rftplib.control"):
        assert fs.cat_file(path, 1000, 3000) == DATA[1000:3000]
        assert fs.cat_file(path, 7, 8) == DATA[7:8]
        assert fs.cat_file(path) == DATA
    said = caplog.messages
    asked = [text for text in said if text[:6] in ("> RANG", "> REST") and text != "> REST 0"]  # which is the pool's
    assert asked == ["> RANG 1000 2999", "> RANG 7 7"]
    assert all(said[said.index(text) + 1].startswith("< 350 ") for text in asked)


@pytest.mark.parametrize("last", [fall_silent, (b"150 still at it\r\n", fall_silent)], ids=["at once", "after a word"])
def test_a_server_that_falls_silent_when_a_transfer_is_broken_off(last, monkeypatch):
    """It is waited for as long as PATIENCE says, and not SECONDS; its connection has no other use."""
    monkeypatch.setattr(_read, "PATIENCE", 0.2)
    with FileServer(FILES, {"RETR": retr(last=last)}) as server:
        fs = FTPFileSystem(
            "127.0.0.1", server.port, "user", "secret",
            timeouts=SECONDS, connections=1, keepalive=None, skip_instance_cache=True,
        )  # fmt: skip
        for start in (1000, 2000):
            call = Waiter(lambda start=start: fs.cat_file("/file", start, start + 10))
            assert call.join() is None and call.result == DATA[start : start + 10]
        assert [server.commands(session)[-2:] for session in (0, 1)] == [
            ["REST 1000", "RETR /file"], ["REST 2000", "RETR /file"],
        ]  # fmt: skip
        fs.site.close()


def test_a_connection_that_has_fallen_silent_is_closed(monkeypatch):
    monkeypatch.setattr(_read, "PATIENCE", 0.2)
    with FileServer(FILES, {"RETR": retr(last=fall_silent)}) as server:
        ftp = rftplib.FTP(timeout=SECONDS)
        ftp.connect(server.host, server.port)
        ftp.login("user", "secret")
        call = Waiter(lambda: _read.read(ftp, "/file", 1000, 1010))
        assert call.join() is None and call.result == DATA[1000:1010]
        assert ftp.sock is None
