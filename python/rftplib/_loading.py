"""Ctrl-C while a program of ours, `python -m rftplib.mirror`, is being imported, which takes a while.

Python would print where that was. So the signal ends the process as it ends others, without a word.
"""

import signal
import sys


def _module():
    """What is named behind -m; None where it isn't known, as by Python 3.9."""
    given = getattr(sys, "orig_argv", [])
    return given[given.index("-m") + 1] if "-m" in given[:-1] else None


def begin():
    """Nothing is there yet that would have to be cleaned up."""
    if _module() == "rftplib.mirror" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def end():
    """From now on it is KeyboardInterrupt again, unless whoever has started the process wants it to be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
