"""The first example of docs/sessions.md, as it is there, on servers that answer NLST differently."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from servers.layout import PASSWORD, USER

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "sessions.md"
PLACE = "ftp://user:password@ftp.example.org/photos"


@pytest.mark.endpoints(
    where=lambda endpoint: endpoint.server.complete and endpoint.protection == "plain" and ":" not in endpoint.host
)
def test_it_tells_the_sizes(work, capsys):
    (work.path / "2024").mkdir(mode=0o777)
    (work.path / "2024" / "a.jpg").write_bytes(b"jpg")
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert PLACE in program
    url = f"ftp://{USER}:{PASSWORD}@{work.endpoint.host}:{work.endpoint.port}/{work.name}"
    names = {}
    try:
        exec(compile(program.replace(PLACE, url), str(PAGE), "exec"), names)
    finally:
        names["site"].close()
    assert capsys.readouterr().out == "SIZE 2024/a.jpg 3\n"
