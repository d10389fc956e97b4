"""The server that the README has its reader start, with the README's own words."""

from __future__ import annotations

import pathlib
import re

import pytest
from servers.demo import serving

README = (pathlib.Path(__file__).resolve().parent.parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def demo_server(tmp_path):
    """Serves tmp_path."""
    [arguments] = re.findall(r"`\.venv/bin/python (-m pyftpdlib [^`]+)`", README)
    with serving(tmp_path, arguments.split()) as server:
        yield server
