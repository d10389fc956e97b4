"""What the scripted server does on a command: actions, and the table of ordinary replies.

An action is bytes (sent as they are), a callable (called with the session), a tuple of actions, or None (silence).
"""

from __future__ import annotations

import socket


class Stopped(Exception):
    """The script is over, or the client is gone: this session has nothing more to do."""


def fall_silent(session):
    """Read and say nothing more; the connection stays open."""
    raise Stopped


def close(session):
    """Close the control connection in the ordinary way (FIN)."""
    session.conn.close()
    raise Stopped


def reset(session):
    """Close the control connection with a RST."""
    session.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    close(session)


def half_close(session):
    """Send FIN, go on reading: what the client sends afterwards arrives, and is not answered."""
    session.mute = True
    socket.socket.shutdown(session.conn, socket.SHUT_WR)  # SSLSocket's own would end TLS in both directions


def pieces(data, size=1):
    """Send `data` in many small segments."""

    def action(session):
        for i in range(0, len(data), size):
            session.say(data[i : i + size])

    return action


def send_data(data=None, tls=None):
    """Open the data connection, send (the script's data by default), end it."""

    def action(session):
        conn = session.open_data(tls)
        payload = session.server.data if data is None else data
        try:
            conn.sendall(payload)
            session.end_data()
        except (OSError, ValueError):
            pass  # the client closed first: the probe at the end tells

    return action


def recv_data(session):
    """Open the data connection and take all that the client uploads."""
    conn = session.open_data()
    while True:
        session.wait_readable(conn)
        try:
            block = conn.recv(65536)
        except OSError:
            return
        if not block:
            break
        session.uploads[-1] += block
    session.end_data()


def open_data(session):
    """Open the data connection and leave it open."""
    session.open_data()


def end_data(session):
    session.end_data()


def auth_tls(session):
    session.say(b"234 go\r\n")
    session.wrap_control()


def prot(session):
    session.protect = session.argument.upper() == "P"
    session.say(b"200 prot\r\n")


def ccc(session):
    session.say(b"200 clear\r\n")
    session.wait_readable(session.conn)
    session.conn = session.conn.unwrap()


def pasv(session):
    session.active = None
    session.take_leftover()  # a connection that no transfer has used mustn't serve the next one
    host, port = session.data_address()
    fields = host.split(".") + [str(port // 256), str(port % 256)]
    session.say(f"227 Entering Passive Mode ({','.join(fields)})\r\n".encode())


def epsv(session):
    session.active = None
    session.take_leftover()
    session.say(f"229 Extended Passive Mode (|||{session.data_address()[1]}|)\r\n".encode())


def port(session):
    fields = session.argument.split(",")
    session.set_active(lambda: (".".join(fields[:4]), int(fields[4]) * 256 + int(fields[5])))


def eprt(session):
    fields = session.argument.split("|")
    session.set_active(lambda: (fields[2], int(fields[3])))


def made(session):
    quoted = session.argument.replace('"', '""')
    session.say(f'257 "{quoted}" created\r\n'.encode())


DOWNLOAD = (b"150 here it comes\r\n", send_data(), b"226 done\r\n")
UPLOAD = (b"150 send it\r\n", recv_data, b"226 stored\r\n")
DEFAULTS = {
    "USER": b"331 password\r\n",
    "PASS": b"230 logged in\r\n",
    "ACCT": b"230 account\r\n",
    "TYPE": b"200 type\r\n",
    "PASV": pasv,
    "EPSV": epsv,
    "PORT": port,
    "EPRT": eprt,
    "RETR": DOWNLOAD,
    "LIST": DOWNLOAD,
    "NLST": DOWNLOAD,
    "MLSD": DOWNLOAD,
    "STOR": UPLOAD,
    "APPE": UPLOAD,
    "STOU": UPLOAD,
    "REST": b"350 restart\r\n",
    "RNFR": b"350 from\r\n",
    "RNTO": b"250 renamed\r\n",
    "DELE": b"250 deleted\r\n",
    "CWD": b"250 cwd\r\n",
    "CDUP": b"250 cdup\r\n",
    "MKD": made,
    "RMD": b"250 removed\r\n",
    "PWD": b'257 "/home" is it\r\n',
    "SIZE": b"213 1234\r\n",
    "NOOP": b"200 noop\r\n",
    "OPTS": b"200 opts\r\n",
    "ABOR": b"226 aborted\r\n",
    "QUIT": (b"221 bye\r\n", close),
    "AUTH": auth_tls,
    "PBSZ": b"200 pbsz\r\n",
    "PROT": prot,
    "CCC": ccc,
}
