#!/usr/bin/env python3
"""The programs in docs/: each block of Python is one.

scripts/docs_examples.py DIRECTORY     write them there, PAGE_NUMBER.py each
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def examples() -> dict[str, str]:
    """{name: program}"""
    found = {}
    for page in sorted(DOCS.glob("*.md")):
        for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            found[f"{page.stem.replace('-', '_')}_{number}"] = block
    return found


if __name__ == "__main__":
    for name, program in examples().items():
        (Path(sys.argv[1]) / f"{name}.py").write_text(program, encoding="utf-8")
