"""rftplib.fs for those that it is made for: pandas and Dask over FTPS, fsspec's own tools."""

from __future__ import annotations

import threading

import fsspec
import pytest
from servers.layout import certificate

from integrations.conftest import DATA

LINES = 20_000
CSV = b"number,text,value\n" + b"".join(
    f"{number},text {number % 17},{number / 8}\n".encode() for number in range(LINES)
)


@pytest.fixture(params=["proftpd", "vsftpd"])
def place(request, area_on):
    """(area, storage options): over FTPS, on servers that demand that data connections resume the session."""
    area = area_on(request.param)
    options = {"cafile": str(certificate("ca.crt")), "timeouts": 30, "connections": 4}
    yield area, options
    for protocol in ("rftp", "ftps"):
        for fs in fsspec.get_filesystem_class(protocol)._cache.values():
            fs.site.close()
        fsspec.get_filesystem_class(protocol).clear_instance_cache()


def url(area, name):
    return area.url("", "ftps") + name  # as it is: a path of fsspec's isn't quoted


def test_pandas_csv(place):
    pandas = pytest.importorskip("pandas")
    area, options = place
    area.put("table.csv", CSV)
    table = pandas.read_csv(url(area, "table.csv"), storage_options=options)
    assert (len(table), int(table.number.sum()), table.text[18]) == (LINES, LINES * (LINES - 1) // 2, "text 1")
    table.head(100).to_csv(url(area, "new.csv"), index=False, storage_options=options)
    assert area.get("new.csv") == b"\n".join(CSV.split(b"\n")[:101]) + b"\n"
    table.to_csv(url(area, "new.csv.gz"), index=False, storage_options=options)
    again = pandas.read_csv(url(area, "new.csv.gz"), storage_options=options)
    assert again.equals(table)
    with pytest.raises(FileNotFoundError):
        pandas.read_csv(url(area, "missing.csv"), storage_options=options)


def test_pandas_parquet(place):
    pandas = pytest.importorskip("pandas")
    area, options = place
    table = pandas.DataFrame({"number": range(LINES), "text": [f"text {number % 17}" for number in range(LINES)]})
    table.to_parquet(url(area, "table.parquet"), storage_options=options)
    again = pandas.read_parquet(url(area, "table.parquet"), storage_options=options)
    assert again.equals(table)
    column = pandas.read_parquet(url(area, "table.parquet"), columns=["number"], storage_options=options)
    assert list(column.columns) == ["number"] and column.number.equals(table.number)
    table.to_parquet(url(area, "parts"), partition_cols=["text"], storage_options=options)
    again = pandas.read_parquet(url(area, "parts"), storage_options=options)
    assert sorted(again.number) == list(range(LINES))


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_dask_bytes(place, scheduler):
    """Blocks of several files, by threads that share a filesystem, and by processes that get it pickled."""
    dask, dask_bytes = pytest.importorskip("dask"), pytest.importorskip("dask.bytes")
    area, options = place
    for number in range(5):
        area.put(f"file{number}.dat", DATA[number:])
    _, blocks = dask_bytes.read_bytes(url(area, "file*.dat"), blocksize=100_000, sample=False, **options)
    assert all(len(parts) > 1 for parts in blocks)
    found = dask.compute(*blocks, scheduler=scheduler, num_workers=4)
    assert [b"".join(parts) for parts in found] == [DATA[number:] for number in range(5)]


def test_dask_tables(place):
    tables = pytest.importorskip("dask.dataframe")
    area, options = place
    area.put("table.csv", CSV)
    table = tables.read_csv(url(area, "*.csv"), blocksize=100_000, storage_options=options)
    assert table.npartitions > 3
    assert int(table.number.sum().compute(scheduler="threads")) == LINES * (LINES - 1) // 2
    table.to_parquet(url(area, "tables"), storage_options=options)
    again = tables.read_parquet(url(area, "tables"), storage_options=options)
    assert int(again.number.sum().compute()) == LINES * (LINES - 1) // 2


def test_fsspecs_tools(place, tmp_path):
    area, options = place
    area.put("file", DATA)
    login = {"host": area.host, "port": area.port, "username": area.user, "password": area.password}
    caches = {"target_protocol": "ftps", "cache_storage": str(tmp_path / "cache")}
    cached = fsspec.filesystem("filecache", target_options={**login, **options}, **caches)
    assert cached.cat_file(f"/{area.name}/file") == DATA
    with fsspec.open(f"simplecache::{url(area, 'file')}", ftps=options) as file:
        assert file.read() == DATA
    mapper = fsspec.get_mapper(url(area, ""), **options)
    mapper["new/key"] = b"value"
    assert sorted(mapper) == ["file", "new/key"] and mapper["new/key"] == b"value"


def test_rsync_deletes_nothing_when_a_listing_fails(place, tmp_path, monkeypatch):
    """fsspec's own FTP filesystem lists nothing then, without an error, and all local files are deleted."""
    from fsspec import generic

    area, options = place
    for name in ("a", "b"):
        area.put(name, name.encode())
    fs, root = fsspec.core.url_to_fs(url(area, ""), **options)
    monkeypatch.setitem(generic._generic_fs, "ftps", fs)
    monkeypatch.setitem(generic._generic_fs, "file", fsspec.filesystem("file"))
    both = generic.GenericFileSystem(default_method="generic")
    there, here = fs.unstrip_protocol(root), f"file://{tmp_path}/copy"
    generic.rsync(there, here, delete_missing=True, fs=both)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["a", "b"]
    (area.path / "b").unlink()
    generic.rsync(there, here, delete_missing=True, fs=both)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["a"]
    (area.path / "sub").mkdir()
    (area.path / "sub").chmod(0)
    with pytest.raises(OSError):
        generic.rsync(there, here, delete_missing=True, fs=both)
    (area.path / "sub").chmod(0o777)
    monkeypatch.setitem(generic._generic_fs, "ftps", fsspec.filesystem("ftps", host="127.0.0.1", port=1))
    with pytest.raises(OSError):
        generic.rsync(there, here, delete_missing=True, fs=both)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["a"]


def test_one_filesystem_in_threads_as_the_one_of_fsspec_can_not_be(place):
    area, options = place
    area.put("file", DATA)
    fs, path = fsspec.core.url_to_fs(url(area, "file"), **options)
    failures = []

    def run(start):
        for offset in range(start, start + 100_000, 10_000):
            if fs.cat_file(path, offset, offset + 1000) != DATA[offset : offset + 1000]:
                failures.append(offset)

    threads = [threading.Thread(target=run, args=(number * 20_000,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
