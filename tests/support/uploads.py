"""Uploads of more than a connection takes without its peer, by each kind of loop; servers that break them off."""

from __future__ import annotations

import contextlib
import io
import socket
import tempfile

MUCH = 50_000_000  # bytes, more than the connection takes
UP = {
    "memory": lambda ftp, file: ftp.storbinary("STOR x", io.BytesIO(bytes(MUCH))),
    "file": lambda ftp, file: ftp.storbinary("STOR x", file),
    "callback": lambda ftp, file: ftp.storbinary("STOR x", io.BytesIO(bytes(MUCH)), callback=lambda block: None),
    "lines": lambda ftp, file: ftp.storlines("STOR x", io.BytesIO(b"line\n" * (MUCH // 5))),
}


@contextlib.contextmanager
def large_file():
    with tempfile.TemporaryFile() as file:
        file.truncate(MUCH)
        yield file


def end_upload(session):
    """Take a little, and close."""
    session.open_data().recv(1000)
    socket.socket.close(session.data_conns[-1])


def abort_upload(session):
    """The same by a reset."""
    conn = session.open_data()
    conn.recv(1000)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    socket.socket.close(conn)
