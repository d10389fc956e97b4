"""What FTP over TLS must do on every server, in every version of TLS, with any library that has ftplib's API.

test_servers.py runs the checks with rftplib, compare.py with ftplib as well. A check takes a `Work`: a fresh folder on
the server, which it sees on disk, and clients of `work.lib` in it.
"""

from __future__ import annotations

import contextlib
import io
import os
import ssl
import tempfile

from support.ftps import CCC, content

SIZES = (1, 8191, 8192, 8193, 16384, 16385, 300_001)
MEDIUM = 3_000_001
BIG = 100_000_000

CHECKS = {}


def check(function=None, *, when=lambda endpoint: True):
    """Registers a check, for the endpoints on which it makes sense."""
    if function is None:
        return lambda function: check(function, when=when)
    CHECKS[function.__name__] = function, when
    return function


def applicable(endpoint):
    """The names of the checks for that endpoint."""
    return [name for name, (_, when) in CHECKS.items() if when(endpoint)]


def done(reply):
    """Whether the reply says that the transfer is complete."""
    return reply[:3] in ("226", "250")


def upload(work, ftp, name, data):
    """storbinary, and the bytes on disk must be those."""
    assert done(ftp.storbinary(f"STOR {name}", io.BytesIO(data)))
    assert (work.path / name).read_bytes() == data


def download(ftp, name, data):
    """retrbinary, and the bytes must be those."""
    blocks = []
    assert done(ftp.retrbinary(f"RETR {name}", blocks.append))
    assert b"".join(blocks) == data


@check
def unmodified_script(work):
    """What everybody writes: FTP_TLS as it comes, no context, login, prot_p, one file up and down."""
    from servers.layout import PASSWORD, USER

    with work.lib.FTP_TLS(timeout=20) as ftp:
        ftp.connect(work.endpoint.host, work.endpoint.port)
        ftp.login(USER, PASSWORD)
        ftp.prot_p()
        ftp.cwd(work.name)
        upload(work, ftp, "file", content(MEDIUM))
        download(ftp, "file", content(MEDIUM))


@check
def uploads(work):
    ftp = work.client()
    for size in SIZES:
        upload(work, ftp, f"up-{size}", content(size))


@check
def downloads(work):
    ftp = work.client()
    for size in SIZES:
        work.put(f"down-{size}", content(size))
        download(ftp, f"down-{size}", content(size))


@check
def empty_file(work):
    ftp = work.client()
    upload(work, ftp, "empty", b"")
    download(ftp, "empty", b"")


@check
def ten_in_mixed_directions(work):
    """Ten data connections on one control connection, each with another direction and kind than the last."""
    ftp = work.client()
    for number in range(3):
        data = content(100_000 * number + 1)
        upload(work, ftp, f"file-{number}", data)
        assert f"file-{number}" in [os.path.basename(name) for name in ftp.nlst()]
        download(ftp, f"file-{number}", data)
    upload(work, ftp, "last", b"last")


@check
def big_upload(work):
    with tempfile.TemporaryFile() as source:
        source.write(content(BIG))
        source.seek(0)
        assert done(work.client().storbinary("STOR big", source))
    assert (work.path / "big").read_bytes() == content(BIG)


@check
def big_download(work):
    work.put("big", content(BIG))
    with tempfile.TemporaryFile() as target:
        assert done(work.client().retrbinary("RETR big", target.write))
        target.seek(0)
        assert target.read() == content(BIG)


@check
def active_mode(work):
    ftp = work.client()
    ftp.set_pasv(False)
    for number in range(2):
        upload(work, ftp, f"file-{number}", content(MEDIUM))
        download(ftp, f"file-{number}", content(MEDIUM))
    assert len(ftp.nlst()) >= 2


@check
def text_lines(work):
    ftp = work.client()
    lines = [f"line {number} " + "x" * (number % 90) for number in range(5000)]
    assert done(ftp.storlines("STOR text", io.BytesIO("\n".join(lines).encode() + b"\n")))
    got = []
    assert done(ftp.retrlines("RETR text", got.append))
    assert got == lines


@check
def listings(work):
    for number in range(300):
        work.put(f"entry-{number:03}", b"x" * number)
    ftp = work.client()
    rows = []
    ftp.dir(rows.append)
    assert sum("entry-" in row for row in rows) == 300
    assert sum("entry-" in name for name in ftp.nlst()) == 300
    if work.endpoint.server.mlsd:
        sizes = {name: int(facts["size"]) for name, facts in ftp.mlsd(facts=["type", "size"]) if "entry-" in name}
        assert sizes == {f"entry-{number:03}": number for number in range(300)}


@check
def resume(work):
    ftp = work.client()
    data = content(MEDIUM)
    work.put("whole", data)
    blocks = []
    assert done(ftp.retrbinary("RETR whole", blocks.append, rest=1_000_000))
    assert b"".join(blocks) == data[1_000_000:]
    upload(work, ftp, "part", data[:1_000_000])
    assert done(ftp.storbinary("STOR part", io.BytesIO(data[1_000_000:]), rest=1_000_000))
    assert (work.path / "part").read_bytes() == data


@check
def append(work):
    ftp = work.client()
    upload(work, ftp, "file", b"first ")
    assert done(ftp.storbinary("APPE file", io.BytesIO(b"second")))
    assert (work.path / "file").read_bytes() == b"first second"


@check
def refusals_in_between(work):
    """A transfer that the server refuses leaves the next one whole."""
    ftp = work.client()
    for number in range(3):
        try:
            ftp.retrbinary("RETR missing", lambda block: None)
        except work.lib.error_perm as refusal:
            assert str(refusal).startswith("550")
        else:
            raise AssertionError("a missing file was received")
        upload(work, ftp, f"file-{number}", content(10_000))


@check
def by_hand(work):
    """ntransfercmd() and the user's own loop."""
    ftp = work.client()
    work.put("file", content(MEDIUM))
    ftp.voidcmd("TYPE I")
    conn, _ = ftp.ntransfercmd("RETR file")
    received = bytearray()
    with conn:
        while True:
            data = conn.recv(65536)
            if not data:
                break
            received += data
        conn.unwrap()
    assert done(ftp.voidresp())
    assert received == content(MEDIUM)


@check
def two_clients_at_once(work):
    """The sessions of two control connections, one context: each data connection resumes its own."""
    context = work.endpoint.context()
    one, two = work.client(context=context), work.client(context=context)
    for number in range(3):
        upload(work, one, f"one-{number}", content(10_000))
        upload(work, two, f"two-{number}", content(20_000))


@check(when=lambda endpoint: endpoint.server.tls != "forced")
def protection_off_and_on(work):
    """prot_c() and prot_p() in turn: the data connections are what was asked for."""
    ftp = work.client()
    for secured in (True, False, True, False):
        _ = ftp.prot_p() if secured else ftp.prot_c()
        with ftp.transfercmd("NLST") as conn:
            assert hasattr(conn, "cipher") == secured
            while conn.recv(1000):
                pass
            if secured:
                with contextlib.suppress(ssl.SSLError):  # pyftpdlib may end an empty listing without close_notify
                    conn.unwrap()
        assert done(ftp.voidresp())
        upload(work, ftp, f"file-{secured}", content(10_000))


@check(when=lambda endpoint: endpoint.server.family in CCC)
def clear_control_connection(work):
    """After CCC commands go in clear text, and data connections are encrypted as before."""
    ftp = work.client()
    upload(work, ftp, "before", content(10_000))
    assert ftp.ccc().startswith("200")
    assert ftp.pwd().endswith(work.name)
    for number in range(2):
        upload(work, ftp, f"file-{number}", content(MEDIUM))
        download(ftp, f"file-{number}", content(MEDIUM))
