"""What a server has is looked at once more before it is replaced or deleted: what of it counts, case by case."""

from __future__ import annotations

import pytest
from rftplib import error_perm
from rftplib._rftplib import Entry
from rftplib.mirror import Action, _recheck
from rftplib.mirror._local_part import CHANGED, COME

SECOND = 1_000_000
TIME = 1_600_000_000 * SECOND  # 2020-09-13 12:26:40
STAMP = "213 20200913122640"
GONE = error_perm("550 no such file")


def entry(kind="file", size=5, stamp=STAMP, name="a"):
    made = Entry(name, kind, size)
    return (stamp and made._timed(stamp)) or made


def action(kind="copy", path="a", reason="differs", there=("file", 7, TIME - 100 * SECOND), size=5, modified=TIME):
    return Action(kind, path, size, reason, modified, None, None, there)


@pytest.fixture
def server(monkeypatch):
    """{path: what stat() says}, and of a directory {path: [entries], or an exception}."""
    told = {}

    def scandir(ftp, path):
        if isinstance(told[path], Exception):
            raise told[path]
        return told[path]

    monkeypatch.setattr(_recheck, "stat_many", lambda ftp, paths: [told[path] for path in paths])
    monkeypatch.setattr(_recheck, "scandir", scandir)
    return told


OLD = {"size": 7, "stamp": "213 20200913122500"}
UNTIMED = {"stamp": ""}


@pytest.mark.parametrize(
    "found, reason, why",
    [
        # it was missing
        (GONE, "missing", None),
        (entry("dir"), "missing", None),  # onto which no server renames
        (entry(), "missing", None),  # another run has made the same
        (entry(stamp="213 20200913122640.9"), "missing", None),
        (entry(stamp="213 20200913122641"), "missing", COME),
        (entry(size=6), "missing", COME),
        (entry(**UNTIMED), "missing", COME),
        (entry("link"), "missing", COME),
        # it is to be replaced
        (GONE, "differs", None),
        (entry(**OLD), "differs", None),
        (entry(**{**OLD, **UNTIMED}), "differs", None),
        (entry(), "differs", None),
        (entry(size=6), "differs", CHANGED),
        (entry(size=7), "differs", CHANGED),
        (entry(size=6, **UNTIMED), "differs", CHANGED),
        (entry(**{**OLD, "size": None}), "differs", None),
    ],
)
def test_what_may_be_replaced(server, found, reason, why):
    server["a"] = found
    copy = _recheck.Copy(action(reason=reason, there=None if reason == "missing" else action().there), 5, TIME)
    (told,) = _recheck.replaceable(None, [copy])
    assert (told or "").partition(",")[0] == (why or "")


def test_what_wasn_t_known_at_the_time_of_the_plan_is_replaced(server):
    assert _recheck.replaceable(None, [_recheck.Copy(action(there=None), 5, TIME)]) == [None]


@pytest.mark.parametrize(
    "found, stays",
    [
        (GONE, False),
        (entry(**OLD), False),
        (entry(**{**OLD, **UNTIMED}), False),
        (entry(), True),
        (entry("dir", None), True),
    ],
)
def test_what_may_be_deleted(server, found, stays):
    server["a"] = found
    told = _recheck.changed(None, [action("delete"), action("rmdir", "d", there=None)])
    assert {path: failure.error for path, failure in told.items()} == ({"a": CHANGED} if stays else {})


def test_links_that_may_be_deleted(server):
    """Only a listing tells whether it is one still; a directory that has gone hides nothing of the next one."""
    paths = ["gone/a", "here/b", "here/c", "here/e", "f"]
    server["gone"] = GONE
    server["here"] = [
        entry("link", name="b"),
        entry("file", name="c"),
        entry("file", name="a"),
        entry("file", name="x"),
    ]
    server[""] = server["."] = [entry("file", name="f"), entry("file", name="b")]
    links = [action("delete", path, there=("link", None, None)) for path in paths]
    assert list(_recheck.changed(None, links)) == ["f", "here/c"]


@pytest.mark.parametrize(
    "found, there, is_copy",
    [
        (entry(), None, True),
        (entry(), ("file", 7, TIME), True),
        (entry(), ("file", 5, TIME - SECOND), True),
        (entry(), ("file", 5, TIME), False),  # it is as it was
        (entry(size=6), None, False),
        (entry("link"), None, False),
        (entry(**UNTIMED), None, False),
        (entry(stamp="213 20200913122639"), None, False),
        (entry(stamp="213 20200913122639.1"), None, True),
    ],
)
def test_what_is_the_copy(found, there, is_copy):
    assert _recheck.is_copy(found, action(there=there)) is is_copy
