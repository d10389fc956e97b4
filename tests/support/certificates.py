"""The certificates of the tests: an authority, leaves of all kinds, a client's identities; made anew for each run.

NAME.crt is the certificate, NAME.key its key (PKCS#8), NAME.pem both. Child processes find them by the environment.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import os
import pathlib
import shutil
import ssl
import tempfile

WHERE = "RFTPLIB_TEST_CERTIFICATES"
PASSWORD = "client-pw"  # of the client's encrypted keys
LOOPBACK = ("localhost", "127.0.0.1", "::1")
CLIENT = "client@example.org"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def folder() -> pathlib.Path:
    """Where the server's certificates lie; they are made at the first call in a run."""
    if WHERE not in os.environ:
        made = tempfile.mkdtemp(prefix="rftplib-certificates-")
        atexit.register(_remove, made, os.getpid())
        _make(pathlib.Path(made))
        os.environ[WHERE] = made
    return pathlib.Path(os.environ[WHERE])


def server_context(name="server", version=None, client_ca=False, **settings):
    """A server's context that shows the leaf `name`; `client_ca`: it demands a certificate of our authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder() / f"{name}.pem")
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS.get(version, version)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder() / "ca.crt")
    for setting, value in settings.items():
        setattr(context, setting, value)
    return context


def client_context(version=None, cafile=None):
    """A client's context that trusts our authority, and nobody else."""
    context = ssl.create_default_context(cafile=cafile or folder() / "ca.crt")
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS.get(version, version)
    return context


def _remove(made, process):
    if os.getpid() == process:  # and no fork of it
        shutil.rmtree(made, ignore_errors=True)


def _write(made, name, leaf):
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    certificate = b"".join(blob.bytes() for blob in leaf.cert_chain_pems)
    (made / f"{name}.crt").write_bytes(certificate)
    (made / f"{name}.key").write_bytes(_pem(key))
    (made / f"{name}.pem").write_bytes(_pem(key) + certificate)
    return key


def _pem(key, traditional=False, password=None):
    from cryptography.hazmat.primitives import serialization as form

    kind = form.PrivateFormat.TraditionalOpenSSL if traditional else form.PrivateFormat.PKCS8
    encryption = form.BestAvailableEncryption(password.encode()) if password else form.NoEncryption()
    return key.private_bytes(form.Encoding.PEM, kind, encryption)


def _make(made):
    import trustme

    ours, stranger = trustme.CA(), trustme.CA()
    for name, authority in (("ca", ours), ("stranger", stranger)):
        authority.cert_pem.write_to_path(made / f"{name}.crt")
    past = datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
    _write(made, "server", ours.issue_cert(*LOOPBACK, common_name="localhost"))
    _write(made, "expired", ours.issue_cert(*LOOPBACK, not_after=past))
    _write(made, "elsewhere", ours.issue_cert("elsewhere.example"))
    _write(made, "unknown", stranger.issue_cert(*LOOPBACK))
    rsa, ec = trustme.KeyType.RSA, trustme.KeyType.ECDSA
    client = ours.issue_cert(CLIENT, common_name="client", key_type=rsa)
    _identities(made, _write(made, "client", client), client, ours)
    key = _write(made, "client-ec", ours.issue_cert(CLIENT, common_name="client-ec", key_type=ec))
    (made / "client-sec1.key").write_bytes(_pem(key, traditional=True))


def _identities(made, key, leaf, authority):
    """The client's key in every form that people have it in."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

    own, ca = (made / "client.crt").read_bytes(), (made / "ca.crt").read_bytes()
    encrypted = _pem(key, password=PASSWORD)
    (made / "client-pkcs1.key").write_bytes(_pem(key, traditional=True))
    (made / "client-encrypted-pkcs1.key").write_bytes(_pem(key, traditional=True, password=PASSWORD))
    (made / "client-encrypted.key").write_bytes(encrypted)
    (made / "client-encrypted.pem").write_bytes(encrypted + own)
    # the authority's certificate first, the client's own behind it, its key last
    (made / "client-last.pem").write_bytes(ca + b"\nnoise\n" + own + _pem(key))
    certificates = [x509.load_pem_x509_certificate(pem) for pem in (own, ca)]
    for name, encryption in (
        ("client", BestAvailableEncryption(PASSWORD.encode())),
        ("client-open", NoEncryption()),
    ):
        bundle = pkcs12.serialize_key_and_certificates(b"client", key, certificates[0], certificates[1:], encryption)
        (made / f"{name}.p12").write_bytes(bundle)


CA_FILE = str(folder() / "ca.crt")
SERVER_PEM = str(folder() / "server.pem")


@functools.lru_cache(None)
def default_server_context():
    return server_context()
