"""Whether something has come on a control connection that nobody has read yet."""

import io
import select

from ._tls import ssl

# What a read that must not wait raises where there is nothing
_NOTHING = (BlockingIOError,) if ssl is None else (BlockingIOError, ssl.SSLWantReadError)


def has_arrived(ftp):
    """Whether something has come, the connection's end for one, as far as that shows without reading."""
    return bool(getattr(ftp.file, "_buffered", False)) or is_readable(ftp.sock)


def has_more(ftp):
    """Whether anything is there that belongs to no command: nothing that is still wanted may be on its way.

    Raises OSError or ValueError if that can't be told.
    """
    if has_arrived(ftp):
        return True
    sock, file = ftp.sock, ftp.file
    if hasattr(file, "_buffered"):
        return False
    # Python's own file shows nothing of what it has received ahead: a character is read, without waiting for it
    if not isinstance(file, io.TextIOWrapper) or getattr(getattr(file.buffer, "raw", None), "_sock", None) is not sock:
        raise ValueError("a file that can't be looked into")
    before = sock.gettimeout()
    sock.settimeout(0)
    try:
        return file.read(1) != ""
    except _NOTHING:
        return False
    finally:
        sock.settimeout(before)


def is_readable(sock):
    """Whether something has come on a control connection, its end for one; also if that can't be told."""
    pending = getattr(sock, "pending", None)
    try:
        if pending is not None and pending() > 0:
            return True
        if not hasattr(select, "poll"):
            return bool(select.select([sock], [], [], 0)[0])
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError, TypeError):
        return True
