"""Batches on a link with latency: what takes a round trip each one by one takes one for a whole window."""

from __future__ import annotations

import time

import pytest
import rftplib
from rftplib.session import batch, recover
from servers.layout import PASSWORD, USER
from support.link import Link

LATENCY = 0.0125  # one way
FILES = 2000


@pytest.mark.long
@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete and ":" not in endpoint.host)
def test_four_thousand_sizes_and_times(work, record_property, capsys):
    """In seconds, and not in minutes: the round trips are counted, for a busy machine makes seconds of its own."""
    endpoint = work.endpoint
    path = work.folder("files")
    for number in range(FILES):
        (path / f"f{number:04d}").write_bytes(b"x" * (number % 100))
    with Link(endpoint.host, endpoint.port, LATENCY) as link:
        ftp = endpoint.client()
        try:
            ftp.connect("127.0.0.1", link.port)
            ftp.login(USER, PASSWORD)
            ftp.voidcmd("TYPE I")
            ftp.cwd(f"{work.name}/files")
            began = time.perf_counter()
            replies = batch(ftp, [f"{verb} f{number:04d}" for number in range(FILES) for verb in ("SIZE", "MDTM")])
            seconds = time.perf_counter() - began
            began = time.perf_counter()
            for number in range(20):
                ftp.size(f"f{number:04d}")
            alone = (time.perf_counter() - began) / 20 * 2 * FILES
        finally:
            ftp.close()
    with capsys.disabled():
        print(f"\n{endpoint}: 4000 SIZE and MDTM: {seconds:.2f} s, {link.round_trips} round trips; alone {alone:.0f} s")
    assert [reply.text for reply in replies[::2]] == [f"213 {number % 100}" for number in range(FILES)]
    assert {reply.code for reply in replies} == {213}
    assert link.round_trips < 1000  # more than 4,000 one by one


@pytest.mark.endpoints(where=lambda endpoint: str(endpoint) in ("pyftpdlib-ipv4-plain", "vsftpd-ipv4-tls1.3"))
def test_recovery_takes_few_round_trips(work):
    endpoint = work.endpoint
    with Link(endpoint.host, endpoint.port, LATENCY) as link:
        ftp = endpoint.client()
        try:
            ftp.connect("127.0.0.1", link.port)
            ftp.login(USER, PASSWORD)
            ftp.putcmd("NOOP")
            assert recover(ftp)
            assert ftp.pwd() == "/"
            with pytest.raises(rftplib.error_perm):
                ftp.cwd("nowhere")
        finally:
            ftp.close()
    assert link.round_trips < 30
