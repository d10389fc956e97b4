"""The README's sample session runs, and gives what the README says it gives."""

from __future__ import annotations

import doctest
import pathlib
import re
import uuid

import pytest
from servers import Session
from servers.catalogue import CATALOGUE
from servers.layout import PASSWORD, USER

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The one address of the project, as pyproject.toml gives it
HOME = re.search(r'^Repository = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)[1]


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def run_session(host, port, user, password):
    """All `pycon` blocks, one after the other, with the README's server replaced by this one."""
    text = "\n".join(blocks("pycon"))
    for written, here in (
        ('"127.0.0.1", 2121', f"{host!r}, {port}"),
        ('"demo", "secret"', f"{user!r}, {password!r}"),
        ("greeting.txt", f"greeting-{uuid.uuid4().hex}.txt"),  # other runs may be at it on the same server
    ):
        assert written in text
        text = text.replace(written, here)
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    output = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
    assert results.failed == 0, "".join(output)
    assert results.attempted == len(test.examples) > 7


def test_the_session_with_the_server_it_names(demo_server):
    run_session("127.0.0.1", demo_server.port, "demo", "secret")


def test_the_session_with_vsftpd(missing):
    session = Session(["vsftpd"], setup=False)
    try:
        unavailable = session.open()
        if unavailable:
            missing(unavailable["vsftpd"])
        server = CATALOGUE["vsftpd"]
        run_session(server.hosts[0], server.port, USER, PASSWORD)
    finally:
        session.close()


def test_the_links_lead_somewhere():
    """Absolute, as PyPI shows the README, too; those into the project's own repository are looked up here."""
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert [target for target in targets if not target.startswith("https://")] == []
    blob, raw = f"{HOME}/blob/main/", HOME.replace("github.com", "raw.githubusercontent.com") + "/main/"
    own = [target for target in targets if target.startswith((blob, raw))]
    assert len(own) > 5
    files = [target.replace(blob, "").replace(raw, "").partition("#")[0] for target in own]
    assert [file for file in files if not (ROOT / file).is_file()] == []


PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_the_same_on_github(page):
    """Nothing that only the site's generator understands, and links to what is there."""
    text = page.read_text(encoding="utf-8")
    assert not re.findall(r"^(?:\{\{|:::|--8<--|!!!|===)", text, re.M)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)]+)\)", text)]
    local = [target for target in targets if target and not re.match(r"\w+:|\.\.\.", target)]
    assert [target for target in local if not (page.parent / target).is_file()] == []
    own = [target for target in targets if target.startswith(f"{HOME}/blob/main/")]
    assert [target for target in own if not (ROOT / target[len(HOME) + 11 :]).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_an_example(page):
    title, _, first = page.read_text(encoding="utf-8").split("\n", 2)
    assert title.startswith("# ")
    assert first.startswith("```python\n")


def test_the_tests_that_robustness_names_are_there():
    text = (ROOT / "docs/robustness.md").read_text(encoding="utf-8")
    names = re.findall(r": `(\w+)`(?: \(Rust.*\))? \|$", text, re.M)
    assert len(names) > 10
    sources = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "src").rglob("*.rs")]
    code = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    assert [name for name in names if not re.search(rf"(?:def|fn) {name}\(", code)] == []
