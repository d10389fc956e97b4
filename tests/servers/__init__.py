"""Real FTP and FTPS servers on loopback, for the tests: no systemd, nothing installed, nothing of the host changed.

Run from the folder above:  python -m servers setup|start|stop|status|env [NAME...]
or use `Session` in a test run. The daemons run as root on Debian (they change uid); without root only the
servers written in Python are to be had. Everything lives in one folder, see `layout`.
"""

from .catalogue import CATALOGUE, Server
from .fetch import setup
from .launch import Session, start, status, stop

__all__ = ["CATALOGUE", "Server", "Session", "setup", "start", "status", "stop"]
