"""Active mode, in which the server connects: whose connection is taken."""

import socket
import time

from . import _logs

# How many addresses of others are told: they may be without end.
_TOLD = 4


def accept(ftp, listener):
    """Accept and return the server's data connection; those from elsewhere are closed, see accept_any_active_peer.

    Raises socket.timeout if the server's doesn't come within the listener's timeout; its text names who came instead.
    """
    with _logs.attempt("data", "waiting for the server to connect"):
        if getattr(ftp, "accept_any_active_peer", False):
            return listener.accept()[0]
        try:
            server = _bare_address(ftp.sock.getpeername())
        except AttributeError:
            server = None  # a stand-in for a socket: nothing to compare with
        return _accept_from(server, listener)


def _accept_from(server, listener):
    """The first connection from the address `server`; None: from anywhere."""
    timeout = listener.gettimeout()
    began = time.monotonic()
    others = []
    while True:
        try:
            conn, peer = listener.accept()
        except socket.timeout as error:
            if not others:
                raise
            text = f"connections from {', '.join(others)} were refused, as the server is {server}"
            raise socket.timeout(f"timed out: {text}: see accept_any_active_peer") from error
        address = _bare_address(peer)
        if server is None or address in {server, None}:
            return conn
        conn.close()
        if address not in others and len(others) < _TOLD:
            others.append(address)
            _logs.refused_peer(address, server)
        if timeout:
            # the timeout is for the whole of it; too little is left to be 0, which would mean not to wait
            listener.settimeout(max(timeout - (time.monotonic() - began), 0.001))


def _bare_address(address):
    """The host of a socket address, without the scope of a link-local one; None for what is no IP address."""
    if isinstance(address, tuple) and address and isinstance(address[0], str):
        return address[0].partition("%")[0].lower()
    return None
