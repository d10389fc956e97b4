"""smart_open, whose files are the data connection's own."""

from __future__ import annotations

import pytest

from integrations.conftest import DATA


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("pyftpdlib", "ftp"),
        ("vsftpd", "ftp"),
        ("proftpd", "ftp"),
        ("pureftpd", "ftp"),
        ("pyftpdlib", "ftps"),
        ("vsftpd", "ftps"),
        ("proftpd", "ftps"),
        ("pureftpd", "ftps"),
    ],
)
def test_both_ways(area_on, name, scheme):
    import rftplib
    import smart_open
    import smart_open.ftp

    assert smart_open.ftp.FTP is rftplib.FTP
    area = area_on(name)
    with smart_open.open(area.url("file", scheme), "wb") as file:
        for offset in range(0, len(DATA), 10_000):
            file.write(DATA[offset : offset + 10_000])
    assert area.get("file") == DATA
    with smart_open.open(area.url("file", scheme), "rb") as file:
        assert file.read() == DATA
    with smart_open.open(area.url("file", scheme), "ab") as file:
        file.write(b"more")
    assert area.get("file") == DATA + b"more"
    area.put("lines", b"one\ntwo\n")
    with smart_open.open(area.url("lines", scheme), encoding="utf-8") as file:
        assert list(file) == ["one\n", "two\n"]
