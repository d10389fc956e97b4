"""The loops for connections that aren't exactly a `socket.socket`: through the object's own Python methods.

Subclasses, SOCKS wrappers, gevent's sockets and mocks come here, and everything with RFTPLIB_NATIVE=0. A genuine
SSLSocket has loops of its own, see `_tls_loops`. Each returns how many bytes it has moved.
"""

from . import _errors, _tls_loops, _tls_socket


def download(conn, callback, blocksize):
    """Call `callback` with each block that `conn.recv(blocksize)` gives, until it gives nothing."""
    if _tls_socket.untouched(conn) and type(blocksize) is int and blocksize > 0:
        return _tls_loops.download(conn, callback, blocksize)
    tls = _tls_socket.is_tls(conn) and not _tls_socket.is_native(conn)
    count = 0
    while True:
        data = _tls_loops.recv(conn, blocksize) if tls else conn.recv(blocksize)
        if not data:
            return count
        count += len(data)
        callback(data)


def upload(conn, fp, blocksize, callback):
    """Send each block that `fp.read(blocksize)` gives, then call `callback` with it."""
    try:
        if _tls_socket.untouched(conn) and type(blocksize) is int and blocksize > 0:
            return _tls_loops.upload(conn, fp, blocksize, callback)
        return _send_blocks(conn, fp, blocksize, callback)
    except OSError:
        _tls_socket.forget_errors(conn)
        raise


def _send_blocks(conn, fp, blocksize, callback):
    count = 0
    while True:
        block = fp.read(blocksize)
        if not block:
            return count
        conn.sendall(block)
        count += len(block)
        if callback:
            callback(block)


def retrlines(ftp, conn, callback):
    """Call `callback` with each line that `conn` receives, its end stripped."""
    if _tls_socket.untouched(conn):
        lines = _tls_loops.open_lines(conn, ftp.encoding)
    else:
        lines = conn.makefile("r", encoding=ftp.encoding)
    count = 0
    with lines as fp:
        while True:
            line = fp.readline(ftp.maxline + 1)
            if len(line) > ftp.maxline:
                raise _errors.Error("got more than %d bytes" % ftp.maxline)
            if ftp.debugging > 2:
                print("*retr*", repr(line))
            if not line:
                return count
            count += _size(line, ftp.encoding)
            if line[-2:] == "\r\n":
                line = line[:-2]
            elif line[-1:] == "\n":
                line = line[:-1]
            callback(line)


def _size(line, encoding):
    """How many bytes a line took, if its end was CRLF."""
    if not isinstance(line, str):  # somebody's own makefile()
        return len(line)
    size = len(line) if line.isascii() else len(line.encode(encoding, "replace"))
    return size + (line[-1:] == "\n" and line[-2:] != "\r\n")


def storlines(ftp, conn, fp, callback):
    """Send each line that `fp.readline` gives, ended by CRLF, then call `callback` with it."""
    try:
        if _tls_socket.untouched(conn):
            with _tls_loops.Sender(conn) as sender:
                # whoever wants to know of each line wants it sent then
                send = sender.send if callback else sender.gather
                return _send_lines(ftp, lambda: send, fp, callback)
        return _send_lines(ftp, lambda: conn.sendall, fp, callback)
    except OSError:
        _tls_socket.forget_errors(conn)
        raise


def _send_lines(ftp, send, fp, callback):
    count = 0
    while True:
        line = fp.readline(ftp.maxline + 1)
        if len(line) > ftp.maxline:
            raise _errors.Error("got more than %d bytes" % ftp.maxline)
        if not line:
            return count
        if line[-2:] != b"\r\n":
            if line[-1] in b"\r\n":
                line = line[:-1]
            line = line + b"\r\n"
        send()(line)
        count += len(line)
        if callback:
            callback(line)
