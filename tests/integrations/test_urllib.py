"""urllib.request, and pandas on top of it."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest
import rftplib

from integrations.conftest import DATA


# Not ProFTPD: it answers 226 when the client has closed, and urllib closes when it has read the 226; ten seconds each,
# with ftplib as well.
@pytest.fixture(params=["pyftpdlib", "vsftpd", "pureftpd"])
def area(request, area_on):
    return area_on(request.param)


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    """How often rftplib has started a transfer: that it is what urllib uses."""
    made = []
    original = rftplib.FTP.ntransfercmd

    def ntransfercmd(self, *arguments):
        made.append(arguments)
        return original(self, *arguments)

    monkeypatch.setattr(rftplib.FTP, "ntransfercmd", ntransfercmd)
    yield made
    assert made


def test_a_file(area):
    area.put("ä b.bin", DATA)
    with urllib.request.urlopen(area.url("ä b.bin"), timeout=20) as response:
        assert response.read() == DATA


def test_its_length_is_in_the_headers(area_on):
    area = area_on("vsftpd")
    area.put("file", DATA[:5000])
    with urllib.request.urlopen(area.url("file"), timeout=20) as response:
        assert int(response.headers["Content-length"]) == 5000


def test_part_of_a_file(area):
    """No more than the sockets hold: urllib waits for the reply with the data connection still open."""
    area.put("file", DATA[:5000])
    with urllib.request.urlopen(area.url("file"), timeout=20) as response:
        assert response.read(1000) == DATA[:1000]


def test_urlopen_of_a_directory(area):
    area.put("one", b"1")
    area.put("two", b"22")
    with urllib.request.urlopen(area.url(), timeout=20) as response:
        lines = response.read().decode().splitlines()
    assert {line.split()[-1] for line in lines} - {".", ".."} == {"one", "two"}


def test_urlretrieve(area, tmp_path):
    area.put("file", DATA)
    seen = []
    urllib.request.urlretrieve(area.url("file"), tmp_path / "file", lambda *numbers: seen.append(numbers))
    assert (tmp_path / "file").read_bytes() == DATA
    assert len(seen) > 2


def test_connections_are_kept_by_the_caching_handler(area, calls):
    area.put("file", DATA)
    handler = urllib.request.CacheFTPHandler()
    opener = urllib.request.build_opener(handler)
    for _ in range(3):
        with opener.open(area.url("file"), timeout=20) as response:
            assert response.read() == DATA
    assert len(calls) == 3
    assert len(handler.cache) == 1
    handler.clear_cache()


def test_urlopen_of_what_is_not_there(area):
    with pytest.raises(urllib.error.URLError) as caught:
        urllib.request.urlopen(area.url("nowhere"), timeout=20)
    assert "ftp error" in str(caught.value)


def test_pandas_reads_a_table(area):
    import pandas

    area.put("table.csv", b"name,size\none,1\ntwo,22\n")
    table = pandas.read_csv(area.url("table.csv"))
    assert list(table["name"]) == ["one", "two"]
    assert list(table["size"]) == [1, 22]
