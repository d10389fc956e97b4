"""Log records, as a program sees them that has set up `logging`."""

import contextlib
import errno
import io
import logging
import socket
import subprocess
import sys
import threading

import pytest
import rftplib
from servers import demo
from support.actions import close as close_control
from support.actions import send_data
from support.clients import brief_from
from support.ports import REFUSING
from support.scripted_server import Server


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "a file").write_bytes(b"12345" * 2000)
    with demo.serving(folder) as running:
        yield running


def connect(server):
    ftp = rftplib.FTP(timeout=20)
    ftp.connect(*server.address)
    return ftp


@contextlib.contextmanager
def scripted(**replies):
    """A client whose data connections have a short timeout, and a server that says what it is told."""
    with Server(replies) as server, contextlib.closing(rftplib.FTP(timeout=20)) as ftp:
        ftp.connect(server.host, server.port)
        ftp.login("demo", "secret")
        ftp.timeout = 0.3
        yield ftp


class Endless(io.RawIOBase):
    """More than the kernel takes on both sides."""

    def read(self, size=-1):
        return b"x" * size

    def readline(self, size=-1):
        return b"x" * 8000 + b"\r\n"


def test_commands_and_replies_at_debug_passwords_masked(server, records):
    logging.getLogger("rftplib").setLevel(logging.DEBUG)
    ftp = connect(server)
    ftp.login("demo", "secret")
    ftp.close()
    dialogue = [text for name, level, text in records if (name, level) == ("rftplib.control", "DEBUG")]
    assert "> USER demo" in dialogue
    assert "> PASS ****" in dialogue
    assert any(line.startswith("< 220") for line in dialogue)
    assert any(line.startswith("< 230") for line in dialogue)
    assert "secret" not in repr(records)


def test_connections_and_transfers_at_info(server, records):
    logging.getLogger("rftplib").setLevel(logging.INFO)
    ftp = connect(server)
    ftp.login("demo", "secret")
    received = []
    ftp.retrbinary("RETR a file", received.append)
    ftp.storbinary("STOR up", io.BytesIO(b"x" * 777))
    names = ftp.nlst()
    ftp.storlines("STOR text", io.BytesIO(b"a\nb\n"))
    ftp.close()
    host, port = server.address
    assert ("rftplib.control", "INFO", f"connected to {host} port {port}") in records
    transfers = [text for name, level, text in records if (name, level) == ("rftplib.data", "INFO")]
    assert [text.partition(" in ")[0] for text in transfers] == [
        "RETR a file: 10000 bytes",
        "STOR up: 777 bytes",
        f"NLST: {sum(len(name) + 2 for name in names)} bytes",
        "STOR text: 6 bytes",
    ]
    assert all(" s, data connection with 127.0.0.1 port " in text for text in transfers)
    assert not [record for record in records if record[1] == "DEBUG"]


def warnings(records):
    assert {level for _, level, _ in records} <= {"WARNING"}
    return [(name, text) for name, _, text in records]


def test_a_refused_connection_at_warning(records):
    with pytest.raises(ConnectionRefusedError) as caught:
        rftplib.FTP(timeout=20).connect("127.0.0.1", REFUSING)
    assert warnings(records) == [("rftplib.control", f"connecting to 127.0.0.1 port {REFUSING} failed: {caught.value}")]


def test_a_refused_data_connection_at_warning(server, records, monkeypatch):
    ftp = connect(server)
    ftp.login("demo", "secret")
    monkeypatch.setattr(ftp, "makepasv", lambda: ("127.0.0.1", REFUSING), raising=False)
    with pytest.raises(ConnectionRefusedError) as caught:
        ftp.nlst()
    ftp.close()
    text = f"connecting to 127.0.0.1 port {REFUSING} for data failed: {caught.value}"
    assert warnings(records) == [("rftplib.data", text)]


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
def test_a_stalled_transfer_at_warning(records, method):
    """The data connection stands, and nothing moves on it until the timeout."""
    command = "STOR x" if method.startswith("stor") else "RETR x"
    with scripted(**{command[:4]: b"150 go\r\n"}) as ftp:
        argument = Endless() if method.startswith("stor") else lambda block: None
        with pytest.raises(socket.timeout):
            getattr(ftp, method)(command, argument)
    assert warnings(records) == [("rftplib.data", f"{command} failed: timed out")]


@pytest.mark.parametrize(
    "verb, text",
    [
        ("TYPE", "TYPE I before a transfer failed: timed out"),
        ("PASV", "asking for a data connection for RETR x failed: timed out"),
        ("REST", "starting RETR x failed: timed out"),
        ("RETR", "starting RETR x failed: timed out"),
    ],
)
def test_a_server_that_falls_silent_before_a_transfer_at_warning(records, verb, text):
    with scripted(**{verb: b""}) as ftp:
        brief_from(ftp, verb, 0.3)
        with pytest.raises(socket.timeout):
            ftp.retrbinary("RETR x", lambda block: None, rest=1)
    assert warnings(records) == [("rftplib.control", text)]


def test_a_server_that_takes_no_port_and_says_nothing_at_warning(records):
    with scripted(PORT=b"") as ftp:
        ftp.set_pasv(False)
        brief_from(ftp, "PORT", 0.3)
        with pytest.raises(socket.timeout):
            ftp.retrlines("LIST")
    assert warnings(records) == [("rftplib.control", "announcing a port for LIST failed: timed out")]


def test_a_connection_that_ends_before_a_transfer_at_warning(records):
    with scripted(RETR=close_control) as ftp:
        with pytest.raises(EOFError):
            ftp.retrbinary("RETR x", lambda block: None)
    assert warnings(records) == [("rftplib.control", "starting RETR x failed: EOFError")]


def test_a_final_reply_that_never_comes_at_warning(records):
    with scripted(RETR=(b"150 go\r\n", send_data(b"all of it"))) as ftp:
        ftp.timeout = 20
        with pytest.raises(socket.timeout):
            ftp.retrbinary("RETR x", lambda block: ftp.sock.settimeout(0.3))
    assert warnings(records) == [("rftplib.data", "reading the final reply failed: timed out")]


def test_what_the_program_does_itself_is_no_warning(server, records):
    """A refusal by the server, an exception of the callback's, a close."""
    ftp = connect(server)
    ftp.login("demo", "secret")
    with pytest.raises(rftplib.error_perm):
        ftp.retrbinary("RETR nothing", lambda block: None)
    with pytest.raises(ZeroDivisionError):
        ftp.retrbinary("RETR a file", lambda block: 1 / 0)
    ftp.close()
    ftp = connect(server)
    ftp.login("demo", "secret")
    conn = ftp.transfercmd("RETR a file")
    ftp.transfercmd = lambda *args: conn
    with pytest.raises(OSError) as caught:
        ftp.retrbinary("RETR a file", lambda block: conn.close(), 100)
    assert caught.value.errno == errno.EBADF
    ftp.close()
    assert records == []


def test_a_level_takes_effect_with_the_next_command(server, records):
    logger = logging.getLogger("rftplib")
    logger.setLevel(logging.WARNING)
    ftp = connect(server)
    ftp.login("demo", "secret")
    assert records == []
    for _ in range(2):
        logger.setLevel(logging.DEBUG)
        ftp.voidcmd("NOOP")
        assert [text[:5] for _, _, text in records] == ["> NOO", "< 200"]
        records.clear()
        logger.setLevel(logging.WARNING)
        ftp.voidcmd("NOOP")
        assert records == []
    logging.getLogger("rftplib.control").setLevel(logging.DEBUG)
    try:
        ftp.voidcmd("NOOP")
        assert records[0] == ("rftplib.control", "DEBUG", "> NOOP")
    finally:
        logging.getLogger("rftplib.control").setLevel(logging.NOTSET)
    ftp.close()


def test_records_have_one_form_from_every_thread(server):
    forms = {}

    class Keep(logging.Handler):
        def emit(self, record):
            form = (record.name, record.levelname, record.pathname, record.lineno, record.funcName, record.args)
            forms.setdefault(threading.get_ident(), []).append((record.getMessage(), *form))

    logger, keep = logging.getLogger("rftplib"), Keep()
    logger.addHandler(keep)
    logger.setLevel(logging.DEBUG)
    try:
        ftp = connect(server)
        ftp.login("demo", "secret")
        forms.clear()
        ftp.voidcmd("NOOP")
        thread = threading.Thread(target=ftp.voidcmd, args=("NOOP",))
        thread.start()
        thread.join()
        ftp.close()
    finally:
        logger.removeHandler(keep)
        logger.setLevel(logging.NOTSET)
    ours, theirs = forms.values()
    assert ours == theirs
    assert [form[0][:5] for form in ours] == ["> NOO", "< 200"]


def test_a_command_that_is_a_subclass_of_str_is_logged_too(server, records):
    class Text(str):
        pass

    logging.getLogger("rftplib").setLevel(logging.DEBUG)
    ftp = connect(server)
    ftp.sendcmd("USER demo")
    records.clear()
    ftp.sendcmd(Text("PASS secret"))
    ftp.getmultiline = lambda: Text("200 fine")
    ftp.putline = lambda line: None
    assert ftp.sendcmd("NOOP") == "200 fine"
    ftp.close()
    texts = [text for _, _, text in records]
    assert (texts[0], texts[-1]) == ("> PASS ****", "< 200 fine")
    assert "secret" not in repr(records)


def test_ctrl_c_while_a_logger_is_asked_is_not_swallowed(server, records, monkeypatch):
    ftp = connect(server)

    def interrupted(level):
        raise KeyboardInterrupt

    logging.getLogger("rftplib").setLevel(logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("rftplib.control"), "isEnabledFor", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ftp.voidcmd("NOOP")
    ftp.close()


def test_a_handler_that_raises_harms_nothing(server, records, monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", reported.append)
    logger = logging.getLogger("rftplib")

    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("a broken handler")

    broken = Broken()
    logger.addHandler(broken)
    logger.setLevel(logging.DEBUG)
    try:
        ftp = connect(server)
        ftp.login("demo", "secret")
        assert ftp.voidcmd("NOOP").startswith("200")
        ftp.close()
    finally:
        logger.removeHandler(broken)
    assert {str(report.exc_value) for report in reported} == {"a broken handler"}


def test_ctrl_c_in_a_handler_is_not_swallowed(server, records):
    logger = logging.getLogger("rftplib")

    class Interrupted(logging.Handler):
        def emit(self, record):
            raise KeyboardInterrupt

    ftp = connect(server)
    handler = Interrupted()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        with pytest.raises(KeyboardInterrupt):
            ftp.voidcmd("NOOP")
    finally:
        logger.removeHandler(handler)
        ftp.close()


def test_logging_is_not_imported_for_its_own_sake():
    program = "import rftplib, sys; rftplib.FTP(); print('logging' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"


def test_logging_imported_after_connecting(server):
    program = f"""
import rftplib
ftp = rftplib.FTP()
ftp.connect{server.address!r}
ftp.login("demo", "secret")
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(name)s %(message)s")
ftp.voidcmd("NOOP")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("rftplib.control > NOOP\nrftplib.control < 200")
