"""What ftp:// is for fsspec while rftplib is in ftplib's place; see rftplib.install()."""

from rftplib import fs


class FTPFileSystem(fs.FTPFileSystem):
    """rftplib.fs.FTPFileSystem with the options of fsspec's own class of that name."""

    protocol = "ftp"

    def __init__(self, host, port=21, username=None, password=None, *, timeout=30, tls=False, tempdir=None, **options):
        """tls: true for TLS by AUTH, a text for TLS from the first byte, verified in both cases. tempdir: not used."""
        if tls:
            self._scheme = "ftps"
            options.setdefault("implicit", isinstance(tls, str))
        options.setdefault("timeouts", timeout)
        super().__init__(host, port, username, password, **options)
