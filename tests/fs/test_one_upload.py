"""What a file that is written is on the wire: one STOR to a temporary name, one RNFR and one RNTO."""

from __future__ import annotations

import re

import pytest
from rftplib.fs import FTPFileSystem
from support.file_server import DATA, FileServer

BLOCK = 20_000
PART = r"/\.file\.[0-9a-f]{16}\.part"


@pytest.mark.parametrize("before", [{}, {"file": b"before"}], ids=["new", "replaced"])
@pytest.mark.parametrize("step", [7_000, 3 * BLOCK, len(DATA)], ids=["small steps", "large steps", "at once"])
@pytest.mark.parametrize("transaction", [False, True])
def test_a_large_file_is_one_upload(before, step, transaction):
    with FileServer(before) as server:
        fs = FTPFileSystem("127.0.0.1", server.port, "user", "secret", timeouts=30, skip_instance_cache=True)
        if transaction:
            fs.start_transaction()
        with fs.open("/file", "wb", block_size=BLOCK) as file:
            for start in range(0, len(DATA), step):
                file.write(DATA[start : start + step])
            assert {name: bytes(there.content) for name, there in server.files.items() if name == "file"} == before
        if transaction:
            fs.end_transaction()
        fs.site.close()
        assert {name: bytes(file.content) for name, file in server.files.items()} == {"file": DATA}
        said = [line for line, _ in server.lines if line[:4] in ("STOR", "APPE", "ALLO", "RNFR", "RNTO", "DELE")]
    stored, begun, named = said
    part = re.fullmatch(f"STOR ({PART})", stored)[1]
    assert (begun, named) == (f"RNFR {part}", "RNTO /file")
