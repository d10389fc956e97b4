#!/usr/bin/env python3
"""From which address do real servers open the data connections of active mode?

FTP.ntransfercmd could refuse every peer but the one that the control connection goes to. This measures what that would
break: each server listens on all addresses of the machine and is asked for a listing in active mode

    by its first address             the ordinary case
    by another of its addresses      a machine with several addresses
    by a mapped address              ::ffff:127.0.0.1 from an IPv6 socket
    through a relay                  a tunnel or proxy: the control connection goes to the relay, the data doesn't

Needs the servers of the tests: (cd tests && python -m servers setup). Run as root: scripts/active_peers.py
"""

import contextlib
import ftplib
import pathlib
import socket
import sys
import threading
import time
from dataclasses import replace

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
from servers.catalogue import CATALOGUE  # noqa: E402
from servers.layout import PASSWORD, USER  # noqa: E402
from servers.process import Process  # noqa: E402

NAMES = ["vsftpd", "proftpd", "pureftpd", "pyftpdlib", "inetutils", "netkit"]
TIMEOUT = 5.0


def relay(port):
    """Listens on an address of its own and passes everything on to the server: the control connection of a tunnel."""
    listener = socket.create_server(("127.0.0.8", 0))

    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def serve():
        near = listener.accept()[0]
        far = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=pump, args=(near, far), daemon=True).start()
        pump(far, near)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def mapped(ftp, port):
    """Connect as a program does that knows IPv6 sockets only."""
    ftp.sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    ftp.sock.settimeout(TIMEOUT)
    ftp.sock.connect(("::ffff:127.0.0.1", port))
    ftp.af, ftp.file = ftp.sock.family, ftp.sock.makefile("r", encoding="utf-8")
    ftp.getresp()


def attempt(port, connect):
    """(where the control connection goes to, who opened the data connection), or what went wrong."""
    ftp = ftplib.FTP(timeout=TIMEOUT)
    try:
        connect(ftp)
        ftp.login(USER, PASSWORD)
        with ftp.makeport() as listener:
            ftp.putcmd("LIST")
            conn, address = listener.accept()
        with conn:
            while conn.recv(65536):
                pass
        return ftp.sock.getpeername()[0], address[0]
    except ftplib.all_errors as error:
        return str(error) or type(error).__name__
    finally:
        ftp.close()


def measure(name):
    server = replace(CATALOGUE[name], name=f"{name}-everywhere", port=CATALOGUE[name].port + 800, hosts=("0.0.0.0",))
    process = Process(server)
    process.launch("active_peers")
    port = server.port
    try:
        process.await_greeting(time.monotonic() + 20)
        tunnel = relay(port)
        ways = {
            "first address": lambda ftp: ftp.connect("127.0.0.1", port),
            "another address": lambda ftp: ftp.connect("127.0.0.9", port),
            "mapped address": lambda ftp: mapped(ftp, port),
            "through a relay": lambda ftp: ftp.connect(*tunnel.getsockname()),
        }
        for way, connect in ways.items():
            outcome = attempt(port, connect)
            if isinstance(outcome, tuple):
                verdict = "the same" if outcome[0] == outcome[1] else "WOULD BE REFUSED"
                outcome = f"control to {outcome[0]}, data from {outcome[1]}: {verdict}"
            print(f"{name:10} {way:16} {outcome}", flush=True)
        tunnel.close()
    finally:
        process.signal(15)
        process.finish()


if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        try:
            measure(name)
        except OSError as error:
            print(f"{name:10} not measured: {error}")
