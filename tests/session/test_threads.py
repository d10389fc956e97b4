"""Other threads' commands while a batch runs on the same connection."""

from __future__ import annotations

import os
import threading
import time

import pytest
import rftplib
from rftplib.session import batch
from support.certificates import client_context
from support.clients import native_context
from support.scripted_server import LIMIT, Server

pytestmark = pytest.mark.skipif(os.environ.get("RFTPLIB_NATIVE") == "0", reason="a batch there is made of commands")

KINDS = {
    "plain": lambda: rftplib.FTP(timeout=LIMIT),
    "ssl": lambda: rftplib.FTP_TLS(timeout=LIMIT, context=client_context()),
    "native": lambda: rftplib.FTP_TLS(timeout=LIMIT, context=native_context()),
}
SIZES = [f"SIZE {number}" for number in range(30)]


@pytest.mark.parametrize("send", [lambda ftp: ftp.voidcmd("NOOP"), lambda ftp: ftp.sendcmd(Odd("NOOP"))])
@pytest.mark.parametrize("kind", KINDS)
def test_they_wait_for_its_end(kind, send):
    """Each gets the reply that is its own, and no two threads are in one TLS connection."""

    def size(session):
        begun.set()
        if session.argument == "0":
            assert sending.wait(LIMIT)
        time.sleep(0.005)  # a slow server: there is time to send in between
        session.conn.sendall(f"213 {session.argument}\r\n".encode())

    def keep_alive():
        assert begun.wait(LIMIT)
        sending.set()
        answers.append(send(ftp))

    begun, sending, answers = threading.Event(), threading.Event(), []
    with Server({"SIZE": size, "NOOP": b"200 alive\r\n"}) as server:
        ftp = KINDS[kind]()
        ftp.connect(server.host, server.port)
        if kind != "plain":
            ftp.auth()
        thread = threading.Thread(target=keep_alive)
        thread.start()
        replies = batch(ftp, SIZES, 10)
        thread.join(LIMIT)
        ftp.close()
        assert [reply.text for reply in replies] == [f"213 {number}" for number in range(30)]
        assert answers == ["200 alive"]
        assert [line for line in server.commands() if not line.startswith("AUTH")] == [*SIZES, "NOOP"]


class Odd(str):
    """No exact str: a command that Python's own lines send."""
