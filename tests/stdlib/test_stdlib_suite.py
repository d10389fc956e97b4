"""The interpreter's own test_ftplib, run on rftplib: every test must pass, but for what DEVIATIONS names."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run_swapped.py")
# The exceptions are ftplib's own objects, so their __module__ is "ftplib", which this check counts as "not ours".
# test_all_names makes the same check with both names.
DEVIATIONS = {"MiscTestCase.test__all__": "error_perm"}
# All that its server can take: its EPSV is for IPv6 only
OPTIONS = "errors,socket_factory,connect_timeout,data_timeout,tcp_keepalive,noop_interval"
# What is set in the environment of each run
RUNS = {"native": {}, "portable": {"RFTPLIB_NATIVE": "0"}, "options": {"RFTPLIB_TEST_OPTIONS": OPTIONS}}
PARTS = 3  # of each run, in processes of their own: every test waits for a tenth of a second
# Five seconds on an idle machine.
LIMIT = 280


def start(action, settings=(), names=()):
    env = {name: value for name, value in os.environ.items() if name not in ("RFTPLIB_NATIVE", "RFTPLIB_TEST_OPTIONS")}
    env.update(settings)
    command = [sys.executable, RUNNER, action, *names]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(child):
    try:
        out, err = child.communicate(timeout=LIMIT)
    finally:
        child.kill()
    assert child.returncode == 0, f"{child.args} ended with {child.returncode}:\n{out}\n{err}"
    return json.loads(out.splitlines()[-1])


def installed():
    return importlib.util.find_spec("test") is not None and importlib.util.find_spec("test.test_ftplib") is not None


COLLECTED = answer(start("collect")) if installed() else []


@pytest.fixture(scope="module")
def outcomes():
    """All parts of all runs at once: they mostly wait."""
    if not COLLECTED:
        pytest.skip("there is no test_ftplib")
    names = [name for name, _ in COLLECTED]
    children = {
        run: [start("run", settings, names[part::PARTS]) for part in range(PARTS)] for run, settings in RUNS.items()
    }
    results = {run: {} for run in RUNS}
    for run, parts in children.items():
        for child in parts:
            results[run].update(answer(child))
    # Two tests skip themselves when another process takes the port that they have found free: run them again.
    skipped = {name for name, skip in COLLECTED if skip is not None}
    for name, result in results.items():
        for _ in range(3):
            again = [test for test, (outcome, _) in result.items() if outcome == "skipped" and test not in skipped]
            if again:
                result.update(answer(start("run", RUNS[name], again)))
    return results


def test_the_suite_is_installed(missing):
    if not installed():
        missing("this interpreter has no `test` package (Debian: libpython3.N-testsuite), so test_ftplib can't run")
    # 94 on 3.9-3.11 and 3.13, 93 on 3.12, 96 on 3.14 and 3.15; older patch levels may have some less.
    assert len(COLLECTED) >= 90


@pytest.mark.parametrize("run", RUNS)
def test_rftplib_gets_the_same_tests(run, outcomes):
    assert sorted(outcomes[run]) == sorted(name for name, _ in COLLECTED)
    counts = {}
    for outcome, _ in outcomes[run].values():
        counts[outcome] = counts.get(outcome, 0) + 1
    print(f"test_ftplib, {run}: {counts}")


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize(("name", "skip"), COLLECTED, ids=[name for name, _ in COLLECTED])
def test_ftplib(name, skip, run, outcomes):
    outcome, text = outcomes[run].get(name, ("missing", ""))
    if skip is not None:
        assert outcome == "skipped"
        pytest.skip(f"skipped by the interpreter's own suite: {skip}")
    if name in DEVIATIONS:
        assert outcome == "failed", f"no longer a deviation: {outcome}"
        assert DEVIATIONS[name] in text
    else:
        assert outcome == "passed", text
