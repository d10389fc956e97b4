"""A scripted server with a tree of files in memory, for one connection at a time; any command can be made to fail."""

from __future__ import annotations

import contextlib

import rftplib
from rftplib.session import Site, Timeouts
from support.actions import fall_silent
from support.listing_server import Scripted, send

FEAT = "211-Features:\r\n MLST type*;size*;modify*;unique*;\r\n SIZE\r\n MDTM\r\n211 End"
TIME = "20200102030405"
MOMENT = 0.3  # for how long a client waits for a reply that isn't to come


def listing(tree):
    """MLSD of {name: bytes of a file, or a dict for a directory}."""
    lines = ["type=cdir;modify=20200101000000; ."]
    for name, content in tree.items():
        if isinstance(content, dict):
            lines.append(f"type=dir;modify={TIME}; {name}")
        else:
            lines.append(f"type=file;size={len(content)};modify={TIME}; {name}")
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "surrogateescape")


class TreeServer(Scripted):
    """tree: {name: bytes or dict}. actions: {command, or 'VERB *': what is called with the session in its place}."""

    def __init__(self, tree, actions=None, **answers):
        self.tree, self.actions, self.clients = tree, actions or {}, []
        super().__init__(self.contents(), **{"FEAT": FEAT, **answers})

    def contents(self):
        found, waiting = {}, [("", self.tree)]
        while waiting:
            path, tree = waiting.pop()
            found[f"MLSD {path}".strip()] = listing(tree)
            for name, content in tree.items():
                below = f"{path}/{name}" if path else name
                if isinstance(content, dict):
                    waiting.append((below, content))
                else:
                    found[f"RETR {below}"] = content
        return found

    def mlst(self, path):
        """The reply to MLST, or None."""
        found = self.data_of.get(f"RETR {path}")
        facts = f"type=file;size={len(found)};" if found is not None else "type=dir;"
        if found is None and f"MLSD {path}" not in self.data_of:
            return "550 no such thing"
        return f"250-here\r\n {facts}modify={TIME}; {path}\r\n250 end"

    def unknown(self, session):
        line = session.line.encode("latin-1").decode("utf-8", "surrogateescape")
        for known in (line, line.split(" ")[0] + " *"):
            if known in self.actions:
                self.commands.append(line)
                return self.actions[known](session)
        if line.startswith("MLSD ") and line not in self.data_of and line not in self.answers:
            return session.say(b"550 no such directory\r\n")
        if line.startswith("MLST "):
            return session.say(self.mlst(line[5:]).encode("utf-8", "surrogateescape") + b"\r\n")
        return super().unknown(session)

    @contextlib.contextmanager
    def site(self, directory="", seconds=20.0):
        """A Site of it: one connection. The server ends with it."""
        with self:
            url = f"ftp://user:password@127.0.0.1:{self.port}/{directory}"
            factory = self.client_of if silence in self.actions.values() else None
            site = Site(url, factory=factory, connections=1, timeouts=Timeouts(seconds, seconds, seconds))
            try:
                yield site
            finally:
                site.close()

    def client_of(self, site):
        """A factory, for silence()."""
        self.clients.append(rftplib.FTP())
        return self.clients[-1]


def silence(session):
    """An action: no reply. The client waits for this one only a moment, and for all others as long as ever."""
    session.server.clients[-1].sock.settimeout(MOMENT)
    fall_silent(session)


def say(text):
    """An action: only a reply."""
    return lambda session: session.say(text.encode("utf-8", "surrogateescape") + b"\r\n")


def send_and_say(data, final):
    """An action: data, and a final reply of its own."""

    def action(session):
        session.say(b"150 here it comes\r\n")
        conn = session.open_data()
        session.send(conn, data)
        conn.close()
        session.say(final.encode() + b"\r\n")

    return action


def send_only(data):
    """An action: data as usual."""
    return lambda session: send(session, data)
