"""The command line: `python -m rftplib.mirror SRC DST`."""

import argparse
import os
import signal
import sys

from .._errors import Error
from ..transfer._course import check_rate
from ._advice import of, text
from ._plan import Plan
from ._planning import plan
from ._values import Refused, links_skipped, people

DONE, FAILED, USAGE, REFUSED = 0, 1, 2, 3

# Options that say what a plan is; one that is loaded has been made by its own
_OF_PLANS = ("delete", "max_delete", "include", "exclude", "newer", "compare", "links", "names")

_DESCRIPTION = """\
Make the directory DST like the directory SRC: what is missing or differs in size or time is copied. One of them is on a
server: ftp://user@host/directory, ftps:// (TLS on port 990) or ftpes:// (TLS by AUTH, on port 21). The other is a local
directory, another server's, or any URL that fsspec knows. Passwords come from the URL or, better, from ~/.netrc.

At the end of a URL, in quotes for the shell's sake:
  ?cafile=/path/ca.pem   the authority that has signed the server's certificate, in place of the system's
  ?implicit=true         TLS from the first byte, on another port than 990
  ?cafile=/path/ca.pem&implicit=true
"""
_EPILOG = """\
Nothing is deleted without --delete, and then only if all of SRC could be listed and all copies have succeeded.
Exit status: 0 all done, 1 something failed (see the report), 2 wrong usage, 3 refused, as it might do harm, 130 broken
off (Ctrl-C, SIGTERM).

examples:
  python -m rftplib.mirror -n ftpes://me@ftp.example.org/photos photos      what would be done
  python -m rftplib.mirror --progress ftpes://me@ftp.example.org/photos photos
  python -m rftplib.mirror --delete --max-delete 20% site ftpes://me@www.example.org/htdocs
"""


def main(arguments=None):
    """Run the command line; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.run is not None:
        for name in _OF_PLANS:
            if getattr(options, name) != parser.get_default(name):
                parser.error(f"--{name.replace('_', '-')} belongs to the plan: give it with --plan, not with --run")
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        status = _run(options)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt as interrupt:
        if getattr(interrupt, "report", None) is not None:
            _say(interrupt.report, sys.stderr)
        return 130
    except Refused as refusal:
        _say(f"refused: {refusal}", sys.stderr)
        return REFUSED
    except BrokenPipeError:
        # whoever was to read has gone; at the end the interpreter would try once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (Error, OSError, EOFError, UnicodeError) as error:  # some of them are ValueErrors, too
        name = getattr(error, "filename", None)
        _say(f"{name + ': ' if isinstance(name, str) else ''}{text(error)}: {of('connect', error)}", sys.stderr)
        return FAILED
    except (ValueError, ImportError) as error:
        _say(error, sys.stderr)
        return USAGE
    except Exception as error:
        from netrc import NetrcParseError

        if not isinstance(error, NetrcParseError):
            raise
        where = error.filename if error.lineno is None else f"{error.filename}, line {error.lineno}"
        _say(f"{where} isn't understood: see whether quotes are closed, and words in their places", sys.stderr)
        return USAGE


def _say(what, file):
    """Print it; what the terminal can't show is escaped."""
    if file is None:
        return  # it was closed before
    encoding = getattr(file, "encoding", None) or "utf-8"
    print(str(what).encode(encoding, "backslashreplace").decode(encoding), file=file)


def _interrupt(number, frame):
    raise KeyboardInterrupt


def _run(options):
    if options.run is not None:
        made = Plan.load(options.run, options.source, options.target)
    else:
        made = plan(
            options.source,
            options.target,
            compare=options.compare,
            include=options.include,
            exclude=options.exclude,
            newer_only=options.newer,
            delete=options.delete,
            max_delete=options.max_delete,
            links=options.links,
            names=options.names,
            connections=options.jobs,
            manifest=options.manifest,
        )
    if options.plan is not None:
        made.save(options.plan)
    if options.dry_run or options.plan is not None:
        return _show(made)
    progress = None
    if options.progress:
        from ._bar import bar

        progress = bar()
    try:
        report = made.run(
            connections=options.jobs,
            verify=options.verify,
            rate=options.limit,
            progress=progress,
            manifest=options.manifest,
        )
    finally:
        if progress is not None:
            progress.close()
    _say(report, sys.stdout if report.ok else sys.stderr)
    return DONE if report.ok else FAILED


def _show(made):
    """Print what would be done."""
    if not made.failures and not made.refusal and not made:
        _say("nothing to do", sys.stdout)
    for action in made:
        _say(action, sys.stdout)
    if made:
        deletions = sum(action.kind in ("delete", "rmdir") for action in made)
        _say(f"{len(made):,} actions, {people(made.size)} to copy, {deletions:,} deletions", sys.stdout)
    if made.skipped:
        _say(links_skipped(made.skipped), sys.stdout)
    for failure in made.failures:
        _say(failure, sys.stderr)
    if made.refusal:
        _say(f"refused: {made.refusal}", sys.stderr)
        return REFUSED
    return FAILED if made.failures else DONE


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m rftplib.mirror",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("source", metavar="SRC", help="where the files are")
    add("target", metavar="DST", help="where they are to be; it is made if it isn't there")
    add("-n", "--dry-run", action="store_true", help="only say what would be done")
    add("-j", "--jobs", type=_count, default=8, metavar="N", help="how many connections at once, at most (8)")
    add("--delete", action="store_true", help="delete in DST what isn't in SRC, after all copies")
    add(
        "--max-delete",
        type=_part,
        default=0.5,
        metavar="N|P%",
        help="refuse to delete more: a number, or a part (50%%)",
    )
    add(
        "--include",
        action="append",
        default=[],
        metavar="PAT",
        help="only files that match, as in .gitignore; may be repeated",
    )
    add(
        "--exclude",
        action="append",
        default=[],
        metavar="PAT",
        help="neither copy nor delete what matches; may be repeated",
    )
    add("--newer", action="store_true", help="leave files alone that are newer in DST")
    add("--compare", choices=("auto", "size", "hash", "newer"), default="auto", help="how files are compared (auto)")
    add("--links", choices=("skip", "follow", "copy"), default="skip", help="what is done about links (skip)")
    add(
        "--names",
        choices=("refuse", "skip", "quote"),
        default="refuse",
        help="about names that can't be used: refuse the plan, skip them, or quote what is wrong as %%XX (refuse)",
    )
    add("--verify", choices=("none", "size", "auto", "hash"), default="size", help="how copies are checked (size)")
    add("--limit", type=_size, metavar="RATE", help="bytes per second at most, such as 500k or 2M")
    add(
        "--progress",
        action="store_true",
        help="show how far it is: a bar on a terminal, by tqdm if that is installed; else a line a second",
    )
    add("--manifest", type=_file, metavar="FILE", help="write the SHA-256 of all files, as for sha256sum -c")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--plan", type=_file, metavar="FILE", help="write the plan to FILE and stop")
    which.add_argument("--run", type=_file, metavar="FILE", help="run the plan in FILE, made for the same SRC and DST")
    return parser


def _file(value):
    if not value:
        raise argparse.ArgumentTypeError("names no file")
    return value


def _count(value):
    number = int(value)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _part(value):
    """A number of entries, or a part of them such as 20%."""
    try:
        if value.endswith("%"):
            part = float(value[:-1]) / 100
            if not 0 <= part <= 1:
                raise ValueError
            return part
        return _count(value) if value != "0" else 0
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is neither a number nor a part such as 20%") from None


def _size(value):
    units = {"k": 1000, "m": 1000**2, "g": 1000**3}
    try:
        number = float(value[:-1]) * units[value[-1].lower()] if value[-1:].lower() in units else float(value)
        return check_rate(number)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{value!r} is no rate such as 500k or 2M")
