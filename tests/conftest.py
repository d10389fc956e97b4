"""What every suite shares: which library is tested, and a skip that can't hide in CI."""

from __future__ import annotations

import gc
import os
import platform
import signal
import time

import pytest
import rftplib

pytest.register_assert_rewrite("support")

from support import options  # noqa: E402
from support.hostile_ftps import Hostile  # noqa: E402
from support.resources import descriptors, threads  # noqa: E402


def pytest_configure():
    """Ctrl-C is ignored in the background of a shell, and so it would be by the programs in which tests press it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header():
    native = os.environ.get("RFTPLIB_NATIVE", "unset")
    return f"rftplib: {rftplib.__file__}, RFTPLIB_NATIVE={native}, {platform.python_version()} on {platform.system()}"


def pytest_terminal_summary(terminalreporter):
    stats = terminalreporter.stats
    skipped = len(stats.get("skipped", []))
    ran = sum(len(stats.get(outcome, [])) for outcome in ("passed", "failed", "xfailed", "xpassed"))
    terminalreporter.write_line(f"{ran} tests run, {skipped} skipped (reasons above)")


options.turn_on()


def pytest_collection_modifyitems(items):
    options.expect_deviations(items)


@pytest.fixture(scope="session")
def missing():
    """Skip for want of something that a user's machine may lack; in CI, where all is installed, fail."""

    def missing(reason):
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"CI must have this: {reason}")
        pytest.skip(reason)

    return missing


@pytest.fixture(scope="session", autouse=True)
def quiet():
    """How many threads there are while nothing goes on."""
    return threads()


@pytest.fixture
def no_descriptor_left():
    """After the test the process has the descriptors it had before, whatever failed in between."""
    before = descriptors()
    yield
    deadline = time.monotonic() + 10
    while not descriptors().items() <= before.items() and time.monotonic() < deadline:
        gc.collect()  # garbage closes what it holds; a thread of a server of ours may still be closing its own
        time.sleep(0.01)
    assert descriptors().items() <= before.items()


@pytest.fixture
def hostile(no_descriptor_left):
    """A server of ours that does to TLS, and to data connections, what it is told; see `Hostile`."""
    with Hostile() as server:
        yield server
