"""In a child process: `test.test_ftplib` with rftplib in ftplib's place.

    run_swapped.py collect     the tests that the interpreter's own ftplib gets: [[id, reason of a skip or null], ...]
    run_swapped.py run [ID]..  the same file (or those tests of it) run on rftplib: {id: [outcome, text]}

RFTPLIB_TEST_OPTIONS in the environment turns options on; see tests/support/options.py.

The answer is JSON on the last line of standard output.
"""

from __future__ import annotations

import json
import os
import sys
import unittest

NAME = "test.test_ftplib"
PATIENCE = 60.0  # seconds that its clients wait, 5 or 10 as it comes: `test --timeout` has more for busy machines, too


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


def short(test):
    return test.id().replace(NAME + ".", "")


def skip_reason(test):
    for holder in (type(test), getattr(test, getattr(test, "_testMethodName", ""), None)):
        if getattr(holder, "__unittest_skip__", False):
            return getattr(holder, "__unittest_skip_why__", "") or "skipped"
    return None


class Outcomes(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.outcomes = {}

    def addSuccess(self, test):
        self.outcomes.setdefault(short(test), ("passed", ""))

    def addSkip(self, test, reason):
        self.outcomes[short(test)] = ("skipped", reason)

    def addFailure(self, test, err):
        self.outcomes[short(test)] = ("failed", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        name = short(test) if isinstance(test, unittest.TestCase) else str(test)
        self.outcomes[name] = ("error", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.addFailure(test, err)


def main(action, *names):
    if action == "run":
        import rftplib

        sys.modules["ftplib"] = rftplib
        if "RFTPLIB_TEST_OPTIONS" in os.environ:
            sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
            from support import options

            options.turn_on()
    from test import support

    support.LOOPBACK_TIMEOUT = PATIENCE
    suite = unittest.defaultTestLoader.loadTestsFromNames([f"{NAME}.{name}" for name in names] or [NAME])
    if action == "collect":
        answer = [[short(test), skip_reason(test)] for test in tests_of(suite)]
    else:
        import test.test_ftplib as module

        if module.ftplib is not sys.modules["rftplib"]:
            raise SystemExit("the swap did not take")
        result = Outcomes()
        suite.run(result)
        answer = result.outcomes
    print()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
