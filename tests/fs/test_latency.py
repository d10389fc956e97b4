"""How many round trips things take, counted on the control connection: seconds would be a busy machine's."""

from __future__ import annotations

import pytest
from rftplib.fs import _read
from support.link import Link
from support.real import content

DATA = content(3_000_000)
LATENCY = 0.002  # one way
FAR = 0.02  # where many commands are on their way: a busy server's pauses between replies look like trips else
TIMES = 3

pytestmark = pytest.mark.endpoints(where=lambda endpoint: str(endpoint) in ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-plain"))


@pytest.fixture(autouse=True)
def one_reply(monkeypatch):
    """These servers answer when a transfer is broken off: nothing else is asked where that comes late."""
    monkeypatch.setattr(_read, "_SILENCE", 30.0)


def trips(work, operation, times=TIMES, latency=LATENCY):
    """Of the whole connection, in which operation(fs) is done so many times."""
    with Link(work.endpoint.host, work.endpoint.port, latency) as link:
        fs = work.fs(port=link.port, connections=1, skip_instance_cache=True)
        fs.info(work.root)
        for _ in range(times):
            operation(fs)
        fs.site.close()
    return link.round_trips


@pytest.mark.parametrize("what, most", [("info", 2.5), ("part", 6.5), ("part of an open file", 6.5), ("whole", 4.5)])
def test_round_trips(work, what, most):
    path = work.put("file", DATA)
    opened = {}

    def part_of_an_open_file(fs):
        if fs not in opened:
            opened[fs] = fs.open(path, "rb", cache_type="none")
        opened[fs].seek(1000)
        assert opened[fs].read(1000) == DATA[1000:2000]

    operations = {
        "info": lambda fs: fs.info(path),
        "part": lambda fs: fs.cat_file(path, 1000, 2000),
        "part of an open file": part_of_an_open_file,
        "whole": lambda fs: fs.cat_file(path),
    }
    each = (trips(work, operations[what], 2 * TIMES) - trips(work, operations[what])) / TIMES
    assert each <= most


def test_hundreds_of_files_take_no_more_than_a_few(work):
    for number in range(200):
        work.put(f"many/{number}", b"")
    alone = trips(work, lambda fs: None, latency=FAR)
    assert trips(work, lambda fs: fs.rm(f"{work.root}/many", recursive=True), 1, FAR) - alone < 40
    assert work.names() == []
