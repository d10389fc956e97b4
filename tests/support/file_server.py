"""A scripted server with files that can be read, written and renamed, and with the faults of real ones.

    with FileServer({"a": b"data"}) as server:
        get(server.url, "a", path)

What it says on a command may be replaced as in `scripted_server`: FileServer(files, {"REST": b"350 ignored\\r\\n"}).
"""

from __future__ import annotations

import time

from rftplib.session import Site, Timeouts
from rftplib.transfer import Retry
from support.actions import reset
from support.real import content
from support.scripted_server import Server

TIME = 1_600_000_000
DATA = content(300_000)  # what is there, and what is sent, where it doesn't matter
AT_ONCE = Retry(attempts=4, base=0)
FEAT = ("SIZE", "MDTM", "MFMT", "REST STREAM", "UTF8")
PATIENCE = Timeouts(10, 10, 10)


class File:
    """What a file holds, and its time, in seconds since 1970."""

    def __init__(self, content=b"", seconds=TIME):
        self.content, self.seconds = bytearray(content), seconds


def digits(seconds):
    return time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))


def feat(*names):
    """An action: these names are what FEAT tells."""
    lines = "".join(f" {name}\r\n" for name in names)
    return f"211-Features\r\n{lines}211 End\r\n".encode()


def name_of(session):
    return session.argument.rpartition("/")[2]


def on_file(answer):
    """An action that says `answer(file)`, or 550 where there is none."""

    def action(session):
        file = session.server.files.get(name_of(session))
        session.say(b"550 no such file\r\n" if file is None else f"213 {answer(file)}\r\n".encode())

    return action


def rest(session):
    session.offset = int(session.argument)
    session.say(b"350 restart\r\n")


def take_offset(session):
    offset, session.offset = getattr(session, "offset", 0), 0
    return offset


def retr(content=lambda data, offset: data[offset:], last=b"226 done\r\n"):
    """An action that sends what `content(data, offset)` makes of the file."""

    def action(session):
        offset, file = take_offset(session), session.server.files.get(name_of(session))
        if file is None:
            session.say(b"550 no such file\r\n")
            return
        data = bytes(content(bytes(file.content), offset))
        session.say(b"150 here it comes\r\n")
        session.server.retrieved.append((offset, len(data)))
        conn = session.open_data()
        try:
            conn.sendall(data)
            session.end_data()
        except OSError:
            pass  # the client has hung up
        session.perform(last)

    return action


def cut_after(count, then=None):
    """An action for RETR: send so many bytes of what is asked for, do `then(server)`, cut both connections."""

    def action(session):
        offset, file = take_offset(session), session.server.files[name_of(session)]
        session.say(b"150 here it comes\r\n")
        data = bytes(file.content[offset : offset + count])
        session.server.retrieved.append((offset, len(data)))
        conn = session.open_data()
        session.send(conn, data)
        session.end_data()  # the bytes shall arrive
        if then is not None:
            then(session.server)
        reset(session)

    return action


def store(append, last=b"226 stored\r\n"):
    """An action that takes a file."""

    def action(session):
        offset, name = take_offset(session), name_of(session)
        session.say(b"150 send it\r\n")
        conn = session.open_data()
        file = session.server.files.setdefault(name, File())
        if not append:
            del file.content[offset:]
        session.server.stored.append((session.line.partition(" ")[0], name, len(file.content)))
        while True:
            session.wait_readable(conn)
            try:
                block = conn.recv(65536)
            except OSError:
                break
            if not block:
                break
            file.content += block
        session.end_data()
        session.perform(last)

    return action


def take_only(count, append=False):
    """An action for STOR and APPE: take so many bytes, then cut both connections."""

    def action(session):
        name = name_of(session)
        session.say(b"150 send it\r\n")
        conn = session.open_data()
        file = session.server.files.setdefault(name, File())
        if not append:
            file.content.clear()
        session.server.stored.append((session.line.partition(" ")[0], name, len(file.content)))
        left = count
        while left:
            session.wait_readable(conn)
            block = conn.recv(min(left, 65536))
            if not block:
                break
            file.content += block
            left -= len(block)
        reset(session)

    return action


def rnfr(session):
    session.renamed = name_of(session)
    there = session.renamed in session.server.files
    session.say(b"350 to what\r\n" if there else b"550 no such file\r\n")


def rnto(session):
    session.server.files[name_of(session)] = session.server.files.pop(session.renamed)
    session.say(b"250 renamed\r\n")


def dele(session):
    there = session.server.files.pop(name_of(session), None)
    session.say(b"550 no such file\r\n" if there is None else b"250 deleted\r\n")


def cwd(session):
    there = session.argument in session.server.directories
    session.say(b"250 in\r\n" if there else b"550 no such directory\r\n")


def mfmt(session):
    stamp, _, name = session.argument.partition(" ")
    seconds = time.mktime(time.strptime(stamp + " UTC", "%Y%m%d%H%M%S %Z")) - time.timezone
    session.server.files[name.rpartition("/")[2]].seconds = seconds
    session.say(b"213 modified\r\n")


FILES = {
    "FEAT": feat(*FEAT),
    "SIZE": on_file(lambda file: len(file.content)),
    "MDTM": on_file(lambda file: digits(file.seconds)),
    "MFMT": mfmt,
    "REST": rest,
    "RETR": retr(),
    "STOR": store(append=False),
    "APPE": store(append=True),
    "RNFR": rnfr,
    "RNTO": rnto,
    "DELE": dele,
    "CWD": cwd,
}


class FileServer(Server):
    """files: {name: bytes}, whatever directory they lie in. directories: where CWD leads.

    retrieved: (offset, bytes) of each RETR. stored: (verb, name, bytes before) of each.
    """

    def __init__(self, files=(), replies=None, **options):
        super().__init__({**FILES, **(replies or {})}, **options)
        self.files = {name: File(content) for name, content in dict(files).items()}
        self.directories = {"/", "/home", "."}
        self.retrieved, self.stored = [], []

    @property
    def url(self):
        return f"ftp://user:secret@{self.host}:{self.port}"

    @property
    def site(self):
        """Each begins a session of its own, with the replies of that moment, even if the one before is still alive."""
        site = Site(self.url, timeouts=PATIENCE)
        site.close()
        return site
