"""Every check on every server set-up, in TLS 1.2 and 1.3, over IPv4 and IPv6."""

from __future__ import annotations

from tls.checks import CHECKS


def test_check(work, check):
    CHECKS[check][0](work)
