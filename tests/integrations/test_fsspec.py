"""fsspec's FTPFileSystem: plain, with tls=True (explicit) and with tls="tls", its own class for implicit TLS."""

from __future__ import annotations

import pytest
import rftplib

from integrations.conftest import DATA

# vsftpd and ProFTPD demand that data connections resume the TLS session: with ftplib, tls=True fails there.
KINDS = {
    "plain-pyftpdlib": ("pyftpdlib", False),
    "plain-vsftpd": ("vsftpd", False),
    "plain-proftpd": ("proftpd", False),
    "plain-pureftpd": ("pureftpd", False),
    "explicit-pyftpdlib": ("pyftpdlib", True),
    "explicit-vsftpd": ("vsftpd", True),
    "explicit-proftpd": ("proftpd", True),
    "explicit-pureftpd": ("pureftpd", True),
    "implicit-pyftpdlib": ("pyftpdlib-implicit", "tls"),
}
# To read a part, fsspec ends the transfer by an exception and sends ABOR, which ProFTPD doesn't answer; with ftplib as
# well.
aborting = pytest.mark.parametrize("place", [kind for kind in KINDS if "proftpd" not in kind], indirect=True)


@pytest.fixture(params=KINDS)
def place(request, area_on):
    """(file system, area)"""
    from fsspec.implementations.ftp import FTPFileSystem

    name, tls = KINDS[request.param]
    area = area_on(name)
    fs = FTPFileSystem(
        area.host, area.port, username=area.user, password=area.password, tls=tls, timeout=20, skip_instance_cache=True
    )
    assert isinstance(fs.ftp, rftplib.FTP)
    try:
        yield fs, area
    finally:
        fs.ftp.close()


def test_files_both_ways_by_fsspec(place, tmp_path):
    fs, area = place
    fs.pipe_file(f"/{area.name}/piped", DATA)
    assert area.get("piped") == DATA
    assert fs.cat_file(f"/{area.name}/piped") == DATA
    (tmp_path / "local").write_bytes(DATA)
    fs.put_file(str(tmp_path / "local"), f"/{area.name}/put")
    assert area.get("put") == DATA
    fs.get_file(f"/{area.name}/put", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == DATA


@aborting
def test_a_part_of_a_file(place):
    fs, area = place
    area.put("file", DATA * 20)
    for start, end in ((0, 10), (1000, 70_000), (len(DATA) * 19, len(DATA) * 20)):
        assert fs.cat_file(f"/{area.name}/file", start, end) == (DATA * 20)[start:end]


@aborting
def test_an_open_file(place):
    fs, area = place
    with fs.open(f"/{area.name}/file", "wb", block_size=65536) as file:
        for offset in range(0, len(DATA), 10_000):
            file.write(DATA[offset : offset + 10_000])
    assert area.get("file") == DATA
    with fs.open(f"/{area.name}/file", "rb") as file:
        file.seek(123_456)
        assert file.read(1000) == DATA[123_456:124_456]


def test_the_directory(place):
    fs, area = place
    fs.mkdir(f"/{area.name}/folder")
    fs.pipe_file(f"/{area.name}/folder/one", b"1")
    assert [entry["name"] for entry in fs.ls(f"/{area.name}/folder", detail=True)] == [f"/{area.name}/folder/one"]
    fs.mv(f"/{area.name}/folder/one", f"/{area.name}/folder/two")
    assert fs.exists(f"/{area.name}/folder/two")
    assert fs.info(f"/{area.name}/folder/two")["size"] == 1
    fs.rm(f"/{area.name}/folder", recursive=True)
    assert not (area.path / "folder").exists()


def test_what_is_missing(place):
    fs, area = place
    with pytest.raises(FileNotFoundError):
        fs.cat_file(f"/{area.name}/nowhere")
