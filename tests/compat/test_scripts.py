"""What scripts do around transfers: by hand, stopped early, from several threads, with live socket options."""

from __future__ import annotations

import io
import os
import socket
import threading
import time

import pytest
import rftplib as ftplib
from support.actions import end_data, open_data
from support.scripted_server import LIMIT, Server

BIG = b"0123456789abcdef" * 65536


def client(server, cls=None):
    ftp = (cls or ftplib.FTP)(timeout=LIMIT)
    ftp.connect(server.host, server.port)
    return ftp


def test_manual_transfers():
    with Server(data=BIG) as server:
        ftp = client(server)
        conn = ftp.transfercmd("RETR x", rest=0)
        received = b"".join(iter(lambda: conn.recv(65536), b""))
        conn.close()
        assert ftp.voidresp() == "226 done"
        conn = ftp.transfercmd("STOR x")
        file = conn.makefile("wb")
        conn.close()
        file.write(received)
        file.close()
        assert ftp.voidresp() == "226 stored"
        conn = ftp.transfercmd("STOR x")
        assert conn.send(b"abc") == 3
        conn.shutdown(socket.SHUT_RDWR)
        conn.close()
        assert ftp.voidresp() == "226 stored"
        ftp.quit()
        assert received == BIG and bytes(server.sessions[0].uploads[1]) == BIG


def test_a_callback_that_stops_then_abort():
    """fsspec: raise from the callback, then abort() and read the second reply."""

    class TransferDone(Exception):
        pass

    def endless(session):
        try:
            session.open_data().sendall(BIG * 20)
        except OSError:
            pass  # the client has closed

    replies = {"RETR": (b"150 ok\r\n", endless, b"426 cut\r\n"), "ABOR": b"226 aborted\r\n"}
    with Server(replies) as server:
        ftp = client(server)
        received = []

        def callback(data):
            received.append(data)
            if sum(map(len, received)) >= 100:
                raise TransferDone

        with pytest.raises(TransferDone):
            ftp.retrbinary("RETR x", callback, blocksize=64)
        assert ftp.abort() == "426 cut"
        assert ftp.getmultiline() == "226 aborted"
        assert ftp.pwd() == "/home"
        assert ftp.lastresp == "257"
        ftp.quit()
        assert b"".join(received)[:100] == BIG[:100]


def test_socket_options_on_the_live_connection():
    with Server() as server:
        ftp = client(server)
        ftp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if hasattr(socket, "TCP_KEEPIDLE"):
            ftp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        assert ftp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        ftp.sock.settimeout(12)
        assert (ftp.sock.gettimeout(), ftp.timeout) == (12, LIMIT)
        lines = []
        ftp.retrlines("LIST", lambda line: (lines.append(line), ftp.sock.settimeout(7)))
        assert ftp.sock.gettimeout() == 7
        ftp.quit()


def test_epsv_forced_by_af():
    with Server() as server:
        ftp = client(server)
        ftp.af = socket.AF_INET6
        assert ftp.nlst() == ["one", "two"]
        ftp.quit()
        assert "EPSV" in server.commands()


def test_noop_from_another_thread_in_mid_download():
    """Keep-alive threads: voidcmd on the same object while retrbinary runs."""
    go_on = threading.Event()

    def in_two_parts(session):
        conn = session.open_data()
        conn.sendall(b"first")
        while b"NOOP" not in session.received:
            session.wait_readable(session.conn)
            session.received += session.conn.recv(4096)
        session.conn.sendall(b"200 alive\r\n")
        assert go_on.wait(LIMIT)
        conn.sendall(b"second")
        end_data(session)

    with Server({"RETR": (b"150 ok\r\n", in_two_parts, b"226 done\r\n")}) as server:
        ftp = client(server)
        started, answers, blocks = threading.Event(), [], []

        def keep_alive():
            assert started.wait(LIMIT)
            answers.append(ftp.voidcmd("NOOP"))
            go_on.set()

        def callback(block):
            blocks.append(block)
            started.set()

        thread = threading.Thread(target=keep_alive)
        thread.start()
        assert ftp.retrbinary("RETR x", callback) == "226 done"
        thread.join(LIMIT)
        assert answers == ["200 alive"]
        assert b"".join(blocks) == b"firstsecond"
        ftp.quit()


@pytest.mark.skipif(os.environ.get("RFTPLIB_NATIVE") == "0", reason="the portable loops wait as ftplib does")
@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "reply"])
def test_close_from_another_thread_ends_the_waiting(method):
    """ftplib would wait for its timeout; rftplib ends within a fraction of a second, with an error of all_errors."""
    with Server({"RETR": (b"150 ok\r\n", open_data), "X": None}) as server:
        ftp = client(server)
        result = []

        def wait():
            try:
                if method == "reply":
                    ftp.sendcmd("X")
                else:
                    getattr(ftp, method)("RETR x", lambda block: None)
                result.append("returned")
            except (*ftplib.all_errors, ValueError, AttributeError) as exc:
                result.append(exc)

        kept = []
        real = ftp.ntransfercmd
        ftp.ntransfercmd = lambda cmd, rest=None: (kept.append(real(cmd, rest)[0]) or kept[0], None)
        thread = threading.Thread(target=wait)
        thread.start()
        deadline = time.monotonic() + LIMIT
        wanted = b"X\r\n" if method == "reply" else b"RETR x\r\n"
        while wanted not in server.sessions[0].received or (method != "reply" and not kept):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        for conn in kept:
            conn.close()
        ftp.close()
        thread.join(LIMIT / 4)
        assert not thread.is_alive(), "close() did not end the wait"
        assert result and result != ["returned"]


def test_eight_threads_with_a_connection_each():
    with Server(data=BIG) as server:
        results = []

        def work(number):
            ftp = client(server)
            sink = io.BytesIO()
            ftp.retrbinary("RETR x", sink.write)
            ftp.quit()
            results.append((number, sink.getvalue() == BIG))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        # one data listener for all: they take turns at the data connection
        for thread in threads:
            thread.start()
            thread.join(LIMIT)
        assert sorted(results) == [(number, True) for number in range(8)]


def test_with_statement_swallows_only_the_networks_errors():
    server = Server({"QUIT": b"550 stay\r\n"})
    server.start()
    try:
        with pytest.raises(ftplib.error_perm):
            with client(server) as ftp:
                pass
        assert ftp.sock is None
        with pytest.raises(KeyError):
            with client(server) as ftp:
                ftp.voidcmd = lambda cmd: (_ for _ in ()).throw(EOFError)
                raise KeyError
        assert ftp.sock is None
    finally:
        server.finish()
        server.discard()
        server.close()


def test_upload_from_a_generator_like_object():
    class Reader:
        def __init__(self, chunks):
            self.chunks = iter(chunks)

        def read(self, size=-1):
            return next(self.chunks, b"")

    with Server() as server:
        ftp = client(server)
        progress = []
        ftp.storbinary("STOR x", Reader([b"a" * 10, b"b" * 20]), 8192, lambda block: progress.append(len(block)))
        ftp.quit()
        assert progress == [10, 20]
        assert bytes(server.sessions[0].uploads[0]) == b"a" * 10 + b"b" * 20


def test_download_into_each_kind_of_sink(tmp_path):
    with Server(data=BIG) as server:
        ftp = client(server)
        path = tmp_path / "file"
        with open(path, "wb") as file:
            ftp.retrbinary("RETR x", file.write)
            assert file.tell() == len(BIG)
        assert path.read_bytes() == BIG
        with open(path, "ab", buffering=0) as file:
            ftp.retrbinary("RETR x", file.write)
        assert path.read_bytes() == BIG * 2
        with open(path, "r+b") as file:
            file.seek(5)
            ftp.retrbinary("RETR x", file.write)
            file.write(b"after")
        assert path.read_bytes() == BIG[:5] + BIG + b"after" + BIG[10:]
        chunks, array, memory = [], bytearray(), io.BytesIO()
        for callback in (chunks.append, array.extend, memory.write):
            ftp.retrbinary("RETR x", callback, 1 << 20)
        assert b"".join(chunks) == bytes(array) == memory.getvalue() == BIG
        ftp.quit()


def test_upload_from_the_middle_of_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(BIG)
    with Server() as server, open(path, "rb") as file:
        ftp = client(server)
        file.read(100)
        ftp.storbinary("STOR x", file)
        assert file.read() == b"" and file.tell() == len(BIG)
        file.seek(50)
        ftp.storbinary("STOR x", file, rest=50)
        ftp.quit()
        assert bytes(server.sessions[0].uploads[0]) == BIG[100:]
        assert bytes(server.sessions[0].uploads[1]) == BIG[50:]
