"""Files get their names on servers that rename to no name that is taken: none is ever lost."""

from __future__ import annotations

import pytest
from rftplib.fs import FTPFileSystem
from support.actions import reset
from support.file_server import FileServer, dele, name_of, rnto

REFUSED = b"550 no\r\n"


def rename_to_free(session):
    """They say so, or only that they don't."""
    if name_of(session) in session.server.files:
        session.say(REFUSED)
    else:
        rnto(session)


def lost(action):
    """An action after which the connection is lost, the reply unsaid."""

    def act(session):
        session.say = lambda data: None
        action(session)
        reset(session)

    return act


def in_turn(*actions):
    """An action that is the next of these each time, whatever the session; the last one stays."""
    left = list(actions)
    return lambda session: session.perform(left.pop(0) if len(left) > 1 else left[0])


@pytest.fixture
def served():
    """A function that gives a server and a filesystem: of names in whatever directory, which is one for this server."""
    opened = []

    def serve(files, **replies):
        server = FileServer(files, {"RNTO": rename_to_free, "CWD": REFUSED, **replies})
        server.__enter__()
        fs = FTPFileSystem("127.0.0.1", server.port, "user", "secret", timeouts=30, skip_instance_cache=True)
        opened.append((server, fs))
        return server, fs

    yield serve
    for server, fs in opened:
        fs.site.close()
        server.__exit__(None, None, None)


def contents(server):
    return {name: bytes(file.content) for name, file in server.files.items()}


def test_a_file_is_replaced(served):
    server, fs = served({"file": b"old"})
    fs.pipe_file("/file", b"new")
    assert contents(server) == {"file": b"new"}
    with pytest.raises(FileExistsError):
        fs.pipe_file("/file", b"newer", mode="create")
    assert contents(server) == {"file": b"new"}


@pytest.mark.parametrize("place", range(4))
def test_the_connection_is_lost_while_a_file_is_replaced(served, place):
    """At each of the renames, and at the deletion of the older file: the newer one is there."""
    steps = [rename_to_free] * 3 + [dele]
    steps[place] = lost(steps[place])
    server, fs = served({"file": b"old"}, RNTO=in_turn(*steps[:3], rename_to_free), DELE=in_turn(steps[3], dele))
    try:
        fs.pipe_file("/file", b"new")
    except OSError:
        assert place == 0
        assert contents(server) == {"file": b"old"}
    else:
        assert contents(server) == {"file": b"new"}


def test_what_can_not_be_put_back_is_named(served):
    server, fs = served({"file": b"old"}, RNTO=in_turn(rename_to_free, rename_to_free, REFUSED))
    with pytest.raises(OSError) as caught:
        fs.pipe_file("/file", b"new")
    assert sorted(contents(server).values()) == [b"new", b"old"]
    assert all(name in str(caught.value) for name in server.files)
    assert caught.value.filename == "/file"


def test_a_file_that_can_not_be_put_aside_stays(served):
    server, fs = served({"file": b"old"}, RNTO=REFUSED)
    with pytest.raises(PermissionError):
        fs.pipe_file("/file", b"new")
    assert contents(server) == {"file": b"old"}


@pytest.mark.parametrize("target", ["/file", "/link/file", "/link/"])
def test_a_file_is_moved_onto_itself(served, target):
    server, fs = served({"file": b"only one"})
    fs.mv("/dir/file", target)
    assert contents(server) == {"file": b"only one"}


def test_a_file_is_moved_onto_another(served):
    server, fs = served({"file": b"moved", "other": b"old"})
    fs.mv("/file", "/other")
    assert contents(server) == {"other": b"moved"}


@pytest.mark.parametrize("refused_from", range(4))
def test_a_move_that_is_refused(served, refused_from):
    """All goes back, or the text tells where it is."""
    renames = in_turn(*[rename_to_free] * refused_from, REFUSED)
    server, fs = served({"file": b"moved", "other": b"old"}, RNTO=renames)
    with pytest.raises(OSError) as caught:
        fs.mv("/file", "/other")
    found = contents(server)
    assert sorted(found.values()) == [b"moved", b"old"]
    assert all(name in str(caught.value) for name in found.keys() - {"file", "other"})


def append(fs, path):
    with fs.open(path, "ab") as file:
        file.write(b"new")


WAYS = {
    "write": lambda fs, path: fs.pipe_file(path, b"new"),
    "append": append,
    "move": lambda fs, path: fs.mv(path.rpartition("/")[0] + "/source", path),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name, other", [("report ", "report_"), ("a\tb", "a_b")])
def test_a_file_written_whose_name_the_server_changes(fs, work, way, name, other):
    """It is an error then, and what has the other name stays; as does what was to be moved."""
    work.put(other, b"precious")
    work.put("source", b"new")
    try:
        WAYS[way](fs, f"{work.root}/{name}")
    except OSError:
        assert work.names() == sorted([other, "source"])
    else:
        assert (work.path / name).read_bytes() == b"new"
    assert (work.path / other).read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["report ", "a\tb"])
@pytest.mark.parametrize("below", ["", "/deep"])
def test_a_directory_whose_name_the_server_changes(fs, work, name, below):
    try:
        fs.makedirs(f"{work.root}/{name}{below}")
    except OSError as error:
        assert "the server changes this name" in str(error) and work.names() == []
    else:
        assert work.names() == sorted({name, name + below})
        fs.makedirs(f"{work.root}/{name}{below}", exist_ok=True)
