"""Servers that demand the resumption of TLS sessions, as vsftpd and ProFTPD do by default: refused, and explained."""

from __future__ import annotations

import io

import pytest
import rftplib

from .support import VERSIONS
from .test_ftp import PASSWORD, TIMEOUT, USER, content, native


def upload(ftp):
    ftp.storbinary("STOR refused", io.BytesIO(content(2_000_000)))


def download(ftp):
    ftp.retrbinary("RETR file", lambda block: None)


def listing(ftp):
    ftp.nlst()


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("transfer", [upload, download, listing])
@pytest.mark.parametrize("name", ["vsftpd", "proftpd"])
def test_a_server_that_demands_session_reuse(real, folder, name, transfer, version):
    (folder / "file").write_bytes(content(2_000_000))
    (folder / "file").chmod(0o666)
    ftp = rftplib.FTP_TLS(context=native(version), timeout=TIMEOUT)
    try:
        ftp.connect("127.0.0.1", real(name).port)
        ftp.login(USER, PASSWORD)
        ftp.prot_p()
        ftp.cwd(folder.name)
        with pytest.raises(rftplib.all_errors) as caught:
            transfer(ftp)
    finally:
        ftp.close()
    text = str(caught.value)
    assert "can't resume TLS sessions" in text
    assert "use an ssl.SSLContext" in text
