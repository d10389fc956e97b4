"""The certificates, once a session, contexts on them, and the real servers."""

from __future__ import annotations

import shutil
import uuid

import pytest
from rftplib.tls import NativeContext
from servers import CATALOGUE
from servers.layout import home
from support import certificates
from support.needed import need, running


@pytest.fixture(scope="session")
def certs():
    """Where the certificates are: NAME.crt, NAME.key, NAME.pem."""
    return certificates.folder()


@pytest.fixture(scope="session")
def trusting(certs):
    """A context that trusts the tests' authority, and nobody else."""
    return NativeContext(cafile=str(certs / "ca.crt"))


@pytest.fixture(params=sorted(certificates.VERSIONS))
def context(certs, request):
    """A server's, in each version of TLS."""
    return certificates.server_context(version=request.param)


@pytest.fixture
def connect(trusting):
    """connect(server): a TLS connection of NativeContext's to it."""

    def connect(server, timeout=20, **keywords):
        return trusting.wrap_socket(server.connect(timeout), server_hostname="localhost", **keywords)

    return connect


NAMES = ["vsftpd", "vsftpd6", "vsftpd-noreuse", "vsftpd-strict", "vsftpd-clientcert"]
NAMES += ["proftpd", "proftpd-noreuse", "proftpd-clientcert", "pureftpd", "pureftpd6", "pyftpdlib"]


@pytest.fixture(scope="session")
def unavailable():
    """Why a real server can't be had: {name: reason}. Those that can are up as long as the session lasts."""
    with running(NAMES) as reasons:
        yield reasons


@pytest.fixture
def real(unavailable):
    """name -> that real server, or a skip with the reason; a failure where it must be had."""

    def real(name):
        need(CATALOGUE[name], unavailable)
        return CATALOGUE[name]

    return real


@pytest.fixture(autouse=True)
def nothing_left(no_descriptor_left):
    """Of every test here."""


@pytest.fixture
def folder():
    """A fresh folder on the server, as it is on disk."""
    path = home() / f"t-{uuid.uuid4().hex}"
    path.mkdir()
    path.chmod(0o777)  # the server writes as another user than we
    yield path
    shutil.rmtree(path)
