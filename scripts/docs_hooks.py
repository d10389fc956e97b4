"""What mkdocs doesn't do by itself. In a page of docs/, a line of its own

{{ include PATH }}                a file of the project, its headings one level deeper
{{ include PATH or TEXT }}        or, where there is no such file, the text
{{ reference MODULE.NAME }}       a class or function: types from the stub, documentation from the installed package

An error ends the build.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = re.compile(r"^\{\{ (include|reference) (\S+)(?: or (.*))? \}\}$", re.M)


def on_config(config):
    """Called by mkdocs at first. Pages that the navigation doesn't name come last in it."""
    named = {name for entry in config.nav for name in entry.values()}
    config.nav += [page.name for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in named]


def on_page_markdown(markdown, **_):
    """Called by mkdocs for each page."""

    def replace(found):
        action, what, otherwise = found.groups()
        return include(what, otherwise) if action == "include" else reference(what)

    return LINE.sub(replace, markdown)


def include(path, otherwise):
    file = ROOT / path
    if otherwise and not file.exists():
        return otherwise
    text = file.read_text(encoding="utf-8")
    # links to files of the project lead nowhere from here
    text = re.sub(r"\[([^]]+)\]\((?!https?:)[^)]+\)", r"\1", text)
    return re.sub(r"^(#+ )", r"#\1", text, flags=re.M)


def reference(name):
    module, _, name = name.rpartition(".")
    found = getattr(importlib.import_module(module), name)
    nodes = [node for node in stub(module) if getattr(node, "name", None) == name]
    if not nodes:
        raise LookupError(f"{module}.{name} has no types")
    if isinstance(nodes[0], ast.FunctionDef):
        return entry(name, name, nodes, found, "##")
    constructors = [node for node in nodes[0].body if getattr(node, "name", None) in ("__init__", "__new__")]
    parts = [f"## {name} {{#{name}}}", signatures(name, constructors), document(found)]
    attributes = [node for node in nodes[0].body if isinstance(node, ast.AnnAssign)]
    if attributes:
        parts.append("Attributes:\n")
        parts += [f"- `{ast.unparse(node)}`" for node in attributes]
    methods = {}
    for node in nodes[0].body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            methods.setdefault(node.name, []).append(node)
    parts += [entry(f"{name}.{method}", method, same, getattr(found, method)) for method, same in methods.items()]
    return "\n\n".join(parts)


def stub(module):
    path = ROOT / "python" / module.replace(".", "/")
    path = path / "__init__.pyi" if path.is_dir() else path.with_suffix(".pyi")
    if not path.exists():
        path = path.with_suffix(".py")  # annotated itself
    return ast.parse(path.read_text(encoding="utf-8")).body


def entry(anchor, name, nodes, found, level="###"):
    """One function or method."""
    return "\n\n".join([f"{level} {name} {{#{anchor}}}", signatures(name, nodes), document(found)])


def signatures(name, nodes):
    """One for each overload that isn't deprecated."""
    return "\n".join(["```python", *(signature(name, node) for node in nodes if not deprecated(node)), "```"])


def deprecated(node):
    return any("deprecated" in ast.unparse(decorator) for decorator in node.decorator_list)


def signature(name, node):
    if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
        return f"{name}: {ast.unparse(node.returns)}"
    arguments = node.args
    owned = arguments.args and arguments.args[0].arg in ("self", "cls")
    if owned:
        arguments.args = arguments.args[1:]
    returns = "" if node.name in ("__init__", "__new__") else f" -> {ast.unparse(node.returns)}"
    # the commas between arguments are those outside of brackets
    parts, depth = [""], 0
    for character in ast.unparse(arguments):
        depth += (character in "[(") - (character in "])")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    parts = [re.sub(r"^(\w+: .*?)=", r"\1 = ", part.strip()) for part in parts]
    line = f"{name}({', '.join(parts)}){returns}"
    if len(line) <= 100:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), f"){returns}"])


def document(found):
    """The documentation, its paragraphs as they are; what would be markup in it isn't."""
    text = inspect.getdoc(found)
    if not text:
        raise LookupError(f"{found!r} has no documentation")
    # of a class, the line that repeats its signature
    text = re.sub(rf"^{getattr(found, '__name__', '')}\(.*?\)\n\n", "", text, flags=re.M | re.S)
    # outside of `code`, nothing is markup
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([*<#])", r"\\\1", piece) for piece in pieces[::2]]
    text = "`".join(pieces)
    return "\n".join(line if not line.startswith("    ") else line.strip() for line in text.splitlines())
