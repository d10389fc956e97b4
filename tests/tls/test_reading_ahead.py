"""Downloads under TLS take more from the kernel at once than they hand out: nothing of it is lost, late or too long."""

from __future__ import annotations

import ssl
import threading

import pytest
from support.clients import connect, unconnected
from support.ftps import content

# Longer than what is received at once, and no multiple of anything
DATA = content(700_001)


@pytest.fixture
def ftp(hostile):
    client = connect(hostile, "ssl", 10)
    yield client
    client.close()


@pytest.mark.parametrize("blocksize", [100, 4096, 8192, 100_000, 1 << 20])
@pytest.mark.parametrize("record", [1, 1400, 4096, 16384])
def test_records_of_any_size(hostile, ftp, record, blocksize):
    data = DATA if record > 1 else DATA[:3000]
    hostile.payload = [data[start : start + record] for start in range(0, len(data), record)]
    blocks = []
    assert ftp.retrbinary("RETR x", blocks.append, blocksize) == "226 done"
    assert b"".join(blocks) == data
    assert all(type(block) is bytes and 0 < len(block) <= blocksize for block in blocks)


@pytest.mark.parametrize("end", ["notify", "eof", "mid-record", "close"])
@pytest.mark.parametrize("size", [1, 8191, 8192, 16384, 262_144, 700_001])
def test_all_that_came_before_the_end_is_handed_out(hostile, ftp, end, size):
    hostile.payload, hostile.end = DATA[:size], end
    blocks = []
    try:
        ftp.retrbinary("RETR x", blocks.append)
    except OSError as error:
        assert end != "notify" and isinstance(error, ssl.SSLError), error
    assert b"".join(blocks) == hostile.payload


@pytest.mark.parametrize("blocksize", [100, 8192, 1 << 20])
def test_a_callback_gets_what_has_come(hostile, ftp, blocksize):
    """Nothing is held back while the server hesitates, also less than a block."""
    hostile.payload, hostile.stall, come, total = DATA, "half", threading.Event(), 0

    def callback(block):
        nonlocal total
        total += len(block)
        if total == len(DATA):
            come.set()

    def receive():
        try:
            ftp.retrbinary("RETR x", callback, blocksize)
        except OSError:
            pass  # how it ends isn't what is asked here

    receiving = threading.Thread(target=receive)
    receiving.start()
    try:
        assert come.wait(10), total
    finally:
        hostile.let_go()
        receiving.join(20)
    assert not receiving.is_alive()


def test_every_block_is_an_object_of_its_own(hostile, ftp):
    """Also the ones that weren't full when something came: what was handed out never changes."""
    hostile.payload = [DATA[start : start + 5000] for start in range(0, 200_000, 5000)]
    blocks, copies = [], []

    def callback(block):
        blocks.append(block)
        copies.append(bytes(bytearray(block)))

    ftp.retrbinary("RETR x", callback)
    assert blocks == copies and b"".join(blocks) == DATA[:200_000]


def test_a_context_that_lets_the_kernel_decrypt(hostile):
    """Where it does there are no records to be read ahead; where it can't, nobody notices."""
    client = unconnected("ssl", 10)
    client.context.options |= getattr(ssl, "OP_ENABLE_KTLS", 1 << 3)
    with client:
        client.connect("localhost", hostile.port)
        client.login("user", "secret")
        client.prot_p()
        hostile.payload = DATA
        blocks = []
        assert client.retrbinary("RETR x", blocks.append) == "226 done"
        assert b"".join(blocks) == DATA


def test_lines(hostile, ftp):
    lines = [f"line {number}" for number in range(50_000)]
    data = "\r\n".join(lines).encode()
    hostile.payload = [data[start : start + 1000] for start in range(0, len(data), 1000)]
    got = []
    assert ftp.retrlines("RETR x", got.append) == "226 done"
    assert got == lines


def test_the_connection_goes_on_after_a_callbacks_error(hostile, ftp):
    hostile.payload = DATA
    for _ in range(3):
        with pytest.raises(KeyError):
            ftp.retrbinary("RETR x", {}.__getitem__)
        ftp.voidresp()
        blocks = []
        ftp.retrbinary("RETR x", blocks.append)
        assert b"".join(blocks) == DATA
