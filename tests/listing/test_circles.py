"""Directories that lie in themselves end soon, whoever lists them; trees that only look like it are listed whole."""

from __future__ import annotations

import pytest
from rftplib.fs import FTPFileSystem
from rftplib.listing import ListingError, walk
from rftplib.mirror import plan
from support.mirror_server import TreeServer, listing


class Looped(TreeServer):
    """tree: a dict that may have itself in it. limit: after how many `links` the system ends a path."""

    def __init__(self, tree, links=(), limit=40):
        self.links, self.limit, self.listed = links, limit, 0
        super().__init__(tree, {"MLSD": self.list, "MLSD *": self.list})

    def contents(self):
        return {}

    def list(self, session):
        self.listed += 1
        tree, path = self.tree, session.line.partition(" ")[2].strip("/")
        names = path.split("/") if path else []
        if sum(name in self.links for name in names) > self.limit:
            return session.say(b"550 Too many levels of symbolic links\r\n")
        for name in names:
            tree = tree.get(name) if isinstance(tree, dict) else None
        if not isinstance(tree, dict):
            return session.say(b"550 No such directory\r\n")
        self.data_of["LISTED"] = listing(tree)
        session.line = "LISTED"
        return super().unknown(session)


def by_walk(site, _):
    try:
        with site.borrow() as ftp:
            return {entry.path for entry in walk(ftp, max_entries=20_000)}
    except ListingError as error:
        assert "circle" in str(error)
        return None


def by_find(site, _):
    fs = FTPFileSystem(site.host, site.port, "user", "secret", connections=1, keepalive=None)
    try:
        return {path.lstrip("/") for path in fs.find("/", withdirs=True)} - {""}
    except OSError as error:
        assert "circle" in str(error)
        return None
    finally:
        fs.site.close()


def by_plan(site, tmp_path):
    made = plan(site, tmp_path)
    assert {one.error for one in made.failures} <= {"it leads in a circle"}
    return None if made.failures else {action.path for action in made}


@pytest.fixture(params=[by_walk, by_find, by_plan], ids=["walk", "find", "plan"])
def look(request, tmp_path):
    """look(server): the paths of all that is found, None if a circle is."""

    def found(server):
        with server.site() as site:
            return request.param(site, tmp_path)

    return found


def paths(tree, above=""):
    for name, content in tree.items():
        yield above + name
        if isinstance(content, dict):
            yield from paths(content, f"{above}{name}/")


def circle(*links, way=()):
    """A directory with links to itself, by way of other directories or not."""
    tree = {"file": b"1", "other": {"f": b"2"}}
    inner = tree
    for name in way:
        inner[name] = inner = {"file": b"3"}
    inner.update(dict.fromkeys(links, tree))
    return tree


CIRCLES = {
    "one link": circle("a"),
    "two": circle("a", "b"),
    "five": circle(*"abcde"),
    "from below": circle("a", "b", way=("x", "y")),
    "below the root": {"top": circle("a", "b")},
}


@pytest.mark.parametrize("limit", [32, 40, 63, 10_000])
@pytest.mark.parametrize("kind", CIRCLES)
def test_a_circle_ends_soon(kind, limit, look):
    server = Looped(CIRCLES[kind], "abcde", limit)
    assert look(server) is None
    assert server.listed < 60


def test_a_log_that_grows_hides_no_circle(look):
    class Growing(Looped):
        def list(self, session):
            self.tree["file"] += b"2"
            return super().list(session)

    server = Growing(circle("a", "b"), "ab")
    assert look(server) is None
    assert server.listed < 60


def nested(depth, **besides):
    tree = {}
    for _ in range(depth):
        tree = {"a": tree, **besides}
    return tree


def full(depth, leaf, names="ab"):
    return leaf if not depth else {"file": b"1", **{name: full(depth - 1, leaf, names) for name in names}}


TREES = {
    "one in another": nested(60),
    "with the same file": nested(25, file=b"1"),
    "with an empty one": nested(25, b={}),
    "deeper than links lead": nested(90, file=b"1", b={}),
    "each has two": full(5, {}),
    "and they end in files": full(5, {"file": b"1"}),
    "three": full(3, {}, "abc"),
    "all empty": {name: {"a": {}, "b": {}} for name in "ab"},
}


@pytest.mark.parametrize("kind", TREES)
def test_directories_that_are_alike_are_listed_whole(kind, look):
    """All have the same names and times at each level."""
    assert look(Looped(TREES[kind])) == set(paths(TREES[kind]))


def test_who_takes_errors_takes_circles():
    server = Looped(circle("a", "b"), "ab")
    with server.site() as site, site.borrow() as ftp:
        with pytest.raises(ListingError, match="circle"):
            list(walk(ftp))
        told = []
        found = [entry.path for entry in walk(ftp, onerror=told.append)]
    assert found == ["file", "other", "other/f", "a", "b"]
    assert [str(error) for error in told] == [f"it leads in a circle (listing {name!r})" for name in "ab"]
