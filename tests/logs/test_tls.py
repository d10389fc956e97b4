"""Log records under TLS."""

import io
import logging
import ssl

import pytest
import rftplib
from ftps.hostile import Hostile, context

DATA = b"x" * 20_000


@pytest.fixture
def server():
    with Hostile() as running:
        running.payload = DATA
        yield running


def connect(server, version):
    ftp = rftplib.FTP_TLS(context=context(version), timeout=20)
    ftp.connect(*server.address)
    ftp.login("demo", "secret")
    ftp.prot_p()
    return ftp


def of(records, name, level):
    return [text for logger, severity, text in records if (logger, severity) == (name, level)]


@pytest.mark.parametrize(
    "version, name",
    [(ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")],
    ids=["tls1.2", "tls1.3"],
)
def test_version_and_session_at_info(server, records, version, name):
    logging.getLogger("rftplib").setLevel(logging.INFO)
    ftp = connect(server, version)
    ftp.retrbinary("RETR a file", lambda block: None)
    ftp.reuse_session = False
    ftp.storbinary("STOR up", io.BytesIO(b"y" * 777))
    server.payload = "grüße\r\nfile\r\n".encode()
    ftp.nlst()
    ftp.close()
    sessions = [f"control connection: {name}, session new"]
    sessions += [f"data connection: {name}, session {which}" for which in ("resumed", "new", "new")]
    assert of(records, "rftplib.tls", "INFO") == sessions
    transfers = of(records, "rftplib.data", "INFO")
    assert [text.partition(" in ")[0] for text in transfers] == [
        "RETR a file: 20000 bytes",
        "STOR up: 777 bytes",
        "NLST: 15 bytes",
    ]
    assert [text.partition(f", {name}, ")[2] for text in transfers] == ["session resumed", "session new", "session new"]


def test_commands_at_debug_passwords_masked(server, records):
    logging.getLogger("rftplib").setLevel(logging.DEBUG)
    connect(server, None).close()
    dialogue = of(records, "rftplib.control", "DEBUG")
    assert [line for line in dialogue if line.startswith("> ")] == [
        "> AUTH TLS", "> USER demo", "> PASS ****", "> PBSZ 0", "> PROT P",
    ]  # fmt: skip
    assert "secret" not in repr(records)


def test_a_ragged_end_at_warning(server, records):
    """With no level set: as the root logger has it."""
    ftp = connect(server, ssl.TLSVersion.TLSv1_3)
    server.announced = b"150 Opening data connection (%d bytes)\r\n" % len(DATA)
    server.end = "reset"

    def callback(block, received=[0]):  # noqa: B006  (the sum so far)
        received[0] += len(block)
        if received[0] == len(DATA):
            server.taken.set()

    assert ftp.retrbinary("RETR a file", callback) == "226 done"
    ftp.close()
    (text,) = of(records, "rftplib.tls", "WARNING")
    assert text.startswith("data connection ended without close_notify: ")
    assert not [record for record in records if record[1] in ("DEBUG", "INFO")]
