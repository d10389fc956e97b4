"""ftplib's own lines, for what the engine takes no part in: it reads and writes exact types only.

Commands, lines and replies that are no `str`, or of a subclass, run code of others in each of their operators; and a
file that isn't the engine's reader is only known to have ftplib's `readline`. Each function goes on where the engine
has found such an object.
"""

import operator
import sys

from . import _options, _rftplib
from ._constants import B_CRLF, CRLF
from ._errors import COMMAND, Error, error_perm, error_proto, error_reply, error_temp, structured

_NOTHING = object()

# What the engine asks for handlers that it doesn't know itself
errors = _options.errors


def look_up():
    """Do nothing: Python raises signals and asynchronous exceptions where Python code runs, and only there."""


def putline(ftp, line):
    """Send a line that is no exact str."""
    if "\r" in line or "\n" in line:
        raise ValueError("an illegal newline character should not be contained")
    sys.audit("ftplib.sendcmd", ftp, line)
    if getattr(ftp, "skip_redundant_type", False):
        ftp._type_in_force = None  # whatever the line says
    _rftplib.log_line(">", line)
    if getattr(ftp, "structured_replies", False):
        setattr(ftp, COMMAND, None)  # not the one before
    line = line + CRLF
    if ftp.debugging > 1:
        print("*put*", ftp.sanitize(line))
    sock = ftp.sock
    sendall, codec = sock.sendall, _options.codec(ftp)
    _rftplib.send_in_turn(sock, sendall, line.encode(*codec.values()))


def getline(ftp, file):
    """Return a line from `file`, which isn't the engine's reader, its end stripped."""
    line = file.readline(ftp.maxline + 1)
    if len(line) > ftp.maxline:
        raise Error("got more than %d bytes" % ftp.maxline)
    if ftp.debugging > 1:
        print("*get*", ftp.sanitize(line))
    if not line:
        raise EOFError
    if line[-2:] == CRLF:
        line = line[:-2]
    elif line[-1:] in CRLF:
        line = line[:-1]
    return line


def number(value):
    """Return the int that stands for a number of another type."""
    return int.__index__(operator.index(value))  # in Python 3.9 operator.index gives subclasses back


def limit(maxline):
    """Return how many characters are read of a line that may have `maxline` of them: an int."""
    return number(maxline + 1)


def check_length(length, maxline):
    """Raise Error for a line that is longer than `maxline`."""
    if length > maxline:
        raise Error("got more than %d bytes" % maxline)


def getmultiline(ftp, line, next_line=_NOTHING):
    """Return the reply that begins with `line` and, if given, `next_line`; one of the two is no exact str."""
    if line[3:4] == "-":
        code = line[:3]
        while True:
            if next_line is _NOTHING:
                next_line = ftp.getline()
            line = line + ("\n" + next_line)
            if next_line[:3] == code and next_line[3:4] != "-":
                break
            next_line = _NOTHING
    return line


def getresp(ftp, resp):
    """Return `resp`, which is no exact str, or raise it."""
    _rftplib.log_line("<", resp)
    if ftp.debugging:
        print("*resp*", ftp.sanitize(resp))
    ftp.lastresp = resp[:3]
    first = resp[:1]
    if first in {"1", "2", "3"}:
        return resp
    if first == "4":
        raise structured(ftp, error_temp(resp))
    if first == "5":
        raise structured(ftp, error_perm(resp))
    raise structured(ftp, error_proto(resp))


def voidresp(ftp, resp):
    """Return `resp`, which is no exact str, if it is a completion; else raise it."""
    if resp[:1] != "2":
        raise structured(ftp, error_reply(resp))
    return resp


def port(high, low):
    """Return the port of a 227 reply whose two numbers have more digits than any port."""
    return (int(high) << 8) + int(low)


def line_to_send(ftp, fp):
    """Return the next line of `fp`, which is to be sent, ended by CRLF; None at the end."""
    line = fp.readline(ftp.maxline + 1)
    if len(line) > ftp.maxline:
        raise Error("got more than %d bytes" % ftp.maxline)
    if not line:
        return None
    if line[-2:] != B_CRLF:
        if line[-1] in B_CRLF:
            line = line[:-1]
        line = line + B_CRLF
    return line


def not_text(resp, code):
    """Raise what ftplib's parser of replies with `code` raises for what is no str."""
    if resp[:3] != code:
        raise error_reply(resp)
    raise TypeError(f"expected string or bytes-like object, got '{type(resp).__name__}'")


def is_text(value):
    """Whether dir() takes its last argument for a path: exactly a str up to Python 3.11, any str from 3.12 on."""
    if sys.version_info >= (3, 12):
        return isinstance(value, str)
    return type(value) is str
