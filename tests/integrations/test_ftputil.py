"""ftputil: a file system's interface, with its own sessions."""

from __future__ import annotations

import pytest
import rftplib

from integrations.conftest import DATA


@pytest.fixture
def host(area):
    import ftputil
    import ftputil.session

    factory = ftputil.session.session_factory(base_class=rftplib.FTP, port=area.port)
    with ftputil.FTPHost(area.host, area.user, area.password, session_factory=factory) as host:
        host.chdir(f"/{area.name}")
        yield host


def test_its_own_base_class_is_ours():
    import ftputil.host

    assert issubclass(ftputil.host.default_session_factory, rftplib.FTP)


def test_files_both_ways_by_ftputil(host, area, tmp_path):
    (tmp_path / "local").write_bytes(DATA)
    host.upload(str(tmp_path / "local"), "file")
    assert area.get("file") == DATA
    host.download("file", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == DATA


def test_open_files(host, area):
    with host.open("text", "w", encoding="utf-8") as file:
        file.write("ä\nb\n")
    assert area.get("text").decode() == "ä\nb\n"
    area.put("big", DATA * 30)
    with host.open("big", "rb", rest=5) as file:
        assert file.read(1000) == DATA[5:1005]
    with host.open("text", encoding="utf-8") as file:
        assert file.readlines() == ["ä\n", "b\n"]


def test_the_tree(host, area):
    host.makedirs("a/b/c")
    area.put("a/b/c/file", b"123")
    found = [(root, sorted(names)) for root, _, names in host.walk("a")]
    assert found == [("a", []), ("a/b", []), ("a/b/c", ["file"])]
    assert host.path.getsize("a/b/c/file") == 3
    host.rename("a/b/c/file", "moved")
    host.rmtree("a")
    assert host.listdir(".") == ["moved"]


def test_errors_have_its_classes(host):
    import ftputil.error

    with pytest.raises(ftputil.error.PermanentError):
        host.chdir("nowhere")


@pytest.mark.parametrize("name", ["pyftpdlib", "vsftpd", "proftpd"])
def test_with_tls(area_on, name):
    import ftputil
    import ftputil.session

    area = area_on(name)
    factory = ftputil.session.session_factory(base_class=rftplib.FTP_TLS, port=area.port, encrypt_data_channel=True)
    with ftputil.FTPHost(area.host, area.user, area.password, session_factory=factory) as host:
        with host.open(f"{area.name}/file", "wb") as file:
            file.write(DATA)
        assert area.get("file") == DATA
        with host.open(f"{area.name}/file", "rb") as file:
            assert file.read() == DATA
