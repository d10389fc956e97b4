"""The launcher itself: what else goes on on the machine doesn't disturb the servers, nor what they are taken for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading

import pytest

from servers import Server, accounts
from servers.layout import UID, USER
from servers.process import Process


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RFTPLIB_SERVERS_DIR", str(tmp_path / "the servers"))


def test_accounts_outlast_a_change_of_the_hosts(own_folder, tmp_path, missing):
    """useradd and others write a new /etc/passwd and rename it over the old one; here, in a copy of the host's /etc."""
    if os.geteuid() != 0 or sys.platform != "linux":
        missing("needs root and Linux: it mounts")
    namespace = ["unshare", "-m", "--propagation", "private"]
    tried = subprocess.run([*namespace, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"no mount namespace here, as in a chroot: {tried.stderr.strip()}")
    accounts.roots()
    accounts.make_etc()
    daemon = accounts.private(["sh", "-c", f"id -u {USER} >before; read _ <changed; id -u {USER}"])
    # Opening a FIFO waits for the other side to open it.
    script = """
        mkfifo before changed && cp -a /etc . && mount --bind etc /etc && { "$@" & } && cat before &&
        cp /etc/passwd /etc/new && mv /etc/new /etc/passwd && echo >changed && wait $!
    """
    done = subprocess.run(
        [*namespace, "sh", "-c", script, "sh", *daemon], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{UID}\n{UID}\n", "")


def test_another_servers_greeting_is_not_its_own(own_folder):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))  # nobody else gets it
        port = listener.getsockname()[1]
        process = Process(Server("ends", "ends", port, lambda server: [sys.executable, "-c", ""], python=True))
        process.launch("tests")
        while process.state:
            pass
        listener.listen()
        stranger = threading.Thread(target=greet, args=(listener,))
        stranger.start()
        with pytest.raises(OSError, match="another server"):
            process.await_greeting(0)
        stranger.join(10)


def greet(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"220 somebody else\r\n")
        connection.recv(100)
