"""What fails is an OSError of its kind, and nothing that failed looks empty."""

from __future__ import annotations

import ftplib
import ssl

import fsspec
import pytest
import rftplib
from rftplib.fs import _read
from support.listing_server import Scripted
from support.ports import REFUSING
from support.scripted_server import Server


@pytest.fixture
def there(work):
    work.put("file", b"data")
    work.put("dir/file", b"data")
    work.folder("closed").chmod(0o000)
    work.put("secret", b"data")
    (work.path / "secret").chmod(0o000)
    yield work.root
    (work.path / "closed").chmod(0o777)


KINDS = {
    "read": [(FileNotFoundError, "missing"), (IsADirectoryError, "dir"), (PermissionError, "secret")],
    "read a part": [(FileNotFoundError, "missing"), (PermissionError, "secret")],
    "open": [(FileNotFoundError, "missing"), (IsADirectoryError, "dir")],
    "write": [(FileNotFoundError, "missing/file"), (IsADirectoryError, "dir"), (PermissionError, "closed/file")],
    "list": [(FileNotFoundError, "missing"), (PermissionError, "closed")],
    "delete": [(FileNotFoundError, "missing"), (FileNotFoundError, "missing/file"), (IsADirectoryError, "dir")],
    "remove": [(FileNotFoundError, "missing"), (NotADirectoryError, "file"), (OSError, "dir")],
    "make": [(FileExistsError, "dir"), (FileExistsError, "file"), (PermissionError, "closed/dir")],
    "rename": [(FileNotFoundError, "missing")],
    "rename to": [(FileNotFoundError, "missing/file"), (PermissionError, "closed/file")],
    "info": [(FileNotFoundError, "missing"), (FileNotFoundError, "missing/file")],
    "find": [(PermissionError, "closed")],
}
WAYS = {
    "read": lambda fs, path: fs.cat_file(path),
    "read a part": lambda fs, path: fs.cat_file(path, 1, 2),
    "open": lambda fs, path: fs.open(path),
    "write": lambda fs, path: fs.pipe_file(path, b"new"),
    "list": lambda fs, path: fs.ls(path),
    "delete": lambda fs, path: fs.rm(path),
    "remove": lambda fs, path: fs.rmdir(path),
    "make": lambda fs, path: fs.mkdir(path),
    "rename": lambda fs, path: fs.mv(path, path + ".new"),
    "rename to": lambda fs, path: fs.mv(path.rsplit("/", 2)[0] + "/file", path),
    "info": lambda fs, path: fs.info(path),
    "find": lambda fs, path: fs.find(path),
}


@pytest.mark.parametrize("way", WAYS)
def test_kinds(fs, work, there, way):
    for kind, name in KINDS[way]:
        if kind is PermissionError and work.endpoint.server.python:
            continue  # it runs as root
        with pytest.raises(kind) as caught:
            WAYS[way](fs, f"{there}/{name}")
        assert there in str(caught.value), "it names what it is about"
    assert fs.cat_file(f"{there}/file") == b"data"
    assert not [name for name in work.names() if name.endswith(".part")]


def test_the_cause_is_the_servers_reply(fs, there):
    with pytest.raises(FileNotFoundError) as caught:
        fs.cat_file(f"{there}/missing")
    assert isinstance(caught.value.__cause__, ftplib.error_perm)
    assert str(caught.value.__cause__)[:3] in str(caught.value)
    assert caught.value.filename == f"{there}/missing"


def test_names_that_would_be_commands(fs, work):
    for name in ("a\r\nDELE b", "a\nb", "a\rb"):
        with pytest.raises(ValueError, match="newline"):
            fs.cat_file(f"{work.root}/{name}")
        with pytest.raises(ValueError, match="newline"):
            fs.pipe_file(f"{work.root}/{name}", b"")


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.server.python)
def test_a_directory_below_that_can_not_be_listed(fs, there):
    with pytest.raises(OSError) as caught:
        fs.find(there)
    assert "closed" in str(caught.value)
    with pytest.raises(OSError):
        list(fs.walk(there))
    failures = []
    found = list(fs.walk(there, on_error=failures.append))
    assert len(failures) == 1 and "closed" in str(failures[0])
    assert [path for path, _, _ in found] == [there, f"{there}/dir"]
    assert [path for path, _, _ in fs.walk(there, on_error="omit")] == [there, f"{there}/dir"]


def test_no_server_is_not_an_empty_one(work):
    fs = work.fs(port=REFUSING)
    for look in (fs.exists, fs.isdir, fs.isfile, fs.find, fs.ls, fs.info, lambda path: fs.glob(path + "/*")):
        with pytest.raises(ConnectionRefusedError) as caught:
            look("/dir")
        assert str(caught.value).endswith(f":{REFUSING}/: nothing listens there: check host and port)")


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name != "pureftpd")  # it takes seconds to say so
def test_a_login_with_a_wrong_password(work):
    fs = work.fs(password="wrong")
    with pytest.raises(PermissionError, match=r"530 .*\(at .*: check the user and the password\)$") as caught:
        fs.ls("/dir")
    assert caught.value.filename is None and "/dir" not in str(caught.value), "it isn't about the file"
    assert isinstance(caught.value.__cause__, ftplib.error_perm)
    assert "wrong" not in repr(fs.site) + str(caught.value)


@pytest.mark.endpoints(where=lambda endpoint: endpoint.protection != "plain")
def test_a_certificate_that_isnt_trusted(work):
    fs = work.fs(cafile=None)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"\(at ftp.*storage_options=\{'cafile': '/path/ca.pem'\}\)"):
        fs.ls("/")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"putting .*storage_options=\{'cafile': ") as caught:
        fs.put_file(__file__, "/a")
    assert "URL" not in str(caught.value)


def test_servers_that_want_another_protocol():
    with Server({"USER": b"530 Non-anonymous sessions must use encryption.\r\n"}) as server:
        fs = fsspec.filesystem("rftp", host=server.host, port=server.port, username="u", password="x")
        with pytest.raises(PermissionError, match="the server wants TLS: ftpes:// or ftps://"):
            fs.ls("/")
    with Server({"AUTH": b"500 what?\r\n"}) as server:
        fs = fsspec.filesystem("ftpes", host=server.host, port=server.port, username="u", password="x")
        with pytest.raises(OSError, match=r"storage_options=\{'implicit': True\}, or rftp:// without TLS"):
            fs.ls("/")


@pytest.mark.parametrize("query", ["?cafile=/etc/ca.pem", "?implicit=true"])
def test_a_query_is_no_part_of_a_path(query):
    with pytest.raises(ValueError, match="storage_options") as refusal:
        fsspec.core.url_to_fs("ftps://user:secret@127.0.0.1/dir/table.csv" + query)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("reply", ["213 what?", "213 -5", "213 " + "9" * 5000, "200 ok"])
def test_a_size_that_is_none(reply):
    with Scripted(SIZE=reply).client(rftplib) as ftp, pytest.raises(ftplib.error_proto):
        _read.read(ftp, "/file", 1, 2)


def test_a_server_that_tells_no_sizes():
    server = Scripted({"RETR": b"0123456789"}, SIZE="502 no")
    with server.client(rftplib) as ftp:
        assert _read.read(ftp, "/file", 2, -3) == b"23456"


def test_what_comes_of_a_file_that_is_longer_than_its_size():
    """A part without an end is all that there is; one that has an end is no longer than that."""
    server = Scripted({"RETR": b"0123456789"}, SIZE="213 5", REST="350 go on")
    for part, found in (((2, None), b"0123456789"), ((0, 5), b"01234"), ((-3, None), b"012"), ((2, 5), b"012")):
        with server.client(rftplib) as ftp:
            assert _read.read(ftp, "/file", *part) == found


def test_a_file_that_is_shorter_than_its_size():
    server = Scripted({"RETR": b"0123456789"}, SIZE="213 20", REST="350 go on")
    with server.client(rftplib) as ftp, pytest.raises(ftplib.error_proto, match="less"):
        _read.read(ftp, "/file", 2, 15)
