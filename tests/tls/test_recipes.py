"""The recipes that people copy, unchanged, on real servers: every byte arrives, up and down."""

from __future__ import annotations

import io

import pytest
import rftplib
from support import recipes
from support.ftps import EXPLICIT, content

# The recipes that suppress close_notify can't satisfy a server that insists on it.
LENIENT = [name for name in EXPLICIT if name != "vsftpd-strict"]
SIZES = (1, 100_000, 5_000_000)


def named(functions):
    return pytest.mark.parametrize("recipe", functions, ids=lambda function: function.__name__)


@pytest.fixture
def no_unwrap_put_back(monkeypatch):
    monkeypatch.setattr(rftplib, "_SSLSocket", rftplib._SSLSocket)


def transfer(work, recipe):
    # the context that most of them are used with
    ftp = work.client(cls=recipe(rftplib), context=work.endpoint.context(verify=False))
    for size in SIZES:
        data = content(size)
        assert ftp.storbinary(f"STOR up-{size}", io.BytesIO(data)).startswith("226")
        assert (work.path / f"up-{size}").read_bytes() == data
        blocks = []
        assert ftp.retrbinary(f"RETR up-{size}", blocks.append).startswith("226")
        assert b"".join(blocks) == data
    assert len(ftp.nlst()) >= len(SIZES)
    assert ftp.quit().startswith("221")


@named(recipes.SESSION)
def test_session_reuse(work, recipe):
    transfer(work, recipe)


@named(recipes.NO_UNWRAP)
@pytest.mark.servers(*LENIENT)
def test_suppressed_unwrap(work, recipe, no_unwrap_put_back):
    transfer(work, recipe)


@named(recipes.IMPLICIT)
@pytest.mark.servers("vsftpd-implicit", "proftpd-implicit", "pyftpdlib-implicit")
def test_recipes_for_implicit_tls(work, recipe):
    """Two of them know nothing of session reuse: that is rftplib's doing, unasked."""
    transfer(work, recipe)
