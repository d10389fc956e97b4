"""Connections of a pool while the directories of the server change."""

from __future__ import annotations

import pytest
from rftplib import error_perm
from rftplib.listing import scandir
from rftplib.session import Site, Timeouts
from servers.layout import PASSWORD, USER


@pytest.mark.endpoints(where=lambda endpoint: endpoint.protection == "plain" and ":" not in endpoint.host)
def test_what_has_the_name_of_the_directory_now(work):
    """A new version is put in place by renaming, as is usual."""
    for name in ("site", "next"):
        (work.folder(name) / f"of {name}").write_bytes(b"x")
    endpoint = work.endpoint
    url = f"ftp://{endpoint.host}:{endpoint.port}/{work.name}/site"
    site = Site(url, user=USER, password=PASSWORD, timeouts=Timeouts(30, 30, 30))
    with site.borrow() as ftp:
        assert [entry.name for entry in scandir(ftp)] == ["of site"]
    (work.path / "site").rename(work.path / "backup")
    (work.path / "next").rename(work.path / "site")
    with site.borrow() as ftp:
        assert [entry.name for entry in scandir(ftp)] == ["of next"]
    (work.path / "site").rename(work.path / "gone")
    with pytest.raises(error_perm, match="550"), site.borrow():
        pass
    site.close()
