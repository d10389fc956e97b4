"""The example server, as the README's reader has it: started from examples/."""

from __future__ import annotations

import importlib.util
import pathlib

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"


@pytest.fixture(scope="session")
def server_module():
    spec = importlib.util.spec_from_file_location("example_server", EXAMPLES / "server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def example_server(server_module, tmp_path):
    with server_module.Server(tmp_path) as server:
        yield server
