"""aioftp's server. The settings come as JSON in the first argument."""

from __future__ import annotations

import asyncio
import json
import sys

import aioftp


async def main() -> None:
    settings = json.loads(sys.argv[1])
    first, last = settings["passive"]
    users = [
        aioftp.User(settings["user"], settings["password"], base_path=settings["home"]),
        aioftp.User(base_path=settings["anonymous"], permissions=[aioftp.Permission("/", writable=False)]),
    ]
    share = (last + 1 - first) // len(settings["hosts"])  # each server object keeps its own ports
    servers = []
    for number, host in enumerate(settings["hosts"]):
        ports = range(first + number * share, first + (number + 1) * share)
        server = aioftp.Server(users, data_ports=ports)
        await server.start(host, settings["port"])
        servers.append(server)
    await asyncio.gather(*(server.serve_forever() for server in servers))


asyncio.run(main())
