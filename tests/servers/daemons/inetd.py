"""A tiny inetd: HOST[,HOST] PORT PROGRAM ARGV0 ARGS... One process a connection, the socket as its 0, 1 and 2."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys


def listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in host:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


def main() -> None:
    hosts, port, program, argv = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    listeners = [listen(host, port) for host in hosts.split(",")]
    while True:
        for listener in select.select(listeners, [], [])[0]:
            connection, _ = listener.accept()
            # Some daemons write a reply in pieces; without this each waits 40 ms for the client's delayed ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for descriptor in (0, 1, 2):
                    os.dup2(connection.fileno(), descriptor)
                os.execv(program, argv)
            connection.close()


main()
