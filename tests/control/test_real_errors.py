"""What goes wrong on real servers: the error is ftplib's, nothing leaks, and the object still works."""

from __future__ import annotations

import ftplib
import io

import pytest
import rftplib
from support.ports import REFUSING

# The address family matters to connections only: test_transfers has both.
pytestmark = pytest.mark.endpoints(where=lambda endpoint: not endpoint.ipv6)
complete = pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)


def still_works(ftp, work) -> None:
    ftp.storbinary("STOR after", io.BytesIO(b"still works"))
    assert (work.path / "new" / "after").read_bytes() == b"still works"
    received: list[bytes] = []
    ftp.retrbinary("RETR after", received.append)
    assert received == [b"still works"]
    assert ftp.pwd().endswith("/new")


REFUSED = [
    lambda ftp: ftp.retrbinary("RETR missing", lambda block: None),
    lambda ftp: ftp.retrlines("RETR missing", lambda line: None),
    lambda ftp: ftp.storbinary("STOR missing/below", io.BytesIO(b"x")),
    lambda ftp: ftp.storlines("STOR missing/below", io.BytesIO(b"x")),
    lambda ftp: ftp.delete("missing"),
    lambda ftp: ftp.cwd("missing"),
    lambda ftp: ftp.rmd("missing"),
    lambda ftp: ftp.size("missing"),
    lambda ftp: ftp.mkd("missing/below"),
    lambda ftp: ftp.mkd("."),
    lambda ftp: ftp.rename("missing", "other"),
    lambda ftp: ftp.sendcmd("NONSENSE"),
    lambda ftp: ftp.voidcmd("TYPE X"),
]


@complete
def test_what_real_servers_refuse(work, pair):
    for number, call in enumerate(REFUSED):
        error = pair.same(lambda ftp, number, call=call: call(ftp), number)
        assert isinstance(error, (rftplib.error_perm, rftplib.error_temp)), number
    still_works(pair.new, work)


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.family != "pureftpd")  # it makes one wait 5 s
def test_wrong_password(endpoint):
    def login(module):
        with module.FTP() as ftp:
            ftp.connect(endpoint.host, endpoint.port, timeout=20)
            with pytest.raises(module.error_perm) as raised:
                ftp.login(endpoint.user, "wrong")
            return raised.value.args

    assert login(rftplib) == login(ftplib)


@complete
def test_not_logged_in(endpoint):
    def list_files(module):
        with module.FTP() as ftp:
            ftp.connect(endpoint.host, endpoint.port, timeout=20)
            with pytest.raises(module.Error) as raised:
                ftp.nlst()
            return type(raised.value), raised.value.args

    assert list_files(rftplib) == list_files(ftplib)


def test_anonymous_may_read_only(endpoint):
    def visit(module):
        with module.FTP() as ftp:
            ftp.connect(endpoint.host, endpoint.port, timeout=20)
            assert ftp.login().startswith("230")
            received: list[bytes] = []
            ftp.retrbinary("RETR pub/hello.txt", received.append)
            with pytest.raises(module.error_perm):
                ftp.storbinary("STOR pub/not-allowed", io.BytesIO(b"x"))
            return received

    assert visit(rftplib) == visit(ftplib) == [b"hello\n"]


class Stop(Exception):
    pass


def test_callback_raises(work, endpoint):
    """The data connection is closed; the reply to it is still to be read, as with ftplib."""
    work.put("down", b"x" * 200_000)
    ftp = work.client()

    def stop(block):
        raise Stop

    with pytest.raises(Stop):
        ftp.retrbinary("RETR down", stop)
    ftp.close()
    assert ftp.sock is None
    still_works(work.client(), work)


def test_source_raises(work, ftp):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= 50_000:
                raise Stop
            return super().read(size)

    with pytest.raises(Stop):
        ftp.storbinary("STOR up", Broken(b"x" * 100_000))
    assert ftp.voidresp().startswith("2")  # the server can't tell an early end from the end
    still_works(ftp, work)


def test_connection_refused(no_descriptor_left):
    for module in (rftplib, ftplib):
        ftp = module.FTP()
        with pytest.raises(ConnectionRefusedError):
            ftp.connect("127.0.0.1", REFUSING, timeout=5)
        assert ftp.sock is None
        ftp.close()
