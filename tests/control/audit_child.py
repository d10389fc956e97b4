"""In a child process, for audit hooks can't be removed: what `sys.audit` tells of one session, as JSON."""

from __future__ import annotations

import importlib
import io
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from support.harness import describe, describe_exception, hide_ports  # noqa: E402
from support.scripted_server import Server

EVENTS = []
PORTS = {}


class Refused(Exception):
    pass


def hook(event, args):
    if event.startswith("ftplib.") or event in ("socket.connect", "socket.bind"):
        args = [PORTS.get(a, a) if isinstance(a, int) else hide_ports(a) if isinstance(a, str) else a for a in args]
        EVENTS.append(
            [event, [describe(a) for a in args if not hasattr(a, "getsockname") and not isinstance(a, tuple)]]
        )
        if event == "ftplib.sendcmd" and args[1] == "REFUSE":
            raise Refused("by the hook")
        if event == "ftplib.connect" and args[1] == "refused.invalid":
            raise Refused("by the hook")


def attempt(call, *args):
    try:
        EVENTS.append(["result", describe(call(*args))])
    except Exception as exc:
        EVENTS.append(["raised", describe_exception(exc)])


def main(name):
    lib = importlib.import_module(name)
    server = Server()
    server.start()
    PORTS[server.port] = "the port"
    sys.addaudithook(hook)
    ftp = lib.FTP(timeout=20)
    attempt(ftp.connect, "refused.invalid")
    attempt(ftp.connect, server.host, server.port, 0)
    attempt(ftp.connect, server.host, server.port, 20)
    attempt(ftp.login, "user", "password in clear")
    attempt(ftp.sendcmd, "REFUSE")
    attempt(ftp.sendcmd, "two\r\nlines")
    attempt(ftp.putline, "NOOP")
    attempt(ftp.getresp)
    attempt(ftp.putline, None)
    attempt(ftp.putline, b"bytes")
    attempt(ftp.sendcmd, "a\udcffb")
    attempt(ftp.nlst, "x")
    ftp.set_pasv(False)
    attempt(ftp.storbinary, "STOR x", io.BytesIO(b"abc"))
    attempt(ftp.abort)
    sock, ftp.sock = ftp.sock, None
    attempt(ftp.sendcmd, "NOOP")
    ftp.sock = sock
    attempt(ftp.quit)
    server.finish()
    server.discard()
    server.close()
    text = json.dumps(EVENTS).replace(repr(server.port), "the port")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
