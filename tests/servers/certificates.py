"""Make the certificates that the FTPS tests need. Run by the servers' own environment: certificates.py FOLDER

ca.crt                the test authority; sign, and let clients trust, only this one
server.*              for localhost, 127.0.0.1 and ::1: what the servers show
expired.* wronghost.* signed by the authority, but out of date, or for another name
unknown.*             right in all but its authority, which nobody trusts (unknown-ca.crt)
client.*              for client authentication; client.p12 holds key and certificate

NAME.crt is the certificate followed by its authority's, NAME.key the key, NAME.pem both. client-encrypted.key and
client.p12 are closed with KEY_PASSWORD.
"""

from __future__ import annotations

import datetime
import ipaddress
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_PASSWORD = b"client-pw"
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
LOOPBACK = (
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
)


def _key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*allowed: str) -> x509.KeyUsage:
    names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
    names += " key_cert_sign crl_sign"
    return x509.KeyUsage(encipher_only=False, decipher_only=False, **{name: name in allowed for name in names.split()})


def _build(subject, key, issuer, issuer_key, first=NOW - DAY, last=NOW + 3650 * DAY):
    # Python 3.13 checks strictly (VERIFY_X509_STRICT): key identifiers must be there.
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(identifier, critical=False)
    )


class Authority:
    def __init__(self, common: str) -> None:
        self.key, self.name = _key(), _name(common)
        builder = _build(self.name, self.key, self.name, self.key, first=NOW - 60 * DAY)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())

    def leaf(self, common: str, names, purpose=ExtendedKeyUsageOID.SERVER_AUTH, **dates):
        key = _key()
        builder = _build(_name(common), key, self.name, self.key, **dates)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage("digital_signature", "key_encipherment"), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return key, builder.sign(self.key, hashes.SHA256())


def _private(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.chmod(0o600)  # ProFTPD and Pure-FTPd refuse a key that others can read
    path.write_bytes(content)


def _save(folder: Path, name: str, key, certificate, authority: Authority) -> None:
    chain = certificate.public_bytes(Encoding.PEM) + authority.certificate.public_bytes(Encoding.PEM)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.crt").write_bytes(chain)
    _private(folder / f"{name}.key", private)
    _private(folder / f"{name}.pem", private + chain)


def main(folder: Path) -> None:
    authority, stranger = Authority("rftplib test authority"), Authority("rftplib unknown authority")
    (folder / "ca.crt").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    (folder / "unknown-ca.crt").write_bytes(stranger.certificate.public_bytes(Encoding.PEM))
    _save(folder, "server", *authority.leaf("localhost", LOOPBACK), authority)
    _save(folder, "expired", *authority.leaf("localhost", LOOPBACK, first=NOW - 30 * DAY, last=NOW - DAY), authority)
    _save(folder, "wronghost", *authority.leaf("wrong.example", [x509.DNSName("wrong.example")]), authority)
    _save(folder, "unknown", *stranger.leaf("localhost", LOOPBACK), stranger)

    names = [x509.RFC822Name("client@example.org")]
    key, certificate = authority.leaf("rftplib test client", names, ExtendedKeyUsageOID.CLIENT_AUTH)
    _save(folder, "client", key, certificate, authority)
    closed = BestAvailableEncryption(KEY_PASSWORD)
    _private(folder / "client-encrypted.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, closed))
    bundle = pkcs12.serialize_key_and_certificates(b"client", key, certificate, [authority.certificate], closed)
    _private(folder / "client.p12", bundle)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
