"""Tests in the clear, under TLS by `ssl`, and by NativeContext; and of every kind of transfer that may have to wait.

Apart from `clients`, which processes of their own need in a hurry: without pytest.
"""

from __future__ import annotations

import pytest
from support.clients import CHOSEN, KINDS, TRANSFERS

ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
TLS_KINDS = pytest.mark.parametrize("kind", KINDS[1:])
ALL_TRANSFERS = pytest.mark.parametrize("transfer", TRANSFERS)


def _pairs():
    for kind in KINDS:
        for transfer in TRANSFERS:
            yield pytest.param(kind, transfer, marks=[] if transfer in CHOSEN[kind] else [pytest.mark.long])


PAIRS = pytest.mark.parametrize("kind, transfer", list(_pairs()))
