"""Certificates for these tests, made by the openssl command: an authority, leaves of all kinds, client identities.

NAME.crt is the certificate, NAME.key its key (PKCS#8), NAME.pem both.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

PASSWORD = "client-pw"
LOOPBACK = "DNS:localhost,IP:127.0.0.1,IP:::1"
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"


def run(*command, folder):
    subprocess.run(["openssl", *map(str, command)], cwd=folder, check=True, capture_output=True, timeout=60)


def _key(folder, name, kind="rsa"):
    options = {"rsa": ["rsa_keygen_bits:2048"], "ec": ["ec_paramgen_curve:P-256", "ec_param_enc:named_curve"]}[kind]
    pairs = [word for option in options for word in ("-pkeyopt", option)]
    run("genpkey", "-algorithm", kind.upper(), *pairs, "-out", f"{name}.key", folder=folder)


def _authority(folder, name):
    _key(folder, name)
    (folder / f"{name}.cnf").write_text(f"[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\n{CA}")
    subject = ["-subj", f"/CN={name}", "-days", "3650", "-sha256", "-config", f"{name}.cnf"]
    run("req", "-x509", "-new", "-key", f"{name}.key", "-out", f"{name}.crt", *subject, folder=folder)


def _leaf(folder, name, names, authority="ca", kind="rsa", expired=False, usage="serverAuth"):
    _key(folder, name, kind)
    (folder / f"{name}.cnf").write_text("[req]\ndistinguished_name=dn\n[dn]\n")
    request = ["-key", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr", "-config", f"{name}.cnf"]
    run("req", "-new", *request, folder=folder)
    (folder / f"{name}.ext").write_text(f"{LEAF}extendedKeyUsage={usage}\nsubjectAltName={names}\n")
    files = ["-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.crt"]
    if expired:
        _sign_for_the_past(folder, authority, files)
    else:
        signed = ["-CA", f"{authority}.crt", "-CAkey", f"{authority}.key", "-CAcreateserial", "-sha256"]
        run("x509", "-req", *files, *signed, "-days", "3650", folder=folder)
    pair = (folder / f"{name}.key").read_bytes() + (folder / f"{name}.crt").read_bytes()
    (folder / f"{name}.pem").write_bytes(pair)


def _sign_for_the_past(folder, authority, files):
    """Only `openssl ca` takes dates in every version of OpenSSL, and it wants its books kept."""
    books = "database=books.txt\nrand_serial=yes\nnew_certs_dir=.\ndefault_md=sha256\npolicy=any\n"
    (folder / "books.txt").write_text("")
    (folder / "books.cnf").write_text(f"[ca]\ndefault_ca=one\n[one]\n{books}[any]\ncommonName=supplied\n")
    dates = ["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"]
    signed = ["-config", "books.cnf", "-cert", f"{authority}.crt", "-keyfile", f"{authority}.key"]
    run("ca", "-batch", "-notext", *signed, *dates, *files, folder=folder)


def _identities(folder):
    """The client's key in every form that people have it in."""
    run("rsa", "-in", "client.key", "-traditional", "-out", "client-pkcs1.key", folder=folder)
    run("ec", "-in", "client-ec.key", "-out", "client-sec1.key", folder=folder)
    closed = ["-passout", f"pass:{PASSWORD}"]
    run("pkcs8", "-topk8", "-in", "client.key", *closed, "-out", "client-encrypted.key", folder=folder)
    run(
        "rsa",
        "-in",
        "client.key",
        "-traditional",
        "-aes256",
        *closed,
        "-out",
        "client-encrypted-pkcs1.key",
        folder=folder,
    )
    parts = {
        name: (folder / name).read_bytes() for name in ("client-encrypted.key", "client.key", "client.crt", "ca.crt")
    }
    (folder / "client-encrypted.pem").write_bytes(parts["client-encrypted.key"] + parts["client.crt"])
    # the authority's certificate first, the client's own behind it, its key last
    (folder / "client-last.pem").write_bytes(parts["ca.crt"] + b"\nnoise\n" + parts["client.crt"] + parts["client.key"])
    bundle = ["pkcs12", "-export", "-inkey", "client.key", "-in", "client.crt", "-certfile", "ca.crt"]
    run(*bundle, *closed, "-out", "client.p12", folder=folder)
    run(*bundle, "-passout", "pass:", "-out", "client-open.p12", folder=folder)


def make(folder: Path) -> Path:
    for authority in ("ca", "stranger"):
        _authority(folder, authority)
    _leaf(folder, "server", LOOPBACK)
    _leaf(folder, "expired", LOOPBACK, expired=True)
    _leaf(folder, "elsewhere", "DNS:elsewhere.example")
    _leaf(folder, "unknown", LOOPBACK, authority="stranger")
    _leaf(folder, "client", "email:client@example.org", usage="clientAuth")
    _leaf(folder, "client-ec", "email:client@example.org", kind="ec", usage="clientAuth")
    _identities(folder)
    return folder
