"""recover() on real servers: the next command gets its own reply, or the connection is closed."""

from __future__ import annotations

import io
import socket

import pytest
import rftplib
from rftplib.session import batch, recover

BIG = 8 << 20  # more than all buffers on the way hold
SMALL = b"0123456789" * 1000


class Stop(Exception):
    pass


def stop(*args):
    raise Stop


def in_the_first_block(ftp):
    ftp.retrbinary("RETR big", stop)


def at_the_end(ftp):
    """All has been received, and the server has said so already."""
    blocks = []

    def receive(block):
        blocks.append(block)
        if sum(map(len, blocks)) == len(SMALL):
            raise Stop

    ftp.retrbinary("RETR small", receive)


def in_a_line(ftp):
    ftp.retrlines("NLST", stop)


def after_a_block_was_sent(ftp):
    ftp.storbinary("STOR new", io.BytesIO(bytes(BIG)), callback=stop)


class Failing(io.BytesIO):
    def read(self, size=-1):
        if self.tell():
            raise Stop
        return super().read(size)


def in_the_source(ftp):
    ftp.storbinary("STOR new", Failing(bytes(BIG)), 1000)


def in_a_transfer_with_rest(ftp):
    ftp.retrbinary("RETR big", stop, rest=1000)


def before_the_preliminary_reply(ftp):
    ftp.voidcmd("TYPE I")
    with socket.create_connection(ftp.makepasv(), ftp.timeout):
        ftp.putcmd("RETR big")
    raise Stop


def between_rest_and_retr(ftp):
    ftp.sendcmd("REST 1000")
    raise Stop


def before_the_reply(ftp):
    ftp.putcmd("PWD")
    raise Stop


def before_several_replies(ftp):
    for command in ("MKD one", "NOOP", "NOOP", "SIZE nothing", "PWD"):
        ftp.putcmd(command)
    raise Stop


def by_a_timeout(ftp):
    ftp.sock.settimeout(1e-6)
    try:
        ftp.sendcmd("NOOP")
    finally:
        ftp.sock.settimeout(ftp.timeout)


def by_a_timeout_in_a_batch(ftp):
    ftp.sock.settimeout(1e-6)
    try:
        batch(ftp, ["MKD one", "NOOP", "NOOP", "PWD"] * 10)
    finally:
        if ftp.sock is not None:
            ftp.sock.settimeout(ftp.timeout)


MOMENTS = {
    moment.__name__: moment
    for moment in (
        in_the_first_block,
        at_the_end,
        in_a_line,
        after_a_block_was_sent,
        in_the_source,
        in_a_transfer_with_rest,
        before_the_preliminary_reply,
        between_rest_and_retr,
        before_the_reply,
        before_several_replies,
        by_a_timeout,
        by_a_timeout_in_a_batch,
    )
}
BROKEN_DOWNLOADS = {"in_the_first_block", "in_a_transfer_with_rest", "before_the_preliminary_reply"}
# Servers that may end the session, in clear text and under TLS: a broken pipe kills them, or a handshake that fails
GIVE_UP = {
    ("netkit", False): BROKEN_DOWNLOADS,
    ("inetutils", False): BROKEN_DOWNLOADS,
    ("proftpd", True): BROKEN_DOWNLOADS,
    ("vsftpd", True): {"before_the_preliminary_reply"},
    ("pureftpd", True): {"before_the_preliminary_reply"},
}


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_command_gets_its_own_reply(work, moment):
    for name, content in (("big", bytes(BIG)), ("small", SMALL)):
        (work.path / name).write_bytes(content)
        (work.path / name).chmod(0o666)
    ftp = work.client()
    here = ftp.pwd()
    try:
        MOMENTS[moment](ftp)
    except (Stop, socket.timeout):
        pass
    usable = recover(ftp, 20)  # of which a busy machine may take much
    key = (work.endpoint.server.family, work.endpoint.protection != "plain")
    assert usable or moment in GIVE_UP.get(key, ())
    if not usable:
        assert ftp.sock is None
        return
    assert ftp.sock.gettimeout() == ftp.timeout
    assert ftp.pwd() == here
    content = bytearray()
    assert ftp.retrbinary("RETR small", content.extend)[:3] == "226"
    assert content == SMALL
    assert ftp.size("small") == len(SMALL)
    assert ftp.storbinary("STOR copy", io.BytesIO(SMALL))[:3] == "226"
    assert (work.path / "copy").read_bytes() == SMALL
    assert ftp.pwd() == here
    with pytest.raises(rftplib.error_perm):
        ftp.cwd("nowhere")
    assert ftp.pwd() == here
