"""Two mirrors of the same at once, and names that a server refuses: nothing is lost, and nothing half is whole."""

from __future__ import annotations

import os

import pytest
from rftplib.mirror import _copy, plan
from support.actions import close
from support.file_server import FEAT, FileServer, digits, feat
from support.mirror_server import TIME, TreeServer, say, send_only

OLD = b"old version"


def mlsd(session):
    """An action: all files."""
    lines = [b"type=cdir;modify=20200101000000; ."]
    for name, file in sorted(session.server.files.items()):
        lines.append(f"type=file;size={len(file.content)};modify={digits(file.seconds)}; {name}".encode())
    session.say(b"150 here\r\n")
    conn = session.open_data()
    session.send(conn, b"".join(line + b"\r\n" for line in lines))
    conn.close()
    session.say(b"226 done\r\n")


def mlst(session):
    name = session.argument.rpartition("/")[2]
    file = session.server.files.get(name)
    if file is None:
        session.say(b"550 no such file\r\n")
    else:
        facts = f"type=file;size={len(file.content)};modify={digits(file.seconds)}; {name}"
        session.say(f"250-here\r\n {facts}\r\n250 end\r\n".encode())


def server_of(files, **replies):
    answers = {"FEAT": feat("MLST type*;size*;modify*;", *FEAT), "MLSD": mlsd, "MLST": mlst}
    return FileServer(files, {**answers, **replies})


def test_each_upload_has_a_part_of_its_own(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 1000)
    with server_of({}) as server:
        for _ in range(2):
            assert plan(tmp_path, server.site).run().ok
            server.files.clear()
    parts = [name for _, name, _ in server.stored]
    assert len(parts) == len(set(parts)) == 2


@pytest.mark.parametrize("reply", ["450 busy", "451 local error", "550 not allowed", "553 no such name"])
def test_a_refused_name_leaves_the_older_file(reply, tmp_path):
    (tmp_path / "index").write_bytes(b"new version, and longer")
    with server_of({"index": OLD}, RNTO=f"{reply}\r\n".encode()) as server:
        report = plan(tmp_path, server.site).run()
        left = {name: bytes(file.content) for name, file in server.files.items()}
    assert [one.path for one in report.failures] == ["index"] and reply in report.failures[0].error
    assert left == {"index": OLD}


def refuse_existing(session):
    """RNTO of a server that doesn't rename onto a file."""
    name = session.argument.rpartition("/")[2]
    if name in session.server.files:
        session.say(b"553 it exists\r\n")
    else:
        session.server.files[name] = session.server.files.pop(session.renamed)
        session.say(b"250 renamed\r\n")


def test_an_older_file_is_put_aside(tmp_path):
    (tmp_path / "index").write_bytes(b"new version, and longer")
    with server_of({"index": OLD}, RNTO=refuse_existing) as server:
        assert plan(tmp_path, server.site).run().ok
        left = {name: bytes(file.content) for name, file in server.files.items()}
    assert left == {"index": b"new version, and longer"}
    assert "DELE index" not in [line for line, _ in server.lines]


def slow(session, part_of, other):
    """An action for RETR: half of the data; then the other run goes on until it is through; then the rest."""
    session.say(b"150 here\r\n")
    conn = session.open_data()
    session.send(conn, part_of[:1000])
    if other:
        other.pop()()
    session.send(conn, part_of[1000:])
    conn.close()
    session.say(b"226 done\r\n")


def test_another_download_at_the_same_time(tmp_path):
    """What is being written keeps its name, and what the other one has written isn't renamed."""
    data, seen = bytes(range(256)) * 100, []
    with TreeServer({"f": data}).site() as second:
        made = plan(second, tmp_path)

        def other():
            seen.extend(os.listdir(tmp_path))
            assert made.run().ok
            seen.extend(os.listdir(tmp_path))

        others = [other]
        server = TreeServer({"f": data}, {"RETR f": lambda session: slow(session, data, others)})
        with server.site() as first:
            assert plan(first, tmp_path).run().ok
    assert not others
    (part,) = {name for name in seen if name != "f"}
    assert seen == [part, *seen[1:]] and set(seen[1:]) == {part, "f"}  # it is still there, beside the other's file
    assert os.listdir(tmp_path) == ["f"] and (tmp_path / "f").read_bytes() == data


def test_a_part_of_a_dead_run_is_taken_away_a_live_one_isnt(tmp_path):
    from rftplib.mirror._local import Local

    with Local(tmp_path).folders() as folders:
        first = folders.begin("f", None, "same")
        with Local(tmp_path).folders() as others:
            second = others.begin("f", None, "same")
            assert len(os.listdir(tmp_path)) == 2
            second.discard()
        (left,) = os.listdir(tmp_path)
        first.file.close()  # as a run ends that is killed
        third = folders.begin("f", None, "same")
        assert os.listdir(tmp_path) == [left]
        third.discard()
    assert os.listdir(tmp_path) == []


def test_what_another_program_has_put_in_the_parts_place_isnt_renamed(tmp_path):
    from rftplib.mirror._local import Local, LocalError

    with Local(tmp_path).folders() as folders, pytest.raises(LocalError, match="taken away"):
        with folders.part("f", None, "same") as part:
            part.file.write(b"whole")
            (name,) = os.listdir(tmp_path)
            (tmp_path / name).unlink()
            (tmp_path / name).write_bytes(b"half")
    assert os.listdir(tmp_path) == [name]


def facts(size, modified):
    return say(f"250-here\r\n type=file;size={size};modify={modified}; f\r\n250 end")


def in_turn(*actions):
    """An action: another one each time, the last one again and again."""
    left = list(actions)
    return lambda session: (left.pop(0) if len(left) > 1 else left[0])(session)


def test_what_changes_while_it_is_fetched_is_fetched_again(tmp_path):
    mixture, new = send_only(b"old new"), send_only(b"new new")
    later = facts(7, "20210101000000")
    server = TreeServer({"f": b"old old"}, {"RETR f": in_turn(mixture, new), "MLST f": later})
    with server.site() as site:
        assert plan(site, tmp_path).run().ok
    assert (tmp_path / "f").read_bytes() == b"new new" and (tmp_path / "f").stat().st_mtime == 1_609_459_200


def test_another_size_with_the_same_time_is_another_file(tmp_path):
    """What came may be a mixture: it is fetched again, and is then what the server tells."""
    mixture, new = send_only(b"old news"), send_only(b"new news")
    server = TreeServer({"f": b"old old"}, {"RETR f": in_turn(mixture, new), "MLST f": facts(8, TIME)})
    with server.site() as site:
        assert plan(site, tmp_path).run().ok
    assert (tmp_path / "f").read_bytes() == b"new news"


def test_what_changes_all_the_time_is_a_failure_of_it_alone(tmp_path):
    times = in_turn(*[facts(7, f"2021010100000{second}") for second in range(9)])
    server = TreeServer({"e": b"1", "f": b"old old", "g": b"2"}, {"MLST f": times})
    with server.site() as site:
        report = plan(site, tmp_path).run()
    assert [(one.path, one.error) for one in report.failures] == [("f", "it has changed while it was read")]
    assert sorted(os.listdir(tmp_path)) == ["e", "g"]


def test_small_files_are_on_the_disk_before_they_have_their_names(tmp_path, monkeypatch):
    written, replace, fsync = [], os.replace, os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: (written.append(os.fstat(descriptor).st_ino), fsync(descriptor))
    )

    def renamed(source, target, **places):
        assert os.stat(source, dir_fd=places["src_dir_fd"]).st_ino in written
        replace(source, target, **places)

    monkeypatch.setattr(os, "replace", renamed)
    with TreeServer({name: b"x" for name in "abc"}).site() as site:
        assert plan(site, tmp_path).run().ok
    assert len(written) == 3


def test_a_connection_that_is_lost_while_the_older_file_is_aside(tmp_path, monkeypatch):
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(base=0.01))
    (tmp_path / "index").write_bytes(b"new version, and longer")
    lost = [close]

    def rename(session):
        refuse_existing(session)
        if lost and session.argument.endswith(".old"):
            lost.pop()(session)  # the older one has been put aside just now

    with server_of({"index": OLD}, RNTO=rename) as server:
        assert plan(tmp_path, server.site).run().ok
        left = {name: bytes(file.content) for name, file in server.files.items()}
    assert not lost and left == {"index": b"new version, and longer"}
