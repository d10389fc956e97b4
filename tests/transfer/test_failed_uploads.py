"""An upload that the server breaks off: what it says of that is raised, and not what the connection says."""

from __future__ import annotations

import ftplib
import io
import os
import time

import pytest
from rftplib import _lenient
from support.actions import close, open_data
from support.clients import connect
from support.scripted_server import Server
from support.uploads import UP, abort_upload, end_upload, large_file

pytestmark = pytest.mark.skipif(
    os.environ.get("RFTPLIB_NATIVE") == "0", reason="the loops in Python raise what the connection says"
)

LONG = 50.0  # a timeout that no test waits for


ENDS = {"fin": end_upload, "rst": abort_upload}


@pytest.mark.parametrize("kind", ["plain", "ssl"])
@pytest.mark.parametrize("way", UP)
@pytest.mark.parametrize("end", ENDS)
def test_the_reply_says_why_an_upload_has_failed(end, way, kind):
    with Server({"STOR": (b"150 x\r\n", ENDS[end], b"552 quota exceeded\r\n")}) as server, large_file() as file:
        ftp = connect(server, kind, LONG)
        with pytest.raises(ftplib.error_perm, match="552 quota exceeded"):
            UP[way](ftp, file)
        assert ftp.pwd() == "/home"
        ftp.quit()


@pytest.mark.parametrize("kind", ["plain", "ssl"])
def test_it_may_come_a_little_later(kind):
    with Server(
        {"STOR": (b"150 x\r\n", abort_upload, lambda session: time.sleep(0.2), b"451 local error\r\n")}
    ) as server:
        ftp = connect(server, kind, LONG)
        with pytest.raises(ftplib.error_temp, match="451 local error"):
            UP["memory"](ftp, None)
        assert ftp.pwd() == "/home"
        ftp.quit()


@pytest.mark.parametrize("reply", [b"226 fine\r\n", b"", close], ids=["226", "none", "closed"])
def test_where_it_says_nothing_of_the_kind_the_error_is_raised(reply, monkeypatch):
    monkeypatch.setattr(_lenient, "REASON", 0.2 if reply == b"" else LONG)
    with Server({"STOR": (b"150 x\r\n", abort_upload, reply)}) as server:
        ftp = connect(server, "plain", LONG)
        with pytest.raises(ConnectionError):
            UP["memory"](ftp, None)
        if reply == b"226 fine\r\n":
            assert ftp.getresp() == "226 fine"  # left unread, as by ftplib
        ftp.close()


def test_an_error_of_the_file_is_its_own():
    class Source(io.BytesIO):
        def read(self, size=-1):
            raise OSError("the file's own")

    with Server({"STOR": (b"150 x\r\n", open_data, b"451 no\r\n")}) as server:
        ftp = connect(server, "plain", LONG)
        with pytest.raises(OSError, match="the file's own"):
            ftp.storbinary("STOR x", Source())
        ftp.close()
