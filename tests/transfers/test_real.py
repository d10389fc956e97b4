"""Transfers on real servers, in clear text and under TLS: cut, continued, whole."""

from __future__ import annotations

import hashlib
import os
import random

import pytest
from rftplib import error_perm
from rftplib.transfer import Retry, TransferError, _upload, get, put
from support.cutter import Cutter
from support.real import content

TIME = 1_600_000_000
SIZE = 2 << 20
DATA = content(SIZE)
CUTS = 3
AT_ONCE = Retry(base=0.01, cap=0.1)
NAMES = ["plain", "with two  spaces", "grüße, 東京", "-n", "20200913122640", "[a]*?", "a;b&c'd", "#1%20", "a" * 240]

not_native = pytest.mark.endpoints(where=lambda endpoint: endpoint.protection != "native")


def marks(seed):
    return sorted(random.Random(seed).sample(range(50_000, SIZE), CUTS))


def there(work, name, data=DATA):
    path = work.path / name
    path.write_bytes(data)
    path.chmod(0o666)
    os.utime(path, (TIME, TIME))
    return path


def test_a_download_with_cuts(work, local):
    there(work, "big")
    with Cutter(marks(str(work.endpoint))) as cutter:
        site = work.site(cutter.connect)
        done = get(site, "big", local / "big", retry=AT_ONCE)
        site.close()
        assert cutter.cuts == CUTS
    assert hashlib.sha256((local / "big").read_bytes()).digest() == hashlib.sha256(DATA).digest()
    assert (done.attempts, done.verified, os.listdir(local)) == (CUTS + 1, "size", ["big"])
    assert done.resumed_at > 0
    assert os.stat(local / "big").st_mtime == TIME


def test_an_upload_with_cuts(work, local, monkeypatch):
    monkeypatch.setattr(_upload, "SETTLED", 1.0)  # a busy server may be writing still what came before a cut
    (local / "big").write_bytes(DATA)
    os.utime(local / "big", (TIME, TIME))
    with Cutter(marks(str(work.endpoint))) as cutter:
        site = work.site(cutter.connect)
        done = put(site, local / "big", "big", retry=AT_ONCE)
        site.close()
        assert cutter.cuts == CUTS
    assert hashlib.sha256((work.path / "big").read_bytes()).digest() == hashlib.sha256(DATA).digest()
    assert (done.attempts, done.verified, os.listdir(work.path)) == (CUTS + 1, "size", ["big"])
    assert os.stat(work.path / "big").st_mtime == TIME


@not_native
def test_a_file_comes_back_whatever_its_name(work, local):
    """Whatever the name, it comes back the same; what a server can't have is an error, and nothing is left."""
    site = work.site()
    (local / "source").write_bytes(DATA[:1000])
    for name in NAMES:
        try:
            put(site, local / "source", name)
        except error_perm:
            assert not [left for left in os.listdir(work.path) if name in left]
            continue
        assert (work.path / name).read_bytes() == DATA[:1000]
        get(site, name, local / "back")
        assert (local / "back").read_bytes() == DATA[:1000]
    site.close()
    assert len(os.listdir(work.path)) >= len(NAMES) - 2
    assert not [left for left in os.listdir(work.path) if left.endswith(".part")]


@not_native
def test_a_file_put_whose_name_the_server_changes(work, local):
    """It is an error then, and what has the other name stays."""
    (local / "source").write_bytes(b"new")
    site = work.site()
    for name, other in (("report ", "report_"), ("a\tb", "a_b")):
        there(work, other, b"precious")
        try:
            put(site, local / "source", name)
        except (TransferError, error_perm):
            assert not (work.path / name).exists()
        else:
            assert (work.path / name).read_bytes() == b"new"
        assert (work.path / other).read_bytes() == b"precious"
    site.close()
    assert not [left for left in os.listdir(work.path) if "part" in left]


@not_native
def test_what_is_there_is_replaced(work, local):
    there(work, "file", b"old")
    (work.path / "file").chmod(0o666)
    (local / "file").write_bytes(b"new")
    site = work.site()
    put(site, local / "file", "file")
    assert (work.path / "file").read_bytes() == b"new"
    with pytest.raises(FileExistsError):
        put(site, local / "file", "file", overwrite=False)
    site.close()


@not_native
def test_a_directory_that_is_missing(work, local):
    (local / "file").write_bytes(b"new")
    site = work.site()
    with pytest.raises(error_perm, match="putting .*is its directory there"):
        put(site, local / "file", "missing/file")
    with pytest.raises(error_perm, match="getting 'missing/file'"):
        get(site, "missing/file", local / "back")
    with pytest.raises((IsADirectoryError, error_perm), match="getting '/?"):
        get(site, f"../{work.name}", local / "back")
    site.close()
    assert os.listdir(local) == ["file"]


@not_native
def test_an_empty_file(work, local):
    (local / "file").write_bytes(b"")
    site = work.site()
    assert put(site, local / "file", "file").size == 0
    assert get(site, "file", local / "back").size == 0
    site.close()
    assert (local / "back").read_bytes() == b""


@not_native
def test_a_client_is_in_step_afterwards(work, local):
    there(work, "file")
    ftp = work.client()
    get(ftp, "file", local / "file")
    put(ftp, local / "file", "copy")
    assert ftp.pwd().endswith(work.name)
    assert (work.path / "copy").read_bytes() == DATA
