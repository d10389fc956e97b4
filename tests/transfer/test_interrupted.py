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
    """What each way leaves; all children at once."""

    def start(way):
        command = [sys.executable, CHILD, way, tmp_path_factory.mktemp(way)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def answer(child):
        with child:
            try:
                output, errors = child.communicate(timeout=120)
            finally:
                child.kill()
        assert child.returncode == 0, errors
        return json.loads(output)

    children = {way: start(way) for way in ("ftplib", "native", "portable")}
    return {way: answer(child) for way, child in children.items()}


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
