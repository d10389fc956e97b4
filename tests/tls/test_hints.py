"""Errors that tell what to try: the exception is the one that ftplib raises, or would raise, and its text goes on."""

from __future__ import annotations

import copy
import pickle
import socket
import ssl
import sys
import threading

import pytest
import rftplib
from rftplib.tls import FTPS, ImplicitFTP_TLS, NativeContext
from support.certificates import CA_FILE, client_context

IMPLICIT_TO_TRY = "if the server expects TLS from the first byte, as on port 990, use rftplib.tls.FTPS(implicit=True)"
EXPLICIT_TO_TRY = "if it expects AUTH, as on port 21, use FTPS() or FTP_TLS()"
MAKERS = [client_context, lambda: NativeContext(cafile=CA_FILE)]
CONTEXTS = pytest.mark.parametrize("made", MAKERS, ids=["ssl", "native"])


def raised(call, *args):
    with pytest.raises((*rftplib.all_errors, ValueError)) as caught:
        call(*args)
    return caught.value


def same_elsewhere(error):
    """Pickled for another process, or copied: the same exception."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))
        for name in ("errno", "strerror", "reason", "library", "verify_code"):
            assert getattr(again, name, None) == getattr(error, name, None)


@pytest.fixture
def hung_up():
    """Where a server accepts connections and closes them, without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            while True:
                try:
                    listener.accept()[0].close()
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_explicit_client_on_an_implicit_port(hostile, caplog):
    hostile.implicit = True
    ftp = FTPS(context=client_context(), timeout=0.3)
    error = raised(ftp.connect, *hostile.address)
    assert isinstance(error, socket.timeout) and type(error).__name__ == socket.timeout.__name__
    assert (error.args, error.errno) == (("timed out",), None)
    assert str(error) == f"timed out (no greeting came; {IMPLICIT_TO_TRY})"
    assert not getattr(error, "__notes__", None)  # it is said once
    assert ftp.sock is None
    assert caplog.messages == [f"reading the greeting failed: {error}"]
    same_elsewhere(error)


@pytest.mark.parametrize("cls", [rftplib.FTP, rftplib.FTP_TLS])
def test_the_classes_of_ftplib_keep_its_text(hostile, caplog, cls):
    hostile.implicit = True
    ftp = cls(timeout=0.3)
    error = raised(ftp.connect, *hostile.address)
    assert (type(error), error.args, str(error)) == (socket.timeout, ("timed out",), "timed out")
    if sys.version_info >= (3, 11):
        assert error.__notes__ == [f"no greeting came; {IMPLICIT_TO_TRY}"]
    assert caplog.messages == [f"reading the greeting failed: timed out (no greeting came; {IMPLICIT_TO_TRY})"]
    same_elsewhere(error)
    ftp.close()


def test_a_server_that_hangs_up_at_once(hung_up):
    error = raised(FTPS(context=client_context(), timeout=10).connect, *hung_up)
    assert isinstance(error, EOFError) and error.args == ()
    assert str(error) == f"no greeting came; {IMPLICIT_TO_TRY}"
    same_elsewhere(error)
    ftp = rftplib.FTP(timeout=10)
    error = raised(ftp.connect, *hung_up)
    assert (type(error), str(error)) == (EOFError, "")
    ftp.close()


def test_no_connection_at_all_is_told_as_it_is(hostile, monkeypatch):
    """Neither for the first time nor after a connection that worked."""
    ftp = FTPS(context=client_context(), timeout=10)
    ftp.connect(*hostile.address)
    ftp.sock.close()

    def never(*args, **kwargs):
        raise socket.timeout("timed out")

    monkeypatch.setattr(socket, "create_connection", never)
    for client in (ftp, FTPS(context=client_context(), timeout=10)):
        error = raised(client.connect, *hostile.address)
        assert (type(error), str(error)) == (socket.timeout, "timed out")


@CONTEXTS
@pytest.mark.parametrize("make", [ImplicitFTP_TLS, lambda **kw: FTPS(implicit=True, **kw)], ids=["plain", "FTPS"])
def test_implicit_client_on_an_explicit_port(hostile, caplog, make, made):
    ftp = make(context=made(), timeout=10)
    error = raised(ftp.connect, *hostile.address)
    assert isinstance(error, ssl.SSLError) and type(error).__name__ == "SSLError"
    assert (error.errno, error.args[0], error.reason) == (ssl.SSL_ERROR_SSL, 1, "WRONG_VERSION_NUMBER")
    assert str(error).startswith("[SSL: WRONG_VERSION_NUMBER] ")
    assert EXPLICIT_TO_TRY in str(error)
    assert ftp.sock is None
    assert not [line for line, _ in hostile.lines if "USER" in line]
    assert caplog.messages == [f"securing the control connection failed: {error}"]
    same_elsewhere(error)


def test_server_without_auth(hostile):
    hostile.replies.update({"AUTH": b"502 no\r\n"})
    error = raised(FTPS(context=client_context(), timeout=10).connect, *hostile.address)
    assert isinstance(error, rftplib.error_perm) and error.args == ("502 no",)
    assert str(error).startswith("502 no (the server takes no AUTH TLS here")
    assert "FTPS(implicit=True)" in str(error)
    same_elsewhere(error)
    with rftplib.FTP_TLS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        error = raised(ftp.login, "user", "secret")
        assert (type(error), str(error)) == (rftplib.error_perm, "502 no")


def test_server_that_does_not_encrypt_data(hostile):
    hostile.replies.update({"PROT": b"534 no\r\n"})
    ftp = FTPS(context=client_context(), timeout=10)
    ftp.connect(*hostile.address)
    error = raised(ftp.login, "user", "secret")
    assert isinstance(error, rftplib.error_perm) and error.args == ("534 no",)
    assert str(error) == "534 no (the server doesn't encrypt data connections, and FTPS never goes on in clear text)"
    same_elsewhere(error)


@pytest.mark.parametrize("made", [ssl.create_default_context, NativeContext], ids=["ssl", "native"])
def test_the_remedy_for_a_certificate_that_does_not_verify(hostile, caplog, made):
    """The text is the TLS library's, and the remedy behind it."""
    error = raised(FTPS(context=made(), timeout=10).connect, *hostile.address)
    assert isinstance(error, ssl.SSLCertVerificationError) and type(error).__name__ == "SSLCertVerificationError"
    assert "certificate verify failed" in str(error) and error.verify_code
    assert str(error).endswith(" certificate: context=ssl.create_default_context(cafile=...))")
    (logged,) = caplog.messages
    assert str(error).startswith(logged.replace("securing the control connection failed: ", ""))
    same_elsewhere(error)
    with rftplib.FTP_TLS(context=made(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        assert type(raised(ftp.auth)) is ssl.SSLCertVerificationError


OF_CERTIFICATES = {
    "certificate has expired": "the server needs a new certificate, or this machine's clock is wrong",
    "certificate is not yet valid": "the server needs a new certificate, or this machine's clock is wrong",
    "Hostname mismatch, certificate is not valid for 'x'.": "connect by the name that is in the certificate",
    "IP address mismatch, certificate is not valid for '127.0.0.1'.": "connect by the name that is in the certificate",
}


@pytest.mark.parametrize("said", OF_CERTIFICATES)
def test_what_is_wrong_with_a_certificate(hostile, monkeypatch, said):
    """As OpenSSL says it."""

    def fail(*args, **kwargs):
        raise ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {said}")

    ftp = FTPS(context=client_context(), timeout=10)
    monkeypatch.setattr(ftp, "auth", fail)
    assert str(raised(ftp.connect, *hostile.address)).endswith(f"{said} ({OF_CERTIFICATES[said]})")


@CONTEXTS
def test_another_host_than_the_certificates(hostile, made):
    ftp = FTPS(context=made(), timeout=10)
    ftp.socket_factory = lambda address, *args, **kwargs: socket.create_connection(hostile.address, *args, **kwargs)
    error = raised(ftp.connect, "other.example.org", hostile.address[1])
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert str(error).endswith("(connect by the name that is in the certificate)")


def test_a_certificate_of_the_clients_that_is_missing(hostile, monkeypatch):
    def fail(self, *args):
        raise ssl.SSLError(
            1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580)"
        )

    with FTPS(context=client_context(), timeout=10) as ftp:
        ftp.connect(*hostile.address)
        monkeypatch.setattr(rftplib.FTP_TLS, "login", fail)
        error = raised(ftp.login, "user", "secret")
    assert str(error).endswith("(the server asks for a certificate of yours: context.load_cert_chain(...))")


@pytest.mark.parametrize("cls, told", [(FTPS, " (a host only: connect(host, port))"), (rftplib.FTP_TLS, "")])
def test_a_host_with_its_port(cls, told):
    def fail(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    ftp = cls(context=client_context(), timeout=10)
    ftp.socket_factory = fail
    error = raised(ftp.connect, "ftp.example.org:2121")
    assert isinstance(error, socket.gaierror)
    assert str(error) == f"[Errno {socket.EAI_NONAME}] Name or service not known{told}"
    assert "host only" not in str(raised(ftp.connect, "ftp.example.org"))
    assert "host only" not in str(raised(ftp.connect, "fe80::1"))


def test_a_traceback_names_the_class_that_users_know(hostile):
    import traceback

    hostile.replies.update({"AUTH": b"502 no\r\n"})
    error = raised(FTPS(context=client_context(), timeout=10).connect, *hostile.address)
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert text.splitlines()[-1].startswith("ftplib.error_perm: 502 no (")
    assert "in auth" in text and text.count("Traceback") == 1
