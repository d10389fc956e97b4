"""Ctrl-C in the middle of a transfer: KeyboardInterrupt, and what has come or gone is where ftplib leaves it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("resource")

from support.trouble import OLD, SINKS  # noqa: E402

CHILD = pathlib.Path(__file__).with_name("interrupted_child.py")
LENGTH = 160_000  # of what is received


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    def left(way):
        folder = tmp_path_factory.mktemp(way)
        done = subprocess.run([sys.executable, CHILD, way, folder], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return {way: left(way) for way in ("ftplib", "native", "portable")}


def test_ctrl_c_is_what_it_is_in_ftplib(left):
    for way in ("native", "portable"):
        assert left[way] == left["ftplib"], way


@pytest.mark.parametrize("way", ["native", "portable"])
@pytest.mark.parametrize("name", SINKS)
def test_what_was_received_is_kept(left, name, way):
    before = len(SINKS[name][1])
    outcome, position, descriptor, (length, _) = left[way][name]
    assert (outcome, position, descriptor) == ("KeyboardInterrupt", before + LENGTH, -1)
    assert length == max(before + LENGTH, len(OLD) * (before > 0))


@pytest.mark.parametrize("name", ["pipe", "terminal"])
def test_a_wait_for_a_reader_ends(left, name):
    assert left["native"][name] == ["KeyboardInterrupt", True, True]


@pytest.mark.parametrize("name", ["storbinary rb", "storbinary r+b", "storlines rb", "storlines r+b"])
def test_uploads_end(left, name):
    assert left["native"][name] == ["KeyboardInterrupt", -1, True, True]
