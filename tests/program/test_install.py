"""rftplib.install(): in ftplib's place for the whole process, and back."""

from __future__ import annotations

import ftplib as real
import importlib
import sys
import threading
import urllib.request

import pytest
import rftplib


def imported():
    """What `import ftplib` gives now."""
    import ftplib

    return ftplib


@pytest.fixture(autouse=True)
def nothing_left():
    assert imported() is real
    yield
    left = imported()
    rftplib.uninstall()
    sys.modules["ftplib"] = real
    assert left is real


def test_install_lasts_until_uninstall():
    rftplib.install()
    assert imported() is rftplib
    rftplib.uninstall()
    assert imported() is real


def test_all_ways_to_import_it():
    with rftplib.install():
        from ftplib import FTP, error_perm

        assert importlib.import_module("ftplib") is rftplib
        assert FTP is rftplib.FTP
        assert error_perm is real.error_perm


def test_the_block_gives_the_module():
    with rftplib.install() as ftplib:
        assert ftplib is rftplib
    assert imported() is real


def test_both_may_be_called_again():
    rftplib.uninstall()
    rftplib.install()
    rftplib.install()
    rftplib.uninstall()
    assert imported() is real
    rftplib.uninstall()
    assert imported() is real


def test_blocks_may_be_nested():
    with rftplib.install():
        with rftplib.install():
            pass
        assert imported() is rftplib


def test_one_installation_may_be_used_for_several_blocks():
    installation = rftplib.install()
    with installation:
        with installation:
            pass
        assert imported() is rftplib
    assert imported() is real
    with installation:
        assert imported() is rftplib


def test_a_block_leaves_an_earlier_install_alone():
    rftplib.install()
    with rftplib.install():
        pass
    assert imported() is rftplib
    rftplib.uninstall()


def test_an_exception_ends_the_block():
    with pytest.raises(ZeroDivisionError):
        with rftplib.install():
            raise ZeroDivisionError
    assert imported() is real


def test_uninstall_within_a_block():
    with rftplib.install():
        rftplib.uninstall()
        assert imported() is real
    assert imported() is real


def test_what_was_there_comes_back_whatever_it_was(monkeypatch):
    other = type(sys)("ftplib")
    monkeypatch.setitem(sys.modules, "ftplib", other)
    with rftplib.install():
        assert imported() is rftplib
    assert imported() is other
    monkeypatch.delitem(sys.modules, "ftplib")
    with rftplib.install():
        assert imported() is rftplib
    assert "ftplib" not in sys.modules
    monkeypatch.undo()


def test_what_another_has_put_there_meanwhile_stays():
    other = type(sys)("ftplib")
    with rftplib.install():
        sys.modules["ftplib"] = other
    assert imported() is other
    sys.modules["ftplib"] = real


def test_blocks_may_overlap_in_threads():
    """Each of eight threads finds rftplib in its block all the time; the last to end restores ftplib."""
    wrong = []
    start = threading.Barrier(8)

    def work():
        start.wait(30)
        for _ in range(500):
            with rftplib.install():
                if imported() is not rftplib:
                    wrong.append(imported())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert imported() is real


def test_errors_are_caught_by_code_on_either_side():
    from rftplib import error_perm

    with rftplib.install():
        import ftplib

        with pytest.raises(real.error_perm):
            raise ftplib.error_perm("550 no")
        with pytest.raises(ftplib.all_errors):
            raise real.error_temp("421 no")
    assert error_perm is real.error_perm


def test_urllib_uses_it(monkeypatch):
    """urllib.request imports ftplib when it opens an address."""
    seen = []

    def connect(self, host, port, timeout):
        seen.append((type(self), host, port))
        raise EOFError

    monkeypatch.setattr(rftplib.FTP, "connect", connect)
    with rftplib.install(), pytest.raises(urllib.request.URLError):
        urllib.request.urlopen("ftp://127.0.0.1:9/name", timeout=10)
    assert seen == [(rftplib.FTP, "127.0.0.1", 9)]


def test_the_names_of_the_module_stay_ftplibs():
    assert rftplib.__all__ == real.__all__
    assert rftplib.install.__module__ != "rftplib"  # what CPython's own test_ftplib counts by
