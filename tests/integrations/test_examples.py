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


TABLE = b"price,count\n2,3\n5,7\n"
PHOTOS = {"2024/a.jpg": b"jpg", "2024/changed.jpg": b"new"}


def mirrored(here, there):
    return all((here / "photos" / name).read_bytes() == data for name, data in PHOTOS.items())


def old_part(there):
    part = there / "photos" / "2024" / ".big.iso.0123456789ab.part"
    part.write_bytes(b"left by a run that was killed")
    os.utime(part, (1_700_000_000,) * 2)


# What is to be there before: {name: called with the server's directory}
BEFORE = {"mirrors_3": old_part}

# What must be so afterwards, beyond an exit without error: {name: (here, on the server)}
OUTCOMES = {
    "index_1": lambda here, there: (
        downloaded("notes.txt", NOTES)(here, there) and uploaded("report.pdf", REPORT)(here, there)
    ),
    "index_2": downloaded("big.iso", BIG),
    "filesystem_1": uploaded("totals.csv", b"price,count,total\n2,3,6\n5,7,35\n"),
    "filesystem_4": lambda here, there: (
        sorted(path.name for path in (there / "photos").iterdir()) == ["list.txt", "report.pdf"]
    ),
    "comparison_1": downloaded("photos/2024/a.jpg", b"jpg"),
    "mirrors_1": downloaded("photos/2024/a.jpg", b"jpg"),
    "mirrors_2": downloaded("photos/2024/a.jpg", b"jpg"),
    "mirrors_3": lambda here, there: sorted(os.listdir(there / "photos" / "2024")) == ["a.jpg", "changed.jpg"],
    "mirrors_4": downloaded("photos/2024/a.jpg", b"jpg"),
    "options_5": downloaded("big.iso", BIG),
    "ftps_5": downloaded("big.iso", BIG),
    "how_it_is_built_1": downloaded("notes.txt", NOTES),
    "recipes_2": downloaded("big.iso", BIG),
    "recipes_3": uploaded("report.pdf", REPORT),
    "recipes_4": uploaded("report.pdf", REPORT),
    "recipes_5": mirrored,
    "recipes_6": downloaded("big.iso", BIG),
    "recipes_11": downloaded("notes.txt", NOTES),
    "transfers_1": lambda here, there: (
        downloaded("big.iso", BIG)(here, there) and uploaded("report.pdf", REPORT)(here, there)
    ),
    "transfers_3": downloaded("big.iso", BIG),
}
PRINTED = {
    "DIFFERENCES_1": ["/"],
    "SECURITY_1": ["'notes.txt'"],
    "bugs_1": ["rftplib.control DEBUG < 215", " notes.txt"],
    "errors_1": ["refused for good: 530 "],
    "from_ftplib_1": ["-> CWD nowhere", "550 "],
    "from_ftplib_2": ["'big.iso'"],
    "filesystem_1": ["35"],
    "filesystem_2": ["price"],
    "filesystem_3": [str(len(BIG))],
    "filesystem_4": ["/photos/2024/a.jpg 3 20", repr(BIG[1_000_000:1_000_010])],
    "ftps_1": [" notes.txt"],
    "ftps_2": [" notes.txt"],
    "ftps_3": ["/"],
    "ftps_4": ["/"],
    "ftps_6": ["/"],
    "ftps_7": ["'notes.txt'"],
    "how_it_is_built_1": ["rftplib.data: RETR notes.txt: moved by the loop in Rust"],
    "index_1": ["'notes.txt'"],
    "index_2": ["100%"],
    "index_3": ["<class 'rftplib.FTP'>"],
    "listings_1": ["dir None 20", " photos\n", f"file {len(BIG)} 20"],
    "listings_2": ["new this week: photos/2024/a.jpg"],
    "listings_3": [str(len(BIG)), "dir", "refused: 550"],
    "listings_4": ["report.pdf 2026-11-28 09:14:00+00:00 0:01:00", "old 1994-04-08"],
    "mirrors_1": ["2024/a.jpg"],
    "mirrors_2": ["2024/a.jpg"],
    "options_1": ["'notes.txt'"],
    "options_2": [" notes.txt"],
    "options_3": [" notes.txt"],
    "options_4": [],
    "performance_1": [" MB/s"],
    "recipes_1": ["a note"],
    "recipes_4": ["100%", "INFO:rftplib.data:STOR report.pdf: 100000 bytes"],
    "recipes_6": ["226"],
    "recipes_7": ["rftplib.control", "PASS ****"],
    "recipes_8": ["'notes.txt'"],
    "recipes_9": [f"[{len(NOTES)}, {len(BIG)}]"],
    "recipes_10": ["a note"],
    "recipes_11": ["notes.txt"],
    "recipes_12": ["4"],
    "reference_1": ["Receive a file in TYPE I"],
    "sessions_1": ["SIZE 2024/a.jpg 3"],
    "sessions_2": ["/"],
    "sessions_3": ["'size'"],
    "sessions_4": ["bytes", "/"],
    "sessions_5": ["550 DELE nothing of that name"],
    "transfers_1": [f"{len(BIG)} bytes in 1 attempts"],
    "transfers_2": ["not what it should be: the sha256 of what is here is"],
    "transfers_3": ["100%", "size"],
    "robustness_1": ["got more than 1000000 bytes in one reply"],
}


@pytest.fixture(scope="module")
def authority():
    import trustme

    return trustme.CA()


@pytest.fixture
def there(tmp_path):
    there = tmp_path / "there"
    (there / "photos" / "2024").mkdir(parents=True)
    for name, data in PHOTOS.items():
        (there / "photos" / name).write_bytes(data)
    (there / "table.csv").write_bytes(TABLE)
    (there / "notes.txt").write_bytes(NOTES)
    (there / "big.iso").write_bytes(BIG)
    return there


@pytest.fixture
def here(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    (here / "report.pdf").write_bytes(REPORT)
    (here / "photos" / "2024").mkdir(parents=True)
    (here / "photos" / "2024" / "changed.jpg").write_bytes(b"old")
    return here


@pytest.fixture
def certificate(authority, tmp_path, here):
    """The server's, with its key; the authority's and a client's are where the examples look for them."""
    authority.cert_pem.write_to_path(here / "ca.pem")
    authority.issue_cert("client@example.org").private_key_and_cert_chain_pem.write_to_path(here / "client.pem")
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    return tmp_path / "server.pem"


@pytest.fixture
def run(here, there, certificate):
    def run(name, **environment):
        # The authority is one of the system's to whoever asks.
        environment = dict(os.environ, SSL_CERT_FILE=str(here / "ca.pem"), **environment)
        done = run_example(EXAMPLES[name], here, there, certificate, environment)
        assert done.returncode == 0, done.stderr
        return done

    return run


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_runs(name, run, here, there):
    BEFORE.get(name, lambda there: None)(there)
    done = run(name)
    assert name not in OUTCOMES or OUTCOMES[name](here, there), "the files are not as they should be"
    for text in PRINTED.get(name, []):
        assert text in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.tunnels) == (PROXY in EXAMPLES[name])


def test_the_mirror_of_a_server_without_mlsd(run, here, there):
    run("recipes_5", WITHOUT="MLSD")
    assert mirrored(here, there)


@pytest.mark.parametrize("without", ["", "MLSD"])
def test_the_mirror_fetches_nothing_twice(run, here, without):
    run("recipes_5", WITHOUT=without)
    (here / "photos" / "2024" / "a.jpg").chmod(0o444)
    before = {name: (here / "photos" / name).stat().st_ctime_ns for name in PHOTOS}
    run("recipes_5", WITHOUT=without)
    assert {name: (here / "photos" / name).stat().st_ctime_ns for name in PHOTOS} == before


def test_every_outcome_has_its_example():
    assert len(EXAMPLES) > 25
    assert set(OUTCOMES) | set(PRINTED) == set(EXAMPLES)
