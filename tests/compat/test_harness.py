"""The harness must see what it is there to see: one row for each kind of difference."""

from __future__ import annotations

import ftplib
import itertools
import socket
from dataclasses import asdict

import pytest
import rftplib
from support.actions import send_data
from support.harness import run_both
from support.scripted_server import peer_closed


def returns(lib, env, ours):
    return 1 if ours else True


def raises(lib, env, ours):
    raise ValueError("a" if ours else "b")


def raises_in_context(lib, env, ours):
    try:
        if ours:
            int("x")
    finally:
        raise KeyError


def prints(lib, env, ours):
    print("x" * ours)


def sends(lib, env, ours):
    env.ftp().putcmd("NOOP" if ours else "NOOP ")


def attributes(lib, env, ours):
    ftp = env.ftp()
    ftp.host = "a" if ours else "b"


def attribute_order(lib, env, ours):
    ftp = env.unconnected()
    for name in sorted("ab", reverse=ours):
        setattr(ftp, name, 1)


def uploads(lib, env, ours):
    with env.ftp().transfercmd("STOR x") as conn:
        conn.sendall(b"x" * (1 + ours))


def leaks_data(lib, env, ours):
    conn = env.close_later(env.ftp().transfercmd("RETR x"))
    if ours:
        conn.close()


def leaks_unaccepted(lib, env, ours):
    address = env.server.data_address()
    conn = env.close_later(lib.socket.create_connection(address))
    if ours:
        conn.close()


FIELDS = {
    returns: "result",
    raises: "exception",
    raises_in_context: "exception",
    prints: "stdout",
    sends: "wire",
    attributes: "clients",
    attribute_order: "clients",
    uploads: "uploads",
    leaks_data: "data_closed",
    leaks_unaccepted: "data_closed",
}


@pytest.mark.parametrize("script", FIELDS, ids=lambda script: script.__name__)
def test_difference_is_seen(script):
    runs = itertools.count()  # rftplib's is run 0, ftplib's run 1
    replies = {"RETR": (b"150 ok\r\n", send_data(b"x" * 1000))}
    ours, theirs = run_both(lambda lib, env: script(lib, env, next(runs) == 0), replies)
    ours, theirs = asdict(ours), asdict(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == [FIELDS[script]]


def test_both_libraries_run():
    seen = []
    run_both(lambda lib, env: seen.append(lib))
    assert seen == [rftplib, ftplib]


class Behind(socket.socket):
    """Nothing of what was sent to it has come yet, nor the end, as behind a window that was full."""

    def recv(self, size):
        raise BlockingIOError


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_end_that_has_not_come_yet(host, closed):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:
        client = socket.create_connection(listener.getsockname()[:2])
        with client, Behind(fileno=listener.accept()[0].detach()) as server:
            if closed:
                client.close()
            assert peer_closed(server) is closed
