"""On real servers: links that lead in a circle, and directories that are alike."""

from __future__ import annotations

import contextlib
import os

import pytest
from rftplib.listing import ListingError, walk
from rftplib.mirror import plan
from rftplib.session import Site

each = pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)


def fill(root, depth):
    """Two directories in each, with a file: all alike, up to the last."""
    root.mkdir()
    (root / "file").write_bytes(b"1")
    for name in "ab" if depth else ():
        fill(root / name, depth - 1)
    root.chmod(0o777)
    os.utime(root, (1_500_000_000, 1_500_000_000))


def circles(root):
    root.mkdir()
    fill(root / "top", 0)
    (root / "top" / "here").symlink_to(".")
    (root / "top" / "above").symlink_to("..")
    (root / "top" / "again").symlink_to(root / "top")


@each
def test_links_in_a_circle_end_soon(endpoint, work):
    """Whether they are listed as links, as directories, or as what they are one with."""
    root = work.path / "new" / "root"
    circles(root)
    told, listings, client = [], [], work.client()
    retrlines = client.retrlines
    client.retrlines = lambda *args: listings.append(args) or retrlines(*args)
    found = [entry.path for entry in walk(client, "root", onerror=told.append)]
    assert {"root/top", "root/top/file"} <= set(found)
    assert len(listings) < 20 and len(found) < 10
    assert all(isinstance(error, ListingError) and "circle" in str(error) for error in told)


@each
def test_links_that_are_followed_in_a_circle_end_soon(endpoint, work, tmp_path):
    root = work.path / "new" / "root"
    circles(root)
    url = f"ftp://{endpoint.user}:{endpoint.password}@{endpoint.host}:{endpoint.port}"
    with contextlib.closing(Site(f"{url}/{work.name}/new/root", connections=2)) as site:
        made = plan(site, tmp_path, links="follow")
    assert {failure.error for failure in made.failures} <= {"it leads in a circle"}
    assert "top/file" in {action.path for action in made} and len(made) < 20


@each
def test_directories_that_are_alike_on_real_servers(endpoint, work):
    root = work.path / "new" / "root"
    fill(root, 4)
    there = {str(path.relative_to(root.parent)) for path in root.rglob("*")}
    assert {entry.path for entry in walk(work.client(), "root")} == there
