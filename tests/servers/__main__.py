"""python -m servers setup|start|stop|status|env [NAME...]

setup    fetch everything (needs the network the first time)
start    start all servers, or those named, and wait until each greets
stop     stop all, or those named, that were started by this command or by tests; once no test run uses them
status   a line for each server
env      shell assignments for what is up: RFTPLIB_VSFTPD_URL=ftp://user:password@host:port/ and so on

They live in ~/.cache/rftplib-tests/servers or RFTPLIB_SERVERS_DIR, on ports 13101 to 13199 for commands and 14000 to
19999 for data, all plus RFTPLIB_SERVERS_SHIFT. With both variables a second set runs beside the first.
"""

from __future__ import annotations

import shlex
import sys
import time

from . import CATALOGUE, setup, start, status, stop
from .launch import outdated
from .layout import PASSWORD, USER, base, certificate, home


def main(arguments: list[str]) -> int:
    actions = {"setup": _setup, "start": _start, "stop": _stop, "status": _status, "env": _env}
    if not arguments or arguments[0] not in actions:
        print(__doc__, end="")
        return 2
    action, names = arguments[0], arguments[1:]
    unknown = [name for name in names if name not in CATALOGUE]
    if unknown:
        print(f"no such server: {', '.join(unknown)}. There are: {', '.join(CATALOGUE)}", file=sys.stderr)
        return 2
    return actions[action](names)


def _setup(names: list[str]) -> int:
    began = time.monotonic()
    missing = setup()
    for part, reason in missing.items():
        print(f"{part}: {reason}")
    print(f"set up in {base()} in {time.monotonic() - began:.1f} s")
    return 1 if missing else 0


def _start(names: list[str]) -> int:
    began = time.monotonic()
    failed = start(names)
    _status(names)
    for name, reason in failed.items():
        print(f"{name}: {reason}", file=sys.stderr)
    if left := outdated(names):
        print("used by a test run, so left with an older configuration:", " ".join(left), file=sys.stderr)
    print(f"{time.monotonic() - began:.1f} s")
    return 1 if any(not CATALOGUE[name].optional for name in failed) else 0


def _stop(names: list[str]) -> int:
    stopped, used = stop(names)
    print("stopped:", " ".join(stopped) or "none")
    if used:
        print("still used by a test run, which will stop them:", " ".join(used))
    return 0


def _status(names: list[str]) -> int:
    for name, pid in status().items():
        server = CATALOGUE[name]
        if not names or name in names:
            hosts = ", ".join(server.hosts)
            print(f"{name:20} {server.port} {hosts:15} TLS {server.tls or 'none':9} {f'pid {pid}' if pid else 'down'}")
    return 0


def _env(names: list[str]) -> int:
    for name, pid in status().items():
        server = CATALOGUE[name]
        if pid and (not names or name in names):
            host = f"[{server.hosts[0]}]" if ":" in server.hosts[0] else server.hosts[0]
            scheme = "ftps" if server.tls == "implicit" else "ftp"
            variable = name.upper().replace("-", "_")
            print(f"RFTPLIB_{variable}_URL={scheme}://{USER}:{PASSWORD}@{host}:{server.port}/")
    print(f"RFTPLIB_HOME={shlex.quote(str(home()))}")
    print(f"RFTPLIB_CA={shlex.quote(str(certificate('ca.crt')))}")
    return 0


sys.exit(main(sys.argv[1:]))
