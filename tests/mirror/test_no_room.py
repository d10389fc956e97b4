"""A server whose disk is full."""

from __future__ import annotations

import errno
import os
import tempfile

import pytest
from mirror.test_two_runs import server_of
from rftplib import error_perm, error_temp
from rftplib.mirror import Action, _advice, _copy, plan
from rftplib.mirror._jobs import Job
from rftplib.mirror._local import Local
from rftplib.mirror._remote import Remote
from rftplib.transfer import Retry
from support.actions import reset
from support.file_server import FileServer, take_only


def take_nothing(session):
    """As a server that hangs up where its disk is full."""
    session.say(b"150 send it\r\n")
    conn = session.open_data()
    session.server.stored.append(("APPE", "", 0))
    session.wait_readable(conn)
    conn.recv(4096)
    reset(session)


def test_a_large_upload_that_ends_at_the_same_byte(tmp_path, monkeypatch):
    """Each attempt sends something, and gains nothing: the number of attempts has an end."""
    monkeypatch.setattr(_copy, "RETRY", Retry(attempts=6, base=0))
    data = bytes(range(256)) * 8192
    (tmp_path / "a").write_bytes(data)
    with FileServer((), {"STOR": take_only(100_000), "APPE": take_nothing}) as server:
        site = server.site
        job = Job(Local(str(tmp_path)), Remote(site), (Action("copy", "a", len(data)),), large=True)
        (outcome,) = _copy.copy(job)
        site.close()
        assert len(server.stored) == 4
    assert "each attempt ended at 100000 bytes: the server's disk or your quota may be full" in outcome.failure.error
    assert outcome.failure.advice == "make room on the server"


@pytest.mark.parametrize("reply", ["452 no room", "552 quota", "451 Failure writing to local file."])
def test_a_server_without_room(reply):
    error = (error_perm if reply[0] == "5" else error_temp)(reply)
    assert not _copy.is_worth_another(error)
    assert _advice.of("copy", error) == "the server's disk or your quota is full: make room on the server"


def test_no_room_for_temporary_files(monkeypatch):
    """It is told which disk is full: it is neither side's."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.TemporaryDirectory", full)
    with server_of({"f": bytes(2_000_000)}) as source, server_of({}) as target:
        report = plan(source.site, target.site).run(connections=1)
        (failure,) = report.failures
        assert failure.error.startswith(f"No space left on device (in {tempfile.gettempdir()}, ")
        assert "TMPDIR" in failure.error and not target.files
