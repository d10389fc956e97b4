"""PySocks, in the two ways that people use it with ftplib, and by socket_factory.

In child processes, because one of them changes the socket module.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from integrations.conftest import DATA
from integrations.socks_server import Proxy

# The whole process goes through the proxy.
WRAP = """\
import socks
socks.set_default_proxy(socks.SOCKS5, "127.0.0.1", port)
import ftplib
socks.wrap_module(ftplib)
FTP, FTP_TLS = ftplib.FTP, ftplib.FTP_TLS
"""
# Some connections do.
SUBCLASS = """\
import ftplib
import socks

class SocksMixin:
    def connect(self, host="", port=0, timeout=-999, source_address=None):
        self.host, self.port, self.timeout = host, port, timeout
        self.sock = self.open((host, port))
        self.af = self.sock.family
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def open(self, address):
        return socks.create_connection(
            address, self.timeout, proxy_type=socks.SOCKS5, proxy_addr="127.0.0.1", proxy_port=port
        )

    def ntransfercmd(self, cmd, rest=None):
        host, port = self.makepasv()
        conn = self.open((self.host, port))
        if rest is not None:
            self.sendcmd("REST %s" % rest)
        resp = self.sendcmd(cmd)
        assert resp[0] == "1"
        if getattr(self, "_prot_p", False):
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        return conn, None

class FTP(SocksMixin, ftplib.FTP):
    pass

class FTP_TLS(SocksMixin, ftplib.FTP_TLS):
    pass
"""
# As docs/options.md has it.
FACTORY = """\
import ftplib
import socks

def through_socks(address, timeout, source_address=None):
    return socks.create_connection(
        address, timeout, source_address, proxy_type=socks.SOCKS5, proxy_addr="127.0.0.1", proxy_port=port
    )

class FTP(ftplib.FTP):
    socket_factory = staticmethod(through_socks)

class FTP_TLS(ftplib.FTP_TLS):
    socket_factory = staticmethod(through_socks)
"""
MAIN = """\
import io, json, sys
settings = json.loads(sys.argv[1])
port = settings["proxy"]
exec(settings["recipe"])
assert ftplib.__name__ == "rftplib"
ftp = (FTP_TLS if settings["tls"] else FTP)(timeout=20)
ftp.connect(settings["host"], settings["port"], 20)
assert isinstance(ftp.sock, socks.socksocket) or settings["tls"], type(ftp.sock)
ftp.login(settings["user"], settings["password"])
if settings["tls"]:
    ftp.prot_p()
ftp.cwd(settings["folder"])
received = io.BytesIO()
ftp.retrbinary("RETR file", received.write)
ftp.storbinary("STOR copy", io.BytesIO(received.getvalue()))
assert "copy" in ftp.nlst()
ftp.quit()
"""


@pytest.mark.parametrize("recipe", [WRAP, SUBCLASS, FACTORY], ids=["wrap_module", "subclass", "factory"])
@pytest.mark.parametrize(
    ("name", "tls"),
    [("pyftpdlib", False), ("vsftpd", False), ("pyftpdlib", True), ("vsftpd", True)],
    ids=["pyftpdlib", "vsftpd", "pyftpdlib-tls", "vsftpd-tls"],
)
def test_every_connection_goes_through_the_proxy(area_on, tmp_path, recipe, name, tls):
    area = area_on(name)
    area.put("file", DATA)
    script = tmp_path / "script.py"
    script.write_text(MAIN)
    with Proxy() as proxy:
        settings = dict(recipe=recipe, tls=tls, proxy=proxy.port, host=area.host, port=area.port, folder=area.name)
        settings.update(user=area.user, password=area.password)
        command = [sys.executable, "-m", "rftplib.run", str(script), json.dumps(settings)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert area.get("copy") == DATA
    # the control connection and one for each transfer
    assert proxy.tunnels[0] == (area.host, area.port)
    assert [host for host, _ in proxy.tunnels] == [area.host] * 4
