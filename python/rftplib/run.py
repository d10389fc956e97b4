"""`python -m rftplib.run`: run an unmodified program with rftplib in ftplib's place.

The program sees the sys.argv, the sys.path and the __main__ that Python itself gives it. Python processes that it
starts have ftplib again, except those that it forks.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import io
import os
import pkgutil
import runpy
import sys
import types

import rftplib

USAGE = """\
usage: python -m rftplib.run script.py [argument...]
       python -m rftplib.run -m module [argument...]

Run a program, as it is, with rftplib in the place of Python's ftplib."""


def main() -> None:
    """Run what sys.argv names."""
    arguments = sys.argv[1:]
    as_module = arguments[:1] == ["-m"] and len(arguments) > 1
    if not as_module and (not arguments or arguments[0].startswith("-")):
        asked = arguments[:1] in (["-h"], ["--help"])
        print(USAGE, file=sys.stdout if asked else sys.stderr)
        sys.exit(0 if asked else 2)

    rftplib.install()
    try:
        if as_module:
            _run_module(arguments[1], ["-m", *arguments[2:]])
        else:
            _run_path(arguments[0], arguments)
    except BaseException as error:
        # Python will show it, and end as it demands: after Ctrl-C by a signal, for one.
        _leave_out_our_frames(error)
        raise


def _run_module(name: str, argv: list[str], alter_argv: bool = True) -> None:
    sys.argv = argv
    _new_main()
    # The function that `python -m` itself calls. The public run_module() takes __main__ away as soon as the module's
    # code is done, when threads that it has started may still need it.
    runpy._run_module_as_main(name, alter_argv)  # type: ignore[attr-defined]


def _run_path(path: str, argv: list[str]) -> None:
    if pkgutil.get_importer(path) is not None:
        # A directory or a zip file: the __main__ in it.
        _prepend_to_path(os.path.abspath(path), always=True)
        _run_module("__main__", argv, alter_argv=False)
        return
    file = os.path.abspath(path)
    try:
        with io.open_code(file) as stream:
            source = stream.read()
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        print(f"{sys.executable}: can't open file {file!r}: {reason}", file=sys.stderr)
        sys.exit(2)
    _prepend_to_path(os.path.dirname(os.path.realpath(path)))
    sys.argv = argv
    module = _new_main()
    module.__file__ = file
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", file)
    if sys.version_info < (3, 15):
        module.__dict__["__cached__"] = None
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)


def _new_main() -> types.ModuleType:
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    if sys.version_info < (3, 14):
        module.__annotations__ = {}
    sys.modules["__main__"] = module
    return module


def _prepend_to_path(directory: str, always: bool = False) -> None:
    """Put the program's directory where Python, started with -m, has put the current one, if it has (see -P and -I)."""
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        sys.path[0] = directory
    elif always:
        sys.path.insert(0, directory)


def _leave_out_our_frames(error: BaseException) -> None:
    """Let the traceback that Python shows begin where the program does."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    show = sys.excepthook

    def hook(kind: type[BaseException], value: BaseException, _: types.TracebackType | None) -> None:
        if value is error:
            value.__traceback__ = trace
        show(kind, value, value.__traceback__)

    sys.excepthook = hook


if __name__ == "__main__":
    main()
