"""Every program in the documentation runs as it is there, and does what the page says."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from integrations.conftest import DATA
from integrations.example_server import HOST, PROXY, run_example

ROOT = Path(__file__).resolve().parent.parent.parent
spec = importlib.util.spec_from_file_location("docs_examples", ROOT / "scripts" / "docs_examples.py")
docs_examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(docs_examples)
EXAMPLES = docs_examples.examples()

BIG = DATA * 10
NOTES = b"a note\n"
REPORT = DATA[:100_000]


def downloaded(name, content):
    return lambda here, there: (here / name).read_bytes() == content


def uploaded(name, content):
    return lambda here, there: (there / name).read_bytes() == content


# What must be so afterwards, beyond an exit without error: {name: (here, on the server)}
OUTCOMES = {
    "index_1": lambda here, there: (
        downloaded("notes.txt", NOTES)(here, there) and uploaded("report.pdf", REPORT)(here, there)
    ),
    "index_2": downloaded("big.iso", BIG),
    "ftps_4": downloaded("big.iso", BIG),
    "recipes_1": downloaded("big.iso.part", BIG),
    "recipes_2": uploaded("report.pdf", REPORT),
    "recipes_3": uploaded("report.pdf", REPORT),
    "recipes_4": downloaded("photos/2024/a.jpg", b"jpg"),
    "recipes_5": downloaded("big.iso", BIG),
    "recipes_10": downloaded("notes.txt", NOTES),
}
PRINTED = {
    "index_1": ["'notes.txt'"],
    "index_2": ["100%"],
    "index_3": ["<class 'rftplib.FTP'>"],
    "from_ftplib_1": ["'big.iso'"],
    "ftps_1": [" notes.txt"],
    "ftps_2": [" notes.txt"],
    "ftps_3": ["/"],
    "ftps_5": ["/"],
    "recipes_3": ["100%"],
    "recipes_5": ["226"],
    "recipes_6": ["rftplib.control", "PASS ****"],
    "recipes_7": ["'notes.txt'"],
    "recipes_8": [f"[{len(NOTES)}, {len(BIG)}]"],
    "recipes_9": ["a note"],
    "recipes_10": ["notes.txt"],
    "recipes_11": ["3"],
    "sessions_1": ["SIZE 2024/a.jpg 3"],
    "sessions_2": ["/"],
    "sessions_3": ["'size'"],
    "sessions_4": ["bytes", "/"],
    "sessions_5": ["550 DELE nothing of that name"],
}


@pytest.fixture(scope="module")
def authority():
    from servers.certificates import Authority

    return Authority("the examples' authority")


@pytest.fixture
def there(tmp_path):
    there = tmp_path / "there"
    (there / "photos" / "2024").mkdir(parents=True)
    (there / "photos" / "2024" / "a.jpg").write_bytes(b"jpg")
    (there / "notes.txt").write_bytes(NOTES)
    (there / "big.iso").write_bytes(BIG)
    return there


@pytest.fixture
def here(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    (here / "report.pdf").write_bytes(REPORT)
    (here / "big.iso.part").write_bytes(BIG[:1_000_000])
    return here


@pytest.fixture
def certificate(authority, tmp_path, here):
    """The server's, with its key; the authority's and a client's are where the examples look for them."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    def save(path, key, certificate):
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + certificate.public_bytes(Encoding.PEM))

    (here / "ca.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    save(here / "client.pem", *authority.leaf("client", [x509.DNSName("client")]))
    save(tmp_path / "server.pem", *authority.leaf(HOST, [x509.DNSName(HOST)]))
    return tmp_path / "server.pem"


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name, here, there, certificate):
    # The authority is one of the system's to whoever asks.
    environment = dict(os.environ, SSL_CERT_FILE=str(here / "ca.pem"))
    done = run_example(EXAMPLES[name], here, there, certificate, environment)
    assert done.returncode == 0, done.stderr
    assert name not in OUTCOMES or OUTCOMES[name](here, there), "the files are not as they should be"
    for text in PRINTED.get(name, []):
        assert text in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.tunnels) == (PROXY in EXAMPLES[name])


def test_every_outcome_has_its_example():
    assert len(EXAMPLES) > 15
    assert set(OUTCOMES) | set(PRINTED) == set(EXAMPLES)
