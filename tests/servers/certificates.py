"""The certificates of all tests, by trustme: made for each run (support.certificates), and once for the real servers,
by their own environment: python -m servers.certificates FOLDER

ca.crt                the test authority; let clients trust only this one
server.*              for localhost, 127.0.0.1 and ::1: what the servers show
expired.* wronghost.* signed by the authority, but out of date, or for another name
unknown.*             right in all but its authority, which nobody trusts (unknown-ca.crt)
client.* client-ec.*  for client authentication, with an RSA and an EC key
client-*              the client's in every other form that people have it in

NAME.crt is the certificate, NAME.key its key (PKCS#8), NAME.pem both. What is encrypted is closed with KEY_PASSWORD.
"""

from __future__ import annotations

import datetime
import sys
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

from .tls import KEY_PASSWORD

LOOPBACK = ("localhost", "127.0.0.1", "::1")
CLIENT = "client@example.org"
PAST = datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
RSA, EC = trustme.KeyType.RSA, trustme.KeyType.ECDSA
CLOSED = BestAvailableEncryption(KEY_PASSWORD.encode())


def make(folder: Path, kind: trustme.KeyType = EC) -> None:
    """kind: of the authorities' and the servers' keys."""
    authority, unknown = trustme.CA(key_type=kind), trustme.CA(key_type=kind)
    authority.cert_pem.write_to_path(folder / "ca.crt")
    unknown.cert_pem.write_to_path(folder / "unknown-ca.crt")
    save(folder, "server", authority.issue_cert(*LOOPBACK, common_name="localhost", key_type=kind))
    save(folder, "expired", authority.issue_cert(*LOOPBACK, not_after=PAST, key_type=kind))
    save(folder, "wronghost", authority.issue_cert("wrong.example", key_type=kind))
    save(folder, "unknown", unknown.issue_cert(*LOOPBACK, key_type=kind))
    key = save(folder, "client", authority.issue_cert(CLIENT, common_name="client", key_type=RSA))
    _forms(folder, key)
    key = save(folder, "client-ec", authority.issue_cert(CLIENT, common_name="client-ec", key_type=EC))
    _write(folder / "client-sec1.key", _pem(key, PrivateFormat.TraditionalOpenSSL))


def save(folder: Path, name: str, leaf: trustme.LeafCert):
    """Write NAME.crt, NAME.key and NAME.pem; returns the key."""
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    certificate = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    _write(folder / f"{name}.crt", certificate)
    _write(folder / f"{name}.key", _pem(key))
    _write(folder / f"{name}.pem", _pem(key) + certificate)
    return key


def _forms(folder: Path, key) -> None:
    own, authority = (folder / "client.crt").read_bytes(), (folder / "ca.crt").read_bytes()
    closed, traditional = _pem(key, encryption=CLOSED), PrivateFormat.TraditionalOpenSSL
    _write(folder / "client-pkcs1.key", _pem(key, traditional))
    _write(folder / "client-encrypted-pkcs1.key", _pem(key, traditional, CLOSED))
    _write(folder / "client-encrypted.key", closed)
    _write(folder / "client-encrypted.pem", closed + own)
    # the authority's certificate first, the client's own behind it, its key last
    _write(folder / "client-last.pem", authority + b"\nnoise\n" + own + _pem(key))
    first, *others = (x509.load_pem_x509_certificate(pem) for pem in (own, authority))
    for name, encryption in (("client", CLOSED), ("client-open", NoEncryption())):
        bundle = pkcs12.serialize_key_and_certificates(b"client", key, first, others, encryption)
        _write(folder / f"{name}.p12", bundle)


def _pem(key, form=PrivateFormat.PKCS8, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def _write(path: Path, content: bytes) -> None:
    path.touch(0o600)  # ProFTPD and Pure-FTPd refuse a key that others can read
    path.write_bytes(content)


if __name__ == "__main__":
    make(Path(sys.argv[1]), RSA)  # as most servers have
