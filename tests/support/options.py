"""The options of docs/options.md, for suites that know nothing of them.

RFTPLIB_TEST_OPTIONS names those to turn on, with commas in between; "all" stands for all.
"""

from __future__ import annotations

import os
import socket

import rftplib

ON = {
    "errors": "surrogateescape",
    "socket_factory": staticmethod(socket.create_connection),
    "connect_timeout": 10,
    "data_timeout": 10,
    "prefer_epsv": True,
    "tcp_keepalive": 30,
    "noop_interval": 0.5,
}


def turn_on():
    """For all clients of this process."""
    wanted = os.environ.get("RFTPLIB_TEST_OPTIONS", "")
    for name in ON if wanted == "all" else filter(None, wanted.split(",")):
        setattr(rftplib.FTP, name, ON[name])
