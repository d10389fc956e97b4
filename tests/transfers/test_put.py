"""Uploads: under a temporary name, continued by APPE, verified, renamed."""

from __future__ import annotations

import hashlib
import io
import os

import pytest
from rftplib import error_perm, error_temp
from rftplib.transfer import Retry, TransferError, put
from support.file_server import AT_ONCE, DATA, TIME, FileServer, feat, name_of, on_file, retr, store, take_only

ONCE = Retry(attempts=1)
OVERLAP = 16 * 1024
pytestmark = pytest.mark.usefixtures("settled")


def in_turn(*actions):
    """An action that is another one each time; the last one stays."""
    actions = list(actions)
    return lambda session: session.perform(actions.pop(0) if len(actions) > 1 else actions[0])


def files(server):
    return {name: bytes(file.content) for name, file in server.files.items()}


def leave_a_part(server, source, count=100_000):
    """What a put() leaves that is cut off after so many bytes; returns its name."""
    before, server.replies["STOR"] = server.replies["STOR"], take_only(count)
    with pytest.raises((OSError, EOFError)):
        put(server.site, source, "b", retry=ONCE)
    server.replies["STOR"] = before
    (name,) = (name for name in server.files if name.endswith(".part"))
    server.stored.clear()
    return name


def test_a_file_put_has_its_time(source):
    with FileServer() as server:
        done = put(server.url, str(source), "dir/b")
        assert files(server) == {"b": DATA}
        assert server.files["b"].seconds == TIME
        ((verb, part, before),) = server.stored
    assert (verb, before) == ("STOR", 0)
    assert part.startswith(".b.") and part.endswith(".part")
    assert done[:4] == ("dir/b", len(DATA), 0, 1)
    assert (done.digest, done.verified, done.modified.timestamp()) == (None, "size", TIME)


def test_vsftpd_sets_the_time_by_mdtm(source):
    set_by = []

    def mdtm(session):
        if session.argument[:14].isdigit():
            set_by.append(session.argument[:14])
        session.say(b"213 20200913122640\r\n")

    with FileServer((), {"MDTM": mdtm, "FEAT": feat("SIZE", "MDTM")}) as server:
        put(server.site, source, "b")
        put(server.site, source, "b", keep=())
    assert set_by == ["20200913122640"]


def test_an_older_file_is_there_until_the_end(source):
    with FileServer({"b": b"old"}) as server:
        name = leave_a_part(server, source)
        assert files(server) == {"b": b"old", name: DATA[:100_000]}
        put(server.site, source, "b")
        assert files(server) == {"b": DATA}


def test_a_cut_upload_goes_on_by_appe(source):
    cuts = {"STOR": take_only(100_000), "APPE": in_turn(take_only(100_000, append=True), store(append=True))}
    with FileServer((), cuts) as server:
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert [(verb, before) for verb, _, before in server.stored] == [
            ("STOR", 0),
            ("APPE", 100_000),
            ("APPE", 200_000),
        ]
        assert files(server) == {"b": DATA}
        # the last 16 KiB were looked at each time
        assert server.retrieved == [(100_000 - OVERLAP, OVERLAP), (200_000 - OVERLAP, OVERLAP)]
    assert (done.attempts, done.resumed_at) == (3, 200_000)


def test_the_next_put_goes_on(source):
    with FileServer() as server:
        leave_a_part(server, source)
        done = put(server.site, source, "b")
        assert [verb for verb, _, _ in server.stored] == ["APPE"]
        assert (files(server), done.resumed_at) == ({"b": DATA}, 100_000)


def test_put_can_decline_to_resume(source):
    with FileServer() as server:
        name = leave_a_part(server, source)
        put(server.site, source, "b", resume=False)
        ((verb, part, _),) = server.stored
        assert verb == "STOR" and part != name, "somebody may go on with it just now"
        assert files(server) == {"b": DATA, name: DATA[:100_000]}


@pytest.mark.parametrize("kind", ["path", "object"])
def test_two_at_once_that_resume_nothing_have_a_part_each(source, kind):
    """The second STOR would truncate what the first one is writing, and the size would be right at the end."""

    def upload():
        put(server.site, source if kind == "path" else io.BytesIO(DATA), "b", resume=False, retry=ONCE)

    def another(session):
        if begun:
            begun.pop()()
        session.say(b"226 stored\r\n")

    begun = [upload]
    with FileServer((), {"STOR": store(append=False, last=another)}) as server:
        upload()
        assert len({part for _, part, _ in server.stored}) == 2
        assert files(server) == {"b": DATA}


def test_the_other_one_of_two_at_once_has_named_the_part(source):
    def rnfr_late(session):
        session.server.files["b"] = session.server.files.pop(name_of(session))
        session.say(b"550 no such file\r\n")

    with FileServer((), {"RNFR": rnfr_late, "RNTO": b"503 RNFR first\r\n"}) as server:
        with pytest.raises(error_perm, match="550 no such file .*'b' on .*is gone: has another put"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert files(server) == {"b": DATA}


def test_nothing_is_left_where_nothing_is_resumed(source):
    for last in (b"451 local error\r\n", b"550 not any more\r\n"):
        with FileServer((), {"STOR": store(append=False, last=last)}) as server:
            with pytest.raises((error_perm, error_temp)):
                put(server.site, source, "b", resume=False, retry=ONCE)
            assert files(server) == {}


def test_another_file_has_another_part(source):
    with FileServer() as server:
        old = leave_a_part(server, source)
        source.write_bytes(DATA[::-1])
        done = put(server.site, source, "b")
        assert files(server) == {"b": DATA[::-1], old: DATA[:100_000]}
    assert done.resumed_at == 0


def test_a_part_tampered_with_on_the_server_is_noticed(source):
    with FileServer() as server:
        name = leave_a_part(server, source)
        server.files[name].content[-1] ^= 1
        done = put(server.site, source, "b")
        assert (files(server), done.resumed_at) == ({"b": DATA}, 0)


def test_a_part_that_is_too_long_is_begun_anew(source):
    with FileServer() as server:
        name = leave_a_part(server, source)
        server.files[name].content[:] = DATA + b"more"
        put(server.site, source, "b")
        assert files(server) == {"b": DATA}


def test_put_notices_a_server_that_ignores_rest(source):
    """What is there is right, but that can't be seen."""
    with FileServer((), {"RETR": retr(lambda data, offset: data)}) as server:
        leave_a_part(server, source)
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert (files(server), done.resumed_at) == ({"b": DATA}, 0)


def test_a_part_that_may_not_be_read_has_its_size(source):
    with FileServer((), {"RETR": b"550 write only\r\n"}) as server:
        leave_a_part(server, source)
        done = put(server.site, source, "b")
        assert (files(server), done.resumed_at) == ({"b": DATA}, 100_000)


@pytest.mark.parametrize("damaged", [False, True])
def test_a_part_is_compared_by_hash_where_that_is_offered(source, damaged):
    def hashed(session):
        data = bytes(session.server.files[name_of(session)].content)
        session.say(b"250 " + hashlib.sha256(data).hexdigest().upper().encode() + b"\r\n")

    with FileServer((), {"XSHA256": hashed, "FEAT": feat("SIZE", "XSHA256")}) as server:
        name = leave_a_part(server, source)
        server.files[name].content[0] ^= damaged
        done = put(server.site, source, "b", verify="hash")
        assert (files(server), done.resumed_at) == ({"b": DATA}, 0 if damaged else 100_000)
        assert server.retrieved == []
    assert (done.verified, done.digest) == ("sha256", "sha256:" + hashlib.sha256(DATA).hexdigest())


@pytest.mark.parametrize("refusal", [b"451 Append/Restart not permitted\r\n", b"502 no APPE\r\n"])
def test_where_appe_is_refused_the_file_is_begun_anew(source, refusal):
    with FileServer((), {"APPE": refusal}) as server:
        leave_a_part(server, source)
        done = put(server.site, source, "b", retry=ONCE)
        assert (files(server), done.resumed_at) == ({"b": DATA}, 0)


def test_rest_and_stor_are_never_combined(source):
    cuts = {"STOR": take_only(100_000), "APPE": in_turn(take_only(50_000, append=True), store(append=True))}
    with FileServer((), cuts) as server:
        put(server.site, source, "b", retry=AT_ONCE)
        verbs = [line.partition(" ")[0] for session in range(len(server.sessions)) for line in server.commands(session)]
    after_rest = [after for verb, after in zip(verbs, verbs[1:]) if verb == "REST"]
    assert not {"STOR", "APPE"} & set(after_rest)


def test_the_local_file_changes_meanwhile(source):
    def change(session):
        if len(changes) < 1:
            changes.append(True)
            source.write_bytes(DATA[::-1] + b"more")
        store(append=False)(session)

    changes = []
    with FileServer((), {"STOR": change}) as server:
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert (files(server), done.attempts) == ({"b": DATA[::-1] + b"more"}, 2)


@pytest.mark.parametrize("by", [-1, 1])
def test_a_wrong_size_after_put(source, by):
    with FileServer((), {"SIZE": on_file(lambda file: len(file.content) + by)}) as server:
        with pytest.raises(TransferError, match="the server has .* of 300000"):
            put(server.site, source, "b", retry=Retry(base=0))
        assert "b" not in server.files
        assert put(server.site, source, "c", verify="none").verified == "none"
        assert bytes(server.files["c"].content) == DATA


def test_a_server_that_keeps_less_than_it_says(source):
    """226, but the end is missing: what is there is continued."""

    def lose(session):
        store(append=False, last=None)(session)
        del session.server.files[name_of(session)].content[200_000:]
        session.say(b"226 stored\r\n")

    with FileServer((), {"STOR": lose}) as server:
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert (files(server), done.resumed_at) == ({"b": DATA}, 200_000)


def test_a_server_without_size(source):
    with FileServer((), {"SIZE": b"500 what?\r\n"}) as server:
        assert put(server.site, source, "b").verified == "none"
        assert files(server) == {"b": DATA}


# --------------------------------------------------------------------------------------------------- errors


def test_no_such_directory_there(source):
    with FileServer((), {"STOR": b"553 no such directory\r\n"}) as server:
        with pytest.raises(error_perm, match="553 no such .*as 'dir/b' on 127.0.0.1:.*: is its directory there"):
            put(server.site, source, "dir/b", retry=AT_ONCE)
        assert server.happened.count("STOR") == 1


def test_no_room_there(source):
    with FileServer((), {"STOR": store(append=False, last=b"452 disk full\r\n")}) as server:
        with pytest.raises(error_temp, match="452 disk full.*putting"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert len(server.stored) == 1
        assert "b" not in server.files


def test_no_such_file_here(local):
    with FileServer() as server:
        with pytest.raises(FileNotFoundError, match="missing' .*: is it there, and may this user read it?"):
            put(server.site, local / "missing", "b", retry=AT_ONCE)
        with pytest.raises(IsADirectoryError):
            put(server.site, local, "b", retry=AT_ONCE)


def test_names_that_can_t_be_sent(source):
    with FileServer() as server:
        for name in ("a\r\nDELE a", "a\nb", "", "a/", ".", "..", "a/.", "a/.."):
            with pytest.raises(ValueError):
                put(server.site, source, name)
        assert server.sessions == []


def test_a_digest_that_the_file_hasn_t_got(source):
    with FileServer() as server:
        with pytest.raises(TransferError, match="should be 0000"):
            put(server.site, source, "b", verify="sha256:" + "0" * 64)
        assert server.stored == []
        done = put(server.site, source, "b", verify="sha256:" + hashlib.sha256(DATA).hexdigest())
        assert done.digest == "sha256:" + hashlib.sha256(DATA).hexdigest()


def test_a_digest_that_the_file_has_no_more_once_it_is_sent_again(source):
    """What changes while it is sent is sent again, and is another file then."""

    def change(session):
        source.write_bytes(DATA[::-1])
        session.say(b"226 stored\r\n")

    known = "sha256:" + hashlib.sha256(DATA).hexdigest()
    with FileServer((), {"STOR": store(append=False, last=change)}) as server:
        with pytest.raises(TransferError, match=f"should be {known[7:]}"):
            put(server.site, source, "b", verify=known, retry=AT_ONCE)
        assert (len(server.stored), server.files) == (1, {})


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_what_is_no_file_here_is_told_at_once(source, local):
    os.mkfifo(local / "pipe")
    for path in (local / "pipe", os.devnull):
        with FileServer() as server:
            with pytest.raises(OSError, match="no regular file: give an open file object"):
                put(server.site, path, "b", retry=AT_ONCE)
            assert len(server.sessions) == 1


def test_put_with_a_client_of_the_caller_s_is_one_attempt(source):
    with FileServer((), {"STOR": take_only(100_000)}) as server:
        with server.site.open() as ftp, pytest.raises((OSError, EOFError), match="where the next put"):
            put(ftp, source, "b")
        assert len(server.stored) == 1


def test_progress_of_put_that_goes_on(source):
    told = []

    class Bar:
        def set_size(self, size):
            told.append(("size", size))

        def relative_update(self, change):
            told.append(change)

    with FileServer((), {"SIZE": on_file(lambda file: len(file.content))}) as server:
        leave_a_part(server, source)
        put(server.site, source, "b", progress=Bar())
    assert told[:2] == [("size", len(DATA)), 100_000]
    assert sum(told[1:]) == len(DATA)


def test_what_is_still_being_written_is_waited_for(source):
    """The server goes on with what had arrived before the connection was lost."""
    growing = []

    def size(session):
        file = session.server.files.get(name_of(session))
        if file is not None and 0 < len(growing) < 3:
            file.content += DATA[len(file.content) : len(file.content) + 10_000]
        growing.append(True)
        on_file(lambda file: len(file.content))(session)

    with FileServer() as server:
        leave_a_part(server, source)
        server.replies["SIZE"] = size
        done = put(server.site, source, "b", retry=ONCE)
        assert (files(server), done.resumed_at) == ({"b": DATA}, 120_000)


def test_a_pipe_is_no_file(local):
    os.mkfifo(local / "pipe")
    with FileServer() as server, pytest.raises(OSError, match="give an open file object"):
        put(server.site, local / "pipe", "b", retry=AT_ONCE)


@pytest.mark.parametrize("seconds", [-1, 0, 2**33, 2**40])
def test_put_of_files_with_odd_times(source, seconds):
    """1969, 2242, and a year that no date has."""
    try:
        os.utime(source, (seconds, seconds))
    except (OSError, OverflowError):
        pytest.skip("not with this file system")
    with FileServer() as server:
        done = put(server.site, source, "b")
        assert bytes(server.files["b"].content) == DATA
    assert done.modified is None or done.modified.timestamp() == os.stat(source).st_mtime
