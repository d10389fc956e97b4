"""What a download leaves of what it replaces, fresh files, and what errors tell."""

from __future__ import annotations

import io
import os
import socket
import time

import pytest
from rftplib import error_perm
from rftplib.session import Site
from rftplib.transfer import Retry, get, put
from support.file_server import FileServer, retr
from support.real import content

DATA = content(300_000)
AT_ONCE = Retry(attempts=4, base=0)
ONCE = Retry(attempts=1)


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


@pytest.mark.parametrize("kind", ["path", "object"])
def test_a_file_that_was_written_just_now_and_changes_once_more(local, kind):
    """Within the same second that couldn't be seen, for its time is the same."""
    new = DATA[::-1]

    def change(data, offset):
        file = server.files["a"]
        file.content, file.seconds = bytearray(new), int(time.time())
        server.replies["RETR"] = retr()
        return data[:100_000] + new[100_000:]

    with FileServer({"a": DATA}, {"RETR": retr(change)}) as server:
        server.files["a"].seconds = int(time.time())
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
        url = server.url
    with pytest.raises(ConnectionRefusedError, match=r"'d/a' from 127.0.0.1:\d+: nothing listens there: check host"):
        get(url, "d/a", local / "a", retry=ONCE)


def test_a_first_connection_that_is_refused_is_tried_three_times(local, caplog):
    caplog.set_level("INFO", "rftplib.control")
    with FileServer({}) as server:
        url = server.url
    with pytest.raises(ConnectionRefusedError):
        get(url, "a", local / "a", retry=Retry(base=0))
    assert sum("once more in" in record.getMessage() for record in caplog.records) == 2


def test_a_server_without_a_greeting_is_tried_three_times(local):
    with FileServer({"a": DATA}, greeting=lambda session: session.wait_for_end()) as server:
        site = Site(server.url, timeouts=0.3)
        with pytest.raises(socket.timeout, match=r"getting 'a' from .*no answer: .* TLS is expected from the first"):
            get(site, "a", local / "a", retry=Retry(base=0))
        assert len(server.sessions) == 3
