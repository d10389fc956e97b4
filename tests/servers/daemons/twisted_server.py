"""Twisted's FTP server. The settings come as JSON in the first argument."""

from __future__ import annotations

import json
import sys

from twisted.cred.checkers import AllowAnonymousAccess, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.protocols.ftp import FTP, FTPFactory, FTPRealm
from twisted.python.filepath import FilePath


class Protocol(FTP):
    def connectionMade(self):
        # Or a reply in two pieces waits 40 ms for the client's delayed ACK.
        self.transport.setTcpNoDelay(True)
        super().connectionMade()


def main() -> None:
    settings = json.loads(sys.argv[1])
    first, last = settings["passive"]

    class Realm(FTPRealm):
        def getHomeDirectory(self, avatarId):
            return FilePath(settings["home"])

    users = InMemoryUsernamePasswordDatabaseDontUse()
    for encode in (str, str.encode):  # releases differ in which of the two they look up
        users.addUser(encode(settings["user"]), encode(settings["password"]))
    factory = FTPFactory(Portal(Realm(settings["anonymous"]), [AllowAnonymousAccess(), users]))
    factory.protocol = Protocol
    factory.passivePortRange = range(first, last + 1)
    for host in settings["hosts"]:
        reactor.listenTCP(settings["port"], factory, interface=host)
    reactor.run()


main()
