"""Short runs of the long ones (scripts/soak.py), each in a process of its own: a crash or a hang is a failure here."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

pytestmark = pytest.mark.long

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "soak.py"


@pytest.mark.parametrize(
    "scenario, number",
    [
        ("transfers", 3000),
        ("connections", 1000),
        ("tls_transfers", 1500),
        ("tls_connections", 60),
        ("failures", 2000),
        ("one_object", 4),
        ("garbage", 300),
        ("interrupts", 100),
        ("forks", 60),
        ("exits", 38),
        ("subinterpreters", 3),
    ],
)
def test_scenario(scenario, number):
    command = [sys.executable, str(SCRIPT), f"{scenario}={number}"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert run.returncode == 0, f"exit {run.returncode}\n{run.stdout}{run.stderr}"
    assert run.stdout.startswith(str(number)) or scenario == "one_object", run.stdout
    assert "panicked" not in run.stderr
    if scenario == "subinterpreters":
        assert "'module rftplib._rftplib does not support loading in subinterpreters'" in run.stdout
