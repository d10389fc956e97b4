"""The options of NativeContext, each on real servers: logins, and uploads over data connections of their own."""

from __future__ import annotations

import io
import itertools
import re
import ssl

import pytest
import rftplib
from native_tls.test_ftp import RESUMING as SERVERS
from native_tls.test_ftp import TIMEOUT, Watched, client, content, native, resumes
from servers.layout import PASSWORD, USER, certificate
from servers.tls import KEY_PASSWORD
from support.certificates import VERSIONS

DATA = content(100_000)


def use(server, context, folder, host="127.0.0.1"):
    """Uploads a file. Returns the client, closed by then, with the control connection's `version` and `alpn`."""
    with client(server, context, folder, host=host, cls=Watched) as ftp:
        assert ftp.storbinary("STOR file", io.BytesIO(DATA))[:3] == "226"
        ftp.version, ftp.alpn = ftp.sock.version(), ftp.sock.selected_alpn_protocol()
    assert (folder / "file").read_bytes() == DATA
    assert ftp.resumed == [resumes(server.family, ftp.version[-3:])]
    return ftp


# -- client certificates ---------------------------------------------------------------------------------------------

PARTS = {"key": "client.key", "own": "client.crt", "authority": "ca.crt"}
ORDERS = [" ".join(order) for order in itertools.permutations(PARTS)]
FILES = {
    "two files": {"certfile": "client.crt", "keyfile": "client.key"},
    "encrypted key": {"certfile": "client.crt", "keyfile": "client-encrypted.key", "password": KEY_PASSWORD},
    "pkcs12": {"pkcs12": "client.p12", "password": KEY_PASSWORD},
    "pkcs12, bytes": {"pkcs12": "client.p12", "password": KEY_PASSWORD.encode()},
}


def part(name):
    """The first block of a PEM file."""
    return re.search(r"-----BEGIN.*?-----END.*?-----\n", certificate(name).read_text(), re.DOTALL).group()


@pytest.fixture
def identity(request, tmp_path):
    """The options for one of ORDERS or FILES, or for an encrypted key in the file of the certificate."""
    if request.param in FILES:
        options = FILES[request.param].items()
        return {name: value if name == "password" else certificate(value) for name, value in options}
    path = tmp_path / "client.pem"
    if request.param in ORDERS:
        path.write_text("".join(part(PARTS[name]) for name in request.param.split()))
        return {"certfile": path}
    path.write_text(part("client.crt") + part("client-encrypted.key"))
    return {"certfile": path, "password": KEY_PASSWORD}


def demands():
    """Each identity for one server in one version; two of them for all. The rest is the long tail."""
    for identity in [*ORDERS, *FILES, "encrypted key last"]:
        for name in ("vsftpd-clientcert", "proftpd-clientcert"):
            for version in sorted(VERSIONS):
                chosen = (name, version) == ("vsftpd-clientcert", "1.3") or identity in ("two files", "pkcs12")
                yield pytest.param(name, version, identity, marks=[] if chosen else [pytest.mark.long])


@pytest.mark.parametrize("name, version, identity", list(demands()), indirect=["identity"])
def test_client_certificates(real, folder, name, version, identity):
    use(real(name), native(version, **identity), folder)


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("name", ["vsftpd-clientcert", "proftpd-clientcert"])
def test_without_one_these_servers_refuse(real, folder, name, version):
    with pytest.raises((OSError, rftplib.Error, EOFError)):
        use(real(name), native(version), folder)


# -- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ({}, "TLSv1.3"),
        ({"maximum_version": "TLSv1.2"}, "TLSv1.2"),
        ({"minimum_version": "TLSv1.3"}, "TLSv1.3"),
        pytest.param({"maximum_version": ssl.TLSVersion.TLSv1_2}, "TLSv1.2", marks=pytest.mark.long),
        pytest.param({"minimum_version": "TLSv1.2", "maximum_version": "TLSv1.3"}, "TLSv1.3", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("name", SERVERS)
def test_versions_with_real_servers(real, folder, name, options, version):
    assert use(real(name), native(**options), folder).version == version


@pytest.mark.parametrize("name", SERVERS)
def test_a_version_that_the_servers_refuse(real, name):
    old = native(minimum_version="TLSv1.1", maximum_version="TLSv1.1")
    ftp = rftplib.FTP_TLS(context=old, timeout=TIMEOUT)
    try:
        ftp.connect("127.0.0.1", real(name).port)
        with pytest.raises(ssl.SSLError, match="(?i)protocol|alert internal error"):
            ftp.login(USER, PASSWORD)
        with pytest.raises(OSError):  # no going on in clear text
            ftp.voidcmd("NOOP")
    finally:
        ftp.close()


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
@pytest.mark.parametrize("name", SERVERS)
def test_each_name_of_the_host(real, folder, name, host):
    """The certificate is for all three."""
    if host == "::1":
        name = {"vsftpd": "vsftpd6", "vsftpd-strict": "vsftpd6", "pureftpd": "pureftpd6"}.get(name, name)
    use(real(name), native(), folder, host)


# -- ALPN ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("name", SERVERS)
def test_alpn_with_real_servers(real, folder, name, version):
    """ProFTPD knows it; the others may, in newer versions."""
    server = real(name)
    chosen = use(server, native(version, alpn=["h2", "ftp"]), folder).alpn
    assert chosen == "ftp" or (chosen is None and server.family != "proftpd")


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_alpn_with_nothing_in_common(real, folder, version):
    assert use(real("proftpd"), native(version, alpn=["h2"]), folder).alpn is None
