"""tqdm, as the callback of a transfer."""

from __future__ import annotations

import io

import pytest
import rftplib

from integrations.conftest import DATA


@pytest.fixture
def ftp(area):
    with rftplib.FTP(timeout=20) as ftp:
        ftp.connect(area.host, area.port)
        ftp.login(area.user, area.password)
        ftp.cwd(area.name)
        yield ftp


def test_the_bar_of_a_download(ftp, area):
    from tqdm import tqdm

    area.put("file", DATA)
    shown, received = io.StringIO(), io.BytesIO()
    with tqdm(total=len(DATA), unit="B", unit_scale=True, file=shown, mininterval=0) as bar:

        def receive(block):
            received.write(block)
            bar.update(len(block))

        ftp.retrbinary("RETR file", receive)
        assert bar.n == len(DATA)
    assert received.getvalue() == DATA
    assert "100%" in shown.getvalue()


def test_wrapattr(ftp, area):
    from tqdm import tqdm

    area.put("file", DATA)
    received = io.BytesIO()
    with tqdm.wrapattr(received, "write", total=len(DATA), file=io.StringIO()) as file:
        ftp.retrbinary("RETR file", file.write)
    assert received.getvalue() == DATA
    with tqdm.wrapattr(io.BytesIO(DATA), "read", total=len(DATA), file=io.StringIO()) as file:
        ftp.storbinary("STOR up", file)
    assert area.get("up") == DATA


def test_the_bar_of_an_upload(ftp, area):
    from tqdm import tqdm

    with tqdm(total=len(DATA), file=io.StringIO()) as bar:
        ftp.storbinary("STOR up", io.BytesIO(DATA), 4096, lambda block: bar.update(len(block)))
        assert bar.n == len(DATA)
    assert area.get("up") == DATA
