"""fsspec's own tests of what a filesystem does, on four servers."""

from __future__ import annotations

import os

import pytest
from fsspec.tests import abstract

DAILY = ("vsftpd-ipv4-plain", "proftpd-ipv4-plain")


class FTPFixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, work):
        return work.fs(auto_mkdir=True)

    @pytest.fixture
    def fs_path(self, work):
        return work.root

    @pytest.fixture
    def fs_join(self):
        return lambda *parts: "/".join(parts)

    @pytest.fixture
    def local_path(self, tmp_path):
        return os.fspath(tmp_path)


class TestCopy(abstract.AbstractCopyTests, FTPFixtures):
    pass


class TestGet(abstract.AbstractGetTests, FTPFixtures):
    pass


class TestPut(abstract.AbstractPutTests, FTPFixtures):
    pass


class TestOpen(getattr(abstract, "AbstractOpenTests", object), FTPFixtures):
    pass


class TestPipe(getattr(abstract, "AbstractPipeTests", object), FTPFixtures):
    pass
