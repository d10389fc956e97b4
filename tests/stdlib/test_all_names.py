"""What test_ftplib's test__all__ checks, with both module names: rftplib's own, and ftplib's for the exceptions."""

from __future__ import annotations

import ftplib

import rftplib

# As MiscTestCase.test__all__ has it.
NOT_EXPORTED = {
    "MSG_OOB", "FTP_PORT", "MAXLINE", "CRLF", "B_CRLF", "Error", "parse150", "parse227", "parse229", "parse257",
    "print_line", "ftpcp", "test",
}  # fmt: skip


def exported(module, names_of_modules):
    """The names that `test.support.check__all__` wants in `__all__` (or in the exceptions to it)."""
    names = set()
    for name in dir(module):
        if name.startswith("_"):
            continue
        value = getattr(module, name)
        own = getattr(value, "__module__", None) in names_of_modules
        plain = not hasattr(value, "__module__") and not isinstance(value, type(ftplib))
        if own or plain:
            names.add(name)
    return names


def test_all_is_exact():
    assert exported(rftplib, {"rftplib", "ftplib"}) == set(rftplib.__all__) | NOT_EXPORTED


def test_the_check_agrees_with_the_standard_one():
    assert exported(ftplib, {"ftplib"}) == set(ftplib.__all__) | NOT_EXPORTED


def test_all_has_ftplibs_names_in_its_order():
    assert rftplib.__all__ == ftplib.__all__


def test_star_import_gives_the_same_names():
    ours, theirs = {}, {}
    exec("from rftplib import *", ours)
    exec("from ftplib import *", theirs)
    assert set(ours) == set(theirs)
