"""`python -m rftplib.run`: what a program sees, compared with Python itself running it."""

from __future__ import annotations

import signal
import subprocess
import sys
import zipfile

import pytest

SHOW = """\
import sys
import ftplib
if __name__ == "__main__":
    main = sys.modules["__main__"]
    assert vars(main) is globals()
    names = {name: value for name, value in globals().items() if name not in ("sys", "ftplib", "main")}
    for name, value in sorted(names.items()):
        print(name, type(value) if name in ("__loader__", "__spec__") else value)
    print(getattr(__spec__, "name", None), getattr(__loader__, "path", None))
    print(sys.argv)
    print(sys.path)
    print(sorted(vars(ftplib.FTP)) == [] or ftplib.__name__, file=sys.stderr)
"""


def run(*arguments, python=(), cwd=None):
    command = [sys.executable, *python, *arguments]
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=60)


def both(*arguments, python=(), cwd=None):
    """The program as Python runs it, and as we do."""
    theirs = run(*arguments, python=python, cwd=cwd)
    ours = run("-m", "rftplib.run", *arguments, python=python, cwd=cwd)
    return theirs, ours


def ended(process):
    return process.returncode, process.stdout, process.stderr


@pytest.fixture
def program(tmp_path):
    def make(text, name="program.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        return path

    return make


def same_but_for_the_module(theirs, ours):
    assert (theirs.returncode, theirs.stderr) == (0, "ftplib\n")
    assert (ours.returncode, ours.stderr) == (0, "rftplib\n")
    assert ours.stdout == theirs.stdout


def test_a_script(program, tmp_path):
    program(SHOW, "some where/program.py")
    same_but_for_the_module(*both("some where/program.py", "one", "-m", "--two", cwd=tmp_path))


def test_a_script_behind_a_link(program, tmp_path):
    program(SHOW, "real/program.py")
    (tmp_path / "link.py").symlink_to("real/program.py")
    same_but_for_the_module(*both("link.py", cwd=tmp_path))


def test_a_module(program, tmp_path):
    program(SHOW, "program.py")
    same_but_for_the_module(*both("-m", "program", "one", "-two", cwd=tmp_path))


def test_a_package(program, tmp_path):
    program("", "package/__init__.py")
    program(SHOW, "package/__main__.py")
    same_but_for_the_module(*both("-m", "package", "one", cwd=tmp_path))


def test_a_directory(program, tmp_path):
    program(SHOW, "directory/__main__.py")
    same_but_for_the_module(*both("directory", "one", cwd=tmp_path))


def test_a_zip_file(tmp_path):
    with zipfile.ZipFile(tmp_path / "program.pyz", "w") as archive:
        archive.writestr("__main__.py", SHOW)
    same_but_for_the_module(*both("program.pyz", "one", cwd=tmp_path))


@pytest.mark.parametrize("flag", ["-I", "-s"] + (["-P"] if sys.version_info >= (3, 11) else []))
@pytest.mark.parametrize("kind", ["script", "directory"])
def test_flags_that_change_the_path(program, tmp_path, flag, kind):
    program(SHOW, "program.py")
    program(SHOW, "directory/__main__.py")
    what = "program.py" if kind == "script" else "directory"
    same_but_for_the_module(*both(what, python=[flag], cwd=tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "import sys; sys.exit(7)",
        "import sys; sys.exit('a message')",
        "raise SystemExit",
        "def f():\n    1 / 0\nf()\n",
        "x = 1 +* 2\n",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('two') from e\n",
        "import sys\nsys.excepthook = lambda kind, value, trace: print('hook', kind, value)\n1 / 0\n",
        "import atexit\natexit.register(print, 'atexit')\n1 / 0\n",
        "raise KeyboardInterrupt",
        "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n",
    ],
    ids=["code", "message", "none", "exception", "syntax", "cause", "hook", "atexit", "interrupt", "ctrl-c"],
)
def test_how_it_ends(program, text):
    theirs, ours = both(program(text))
    assert ended(ours) == ended(theirs)


def test_ctrl_c_is_seen_by_the_shell(program):
    _, ours = both(program("raise KeyboardInterrupt"))
    assert ours.returncode == -signal.SIGINT


@pytest.mark.parametrize("text", ["1 / 0", "import sys; sys.exit(3)"])
def test_how_a_module_ends(program, tmp_path, text):
    program(text, "program.py")
    theirs, ours = both("-m", "program", cwd=tmp_path)
    assert ended(ours) == ended(theirs)


def test_running_what_is_not_there(tmp_path):
    (tmp_path / "empty").mkdir()
    for arguments in (["nowhere.py"], ["-m", "no_such_module"], ["empty"]):
        theirs, ours = both(*arguments, cwd=tmp_path)
        assert ended(ours) == ended(theirs)
        assert ours.returncode != 0


def test_threads_outlive_the_main_module(program):
    """A thread that goes on after the last line still finds __main__ in sys.modules."""
    text = (
        "import pickle, sys, threading\n"
        "class Thing: pass\n"
        "def work():\n"
        "    threading.main_thread().join()\n"
        "    print(type(pickle.loads(pickle.dumps(Thing()))) is Thing, ftplib.__name__)\n"
        "import ftplib\n"
        "threading.Thread(target=work).start()\n"
    )
    _, ours = both(program(text))
    assert ended(ours) == (0, "True rftplib\n", "")


def test_help_of_run():
    asked, nothing = run("-m", "rftplib.run", "--help"), run("-m", "rftplib.run")
    assert asked.returncode == 0 and asked.stdout.startswith("usage: ") and asked.stderr == ""
    assert nothing.returncode == 2 and nothing.stdout == "" and nothing.stderr == asked.stdout
    for arguments in (["-m"], ["-c", "1"], ["--nonsense"]):
        assert run("-m", "rftplib.run", *arguments).returncode == 2


def test_no_warning_from_python_itself(program):
    ours = run("-W", "error", "-m", "rftplib.run", program("import ftplib; print(ftplib.__name__)"))
    assert ended(ours) == (0, "rftplib\n", "")
