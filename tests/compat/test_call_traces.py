"""Every internal step is a call on `self` that users can override: the calls of ftplib, at the same moments."""

from __future__ import annotations

import io

import pytest
from support.actions import ccc
from support.harness import same
from support.tracing import SOCKET_METHODS, STEPS, AttributeLog, by_instance, patch_class, subclass, with_proxies

BINARY = b"one\r\ntwo\nthree"

# Each public method, on a connection that is logged in.
CALLS = {
    "getwelcome": lambda ftp: ftp.getwelcome(),
    "login": lambda ftp: ftp.login("u", "p", "a"),
    "login-anonymous": lambda ftp: ftp.login(),
    "sendcmd": lambda ftp: ftp.sendcmd("NOOP"),
    "voidcmd": lambda ftp: ftp.voidcmd("NOOP"),
    "putcmd-voidresp": lambda ftp: (ftp.putcmd("NOOP"), ftp.voidresp()),
    "putline-getresp": lambda ftp: (ftp.putline("NOOP"), ftp.getresp()),
    "putline-getmultiline": lambda ftp: (ftp.putline("MULTI"), ftp.getmultiline()),
    "putline-getline": lambda ftp: (ftp.putline("NOOP"), ftp.getline()),
    "multi-line": lambda ftp: ftp.sendcmd("MULTI"),
    "4xx": lambda ftp: ftp.sendcmd("TEMP"),
    "5xx": lambda ftp: ftp.voidcmd("PERM"),
    "odd": lambda ftp: ftp.voidcmd("ODD"),
    "1xx": lambda ftp: ftp.voidcmd("WAIT"),
    "abort": lambda ftp: ftp.abort(),
    "acct": lambda ftp: ftp.acct("x"),
    "sendport": lambda ftp: ftp.sendport("127.0.0.1", 2000),
    "sendeprt": lambda ftp: ftp.sendeprt("127.0.0.1", 2000),
    "makeport": lambda ftp: ftp.makeport().close(),
    "makepasv": lambda ftp: ftp.makepasv()[0],
    "makepasv-trusting": lambda ftp: (setattr(ftp, "trust_server_pasv_ipv4_address", True), ftp.makepasv()[0])[1],
    "makepasv-epsv": lambda ftp: (setattr(ftp, "af", 10), ftp.makepasv()[0])[1],
    "ntransfercmd": lambda ftp: (ftp.ntransfercmd("RETR x")[0].close(), ftp.voidresp()),
    "ntransfercmd-rest": lambda ftp: (ftp.ntransfercmd("RETR x", 3)[0].close(), ftp.voidresp()),
    "ntransfercmd-refused": lambda ftp: ftp.ntransfercmd("PERM"),
    "ntransfercmd-200": lambda ftp: (ftp.ntransfercmd("TWICE")[0].close(), ftp.voidresp()),
    "transfercmd": lambda ftp: (ftp.transfercmd("RETR x").close(), ftp.voidresp()),
    "retrbinary": lambda ftp: ftp.retrbinary("RETR x", lambda block: None),
    "retrbinary-rest": lambda ftp: ftp.retrbinary("RETR x", lambda block: None, 100, 3),
    "retrbinary-refused": lambda ftp: ftp.retrbinary("PERM", print),
    "retrbinary-raising": lambda ftp: ftp.retrbinary("RETR x", lambda block: 1 / 0),
    "retrlines": lambda ftp: ftp.retrlines("LIST", lambda line: None),
    "retrlines-print": lambda ftp: ftp.retrlines("LIST"),
    "retrlines-raising": lambda ftp: ftp.retrlines("LIST", lambda line: 1 / 0),
    "storbinary": lambda ftp: ftp.storbinary("STOR x", io.BytesIO(BINARY)),
    "storbinary-callback": lambda ftp: ftp.storbinary("STOR x", io.BytesIO(BINARY), 4, lambda block: None, 3),
    "storbinary-empty": lambda ftp: ftp.storbinary("STOR x", io.BytesIO()),
    "storlines": lambda ftp: ftp.storlines("STOR x", io.BytesIO(BINARY)),
    "storlines-callback": lambda ftp: ftp.storlines("STOR x", io.BytesIO(BINARY), lambda line: None),
    "storlines-text": lambda ftp: ftp.storlines("STOR x", io.StringIO("x")),
    "nlst": lambda ftp: ftp.nlst("a", "b"),
    "dir": lambda ftp: ftp.dir("a", lambda line: None),
    "mlsd": lambda ftp: list(ftp.mlsd("p", ["type"])),
    "rename": lambda ftp: ftp.rename("a", "b"),
    "delete": lambda ftp: ftp.delete("a"),
    "cwd": lambda ftp: ftp.cwd("d"),
    "cwd-up": lambda ftp: ftp.cwd(".."),
    "cwd-empty": lambda ftp: ftp.cwd(""),
    "size": lambda ftp: ftp.size("a"),
    "mkd": lambda ftp: ftp.mkd("d"),
    "rmd": lambda ftp: ftp.rmd("d"),
    "pwd": lambda ftp: ftp.pwd(),
    "quit": lambda ftp: ftp.quit(),
    "close": lambda ftp: ftp.close(),
    "exit": lambda ftp: ftp.__exit__(None, None, None),
    "exit-refused": lambda ftp: (setattr(ftp, "voidcmd", lambda cmd: 1 / 0), ftp.__exit__(None, None, None)),
    "connect-again": lambda ftp: ftp.connect(),
}
TLS_CALLS = {
    "login": CALLS["login"],
    "auth": lambda ftp: ftp.auth(),
    "prot_p": lambda ftp: ftp.prot_p(),
    "prot_c": lambda ftp: ftp.prot_c(),
    "ccc": lambda ftp: (ftp.auth(), ftp.ccc(), ftp.pwd()),
    "abort": lambda ftp: (ftp.auth(), ftp.abort()),
    "quit": lambda ftp: (ftp.auth(), ftp.quit()),
    "nlst": lambda ftp: (ftp.auth(), ftp.prot_p(), ftp.nlst()),
    "retrbinary": lambda ftp: (ftp.auth(), ftp.prot_p(), ftp.retrbinary("RETR x", lambda block: None)),
    "storbinary": lambda ftp: (ftp.auth(), ftp.prot_p(), ftp.storbinary("STOR x", io.BytesIO(BINARY))),
    "storlines": lambda ftp: (ftp.auth(), ftp.prot_p(), ftp.storlines("STOR x", io.BytesIO(BINARY))),
    "clear-data": lambda ftp: (ftp.auth(), ftp.prot_c(), ftp.nlst()),
}
REPLIES = {
    "MULTI": b"200-a\r\nb\r\n200 c\r\n",
    "TEMP": b"450 no\r\n",
    "PERM": b"550 no\r\n",
    "ODD": b"what\r\n",
    "WAIT": b"150 wait\r\n",
    "TWICE": (b"200 soon\r\n150 now\r\n", lambda session: session.open_data(), b"226 done\r\n"),
    "CCC": ccc,
}
ROWS = [("FTP", name) for name in CALLS] + [("FTP_TLS", name) for name in TLS_CALLS]
each_call = pytest.mark.parametrize(("cls", "call"), ROWS)


def outcome_of(make_class, cls, call, active=False, debug=0, proxies=False):
    """Run one call with a class made by `make_class(base, trace)`; the trace is among the notes."""

    def script(lib, env):
        trace = []
        ftp = env.ftp(make_class(getattr(lib, cls), trace), debug=debug)
        if active:
            ftp.passiveserver = 0
        try:
            return (CALLS if cls == "FTP" else TLS_CALLS)[call](ftp)
        finally:
            env.notes.extend(trace)
            for name in [*STEPS, "_log"]:  # what by_instance and AttributeLog have put there
                vars(ftp).pop(name, None)
            for name in ("sock", "file"):
                if name in vars(ftp):
                    vars(ftp)[name] = getattr(vars(ftp)[name], "_target", vars(ftp)[name])

    return same(script, REPLIES, data=b"type=file; one\r\ntype=dir; two\r\n")


@pytest.mark.parametrize("mode", ["passive", "active"])
@each_call
def test_subclass(cls, call, mode):
    outcome = outcome_of(subclass, cls, call, active=mode == "active")
    assert outcome.notes, "nothing was traced"


@each_call
def test_subclass_with_debug_output(cls, call):
    outcome_of(subclass, cls, call, debug=2)


@pytest.mark.parametrize("mode", ["passive", "active"])
@each_call
def test_instance_attributes(cls, call, mode):
    outcome_of(by_instance, cls, call, active=mode == "active")


@each_call
def test_class_patch(cls, call, monkeypatch):
    def make(base, trace):
        # Undone before the other library's run: with a patched base the subclass's own steps would be traced twice.
        monkeypatch.undo()
        return patch_class(base, trace, monkeypatch)

    outcome_of(make, cls, call)


@pytest.mark.parametrize("call", CALLS)
def test_sockets_and_files_are_used_by_their_methods(call):
    """What goes through sock, file and the data connections: a stand-in sees ftplib's calls, no more and no others."""
    outcome_of(with_proxies, "FTP", call)


@pytest.mark.parametrize("call", CALLS)
def test_sockets_and_files_in_active_mode(call):
    """The same, but for one question more to the control connection: from where a data connection may come."""
    methods = SOCKET_METHODS - {"getpeername"}
    outcome_of(lambda base, trace: with_proxies(base, trace, methods), "FTP", call, active=True)


@each_call
def test_attributes_are_set_in_the_same_order(cls, call):
    def make(base, trace):
        logged = type("Logged", (AttributeLog, base), {})

        class Client(logged):
            def connect(self, *args, **kwargs):
                resp = super().connect(*args, **kwargs)
                if "_log" not in vars(self):
                    vars(self)["_log"] = Only(trace, "set")
                return resp

        return Client

    outcome_of(make, cls, call)


@each_call
def test_attributes_are_read_from_the_object(cls, call):
    """Everything that ftplib reads from the object is read; how often is nobody's business."""
    reads = []

    def make(base, trace):
        reads.append(set())
        logged = type("Logged", (AttributeLog, base), {})

        class Client(logged):
            def connect(self, *args, **kwargs):
                resp = super().connect(*args, **kwargs)
                vars(self).setdefault("_log", Only(reads[-1], "get"))
                return resp

        return Client

    outcome_of(make, cls, call)
    ours, theirs = reads
    assert theirs - ours == set()


class Only:
    """Keeps the names of one kind of event, in a list or a set."""

    def __init__(self, where, kind):
        self.add, self.kind = getattr(where, "append", None) or where.add, kind

    def append(self, event):
        if event[0] == self.kind:
            self.add(event[1])
