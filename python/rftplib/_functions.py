"""The functions of the module: parsers of replies and helpers."""

import rftplib

from . import _rftplib
from ._errors import error_proto, error_reply


def parse150(resp):
    """Return the size in bytes that a 150 reply to RETR announces, or None. Raises error_reply for other replies."""
    pattern = rftplib._150_re
    if pattern is None:
        return _rftplib.parse_150(resp)
    # a script has put its own pattern there, for a server with words of its own
    if resp[:3] != "150":
        raise error_reply(resp)
    found = pattern.match(resp)
    return int(found.group(1)) if found else None


def parse227(resp):
    """Return (host, port) of a 227 reply to PASV (RFC 959).

    Raises error_reply for other replies, error_proto if there is no address in it.
    """
    pattern = rftplib._227_re
    if pattern is None:
        return _rftplib.parse_227(resp)
    if resp[:3] != "227":
        raise error_reply(resp)
    found = pattern.search(resp)
    if not found:
        raise error_proto(resp)
    numbers = found.groups()
    return ".".join(numbers[:4]), (int(numbers[4]) << 8) + int(numbers[5])


def parse229(resp, peer):
    """Return (host, port) of a 229 reply to EPSV (RFC 2428); the host is peer[0].

    Raises error_reply for other replies, error_proto if there is no port in it.
    """
    port = _rftplib.parse_229(resp)
    host = peer[0]
    return host, int(port)


def parse257(resp):
    """Return the directory of a 257 reply to MKD or PWD (RFC 959), '' if there is none in quotes.

    Raises error_reply for other replies.
    """
    return _rftplib.parse_257(resp)


def print_line(line):
    """Print a line: what retrlines() does with each unless told otherwise."""
    print(line)


def test():
    """Test program.
    Usage: ftplib [-d] [-r[file]] host [-l[dir]] [-d[dir]] [-p] [file] ...

    Options:
      -d        increase debugging level
      -r[file]  set alternate ~/.netrc file

    Commands:
      -l[dir]   list directory
      -d[dir]   change the current directory
      -p        toggle passive and active mode
      file      retrieve the file and write it to stdout
    """
    from . import _cli

    _cli.main()
