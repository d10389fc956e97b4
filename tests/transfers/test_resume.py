"""Downloads that are continued: only what is theirs, and only if it still fits."""

from __future__ import annotations

import os

import pytest
from rftplib import error_perm
from rftplib.transfer import Retry, TransferError, get
from support.file_server import AT_ONCE, FileServer, cut_after, feat, retr
from support.real import content

SIZE = 300_000
OLD, NEW = content(SIZE), content(SIZE + 1)[1:]
OVERLAP = 16 * 1024
ONCE = Retry(attempts=1)


def parts(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".part"))


def leave_a_part(server, local, count=100_000):
    """What a get() leaves that is cut off after so many bytes; returns its path."""
    whole = server.replies["RETR"]
    server.replies["RETR"] = cut_after(count)
    with pytest.raises((OSError, EOFError)):
        get(server.site, "a", local / "a", retry=ONCE)
    server.replies["RETR"] = whole
    (name,) = parts(local)
    assert (local / name).read_bytes() == bytes(server.files["a"].content[:count])
    server.retrieved.clear()
    return local / name


def test_a_cut_download_goes_on(local):
    cut = [cut_after(100_000), cut_after(100_000), retr()]
    with FileServer({"a": OLD}, {"RETR": retr()}) as server:
        replies = iter(cut)
        server.replies["RETR"] = lambda session: session.perform(next(replies))
        done = get(server.site, "a", local / "a", retry=AT_ONCE)
        assert server.retrieved == [(0, 100_000), (100_000 - OVERLAP, 100_000), (200_000 - 2 * OVERLAP, SIZE - 167_232)]
    assert (local / "a").read_bytes() == OLD
    assert (done.size, done.attempts, done.resumed_at) == (SIZE, 3, 200_000 - OVERLAP)
    assert os.listdir(local) == ["a"]


def test_the_next_get_goes_on(local):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        done = get(server.site, "a", local / "a")
        assert server.retrieved == [(100_000 - OVERLAP, SIZE - 100_000 + OVERLAP)]
    assert (local / "a").read_bytes() == OLD
    assert done.resumed_at == 100_000


def test_the_next_run_by_a_client_goes_on(local):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        with server.site.open() as ftp:
            done = get(ftp, "a", local / "a")
            assert ftp.pwd() == "/home"
    assert ((local / "a").read_bytes(), done.resumed_at) == (OLD, 100_000)


def test_get_can_decline_to_resume(local):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        done = get(server.site, "a", local / "a", resume=False)
        assert server.retrieved == [(0, SIZE)]
    assert ((local / "a").read_bytes(), done.resumed_at) == (OLD, 0)


def test_without_resume_nothing_is_left(local):
    with FileServer({"a": OLD}, {"RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", resume=False, retry=ONCE)
    assert os.listdir(local) == []


def test_a_complete_part_is_proved_and_becomes_the_file(local):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local, SIZE)
        get(server.site, "a", local / "a")
        assert server.retrieved == [(SIZE - OVERLAP, OVERLAP)]
    assert (local / "a").read_bytes() == OLD


@pytest.mark.parametrize("change", ["content and time", "longer", "shorter"])
def test_another_source_is_begun_anew(local, change):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        file = server.files["a"]
        file.content[:] = {"longer": OLD[::-1] + b"more", "shorter": OLD[50:250_000]}.get(change, NEW)
        file.seconds += change == "content and time"
        done = get(server.site, "a", local / "a")
        assert (local / "a").read_bytes() == bytes(file.content)
    assert done.resumed_at == 0
    assert os.listdir(local) == ["a"], "the part of the old source is gone"


def test_a_finished_file_is_never_continued(local):
    (local / "a").write_bytes(OLD[:100_000])
    with FileServer({"a": OLD}) as server:
        get(server.site, "a", local / "a")
        assert server.retrieved == [(0, SIZE)]
    assert (local / "a").read_bytes() == OLD


def test_the_parts_of_other_names_stay(local):
    others = [".ab.0123456789ab.part", ".a.0123456789a.part", ".a.part", ".b.0123456789ab.part", "a.0123456789ab.part"]
    for name in others:
        (local / name).write_bytes(b"x")
    (local / ".a.0123456789ab.part").write_bytes(b"x")
    with FileServer({"a": OLD}) as server:
        get(server.site, "a", local / "a")
    assert sorted(os.listdir(local)) == sorted([*others, "a"])


def test_the_parts_of_other_long_names_stay(local):
    """A part has no more than the beginning of a name that is too long."""
    name, other = "n" * 220 + "A", local / f".{'n' * 200}.0123456789ab.part"
    other.write_bytes(b"x")
    with FileServer({name: OLD}) as server:
        get(server.site, name, local / name)
    assert sorted(os.listdir(local)) == sorted([other.name, name])


@pytest.mark.parametrize("damage", ["its end", "zeros at its end", "a byte too many"])
def test_a_part_tampered_with_here_is_noticed(local, damage):
    with FileServer({"a": OLD}) as server:
        part = leave_a_part(server, local)
        data = bytearray(part.read_bytes())
        if damage == "its end":
            data[-1] ^= 1
        elif damage == "zeros at its end":
            data[-OVERLAP:] = bytes(OVERLAP)
        else:
            data.insert(90_000, 0)
        part.write_bytes(data)
        done = get(server.site, "a", local / "a", retry=AT_ONCE)
        assert server.retrieved[0][0] > 0, "it was looked at"
    assert ((local / "a").read_bytes(), done.resumed_at, done.attempts) == (OLD, 0, 2)


def test_a_client_in_step_begins_anew_by_itself(local):
    with FileServer({"a": OLD}) as server:
        part = leave_a_part(server, local)
        part.write_bytes(bytes(100_000))
        with server.site.open() as ftp:
            done = get(ftp, "a", local / "a")
    assert ((local / "a").read_bytes(), done.attempts) == (OLD, 2)


@pytest.mark.parametrize(
    "how", [lambda data, offset: data, lambda data, offset: bytes(offset) + data[offset:], lambda data, offset: b""]
)
def test_get_notices_a_server_that_ignores_rest(local, how):
    """It sends everything, or zeros first, or nothing."""
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        server.replies["RETR"] = retr(lambda data, offset: how(data, offset) if offset else data)
        done = get(server.site, "a", local / "a", retry=AT_ONCE)
    assert ((local / "a").read_bytes(), done.resumed_at) == (OLD, 0)


@pytest.mark.parametrize("refusal", [b"502 no REST\r\n", b"501 what?\r\n"])
def test_a_server_without_rest(local, refusal):
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        server.replies["REST"] = refusal
        done = get(server.site, "a", local / "a", retry=ONCE)
        assert server.retrieved == [(0, SIZE)]
    assert ((local / "a").read_bytes(), done.resumed_at) == (OLD, 0)


def test_a_marker_is_undone_before_the_whole_is_asked_for(local):
    refused = iter([b"550 not in the middle\r\n", retr()])
    with FileServer({"a": OLD}) as server:
        leave_a_part(server, local)
        server.replies["RETR"] = lambda session: session.perform(next(refused))
        get(server.site, "a", local / "a", retry=ONCE)
    assert (local / "a").read_bytes() == OLD


def test_a_file_that_is_gone_leaves_the_part_alone(local):
    with FileServer({"a": OLD}) as server:
        part = leave_a_part(server, local)
        server.replies["RETR"] = b"550 locked\r\n"
        with pytest.raises(error_perm, match="550 locked"):
            get(server.site, "a", local / "a")
        assert part.read_bytes() == OLD[:100_000]


@pytest.mark.parametrize("unknown", ["SIZE", "MDTM"])
def test_without_a_size_or_a_time_nothing_is_continued(local, unknown):
    with FileServer({"a": OLD}) as server:
        server.replies[unknown] = b"500 what?\r\n"
        server.replies["RETR"] = cut_after(100_000)
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        assert os.listdir(local) == []
        server.replies["RETR"] = retr()
        assert get(server.site, "a", local / "a").resumed_at == 0
    assert (local / "a").read_bytes() == OLD


@pytest.mark.parametrize("when", range(4))
@pytest.mark.parametrize("change", ["time", "longer", "shorter"])
def test_the_source_is_replaced_at_a_cut(local, when, change):
    """What is there in the end is the new file, whole."""
    cuts = iter(range(1000))

    def replace(server):
        if next(cuts) == when:
            file = server.files["a"]
            file.content[:] = {"time": NEW, "longer": NEW + b"more", "shorter": NEW[:250_000]}[change]
            file.seconds += change == "time"

    with FileServer({"a": OLD}) as server:
        attempts = iter([cut_after(50_000, replace)] * 4)
        server.replies["RETR"] = lambda session: session.perform(next(attempts, retr()))
        get(server.site, "a", local / "a", retry=AT_ONCE)
        assert (local / "a").read_bytes() == bytes(server.files["a"].content)
    assert os.listdir(local) == ["a"]


def test_the_source_is_replaced_while_its_end_is_sent(local):
    replaced = []

    def replace(data, offset):
        if not replaced:
            replaced.append(True)
            server.files["a"].content[:] = NEW
            server.files["a"].seconds += 1
        return data[offset:]

    with FileServer({"a": OLD}, {"RETR": retr(replace)}) as server:
        done = get(server.site, "a", local / "a", retry=AT_ONCE)
    assert ((local / "a").read_bytes(), done.attempts) == (NEW, 2)


def test_a_source_that_changes_again_and_again(local):
    def change(data, offset):
        server.files["a"].seconds += 1
        return data[offset:]

    with FileServer({"a": OLD}, {"RETR": retr(change)}) as server:
        with pytest.raises(TransferError, match="changed on the server.*'a'"):
            get(server.site, "a", local / "a", retry=AT_ONCE)
        assert len(server.retrieved) == AT_ONCE.attempts
    assert os.listdir(local) == []


def test_mlst_tells_as_well(local):
    def mlst(session):
        file = session.server.files["a"]
        facts = f"Type=file;Size={len(file.content)};Modify=20200913122640.123;Unique={unique[0]};"
        session.say(f"250-Listing\r\n {facts} a\r\n250 End\r\n".encode())

    unique = ["1"]
    with FileServer({"a": OLD}, {"MLST": mlst, "FEAT": feat("MLST type*;size*;modify*;unique*;")}) as server:
        leave_a_part(server, local)
        unique[0] = "2"  # another file of the same size and time
        done = get(server.site, "a", local / "a")
        assert done.resumed_at == 0
        assert done.modified.microsecond == 123_000
    assert os.stat(local / "a").st_mtime_ns == 1_600_000_000_123_000_000
