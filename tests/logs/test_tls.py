"""Log records under TLS."""

import io
import logging
import socket
import ssl

import pytest
import rftplib
from rftplib.tls import FTPS, ImplicitFTP_TLS
from support.certificates import client_context
from support.hostile_ftps import Hostile

DATA = b"x" * 20_000


@pytest.fixture
def server():
    with Hostile() as running:
        running.payload = DATA
        yield running


def connect(server, version):
    ftp = rftplib.FTP_TLS(context=client_context(version), timeout=20)
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


@pytest.mark.parametrize("cls", [ImplicitFTP_TLS, FTPS])
def test_implicit_tls_logs_what_explicit_tls_does(server, records, cls):
    logging.getLogger("rftplib").setLevel(logging.INFO)
    connect(server, ssl.TLSVersion.TLSv1_3).close()
    explicit = records.copy()
    records.clear()
    server.implicit = True
    options = {"implicit": True} if cls is FTPS else {}
    with cls(context=client_context(ssl.TLSVersion.TLSv1_3), timeout=20, **options) as ftp:
        ftp.connect(*server.address)
    host, port = server.address
    assert records == explicit
    assert records == [
        ("rftplib.control", "INFO", f"connected to {host} port {port}"),
        ("rftplib.tls", "INFO", "control connection: TLSv1.3, session new"),
    ]


def test_a_failed_handshake_at_warning(server, records):
    untrusting = ssl.create_default_context()
    ftp = rftplib.FTP_TLS(context=untrusting, timeout=20)
    ftp.connect(*server.address)
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        ftp.auth()
    ftp.close()
    assert records == [("rftplib.tls", "WARNING", f"securing the control connection failed: {caught.value}")]


def test_a_failed_handshake_of_implicit_tls_at_warning(server, records):
    """The greeting in clear text comes where TLS is expected."""
    with FTPS(implicit=True, context=client_context(), timeout=20) as ftp:
        with pytest.raises(ssl.SSLError) as caught:
            ftp.connect(*server.address)
    assert [record[:2] for record in records] == [("rftplib.tls", "WARNING")]
    assert records[0][2].startswith("securing the control connection failed: ")
    assert caught.value.reason in records[0][2]


def test_a_failed_handshake_of_a_data_connection_at_warning(server, records):
    ftp = connect(server, None)
    server.stall, ftp.timeout = "data", 0.3
    with pytest.raises(socket.timeout) as caught:
        ftp.nlst()
    ftp.close()
    assert records == [("rftplib.tls", "WARNING", f"securing the data connection failed: {caught.value}")]


def test_data_connections_in_clear_text_at_warning(server, records):
    server.implicit, server.replies = True, {"PROT": b"536 what?\r\n"}
    with ImplicitFTP_TLS(context=client_context(), timeout=20) as ftp:
        ftp.allow_clear_data = True
        ftp.connect(*server.address)
        ftp.login("demo", "secret")
    text = "data connections are in clear text, as allow_clear_data is set: 536 what?"
    assert records == [("rftplib.tls", "WARNING", text)]


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
