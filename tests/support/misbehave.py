"""What a server does wrong: actions for the scripted server."""

from __future__ import annotations

import contextlib
import itertools
import socket
import struct
import time

from support import ports
from support.actions import Stopped
from support.scripted_server import LIMIT
from support.waiting import until_main_thread_asleep

HARD = struct.pack("ii", 1, 0)  # SO_LINGER of no seconds: close() sends RST


def endless(block):
    """Send `block` on the control connection again and again."""

    def action(session):
        while True:
            session.send(session.conn, block)

    return action


def much_data(block, times=None):
    """Send `block` on a data connection so often, or without end; then end it."""

    def action(session):
        conn = session.open_data()
        with contextlib.suppress(OSError):
            for _ in itertools.repeat(None) if times is None else range(times):
                session.send(conn, block)
        session.end_data()

    return action


def drip(data, seconds):
    """One byte at a time."""

    def action(session):
        for at in range(len(data)):
            time.sleep(seconds)
            session.conn.sendall(data[at : at + 1])

    return action


def drip_data(data, seconds):
    def action(session):
        conn = session.open_data()
        for at in range(len(data)):
            time.sleep(seconds)
            conn.sendall(data[at : at + 1])
        session.end_data()

    return action


def some_data(data):
    """Open the data connection, send something, and leave it so."""

    def action(session):
        session.open_data().sendall(data)

    return action


def take_some(session):
    """Open the data connection and read the beginning of what the client uploads."""
    conn = session.open_data()
    session.wait_readable(conn)
    session.uploads[-1] += conn.recv(1)


def reset_data(session):
    conn = session.data_conns[-1]
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD)
    conn.close()


def close_data(session):
    session.data_conns[-1].close()


def leave(session):
    """Serve this connection no more."""
    raise Stopped


def later(seconds):
    def action(session):
        time.sleep(seconds)

    return action


def when_it_waits(session):
    """Go on when the client, in this process's main thread, waits."""
    until_main_thread_asleep()


def elsewhere(host, port=None):
    """A 227 reply that names another host, and the true port or another."""

    def action(session):
        numbers = port or "{},{}".format(*divmod(session.data_address()[1], 256))
        session.conn.sendall(f"227 Entering Passive Mode ({host},{numbers}).\r\n".encode())

    return action


def elsewhere_extended(form):
    """A 229 reply in this form; %d is the true port."""

    def action(session):
        text = form.replace("%d", str(session.data_address()[1]))
        session.conn.sendall(f"229 Extended ({text})\r\n".encode())

    return action


def closed_port(session):
    """A 227 reply that names a port where nobody listens."""
    elsewhere("127,0,0,1", "{},{}".format(*divmod(ports.REFUSING, 256)))(session)


def stranger(host, data):
    """In active mode: open the data connection from `host` instead of the server's own address."""

    def action(session):
        with socket.create_connection(session.active, LIMIT, source_address=(host, 0)) as conn:
            try:
                conn.sendall(data)
                conn.shutdown(socket.SHUT_WR)
                conn.recv(1)  # until the client closes
            except OSError:
                pass

    return action
