"""What a download leaves of what it replaces, fresh files, and what errors tell."""

from __future__ import annotations

import io
import os
import socket
import time

import pytest
from rftplib import error_perm, error_temp
from rftplib.session import Site
from rftplib.transfer import Retry, _look, get, put
from support.actions import reset
from support.clock import Clock
from support.file_server import AT_ONCE, DATA, FileServer, name_of, retr, store, take_only
from support.ports import REFUSING

ONCE = Retry(attempts=1)
pytestmark = pytest.mark.usefixtures("settled")


@pytest.mark.skipif(os.name == "nt", reason="no modes")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o755])
def test_a_file_that_is_replaced_passes_its_mode_on(local, mode):
    path, seen = local / "a", []
    path.write_bytes(b"old")
    path.chmod(mode)

    def look(data, offset):
        seen.extend(os.stat(local / name).st_mode & 0o777 for name in os.listdir(local) if name.endswith(".part"))
        return data[offset:]

    with FileServer({"a": DATA}, {"RETR": retr(look)}) as server:
        get(server.site, "a", path)
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o777 == mode
    assert seen == [mode | 0o600], "nor may others read it while it comes"


def test_a_link_is_replaced_by_the_file(local):
    (local / "real").write_bytes(b"old")
    (local / "a").symlink_to("real")
    with FileServer({"a": DATA}) as server:
        get(server.site, "a", local / "a")
    assert not (local / "a").is_symlink() and (local / "a").read_bytes() == DATA
    assert (local / "real").read_bytes() == b"old"


@pytest.mark.parametrize(
    "kind, clock",
    [("path", Clock(time.time())), ("object", Clock(time.time())), pytest.param("path", time, marks=pytest.mark.long)],
)
def test_a_file_that_was_written_just_now_and_changes_once_more(local, kind, clock, monkeypatch):
    """Within the same second that couldn't be seen, for its time is the same."""
    monkeypatch.setattr(_look, "time", clock)
    new = DATA[::-1]

    def change(data, offset):
        file = server.files["a"]
        file.content, file.seconds = bytearray(new), int(clock.time())
        server.replies["RETR"] = retr()
        return data[:100_000] + new[100_000:]

    with FileServer({"a": DATA}, {"RETR": retr(change)}) as server:
        server.files["a"].seconds = int(clock.time())
        target = local / "a" if kind == "path" else io.BytesIO()
        done = get(server.site, "a", target, retry=AT_ONCE)
        assert done.attempts == 2
    assert (target.read_bytes() if kind == "path" else target.getvalue()) == new


def test_errors_tell_where_and_what_to_do(local):
    with FileServer({}, {"PASS": b"530 Login incorrect.\r\n"}) as server:
        for job in (lambda: get(server.url, "d/a", local / "a"), lambda: put(server.url, __file__, "d/a")):
            with pytest.raises(error_perm, match=r"530 Login incorrect\. .*'d/a' (from|on) 127.0.0.1:\d+.*password"):
                job()
    with FileServer({}) as server:
        with pytest.raises(error_perm, match=r"550 .*'d/a' from 127.0.0.1:\d+: is it there, is it no dir"):
            get(server.url, "d/a", local / "a")
    url = f"ftp://127.0.0.1:{REFUSING}/"
    with pytest.raises(ConnectionRefusedError, match=r"'d/a' from 127.0.0.1:\d+: nothing listens there: check host"):
        get(url, "d/a", local / "a", retry=ONCE)


def test_a_first_connection_that_is_refused_is_tried_three_times(local, caplog):
    caplog.set_level("INFO", "rftplib.control")
    with pytest.raises(ConnectionRefusedError):
        get(f"ftp://127.0.0.1:{REFUSING}/", "a", local / "a", retry=Retry(base=0))
    assert sum("once more in" in record.getMessage() for record in caplog.records) == 2


def test_a_server_without_a_greeting_is_tried_three_times(local):
    with FileServer({"a": DATA}, greeting=lambda session: session.wait_for_end()) as server:
        site = Site(server.url, timeouts=0.3)
        with pytest.raises(socket.timeout, match=r"getting 'a' from .*no answer: .* TLS is expected from the first"):
            get(site, "a", local / "a", retry=Retry(base=0))
        server.wait_for("connected", 3)  # by the client, which has waited for no longer than it does
        assert len(server.sessions) == 3


FULL = "the server's disk or your quota is full: make room on the server"


@pytest.mark.parametrize("reply", [
    b"452 disk full\r\n", b"552 Disc quota exceeded\r\n", b"451 Failure writing to local file.\r\n",
    b"451-Error during write to file\r\n451 0.1 seconds\r\n",
], ids=["452", "552", "vsftpd", "pureftpd"])  # fmt: skip
@pytest.mark.parametrize("left", [b"", DATA[:100_000]], ids=["stor", "appe"])
def test_a_server_without_room_is_asked_once(local, reply, left):
    (local / "a").write_bytes(DATA)
    with FileServer((), {"STOR": take_only(len(left) or 1)}) as server:
        with pytest.raises((OSError, EOFError)):
            put(server.site, local / "a", "a", retry=ONCE)
        before = len(server.stored)
        server.replies.update({verb: store(append=verb == "APPE", last=reply) for verb in ("STOR", "APPE")})
        with pytest.raises((error_perm, error_temp)) as caught:
            put(server.site, local / "a", "a", retry=AT_ONCE)
        assert len(server.stored) == before + 1
    assert reply.decode().split("\r")[0] in str(caught.value) and str(caught.value).endswith(f": {FULL})")


def test_a_full_disk_where_a_file_is_begun(local):
    (local / "a").write_bytes(DATA)
    with FileServer((), {"STOR": b"452 Insufficient storage space\r\n"}) as server:
        with pytest.raises(error_temp) as caught:
            put(server.site, local / "a", "a", retry=AT_ONCE)
    assert FULL in str(caught.value) and "may this user write" not in str(caught.value)


def take_nothing(session):
    """As pyftpdlib with a full disk."""
    session.say(b"150 send it\r\n")
    conn = session.open_data()
    session.server.stored.append(("APPE", name_of(session), 0))
    session.wait_readable(conn)
    conn.recv(4096)
    reset(session)


def test_attempts_that_end_at_the_same_byte(local):
    (local / "a").write_bytes(DATA)
    replies = {"STOR": take_only(100_000), "APPE": take_nothing}
    with FileServer((), replies) as server:
        with pytest.raises((OSError, EOFError), match="each attempt ended at 100000 bytes: the server's disk or your"):
            put(server.site, local / "a", "a", retry=Retry(base=0))
        assert len(server.stored) == 4
        server.replies["APPE"] = store(append=True)
        put(server.site, local / "a", "a", retry=ONCE)
        assert bytes(server.files["a"].content) == DATA


def test_attempts_at_another_file_are_others(local):
    """What is new is begun anew, and has its own attempts: of the old file none has got anywhere, either."""
    (local / "a").write_bytes(DATA)
    new, attempts = DATA[::-1], iter(range(1000))

    def stor(session):
        number = next(attempts)
        if number == 1:
            (local / "a").write_bytes(new)
            os.utime(local / "a", (1, 1))
        session.perform(take_nothing if number < 4 else store(append=False))

    with FileServer((), {"STOR": stor}) as server:
        assert put(server.site, local / "a", "a", retry=Retry(base=0)).attempts == 5
        assert bytes(server.files["a"].content) == new
