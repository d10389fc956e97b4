"""As a new user would: a mirror over FTPS with a bar, broken off by Ctrl-C in the middle, and run again."""

from __future__ import annotations

import hashlib
import os
import re

import pytest
from servers.layout import PASSWORD, USER, certificate, folder
from support.real import content
from support.terminal import CTRL_C, Terminal
from support.waiting import until

PATIENCE = 60
SMALL = 20
FILES = {**{f"small/{number}": content(20_000 + number) for number in range(SMALL)}, "large": content(4_000_000)}
RATE = "400k"  # it takes ten seconds in all, and it is broken off within the first few
EARLY = 300_000  # so much of the large file has come then
COMPARED = 16 * 1024  # is fetched again, and compared with what is there


def digests(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(".part")
    }


def parts(root):
    return list(root.rglob(".*.part"))


def has_begun(root):
    return any(path.stat().st_size > EARLY for path in root.glob(".large.*.part"))


class Sent:
    """How many bytes of a file the server has sent in each transfer of it, as its log has it from now on."""

    def __init__(self, work, name):
        self._log = folder("log") / f"{work.endpoint.server.name}.transfers"
        self._start = self._log.stat().st_size
        self._line = re.compile(rf" (\d+) \S*/{work.name}/{name} b _ o ".encode())

    def sizes(self):
        with open(self._log, "rb") as log:
            log.seek(self._start)
            return [int(size) for size in self._line.findall(log.read())]


@pytest.mark.long
@pytest.mark.endpoints(where=lambda endpoint: str(endpoint) in ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-tls1.3"))
def test_a_mirror_that_is_broken_off(endpoint, work, tmp_path, missing):
    """Progress is on the screen; nothing half has a final name; what has come isn't fetched again."""
    try:
        import tqdm  # noqa: F401
    except ImportError:
        missing("tqdm isn't installed")
    work.folder("small")
    for name, data in FILES.items():
        os.utime(work.put(name, data), (1_600_000_000,) * 2)
    (tmp_path / ".netrc").write_text(f"machine {endpoint.host} login {USER} password {PASSWORD}\n")
    (tmp_path / ".netrc").chmod(0o600)
    url = f"ftpes://{USER}@{endpoint.host}:{endpoint.port}/{work.name}?cafile={certificate('ca.crt')}"
    arguments = ["-m", "rftplib.mirror", "--progress", "-j", "2", url, "local"]
    sent = Sent(work, "large")
    environment, local = {**os.environ, "HOME": str(tmp_path)}, tmp_path / "local"

    with Terminal([*arguments, "--limit", RATE], 80, env=environment, cwd=tmp_path) as terminal:
        until(lambda: len(digests(local)) >= 2 and has_begun(local))
        terminal.type(CTRL_C)
        assert terminal.wait(PATIENCE) == 130
    assert "Traceback" not in terminal.text
    seen = "\n".join(terminal.rows)
    there, wanted = digests(local), digests(work.path)
    assert re.search(rf"^{len(there)} copied \(.*\)", seen, re.M) and "stopped before the end" in seen, seen
    assert 2 <= len(there) < len(wanted) and there.items() <= wanted.items(), "whole, or under no final name"
    assert re.match(r" *\d+%\|.*\| (\d+k|\d\.\d\dM)/4\.40M \[", seen), "the bar"
    (part,) = parts(local)
    begun = part.stat().st_size
    assert EARLY < begun < len(FILES["large"])
    until(lambda: len(sent.sizes()) == 1)

    with Terminal(arguments, 80, env=environment, cwd=tmp_path) as terminal:
        assert terminal.wait(PATIENCE) == 0, terminal.text
    assert digests(local) == wanted and not parts(local)
    assert re.search(rf"^{len(wanted) - len(there)} copied \(.*\)", "\n".join(terminal.rows), re.M)
    until(lambda: len(sent.sizes()) == 2)
    assert sent.sizes()[1] == len(FILES["large"]) - begun + COMPARED
