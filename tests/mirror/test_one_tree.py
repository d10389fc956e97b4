"""A source and a target of one server that lie in each other, whatever their URLs are: nothing is touched."""

from __future__ import annotations

import pytest
from mirror.test_real_mirrors import site_of
from rftplib.mirror import mirror, plan
from servers.layout import PASSWORD, USER
from support.snapshots import contents

four = pytest.mark.endpoints(
    where=lambda endpoint: (
        endpoint.server.family in ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
        and endpoint.protection == "plain"
        and ":" not in endpoint.host
    )
)


@pytest.fixture
def nested(endpoint, work):
    """(directories of Sites, one of which the other lies in, and what it is called), outer first."""
    for name in ("outer/inner/f", "outer/f", "outer/g", "beside/f"):
        work.folder("outer")
        work.folder("beside")
        work.folder("outer/inner")
        (work.path / name).write_bytes(b"precious")
    (work.path / "link").symlink_to("outer/inner")
    site = site_of(endpoint, work.name)
    with site.borrow() as ftp:
        absolute = "%2F" + ftp.pwd().lstrip("/")
    site.close()
    return work.name, absolute


@four
@pytest.mark.parametrize("outer, inner", [
    ("outer", "/outer/inner"), ("/outer", "outer/inner"), ("/outer/.", "outer/inner"), ("outer", "/outer/new/deeper"),
    ("/outer", "outer/new"), ("outer", "link"), ("/outer", "link"), ("outer", "link/new"),
])  # fmt: skip
def test_one_lies_in_the_other(outer, inner, endpoint, work, nested):
    own, absolute = nested
    outer, inner = (f"{absolute if path[0] == '/' else own}/{path.lstrip('/')}" for path in (outer, inner))
    before = contents(work.path)
    for source, target, text in ((outer, inner, "the target lies in"), (inner, outer, "the source lies in")):
        if source.endswith(("new", "deeper")):
            continue  # it isn't there
        sites = site_of(endpoint, source), site_of(endpoint, target)
        if "link" in inner and endpoint.server.family == "pyftpdlib":  # its PWD doesn't tell what a link leads to
            report = mirror(*sites, delete=True, max_delete=None, names="skip")
            (failure,) = report.failures
            assert (failure.path, failure.error) == ("inner", "source and target have it in common")
            assert report.deleted == 0
            continue
        with pytest.raises(ValueError, match=text):
            mirror(*sites, delete=True, max_delete=None)
    assert {path: content for path, content in contents(work.path).items() if path in before} == before


@four
def test_the_same_by_another_name(endpoint, work, nested):
    own, absolute = nested
    there = site_of(endpoint, f"{absolute}/outer/inner")
    for directory in (f"{own}/outer/inner", f"{own}/link"):
        with pytest.raises(ValueError, match="the same directory"):
            plan(site_of(endpoint, directory), there)


@four
def test_by_another_name_of_the_server(endpoint, work, nested):
    own, absolute = nested
    url = f"ftp://{USER}:{PASSWORD}@localhost:{endpoint.port}/{own}/outer/inner"
    with pytest.raises(ValueError, match="the source lies in the target"):
        plan(url, site_of(endpoint, f"{absolute}/outer"))


@four
def test_by_way_of_fsspec(endpoint, work, nested):
    pytest.importorskip("fsspec")
    own, absolute = nested
    url = f"rftp://{USER}:{PASSWORD}@{endpoint.host}:{endpoint.port}/{absolute[3:]}"
    for source, target, text in (
        (f"{url}/outer/inner", site_of(endpoint, f"{own}/outer"), "the source lies"),
        (site_of(endpoint, f"{own}/outer"), f"{url}/outer/new", "the target lies"),
    ):
        with pytest.raises(ValueError, match=text):
            plan(source, target, delete=True)


@four
def test_beside_each_other(endpoint, work, nested):
    own, absolute = nested
    for source, target in ((f"{own}/beside", f"{absolute}/outer/inner"), (f"{absolute}/beside", f"{own}/outer2/new")):
        report = mirror(site_of(endpoint, source), site_of(endpoint, target))
        assert report.ok, report
    assert (work.path / "outer2" / "new" / "f").read_bytes() == b"precious"
