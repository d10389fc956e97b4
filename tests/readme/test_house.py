"""What CONTRIBUTING says of the house is so: a stranger finds a module on the map, and a test by its name."""

from __future__ import annotations

import collections
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def test_each_module_stands_on_the_map_once():
    page = (ROOT / "docs/how-it-is-built.md").read_text(encoding="utf-8")
    table = page.partition("\n## The Python modules\n")[2].partition("\n## ")[0]
    rows = "\n".join(line.partition(" | ")[2] for line in table.splitlines() if line.startswith("| "))
    package = ROOT / "python/rftplib"
    modules = {path.stem for pattern in ("*.py", "*.pyi") for path in package.glob(pattern)}
    packages = {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(re.findall(r"`(\w+)`", rows)) == sorted(modules | packages)


def test_a_tests_name_stands_in_one_file():
    files = collections.defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.M):
            files[name].add(path.relative_to(ROOT).as_posix())
    assert {name: sorted(where) for name, where in files.items() if len(where) > 1} == {}
