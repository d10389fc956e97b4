"""FTP_TLS: the dialogue, handshakes that fail, protection of data, the ways out of TLS."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl

import pytest
from support.actions import DOWNLOAD, auth_tls, ccc, end_data, half_close, open_data, recv_data, send_data
from support.certificates import CA_FILE, server_context
from support.clients import failing_at_unwrap
from support.harness import same

DONE = b"226 done\r\n"


def trusting():
    context = ssl.create_default_context(cafile=CA_FILE)
    return context


def secure(env, **kw):
    ftp = env.tls(**kw)
    ftp.login("user", "secret")
    return ftp


@pytest.mark.parametrize("debug", [0, 3])
@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_whole_session_over_tls(version, debug):
    def script(lib, env):
        ftp = env.tls(debug=debug, context=trusting())
        env.note(ftp.login("user", "secret", "acct"), ftp.sock.version())
        env.note(ftp.prot_p(), ftp._prot_p)
        env.attempt(ftp.nlst)
        env.attempt(ftp.retrbinary, "RETR x", env.note)
        env.attempt(ftp.storbinary, "STOR x", io.BytesIO(b"up" * 50000))
        env.attempt(ftp.storlines, "STOR x", io.BytesIO(b"one\ntwo"))
        env.attempt(lambda: list(ftp.mlsd()))
        env.attempt(ftp.retrlines, "LIST")
        ftp.set_pasv(False)
        env.attempt(ftp.nlst)
        env.attempt(ftp.storbinary, "STOR x", io.BytesIO(b"active"))
        env.note(ftp.prot_c(), ftp._prot_p)
        env.attempt(ftp.nlst)
        env.attempt(ftp.abort)
        return ftp.quit()

    tls = server_context(minimum_version=ssl.TLSVersion[version], maximum_version=ssl.TLSVersion[version])
    same(script, tls=tls, data=b"one\r\ntwo\r\n")


@pytest.mark.parametrize("secure_argument", [True, False, 0, "yes", None])
def test_login_secure(secure_argument):
    def script(lib, env):
        ftp = env.tls(debug=1)
        env.note(ftp.login("u", "p", "a", secure_argument), isinstance(ftp.sock, ssl.SSLSocket))
        env.attempt(ftp.login, "u", "p")
        env.attempt(ftp.auth)
        return isinstance(ftp.sock, ssl.SSLSocket)

    same(script)


def test_auth_twice_and_ccc_without():
    def script(lib, env):
        ftp = env.tls(debug=2)
        env.attempt(ftp.ccc)
        env.attempt(ftp.auth)
        env.attempt(ftp.auth)
        return ftp.pwd()

    same(script)


@pytest.mark.parametrize(
    "reply",
    [b"502 no\r\n", b"534 policy\r\n", b"331 password?\r\n", b"421 bye\r\n", b"what\r\n", half_close],
    ids=repr,
)
@pytest.mark.parametrize("verb", ["AUTH", "PROT", "CCC"])
def test_tls_commands_that_are_refused(verb, reply):
    def script(lib, env):
        ftp = env.tls(debug=1)
        env.attempt(ftp.login, "u", "p")
        env.attempt(ftp.prot_p)
        env.attempt(ftp.prot_c)
        if verb == "CCC":
            env.attempt(ftp.ccc)
        env.note(ftp._prot_p, isinstance(ftp.sock, ssl.SSLSocket))

    same(script, {verb: reply})


def test_a_version_from_before_tls():
    """An attribute that ftplib's auth() looks at up to Python 3.11: AUTH SSL."""

    def script(lib, env):
        ftp = env.tls(debug=1)
        ftp.ssl_version = 1  # PROTOCOL_SSLv3
        env.attempt(ftp.auth)
        return ftp.pwd()

    same(script)


def test_prot_p_on_a_clear_control_connection():
    def script(lib, env):
        ftp = env.tls()
        lib.FTP.login(ftp)
        ftp.prot_p()
        env.note(ftp.sock)
        with ftp.transfercmd("LIST") as conn:
            env.note(conn, conn.context is ftp.context, conn.recv(100))
            conn.unwrap()
        return ftp.voidresp()

    same(script)


def test_ccc_and_after():
    def script(lib, env):
        ftp = secure(env, debug=2)
        before = ftp.sock
        env.note(ftp.ccc(), ftp.sock is before, isinstance(ftp.sock, ssl.SSLSocket))
        env.attempt(ftp.pwd)
        env.attempt(ftp.sock.unwrap)
        env.attempt(ftp.ccc)
        return ftp.pwd()

    # The second CCC is answered in clear text; its unwrap then finds no TLS.
    same(script, {"CCC": [ccc, b"533 again?\r\n"]})


@pytest.mark.parametrize(
    "case",
    [
        "default",
        "trusting",
        "untrusting",
        "wrong-name",
        "old-protocol",
        "no-common-cipher",
        "name-from-attribute",
        "name-none",
    ],
)
def test_verification(case):
    def script(lib, env):
        context = {
            "default": lambda: None,
            "untrusting": ssl.create_default_context,
            "old-protocol": lambda: limited(maximum_version=ssl.TLSVersion.TLSv1_2),
        }.get(case, trusting)()
        if case == "no-common-cipher":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")  # the server's key is no RSA key
        ftp = env.tls(context=context)
        env.note(ftp.context.check_hostname, ftp.context.verify_mode.name)
        if case in ("wrong-name", "name-from-attribute", "name-none"):
            ftp.host = {"wrong-name": "wrong.example", "name-from-attribute": "localhost", "name-none": None}[case]
        env.attempt(ftp.auth)
        env.note(ftp.sock.fileno() == -1, isinstance(ftp.sock, ssl.SSLSocket))
        if isinstance(ftp.sock, ssl.SSLSocket):
            env.note(ftp.sock.server_hostname)
            ftp.prot_p()
            env.attempt(ftp.nlst)

    def limited(**settings):
        context = trusting()
        for name, value in settings.items():
            setattr(context, name, value)
        return context

    tls = server_context(minimum_version=ssl.TLSVersion.TLSv1_3) if case == "old-protocol" else None
    # A failed handshake may be left half written: what the server got of it is no command.
    same(script, {"AUTH": hide_handshake}, tls=tls)


def hide_handshake(session):
    try:
        auth_tls(session)
    except ssl.SSLError:
        session.received[:] = b"AUTH TLS\r\n"
        raise


def cut_without_notify(session):
    """End a TLS data connection by FIN alone, as some servers do."""
    conn = session.open_data()
    conn.sendall(b"one\r\ntwo\r\n")
    socket.socket.shutdown(conn, socket.SHUT_WR)


def plain_data(session):
    session.open_data(tls=False).sendall(b"this is no TLS record, is it?\r\n")
    session.end_data()  # the client may have hung up by then


def closed_data(session):
    session.open_data(tls=False)
    session.end_data()


DATA = {
    "plain": (b"150 ok\r\n", plain_data, DONE),
    "closed": (b"150 ok\r\n", closed_data, b"522 session reuse required\r\n"),
    "425": b"425 no\r\n",
    "522": b"522 session reuse required\r\n",
    "empty": (b"150 ok\r\n", open_data, end_data, DONE),
    "large": (b"150 ok\r\n", send_data(b"x" * 200000 + b"\r\n"), DONE),
    "lines": (b"150 ok\r\n", send_data(b"line\r\n" * 20000), DONE),
    "lone-cr": (b"150 ok\r\n", send_data(b"a\rb\r\nc"), DONE),
    "bad-utf8": (b"150 ok\r\n", send_data(b"a\r\n\xff\r\n"), DONE),
    "426": (b"150 ok\r\n", send_data(b"half"), b"426 cut\r\n"),
}


@pytest.mark.parametrize("reader", ["nlst", "retrlines", "retrbinary"])
@pytest.mark.parametrize("case", DATA)
def test_protected_download(case, reader):
    def script(lib, env):
        ftp = secure(env)
        ftp.prot_p()
        blocks = []
        if reader == "nlst":
            env.attempt(ftp.nlst)
        else:
            env.attempt(getattr(ftp, reader), "RETR x", blocks.append)
        env.note(b"".join(blocks) if reader == "retrbinary" else len(blocks))
        env.attempt(ftp.getresp)

    reply = DATA[case]
    reply = (*reply, b"226 spare\r\n") if isinstance(reply, tuple) else (reply, b"226 spare\r\n")
    same(script, {"RETR": reply, "NLST": reply})


@pytest.mark.parametrize("method", ["storbinary", "storlines"])
@pytest.mark.parametrize("size", [0, 1, 16384, 16385, 60000])
def test_protected_upload(method, size):
    def script(lib, env):
        ftp = secure(env)
        ftp.prot_p()
        return getattr(ftp, method)(
            "STOR x", io.BytesIO(b"x" * size if method == "storbinary" else b"line\n" * (size // 5))
        )

    same(script, {"STOR": (b"150 ok\r\n", recv_data, DONE)})


@pytest.mark.parametrize("method", ["retrbinary", "retrlines", "storbinary", "storlines"])
def test_callback_that_raises(method):
    def script(lib, env):
        ftp = secure(env)
        ftp.prot_p()

        def callback(block):
            raise ZeroDivisionError

        if method.startswith("retr"):
            env.attempt(getattr(ftp, method), "RETR x", callback)
        else:
            env.attempt(getattr(ftp, method), "STOR x", io.BytesIO(b"one\n"), callback=callback)
        env.attempt(ftp.voidresp)

    same(script)


@pytest.mark.parametrize("value", [None, ssl.SSLSocket, socket.socket, (), int])
@pytest.mark.parametrize("protected", [True, False])
def test_ssl_socket_of_the_module_decides_on_unwrap(value, protected, monkeypatch):
    def script(lib, env):
        calls = []

        class Client(lib.FTP_TLS):
            def ntransfercmd(self, cmd, rest=None):
                conn, size = super().ntransfercmd(cmd, rest)
                if isinstance(conn, ssl.SSLSocket):
                    conn.unwrap = lambda: calls.append(cmd)
                return conn, size

        ftp = secure(env, cls=Client)
        if protected:
            ftp.prot_p()
        with monkeypatch.context() as patch:
            patch.setattr(lib, "_SSLSocket", value)
            env.attempt(ftp.nlst)
            env.attempt(ftp.retrbinary, "RETR x", lambda block: None)
            env.attempt(ftp.storbinary, "STOR x", io.BytesIO(b"x"))
            env.attempt(ftp.storlines, "STOR x", io.BytesIO(b"x"))
        return calls

    def drop(session):
        """The data connection ends without a word: nobody unwraps."""
        conn = session.open_data()
        with contextlib.suppress(ConnectionError):  # a close with unread session tickets is a reset
            if session.line[:4] == "STOR":
                while conn.recv(65536):
                    pass
            else:
                conn.sendall(b"one\r\n")
        with contextlib.suppress(OSError):
            socket.socket.shutdown(conn, socket.SHUT_WR)

    verbs = dict.fromkeys(["NLST", "RETR", "STOR"], (b"150 ok\r\n", drop, DONE))
    same(script, verbs)


UNWRAP = [OSError(5, "mine"), ValueError("mine"), ssl.SSLError(1, "mine"), ssl.SSLCertVerificationError(1, "mine")]


@pytest.mark.parametrize("error", UNWRAP, ids=repr)
def test_unwrap_that_raises(error):
    """Whatever isn't merely an irregular end is raised, the reply stays unread."""

    def script(lib, env):
        ftp = secure(env, cls=failing_at_unwrap(lib.FTP_TLS, error))
        ftp.prot_p()
        env.attempt(ftp.nlst)
        env.attempt(ftp.voidresp)

    same(script, {"NLST": (b"150 ok\r\n", cut_without_notify, DONE)})


def test_context_and_attributes():
    def script(lib, env):
        context = trusting()
        ftp = env.unconnected(lib.FTP_TLS, context=context)
        env.note(ftp.context is context, list(vars(ftp)))
        default = lib.FTP_TLS().context
        env.note(default.verify_mode.name, default.check_hostname, default.protocol.name, default.minimum_version.name)
        env.note(default.options, default.verify_flags)
        ftp.context = trusting()
        ftp.connect(env.host, env.port)
        ftp.auth()
        return ftp.sock.context is ftp.context

    same(script)


def test_prot_p_is_read_at_each_transfer():
    def script(lib, env):
        ftp = secure(env)
        for value in (True, False, 1, 0, None):
            ftp._prot_p = value
            conn, _ = ftp.ntransfercmd("LIST") if not value else (None, None)
            if conn is not None:
                env.note(conn, conn.recv(100))
                conn.close()
                env.attempt(ftp.voidresp)

    same(script, {"LIST": DOWNLOAD})


@pytest.mark.parametrize(
    "reply", [b"225 ok\r\n", b"426 cut\r\n", b"500 no\r\n", b"226-a\r\n226 b\r\n", half_close], ids=repr
)
def test_abort_is_no_urgent_data(reply):
    def script(lib, env):
        ftp = secure(env, debug=2)
        env.attempt(ftp.abort)
        env.note(ftp.lastresp)

    same(script, {"ABOR": reply})
