"""The files of a mirror are on the disk before they get their names: small ones and large ones."""

from __future__ import annotations

from rftplib.mirror import mirror
from support.folders import content
from support.mirror_server import TreeServer
from support.written import check_order, note_order


def test_each_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    calls = note_order(monkeypatch)
    local = tmp_path / "local"
    tree = {"small": b"x" * 1000, "d": {"other": b"y" * 1000}, "large": content(1_500_000)}
    with TreeServer(tree).site() as site:
        report = mirror(site, local)
    assert report.ok and report.copied == 3
    assert (local / "large").read_bytes() == tree["large"]
    check_order(calls, local / "small", local / "d" / "other", local / "large")
