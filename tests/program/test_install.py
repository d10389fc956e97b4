"""rftplib.install(): in ftplib's place for the whole process, and back."""

from __future__ import annotations

import ftplib as real
import importlib
import subprocess
import sys
import threading
import urllib.request

import pytest
import rftplib


def imported():
    """What `import ftplib` gives now."""
    import ftplib

    return ftplib


# This module has imported it, and so has pytest's world.
pytestmark = pytest.mark.filterwarnings("ignore:ftplib was imported before:RuntimeWarning")


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


def run(program, *options):
    """A program in an interpreter of its own, where nothing has imported ftplib yet."""
    command = [sys.executable, *options, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(
    "line", ["import ftplib", "from ftplib import FTP as Base", "from ftplib import FTP_TLS", "import ftplib as f"]
)
def test_a_module_that_has_ftplib_already_is_named(tmp_path, line):
    (tmp_path / "mirrors.py").write_text(line)
    done = run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import mirrors, rftplib\nrftplib.install()")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == (
        "<string>:2: RuntimeWarning: ftplib was imported before rftplib.install(), and is still used, by mirrors: "
        "install it first"
    )


def test_the_program_itself_is_named_too():
    assert "by __main__: install it first" in run("import ftplib, rftplib; rftplib.install()").stderr


def test_whoever_is_named_is_named_once(tmp_path):
    (tmp_path / "mirrors.py").write_text("import ftplib")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import mirrors, rftplib"
    done = run(program + "\nfor _ in range(3):\n    with rftplib.install(): pass", "-W", "always")
    assert done.stderr.count("RuntimeWarning") == 1


@pytest.mark.parametrize(
    "line",
    [
        "import urllib.request",  # which imports ftplib when it needs it
        "from ftplib import error_perm, all_errors",
        "import rftplib as ftplib",
    ],
)
def test_nobody_is_named_who_loses_nothing(tmp_path, line):
    (tmp_path / "harmless.py").write_text(line)
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import harmless, rftplib\nrftplib.install()"
    done = run(program, "-W", "error")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_module_that_is_loaded_lazily_is_left_alone(tmp_path):
    (tmp_path / "late.py").write_text("print('loaded')")
    program = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("late", {str(tmp_path / "late.py")!r})
spec.loader = importlib.util.LazyLoader(spec.loader)
sys.modules["late"] = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
import rftplib
rftplib.install()
"""
    done = run(program, "-W", "error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_no_module_but_says_so_is_left_alone():
    """The libraries that cffi makes are such objects: whoever uses `cryptography` has one."""
    program = """
import sys, types
class Library:
    __slots__ = ()
    __class__ = types.ModuleType
sys.modules["library"] = Library()
import rftplib
rftplib.install()
"""
    done = run(program, "-W", "error")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_names_of_the_module_stay_ftplibs():
    assert rftplib.__all__ == real.__all__
    assert rftplib.install.__module__ != "rftplib"  # what CPython's own test_ftplib counts by


def test_a_module_with_two_names_is_named_once():
    """multiprocessing has the program as __mp_main__ as well."""
    program = "import ftplib, rftplib, sys\nsys.modules['__mp_main__'] = sys.modules['__main__']\nrftplib.install()"
    assert "by __main__: install it first" in run(program).stderr
