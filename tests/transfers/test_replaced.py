"""A source that is replaced at a cut, a hundred times each way on real servers: what arrives is the new one, whole."""

from __future__ import annotations

import os
import random

import pytest
from rftplib.transfer import Retry, get, put
from support.cutter import Cutter
from support.real import content

TIME = 1_600_000_000
SIZE = 400_000
LONG = content(SIZE + 70_001)
OLD = LONG[:SIZE]
EACH = 25  # times on each of four servers
CUTS = 3
AT_ONCE = Retry(base=0.01, cap=0.05)
SIZES = {"same size": SIZE, "longer": SIZE + 70_001, "shorter": SIZE - 70_001}
pytestmark = [
    pytest.mark.long,
    pytest.mark.endpoints(where=lambda one: one.protection == "plain"),
]


class Source:
    """A file that is replaced once or twice, at cuts by chance, each time by one of another content."""

    def __init__(self, path, rng):
        self.path, self._rng, self.number = path, rng, 0
        self.content = OLD
        self._seen = {(SIZE, TIME)}
        self._write(path, TIME)
        # no more: after four that end at the same byte, as where a server reads nothing before its cut, put() gives up
        self.marks = sorted(rng.sample(range(40_000, SIZE - 80_000), CUTS))
        self._at = {rng.randrange(CUTS): rng.choice(list(SIZES)) for _ in range(rng.choice([1, 1, 2]))}
        self.replaced = []

    def at_cut(self, number):
        kind = self._at.get(number)
        if kind is None:
            return
        size = SIZES[kind]
        seconds = TIME + self._rng.choice([0, 0, 1, -1, 1000])
        # where its size and its time tell that it is another one, only its beginning is
        rest = self._rng.randbytes(size - 1000) if (size, seconds) in self._seen else LONG[1000:size]
        self._seen.add((size, seconds))
        self.content = self._rng.randbytes(1000) + rest
        in_place = self._rng.random() < 0.5
        self.replaced.append((number, kind, seconds - TIME, in_place))
        if in_place:
            self._write(self.path, seconds)
        else:
            fresh = self.path.with_name("fresh")
            self._write(fresh, seconds)
            fresh.replace(self.path)

    def _write(self, path, seconds):
        path.write_bytes(self.content)
        path.chmod(0o666)
        os.utime(path, (seconds, seconds))


def rounds(work, folder, transfer):
    """25 times, by a seed that each server has for itself. transfer(site) returns what has arrived."""
    for number in range(EACH):
        source = Source(folder / "source", random.Random(f"{work.endpoint} {number}"))
        with Cutter(source.marks, source.at_cut) as cutter:
            site = work.site(cutter.connect)
            arrived = transfer(site)
            site.close()
        assert source.replaced, "it was replaced"
        assert arrived != OLD, f"the old one, in round {number}: {source.replaced}"
        assert arrived == source.content, f"neither of them, in round {number}: {source.replaced}"


def test_gets_of_a_file_that_is_replaced(work, local):
    def transfer(site):
        get(site, "source", local / "copy", retry=AT_ONCE)
        assert os.listdir(local) == ["copy"]
        return (local / "copy").read_bytes()

    rounds(work, work.path, transfer)


def test_puts_of_a_file_that_is_replaced(work, local):
    def transfer(site):
        put(site, local / "source", "copy", retry=AT_ONCE)
        assert os.listdir(work.path) == ["copy"]
        return (work.path / "copy").read_bytes()

    rounds(work, local, transfer)
