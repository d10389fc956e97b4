"""Directories that lie in themselves: servers list a link to one above it as a directory."""

from __future__ import annotations

import errno

import pytest
from rftplib.fs import FTPFileSystem
from support.listing_server import Scripted

TIME = "modify=20200102030405;"


def fs_of(server):
    return FTPFileSystem("127.0.0.1", server.port, "user", "secret", timeouts=30, connections=1, keepalive=None)


def listing(*names, unique=""):
    lines = [f"type=file;size=1;{TIME} file", *(f"type=dir;{TIME}{unique} {name}" for name in names)]
    return "".join(f"{line}\r\n" for line in lines).encode()


WAYS = {
    "find": lambda fs: fs.find("/"),
    "walk": lambda fs: list(fs.walk("/")),
    "glob": lambda fs: fs.glob("/**/file"),
    "bottom": lambda fs: list(fs.walk("/", topdown=False)),
}


@pytest.mark.parametrize("way", WAYS)
def test_two_links_to_the_directory_that_they_are_in(way):
    """Without an end there would be 2 ** 100 of them."""
    with Scripted({"MLSD": listing("a", "b")}) as server:
        fs = fs_of(server)
        with pytest.raises(OSError, match="circle") as caught:
            WAYS[way](fs)
        fs.site.close()
    assert caught.value.errno == errno.ELOOP
    assert len(server.asked("MLSD")) < 100


@pytest.mark.parametrize("way", WAYS)
def test_where_the_server_tells_what_is_the_same(way):
    """It is entered once."""
    with Scripted({"MLSD": listing("a", "b", unique="unique=1g2;")}) as server:
        fs = fs_of(server)
        assert "a/file" in str(found := WAYS[way](fs)) or ("/a", ["a", "b"], ["file"]) in found
        fs.site.close()
    assert len(server.asked("MLSD")) == 3


@pytest.mark.parametrize("unique", ["", "unique=1g2;"])
def test_nothing_is_deleted_in_a_circle(unique):
    with Scripted({"MLSD": listing("a", "b", unique=unique)}, DELE="550 not a file", RMD="250 gone") as server:
        fs = fs_of(server)
        with pytest.raises(OSError, match="circle"):
            fs.rm("/dir", recursive=True)
        fs.site.close()
    assert len(server.asked("MLSD")) < 100
    assert not server.asked("RMD") and "DELE /dir/file" not in server.asked("DELE")


def test_who_passes_over_failures_passes_over_circles():
    failures = []
    with Scripted({"MLSD": listing("a")}) as server:
        fs = fs_of(server)
        found = [path for path, _, _ in fs.walk("/", on_error=failures.append)]
        assert list(fs.walk("/", on_error="omit", maxdepth=2))[-1] == ("/a", ["a"], ["file"])
        fs.site.close()
    assert found == ["/"]
    assert [error.filename for error in failures] == ["/a"]
