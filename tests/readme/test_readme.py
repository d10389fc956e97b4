"""The README's sample session runs, and gives what the README says it gives."""

from __future__ import annotations

import doctest
import pathlib
import re
import subprocess
import sys
import uuid

import pytest
from servers import Session
from servers.catalogue import CATALOGUE
from servers.layout import PASSWORD, USER

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def run_session(host, port, user, password):
    """All `pycon` blocks, one after the other, with the README's server replaced by this one."""
    text = "\n".join(blocks("pycon"))
    for written, here in (
        ('"127.0.0.1", 2121', f"{host!r}, {port}"),
        ('"demo", "secret"', f"{user!r}, {password!r}"),
        ('"session"', f'"session-{uuid.uuid4().hex}"'),  # other runs may be at it on the same server
    ):
        assert written in text
        text = text.replace(written, here)
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    output = []
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=output.append)
    assert results.failed == 0, "".join(output)
    assert results.attempted == len(test.examples) > 15


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


@pytest.mark.parametrize("block", blocks("python"))
def test_the_scripts_run(block):
    subprocess.run([sys.executable, "-W", "error", "-c", block], check=True, timeout=60)


def test_the_tables_are_as_the_benchmark_printed_them():
    shown = README.split("<!-- benches/RESULTS.md -->\n")[1].split("<!-- end -->")[0]
    results = (ROOT / "benches/RESULTS.md").read_text(encoding="utf-8").splitlines()
    lines = [line.replace("#### ", "### ") for line in shown.splitlines()]
    assert len(lines) > 20
    assert not [line for line in lines if line not in results]


def test_the_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
