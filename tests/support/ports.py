"""A port where nobody can listen. That of a server that has gone may be another one's at once."""

from __future__ import annotations

import atexit
import socket

_taken = socket.socket()
_taken.bind(("127.0.0.1", 0))
atexit.register(_taken.close)

REFUSING = _taken.getsockname()[1]  # for as long as this process lives
