"""Over FTPS: parts of files, each broken off, and connections cut, against servers that encrypt all or nothing."""

from __future__ import annotations

import logging
import random

import pytest
import rftplib
from rftplib.tls import FTPS
from servers import CATALOGUE
from support.areas import Area
from support.cutter import Cutter
from support.needed import need, running
from support.real import content
from support.sessions import Endpoint

# They refuse data connections in clear text; and the first two demand that each resumes the session.
NAMES = ("vsftpd-forced", "proftpd-forced", "pureftpd-forced")
DATA = content(3_000_000)
CUTS = 20
REFUSALS = ("< 521", "< 522", "< 534")  # of data connections in clear text


@pytest.fixture(scope="module")
def reasons():
    with running(NAMES) as reasons:
        yield reasons


@pytest.fixture(params=[*NAMES[:2], pytest.param(NAMES[2], marks=pytest.mark.long)])
def secured(request, reasons, no_descriptor_left):
    server = CATALOGUE[request.param]
    need(server, reasons)
    area = Area(Endpoint(server, server.hosts[0], "tls1.3"))
    try:
        yield area
    finally:
        area.close()


class Data(logging.Handler):
    """How many transfers were asked for, how many data connections secured, and how many the server found not to be."""

    def __init__(self):
        super().__init__()
        self.asked = self.secured = self.refused = 0

    def emit(self, record):
        text = record.getMessage()
        self.secured += text.startswith("data connection: TLS")
        self.asked += text[:7] in ("> RETR ", "> STOR ", "> MLSD ", "> LIST ")
        self.refused += text[:5] in REFUSALS


@pytest.fixture
def data():
    handler = Data()
    loggers = [logging.getLogger(name) for name in ("rftplib.tls", "rftplib.control")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger, level in zip(loggers, levels):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_the_servers_refuse_data_in_clear_text(secured):
    """Else the tests below would show nothing."""
    with rftplib.FTP_TLS(timeout=30, context=secured.endpoint.context()) as ftp:
        secured.endpoint.log_in(ftp)
        with pytest.raises(rftplib.error_perm, match="^52[12] "):
            ftp.nlst()


def test_parts_that_are_broken_off(secured, data):
    path = secured.put("file", DATA)
    fs = secured.fs()
    for number in range(CUTS):
        start = number * 140_000
        assert fs.cat_file(path, start, start + 1000) == DATA[start : start + 1000]
    fs.pipe_file(f"{secured.root}/other", DATA)
    assert fs.cat_file(f"{secured.root}/other") == DATA
    assert data.secured == data.asked == CUTS + 2
    assert data.refused == 0


def test_connections_that_are_cut(secured, data):
    """Twenty times, in the middle of the data, all of them at once: what is read or written is right, or an error."""
    path = secured.put("file", DATA)
    chance = random.Random(7)
    marks = [number * 400_000 + chance.randrange(300_000) for number in range(CUTS)]
    with Cutter(marks) as cutter:

        def client(site):
            ftp = FTPS(context=site.context(), implicit=site.implicit)
            ftp.socket_factory = cutter.connect
            return ftp

        fs = secured.fs(factory=client)
        right = failed = 0
        written, doubtful = {}, {}
        while cutter.cuts < CUTS:
            assert failed + len(doubtful) <= CUTS, "no cut has done that"
            start = chance.randrange(len(DATA))
            try:
                assert fs.cat_file(path, start, start + 400_000) == DATA[start : start + 400_000]
                right += 1
            except OSError:
                failed += 1
            name, content = f"new{start}", DATA[start : start + chance.choice([10_000, 300_000])]
            try:
                fs.pipe_file(f"{secured.root}/{name}", content)
                written[name] = content
            except OSError:
                doubtful[name] = content
        # a part that is cut once is fetched again: each error has taken two of the cuts
        assert right > 0 and failed <= CUTS / 2
        assert written
        assert fs.cat_file(path) == DATA
        fs.site.close()
    there = {name: (secured.path / name).read_bytes() for name in secured.names() if name.startswith("new")}
    assert written.items() <= there.items() <= {**written, **doubtful}.items()
    assert data.asked >= data.secured > right + len(written)
    assert data.refused == 0
