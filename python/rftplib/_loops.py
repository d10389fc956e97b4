"""The loops in plain Python, as ftplib has them and with its limits: wherever those in Rust can't run.

Subclasses of sockets, SOCKS wrappers, gevent's sockets and mocks come here, TLS on an interpreter with `_ssl` built in,
and everything with RFTPLIB_NATIVE=0. Each counts what it moves in the transfer's meter.
"""

import time

from . import _errors, _options, _rftplib
from ._odd import line_to_send


def download(meter, conn, callback, blocksize):
    """Call `callback` with each block that `conn.recv(blocksize)` gives, until it gives nothing."""
    while True:
        try:
            data = conn.recv(blocksize)
        except OSError:
            meter.fail()
            raise
        if not data:
            return
        count(meter, len(data))
        callback(data)


def upload(meter, conn, fp, blocksize, callback):
    """Send each block that `fp.read(blocksize)` gives, then call `callback` with it."""
    while True:
        block = fp.read(blocksize)
        if not block:
            return
        _send(meter, conn, block)
        if callback:
            callback(block)


def retrlines(meter, ftp, conn, callback):
    """Call `callback` with each line that `conn` receives, its end stripped."""
    listing = getattr(callback, "__self__", None)
    listing = listing if isinstance(listing, _rftplib.Listing) else None
    with conn.makefile("r", **_options.codec(ftp)) as fp:
        while True:
            try:
                line = fp.readline(ftp.maxline + 1)
            except OSError:
                meter.fail()
                raise
            if len(line) > ftp.maxline:
                raise _errors.Error("got more than %d bytes" % ftp.maxline)
            if ftp.debugging > 2:
                print("*retr*", repr(line))
            if not line:
                return
            count(meter, _size(line, ftp.encoding))
            ended = line[-1:] == "\n"
            if line[-2:] == "\r\n":
                line = line[:-2]
            elif ended:
                line = line[:-1]
            callback(line)
            if not ended and listing is not None:
                listing.mark_cut()


def storlines(meter, ftp, conn, fp, callback):
    """Send each line that `fp.readline` gives, ended by CRLF, then call `callback` with it."""
    while True:
        line = line_to_send(ftp, fp)
        if line is None:
            return
        _send(meter, conn, line)
        if callback:
            callback(line)


def _send(meter, conn, data):
    try:
        conn.sendall(data)
    except OSError:
        meter.fail()
        raise
    count(meter, len(data))


def count(meter, size):
    """Count so many bytes more, do what is due between two pieces, and pause where the transfer has a rate."""
    pause = meter.add(size)
    meter.beat()
    if pause:
        time.sleep(pause)


def _size(line, encoding):
    """How many bytes a line took, if its end was CRLF."""
    if not isinstance(line, str):  # somebody's own makefile()
        return len(line)
    size = len(line) if line.isascii() else len(line.encode(encoding, "replace"))
    return size + (line[-1:] == "\n" and line[-2:] != "\r\n")
