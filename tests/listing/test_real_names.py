"""Names that trip clients: UTF-8, spaces, quotes, leading dashes, brackets, backslashes."""

from __future__ import annotations

import io
import os
import types

import pytest
import rftplib
from support.real import Pair

# The address family matters to connections only: test_transfers has both.
pytestmark = pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)
NAMES = [
    "plain",
    "with space",
    "  two in front",
    'qu"ote',
    '""',
    "apo'strophe",
    "-dash",
    "--",
    "ünïcödé",
    "日本語.txt",
    "😀",
    "semi;colon=equals",
    "per%cent",
    "back\\slash",
    "br[ack]et",
    "pa(ren)",
    "st*ar",
    "~tilde",
    "#hash",
    "a" * 200,
]


def test_files_of_every_name(work, pair):
    """Stored, listed, sized, fetched, renamed, deleted. The same steps do the same as ftplib's, refused ones too."""

    def store(ftp, name):
        return ftp.storbinary(f"STOR {name}", io.BytesIO(name.encode()))[:3]

    def fetch(ftp, name):
        received: list[bytes] = []
        ftp.retrbinary(f"RETR {name}", received.append)
        return b"".join(received)

    for name in NAMES:
        pair.same(store, name)
        assert names_on_disk(work, "new") == names_on_disk(work, "std")
        pair.same(fetch, name)
        pair.same(lambda ftp, name: ftp.nlst(), name)
        pair.same(lambda ftp, name: ftp.size(name), name)
        pair.same(lambda ftp, name: ftp.rename(name, name + "2"), name)
        pair.same(lambda ftp, name: ftp.delete(name + "2"), name)
        assert names_on_disk(work, "new") == names_on_disk(work, "std")


def test_folders(work, pair):
    for name in NAMES:
        made = pair.same(lambda ftp, name: ftp.mkd(name), name)
        assert names_on_disk(work, "new") == names_on_disk(work, "std")
        if isinstance(made, str) and isinstance(pair.same(lambda ftp, name: ftp.cwd(name)[:3], name), str):
            pair.same(lambda ftp, name: ftp.pwd(), name)
            pair.same(lambda ftp, name: ftp.cwd("..")[:3], name)
        pair.same(lambda ftp, name: ftp.rmd(name), name)
        assert names_on_disk(work, "new") == names_on_disk(work, "std")


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.server.optional)
def test_common_names_just_work(work, ftp):
    for name in ("with space", 'qu"ote', "-dash", "ünïcödé", "日本語.txt"):
        ftp.storbinary(f"STOR {name}", io.BytesIO(name.encode()))
        assert (work.path / "new" / name).read_bytes() == name.encode()
        received: list[bytes] = []
        ftp.retrbinary(f"RETR {name}", received.append)
        assert b"".join(received) == name.encode()
        assert name in [listed.removeprefix("./") for listed in ftp.nlst()]
        ftp.delete(name)
        ftp.mkd(name)
        assert (work.path / "new" / name).is_dir()
        ftp.cwd(name)
        if '"' not in name:  # Pure-FTPd and inetutils don't double it in their 257
            assert ftp.pwd().endswith(f"/new/{name}")
        ftp.cwd("..")
        ftp.rmd(name)
    assert names_on_disk(work, "new") == []


def test_latin_1_names(work):
    """The bytes that are sent are those of the client's encoding, whatever the server makes of them."""
    pair = Pair(work, encoding="latin-1")
    pair.same(lambda ftp: ftp.storbinary("STOR grün", io.BytesIO(b"x"))[:3])
    pair.same(lambda ftp: ftp.nlst())
    assert names_on_disk(work, "new") == names_on_disk(work, "std")


class Escaping(rftplib.FTP):
    errors = "surrogateescape"


@pytest.mark.endpoints(where=lambda endpoint: not endpoint.server.optional)
def test_names_that_are_no_utf_8(work):
    """With `errors`, whatever bytes a name on the disk has: listed in each way, downloaded, renamed, deleted."""
    names = [b"caf\xe9", b"\x80\xfe", "日本".encode("shift_jis"), b"\xf0\x9f\x98", b"good"]
    folder = os.fsencode(work.path / "new")
    for name in names:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(name)
        os.chmod(path, 0o666)
    ftp = work.client(types.SimpleNamespace(FTP=Escaping))
    listed = sorted(name.removeprefix("./") for name in ftp.nlst() if name not in (".", ".."))
    assert [name.encode("utf-8", "surrogateescape") for name in listed] == sorted(names)
    lines = []
    ftp.dir(lines.append)
    assert all(any(line.endswith(name) for line in lines) for name in listed)
    if work.endpoint.server.mlsd:
        assert sorted(name for name, facts in ftp.mlsd() if facts["type"] == "file") == listed
    for name in listed:
        received: list[bytes] = []
        ftp.retrbinary("RETR " + name, received.append)
        assert b"".join(received) == name.encode("utf-8", "surrogateescape")
        ftp.rename(name, name + "2")
    assert sorted(os.listdir(folder)) == sorted(name + b"2" for name in names)
    for name in listed:
        ftp.delete(name + "2")
    assert os.listdir(folder) == []


def names_on_disk(work, folder: str) -> list[str]:
    return sorted(path.name for path in (work.path / folder).iterdir())
