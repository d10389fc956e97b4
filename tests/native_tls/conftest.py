"""The certificates, once a session, and contexts on them."""

from __future__ import annotations

import shutil

import pytest
from rftplib._rftplib import NativeContext

from . import certificates


@pytest.fixture(scope="session")
def certs(tmp_path_factory, missing):
    if shutil.which("openssl") is None:
        missing("the openssl command")
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def trusting(certs):
    """A context that trusts the tests' authority, and nobody else."""
    return NativeContext(cafile=str(certs / "ca.crt"))
