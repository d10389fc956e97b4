"""What NativeContext takes, and how it refuses the rest: by errors that name the option or file, and no secret."""

from __future__ import annotations

import inspect
import pickle
import shutil
import ssl

import pytest
from rftplib.tls import NativeContext
from servers.tls import KEY_PASSWORD
from support.certificates import VERSIONS, server_context
from support.tls_server import Server, echo, read_all

WRONG = "not-the-password"


def use(context, server):
    """A whole connection to an echo()."""
    with context.wrap_socket(server.connect(), server_hostname="localhost") as conn:
        conn.sendall(b"x")
        assert conn.recv(10) == b"x"
        conn.unwrap()


def test_the_defaults():
    context = NativeContext()
    assert context.protocol == ssl.PROTOCOL_TLS_CLIENT
    assert context.protocol >= ssl.PROTOCOL_TLS
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.MAXIMUM_SUPPORTED
    assert repr(context) == "<rftplib.tls.NativeContext TLSv1.2 to newest, system roots>"
    with pytest.raises(TypeError):
        NativeContext("ca.crt")
    with pytest.raises(TypeError, match="no_such"):
        NativeContext(no_such=1)
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(context)
    for name in ("check_hostname", "verify_mode", "minimum_version"):
        with pytest.raises(AttributeError):
            setattr(context, name, False)


def test_the_signature_tells_the_options():
    parameters = inspect.signature(NativeContext).parameters
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert [name for name in parameters if "invalid" in name] == [
        "danger_accept_invalid_certs",
        "danger_accept_invalid_hostnames",
    ]
    ours, theirs = (
        inspect.signature(context.wrap_socket) for context in (NativeContext(), ssl.create_default_context())
    )
    assert ours == theirs


def test_dangers_are_shown(certs):
    nothing = NativeContext(danger_accept_invalid_certs=True)
    assert (nothing.check_hostname, nothing.verify_mode) == (False, ssl.CERT_NONE)
    assert "nothing is verified" in repr(nothing)
    anyone = NativeContext(cafile=certs / "ca.crt", danger_accept_invalid_hostnames=True)
    assert (anyone.check_hostname, anyone.verify_mode) == (False, ssl.CERT_REQUIRED)
    assert "host names not verified" in repr(anyone)


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ({"minimum_version": "TLSv1.3"}, "TLSv1_3", "MAXIMUM_SUPPORTED"),
        ({"minimum_version": ssl.TLSVersion.TLSv1_3}, "TLSv1_3", "MAXIMUM_SUPPORTED"),
        ({"maximum_version": "TLSv1_2"}, "TLSv1_2", "TLSv1_2"),
        ({"minimum_version": "TLSv1", "maximum_version": "TLSv1.1"}, "TLSv1", "TLSv1_1"),
        ({"minimum_version": ssl.TLSVersion.MINIMUM_SUPPORTED}, "MINIMUM_SUPPORTED", "MAXIMUM_SUPPORTED"),
        ({"minimum_version": ssl.TLSVersion.MAXIMUM_SUPPORTED}, "TLSv1_3", "MAXIMUM_SUPPORTED"),
        ({"minimum_version": None, "maximum_version": None}, "TLSv1_2", "MAXIMUM_SUPPORTED"),
    ],
)
def test_what_versions_a_context_says(given, low, high):
    context = NativeContext(**given)
    assert context.minimum_version is getattr(ssl.TLSVersion, low)
    assert context.maximum_version is getattr(ssl.TLSVersion, high)


@pytest.mark.parametrize(
    ("given", "expected", "words"),
    [
        ({"minimum_version": "TLSv1.4"}, ValueError, 'minimum_version: "TLSv1.4" is not supported'),
        ({"maximum_version": "SSLv3"}, ValueError, 'maximum_version: "SSLv3" is not supported'),
        ({"minimum_version": 771}, TypeError, "minimum_version should be str or ssl.TLSVersion, not int"),
        ({"minimum_version": "TLSv1.3", "maximum_version": "TLSv1.2"}, ValueError, "above maximum_version"),
        ({"maximum_version": "TLSv1.1"}, ValueError, "below the default minimum, TLSv1.2"),
        ({"alpn": "ftp"}, TypeError, "alpn should be a list"),
        ({"alpn": [b"ftp"]}, TypeError, "alpn should be a list of str"),
        ({"alpn": [""]}, ValueError, "alpn: a name has 1 to 255 bytes"),
        ({"alpn": ["x" * 256]}, ValueError, "alpn: a name has 1 to 255 bytes"),
        ({"system_roots": False}, ValueError, "system_roots=False leaves nothing to trust"),
        ({"cadata": 5}, TypeError, "cadata should be str or bytes, not int"),
        ({"cadata": ""}, ssl.SSLError, "cadata: no certificate in it"),
        ({"cafile": 5}, TypeError, "cafile should be a path, not int"),
        ({"keyfile": "k.pem"}, ValueError, "keyfile needs certfile"),
        ({"password": WRONG}, ValueError, "password is for certfile, keyfile or pkcs12"),
        ({"certfile": "c.pem", "pkcs12": "c.p12"}, ValueError, "can't be combined"),
        ({"keyfile": "c.pem", "pkcs12": "c.p12"}, ValueError, "can't be combined"),
        ({"pkcs12": "c.p12", "password": 7}, TypeError, "password should be str or bytes, not int"),
        ({"pkcs12": "c.p12", "password": "a\0b"}, ValueError, "null character"),
        ({"pkcs12": "c.p12", "password": b"\xff"}, ValueError, "UTF-8"),
    ],
)
def test_what_is_refused(given, expected, words):
    with pytest.raises(expected) as caught:
        NativeContext(**given)
    assert words in str(caught.value)
    assert WRONG not in str(caught.value)


@pytest.mark.parametrize("option", ["cafile", "certfile", "keyfile", "pkcs12"])
def test_files_that_cannot_be_read(certs, tmp_path, option):
    more = {"certfile": certs / "client.crt"} if option == "keyfile" else {}
    with pytest.raises(FileNotFoundError) as caught:
        NativeContext(**{option: tmp_path / "absent.pem"}, **more)
    assert str(tmp_path / "absent.pem") in str(caught.value)
    with pytest.raises(IsADirectoryError):
        NativeContext(**{option: str(tmp_path)}, **more)


SPOILED = {
    "empty": b"",
    "text": b"this is no certificate\n",
    "base64": b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
    "open": b"-----BEGIN CERTIFICATE-----\nMIIC\n",
    "not-a-certificate": b"-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n",
    "not-der": b"\x30\x03\x02\x01",
    "zeros": bytes(5000),
}


@pytest.mark.parametrize("content", sorted(SPOILED))
@pytest.mark.parametrize("option", ["cafile", "certfile", "keyfile", "pkcs12"])
def test_files_that_are_not_what_they_should_be(certs, tmp_path, option, content):
    bad = tmp_path / "bad.pem"
    bad.write_bytes(SPOILED[content])
    more = {"certfile": str(certs / "client.crt")} if option == "keyfile" else {}
    with pytest.raises(ssl.SSLError) as caught:
        NativeContext(**{option: str(bad)}, **more)
    assert str(caught.value).startswith(f"{option} {str(bad)!r}: ")
    if option == "cafile":
        with pytest.raises(ssl.SSLError, match="^cadata: "):
            NativeContext(cadata=SPOILED[content])


def test_a_key_that_is_not_the_certificates(certs):
    with pytest.raises(ssl.SSLError, match="keyfile .*server.key.*: the private key isn't that of the certificate"):
        NativeContext(certfile=certs / "client.crt", keyfile=certs / "server.key")
    with pytest.raises(ssl.SSLError, match="certfile .*client.crt.*: no private key"):
        NativeContext(certfile=certs / "client.crt")


@pytest.mark.parametrize("part, words", [("key", "no certificate in it"), ("certificate", "no private key in it")])
def test_half_an_identity(certs, tmp_path, part, words):
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    key = serialization.load_pem_private_key((certs / "client.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((certs / "client.crt").read_bytes())
    parts = (key, None) if part == "key" else (None, certificate)
    half = pkcs12.serialize_key_and_certificates(b"half", *parts, None, serialization.NoEncryption())
    (tmp_path / "half.p12").write_bytes(half)
    with pytest.raises(ssl.SSLError, match=f"^pkcs12 .*half.p12.*: {words}$"):
        NativeContext(pkcs12=tmp_path / "half.p12")


LOCKED = {
    "pkcs12": {"pkcs12": "client.p12"},
    "keyfile": {"certfile": "client.crt", "keyfile": "client-encrypted.key"},
    "certfile": {"certfile": "client-encrypted.pem"},
}


@pytest.mark.parametrize("option", sorted(LOCKED))
def test_a_wrong_password_of_a_key(certs, option):
    files = {name: certs / value for name, value in LOCKED[option].items()}
    for password in (WRONG, "", "x" * 5000):
        with pytest.raises(ssl.SSLError, match=f"^{option} .*client.*: wrong password$") as caught:
            NativeContext(**files, password=password)
        assert WRONG not in str(caught.value)
    # and nobody is asked at the terminal
    with pytest.raises(ssl.SSLError, match=f"^{option} .*client.*: it needs a password$"):
        NativeContext(**files)


IDENTITIES = {
    "pem": {"certfile": "client.crt", "keyfile": "client.key"},
    "one file": {"certfile": "client.pem"},
    "pkcs1": {"certfile": "client.crt", "keyfile": "client-pkcs1.key"},
    "ec": {"certfile": "client-ec.crt", "keyfile": "client-ec.key"},
    "sec1": {"certfile": "client-ec.crt", "keyfile": "client-sec1.key"},
    "encrypted": {"certfile": "client.crt", "keyfile": "client-encrypted.key", "password": KEY_PASSWORD},
    "encrypted, pkcs1": {"certfile": "client.crt", "keyfile": "client-encrypted-pkcs1.key", "password": KEY_PASSWORD},
    "encrypted, one file": {"certfile": "client-encrypted.pem", "password": KEY_PASSWORD},
    "any order": {"certfile": "client-last.pem"},
    "pkcs12": {"pkcs12": "client.p12", "password": KEY_PASSWORD},
    "pkcs12, bytes": {"pkcs12": "client.p12", "password": KEY_PASSWORD.encode()},
    "pkcs12, no password": {"pkcs12": "client-open.p12"},
}


@pytest.mark.parametrize("version", sorted(VERSIONS))
@pytest.mark.parametrize("kind", sorted(IDENTITIES))
def test_identities(certs, kind, version):
    files = {name: value if name == "password" else certs / value for name, value in IDENTITIES[kind].items()}
    context = NativeContext(cafile=certs / "ca.crt", **files)
    assert repr(context).endswith("1 roots of its own, with identity>")
    assert KEY_PASSWORD not in repr(context)

    def handle(conn):
        subject = dict(pair for pairs in conn.getpeercert()["subject"] for pair in pairs)
        echo(conn)
        return subject["commonName"]

    with Server(handle, server_context(version=version, client_ca=True)) as server:
        use(context, server)
    name = "client-ec" if kind in ("ec", "sec1") else "client"
    assert (server.errors, server.results) == ([], [name])


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_a_missing_identity(certs, trusting, version):
    with Server(read_all, server_context(version=version, client_ca=True)) as server:
        # TLS 1.3 servers say so after the handshake
        with pytest.raises(ssl.SSLError, match="(?i)certificate required|handshake failure"):
            with trusting.wrap_socket(server.connect(), server_hostname="localhost") as conn:
                conn.recv(10)
    assert server.results == []


def test_ways_to_give_roots(certs):
    pem = (certs / "ca.crt").read_text()
    der = ssl.PEM_cert_to_DER_cert(pem)
    unknown = ssl.PEM_cert_to_DER_cert((certs / "unknown-ca.crt").read_text())
    given = [
        {"cadata": pem},
        {"cadata": pem.encode()},
        {"cadata": bytearray(der)},
        {"cadata": unknown + der},
        {"cafile": str(certs / "ca.crt").encode()},
        {"cafile": certs / "ca.crt", "system_roots": True},
        {"cafile": certs / "unknown-ca.crt", "cadata": der},
    ]
    with Server(echo, server_context()) as server:
        for options in given:
            use(NativeContext(**options), server)
        with pytest.raises(ssl.SSLCertVerificationError):
            other = NativeContext(cafile=certs / "unknown-ca.crt")
            other.wrap_socket(server.connect(), server_hostname="localhost")
    assert server.results == ["closed"] * len(given)


def test_the_files_are_read_once(certs, tmp_path):
    copy = tmp_path / "ca.crt"
    shutil.copy(certs / "ca.crt", copy)
    context = NativeContext(cafile=copy)
    copy.unlink()
    with Server(echo, server_context()) as server:
        for _ in range(2):
            use(context, server)
    assert server.results == ["closed"] * 2
