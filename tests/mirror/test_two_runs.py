"""Two mirrors of the same at once, and names that a server refuses: nothing is lost, and nothing half is whole."""

from __future__ import annotations

import pytest
from rftplib.mirror import plan
from support.file_server import FEAT, FileServer, feat
from support.mirror_server import TIME

OLD = b"old version"


def mlsd(session):
    """An action: all files."""
    lines = [b"type=cdir;modify=20200101000000; ."]
    for name, file in sorted(session.server.files.items()):
        lines.append(f"type=file;size={len(file.content)};modify={TIME}; {name}".encode())
    session.say(b"150 here\r\n")
    conn = session.open_data()
    session.send(conn, b"".join(line + b"\r\n" for line in lines))
    conn.close()
    session.say(b"226 done\r\n")


def server_of(files, **replies):
    return FileServer(files, {"FEAT": feat("MLST type*;size*;modify*;", *FEAT), "MLSD": mlsd, **replies})


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
