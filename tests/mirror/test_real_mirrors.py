"""On real servers: a mirror is right both ways, and what has been mirrored needs no second run."""

from __future__ import annotations

import os
import random
import shutil

import pytest
from rftplib.mirror import mirror, plan
from rftplib.session import Site
from servers.layout import PASSWORD, USER, certificate, home
from support.snapshots import contents

# the many kinds of TLS are the tests' of sessions; here it is two of them, on one server each
complete = pytest.mark.endpoints(
    where=lambda endpoint: (
        endpoint.server.complete
        and (endpoint.protection == "plain" or str(endpoint) in ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-native"))
    )
)
four = pytest.mark.endpoints(
    where=lambda endpoint: (
        endpoint.server.family in ("vsftpd", "proftpd", "pureftpd", "pyftpdlib")
        and endpoint.protection in ("plain", "tls1.3")
        and ":" not in endpoint.host
    )
)
plain = pytest.mark.endpoints(where=lambda endpoint: str(endpoint) in ("vsftpd-ipv4-plain", "proftpd-ipv4-plain"))

NAMES = [
    "a",
    "b with space",
    ".hidden",
    "ü☃",
    "-dash",
    "20200102030405 digits",
    "~tilde",
    "p%20q",
    "[x]*?",
    "#hash",
    "'q'",
]


def site_of(endpoint, directory, connections=4):
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    scheme, query = ("ftp", "") if endpoint.protection == "plain" else ("ftpes", f"?cafile={certificate('ca.crt')}")
    user = f"{USER}:{PASSWORD}"
    # not every server's login directory is the root of what it shows
    return Site(f"{scheme}://{user}@{host}:{endpoint.port}/{directory}{query}", connections=connections)


def fill(root, names=NAMES, large=1_500_000):
    """Files in directories, with times of their own."""
    source = random.Random(7)
    for folder in ("", "d1", "d1/deep", "d 2"):
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(names):
            (root / folder / name).write_bytes(source.randbytes(source.randint(0, 9000)))
            os.utime(root / folder / name, ns=((1_500_000_000 + number * 1000) * 10**9 + 123_456_789,) * 2)
    (root / "large").write_bytes(source.randbytes(large))
    os.utime(root / "large", (1_400_000_000,) * 2)
    (root / "empty").mkdir()
    for path in [root, *root.rglob("*")]:
        path.chmod(0o777 if path.is_dir() else 0o666)
    return root


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


@complete
def test_down_and_again(endpoint, work, local):
    names = [name for name in NAMES if endpoint.server.family != "netkit" or name.isascii()]
    source = fill(work.path / "src", names)
    site = site_of(endpoint, f"{work.name}/src")
    made = plan(site, local, delete=True)
    assert made.failures == () and len(made) == len(contents(source))
    report = made.run()
    assert report.ok, report
    assert contents(local) == contents(source)
    for path in source.rglob("*"):
        if path.is_file():
            there = local / path.relative_to(source)
            assert abs(there.stat().st_mtime - path.stat().st_mtime) < 60  # a second, but for servers without MDTM
    assert list(plan(site, local, delete=True)) == []
    site.close()


@complete
def test_up_and_again(endpoint, work, local):
    if endpoint.server.family in ("inetutils", "netkit"):
        fill(local, ["a", "b with space", "c"])
    else:
        fill(local)
    work.folder("up")
    site = site_of(endpoint, f"{work.name}/up/made here")
    made = plan(local, site, delete=True)
    report = made.run()
    assert report.ok, report
    assert contents(work.path / "up" / "made here") == contents(local)
    assert list(plan(local, site, delete=True)) == []
    site.close()


@complete
def test_changes(endpoint, work, local):
    """What is new, longer, newer, gone: each is seen, and nothing else is touched."""
    source = fill(work.path / "src", ["a", "b", "c", "d", "e"], large=10)
    site = site_of(endpoint, f"{work.name}/src")
    assert mirror(site, local, delete=True).ok
    (source / "d1" / "a").write_bytes(b"longer than it was" * 1000)
    (source / "d1" / "new").write_bytes(b"new")
    os.utime(source / "d1" / "b", (1_700_000_000, 1_700_000_000))
    (source / "d1" / "c").unlink()
    shutil.rmtree(source / "d 2")
    for path in source.rglob("*"):
        path.chmod(0o777)
    made = plan(site, local, delete=True)
    assert {(one.kind, one.path) for one in made} == {
        ("copy", "d1/a"), ("copy", "d1/new"), ("copy", "d1/b"), ("delete", "d1/c"), ("rmdir", "d 2"),
        *(("delete", f"d 2/{name}") for name in "abcde"),
    }  # fmt: skip
    report = made.run()
    assert report.ok, report
    assert contents(local) == contents(source)
    assert list(plan(site, local, delete=True)) == []
    site.close()


@four
def test_deletes_on_the_server(endpoint, work, local, pathspec):
    """And what is in links to directories, which MLSD may not show as such, stays where it is."""
    fill(local, ["a"], large=10)
    target, elsewhere = fill(work.path / "dst"), fill(work.path / "elsewhere", ["a", "b"])
    (target / "link").symlink_to("../elsewhere")
    (target / "d1" / "link").symlink_to("../../elsewhere")
    site = site_of(endpoint, f"{work.name}/dst")
    before = contents(elsewhere)
    made = plan(local, site, delete=True, max_delete=None)
    report = made.run()
    assert contents(elsewhere) == before
    if report.ok:  # it lists links as links
        assert contents(target) == contents(local)
    else:
        assert report.deleted == 0 and {one.path for one in report.failures} <= {"link", "d1/link"}
        assert mirror(local, site, delete=True, max_delete=None, exclude="link").ok
        assert contents(elsewhere) == before
        assert {path for path in contents(target) if "link" not in path} == set(contents(local))
    site.close()


@four
def test_what_has_taken_the_place_of_a_link_stays(endpoint, work, local):
    fill(local, ["a", "b"], large=10)
    target = fill(work.path / "dst", ["a", "b"], large=10)
    links = ("file", "other", "d1/deep/file")
    for path in links:
        (target / path).symlink_to("a")
    site = site_of(endpoint, f"{work.name}/dst")
    made = plan(local, site, delete=True)
    assert {one.path for one in made} == set(links)
    for path in links[1:]:
        (target / path).unlink()
        (target / path).write_bytes(b"precious")
    report = made.run()
    assert [(one.path, one.error) for one in sorted(report.failures)] == [
        (path, "it has changed since the plan was made") for path in sorted(links[1:])
    ]
    assert report.deleted == 1 and not os.path.lexists(target / "file")
    assert {(target / path).read_bytes() for path in links[1:]} == {b"precious"}
    site.close()


@four
def test_from_server_to_server(endpoint, work, local):
    source = fill(work.path / "src")
    work.folder("over")
    here, there = site_of(endpoint, f"{work.name}/src"), site_of(endpoint, f"{work.name}/over/dst")
    report = mirror(here, there)
    assert report.ok, report
    assert contents(work.path / "over" / "dst") == contents(source)
    assert list(plan(here, there)) == []
    for site in (here, there):
        site.close()


@plain
def test_a_broken_mirror_goes_on(endpoint, work, local):
    """Half of a large file, and of the small ones, are there: the rest is fetched, and no more."""
    source = fill(work.path / "src", large=4_000_000)
    site = site_of(endpoint, f"{work.name}/src")

    class Progress:
        moved = 0

        def set_size(self, size):
            self.size = size

        def relative_update(self, inc=1):
            self.moved += inc
            if self.moved > 1_000_000:
                raise KeyboardInterrupt

    progress = Progress()
    with pytest.raises(KeyboardInterrupt):
        plan(site, local).run(progress=progress, connections=1)
    for path in local.rglob("*"):  # nothing half-written has its final name
        if path.is_file() and not path.name.endswith(".part"):
            assert path.read_bytes() == (source / path.relative_to(local)).read_bytes()
    assert mirror(site, local).ok
    assert contents(local) == contents(source)
    site.close()


@plain
def test_a_root_that_isnt_there(endpoint, work, local):
    with pytest.raises(Exception, match="550"):
        plan(site_of(endpoint, f"{work.name}/nothing"), local)
    assert not local.exists()
    with pytest.raises(FileNotFoundError):
        plan(local, site_of(endpoint, work.name))
    assert home().exists()
