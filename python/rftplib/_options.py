"""The attributes of FTP that are documented in docs/options.md: their values, checked where they are used."""

import codecs

from . import _rftplib


def errors(ftp):
    """The name of the error handler; raises TypeError or ValueError for what is none."""
    value = getattr(ftp, "errors", "strict")
    if not isinstance(value, str):
        raise TypeError(f"errors must be a str, not {type(value).__name__}")
    try:
        codecs.lookup_error(value)
    except (LookupError, ValueError):
        raise ValueError(f"errors must name an error handler of Python's codecs, not {value!r}") from None
    return value


def codec(ftp):
    """The arguments of str.encode() and makefile(): ftplib's alone where the others say nothing new."""
    encoding, handler = ftp.encoding, errors(ftp)
    return {"encoding": encoding} if handler == "strict" else {"encoding": encoding, "errors": handler}


def open_reader(ftp, sock, *args, **keywords):
    """A file on `sock` for replies: the engine's or, where that can't be, sock.makefile(*args, **keywords)."""
    given = codec(ftp)
    return _rftplib.open_reader(sock, *given.values()) or sock.makefile(*args, **keywords, **given)
