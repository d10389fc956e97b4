"""The client's side of TLS for the tests. The version is chosen here; every server offers 1.2 and 1.3."""

from __future__ import annotations

import ssl

from .layout import certificate

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
KEY_PASSWORD = "client-pw"  # of client.p12 and client-encrypted*


def client_context(version: str | None = None, verify: bool = True, client: bool = False) -> ssl.SSLContext:
    """A context that trusts the test authority (or, verify=False, anyone); client=True shows the client certificate."""
    context = ssl.create_default_context(cafile=str(certificate("ca.crt")))
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    if client:
        context.load_cert_chain(str(certificate("client.crt")), str(certificate("client.key")))
    return context
