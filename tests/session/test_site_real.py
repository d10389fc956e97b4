"""Sites on real servers: implicit TLS, a connection that is lent again and again, names that are no text."""

from __future__ import annotations

import io
import os

import pytest
import rftplib
from rftplib.session import Site, batch
from servers import CATALOGUE
from servers.layout import PASSWORD, USER, certificate
from support.clients import native_context


@pytest.mark.parametrize("name", ["vsftpd-implicit", "proftpd-implicit", "pyftpdlib-implicit"])
@pytest.mark.parametrize("native", [False, True])
def test_a_site_with_implicit_tls(implicit_servers, name, native):
    server = CATALOGUE[name]
    if name in implicit_servers:
        pytest.skip(implicit_servers[name])
    url = f"ftps://{USER}:{PASSWORD}@localhost:{server.port}"
    if native:
        site = Site(url, implicit=True, context=native_context(certificate("ca.crt")))
    else:
        site = Site(f"{url}?cafile={certificate('ca.crt')}", implicit=True)
    with site.open() as ftp:
        assert ftp.pwd() == "/"


@pytest.fixture(scope="module")
def implicit_servers():
    from servers import Session

    session = Session(["vsftpd-implicit", "proftpd-implicit", "pyftpdlib-implicit"], setup=False)
    try:
        yield session.open()
    finally:
        session.close()


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete)
def test_borrowing_on_real_servers(work):
    """Again and again the same connection, whatever is done with it, and none is left behind."""
    endpoint = work.endpoint
    host = f"[{endpoint.host}]" if ":" in endpoint.host else "localhost"
    scheme = "ftp" if endpoint.protection == "plain" else "ftpes"
    context = None if scheme == "ftp" else endpoint.context()
    site = Site(f"{scheme}://{USER}:{PASSWORD}@{host}:{endpoint.port}/{work.name}", context=context)
    content, first = b"0123456789" * 1000, None
    try:
        for number in range(5):
            with site.borrow() as ftp:
                first = first or ftp
                assert ftp is first
                assert ftp.pwd().endswith(work.name)
                ftp.storbinary(f"STOR file{number}", io.BytesIO(content))
                assert ftp.size(f"file{number}") == len(content)
                assert f"file{number}" in ftp.nlst()
                ftp.cwd("/")
            with pytest.raises(rftplib.error_perm):
                with site.borrow() as ftp:
                    ftp.delete("nothing")
    finally:
        site.close()
    assert first.sock is None


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.complete and endpoint.protection in ("plain", "tls1.3"))
def test_names_that_are_no_text_are_kept_byte_for_byte(work):
    """Listed, asked for in a batch, and deleted: a Site has `errors` "surrogateescape" by itself."""
    endpoint = work.endpoint
    name = b"caf\xe9 \xfe"  # 0xff is a command of Telnet's to inetutils and netkit (RFC 854)
    if endpoint.server.python:
        pytest.skip("pyftpdlib's own names are text")
    with open(os.path.join(os.fsencode(work.path), name), "wb") as file:
        file.write(b"12345")
    os.chmod(os.path.join(os.fsencode(work.path), name), 0o666)
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    scheme = "ftp" if endpoint.protection == "plain" else "ftpes"
    context = None if scheme == "ftp" else endpoint.context()
    with Site(f"{scheme}://{USER}:{PASSWORD}@{host}:{endpoint.port}/{work.name}", context=context).open() as ftp:
        (listed,) = (entry for entry in ftp.nlst() if entry not in (".", ".."))
        assert os.fsencode(listed) == name
        ftp.voidcmd("TYPE I")
        assert [reply.text for reply in batch(ftp, [f"SIZE {listed}", f"DELE {listed}"])][0] == "213 5"
    assert os.listdir(os.fsencode(work.path)) == []
