"""What mkdocs and mkdocstrings don't do by themselves: a hook of the one, an extension of what the other reads with."""

import importlib
import inspect
import re

import griffe


def on_page_markdown(markdown, **_):
    """`<!-- ::: NAME -->` in a page becomes mkdocstrings' `::: NAME`, which GitHub would show as text."""
    return re.sub(r"^<!-- (::: \S+) -->$", r"\1", markdown, flags=re.M)


class Documentation(griffe.Extension):
    """Two things about documentation in the modules.

    What is known from a stub only gets the documentation that the installed module has, be it Python or compiled. And
    sentences such as "host: where to connect to." become a list, where these are names of parameters or attributes.
    """

    def on_package(self, *, pkg, **_):
        for name, module in pkg.modules.items():
            found = None if name.startswith("_") else importlib.import_module(module.path)
            for member in module.members.values():
                _document(member, found)


def _document(member, module_or_class):
    if member.is_alias or member.is_module:
        return
    thing = getattr(module_or_class, member.name, None)
    if not member.docstring and (member.is_class or member.is_function or inspect.isdatadescriptor(thing)):
        text = None if member.name.startswith("_") else inspect.getdoc(thing)
        member.docstring = griffe.Docstring(text, parent=member) if text else None
    if member.docstring:
        member.docstring.value = _with_lists(member.docstring.value, _names(member))
    for inner in member.members.values() if member.is_class else ():
        _document(inner, thing)


def _names(member):
    """Those of its parameters, and of a class's attributes and constructor's parameters."""
    inner = [member.members[name] for name in ("__init__", "__new__") if name in member.members]
    functions = [function for function in [member, *inner] if getattr(function, "is_function", False)]
    return {*member.members, *(parameter.name for function in functions for parameter in function.parameters)}


def _with_lists(text, names):
    # a sentence on a line of its own ends a list
    paragraphs = re.sub(r"\.\n(?=[A-Z])", ".\n\n", text).split("\n\n")
    return "\n\n".join(_with_list(paragraph, names) for paragraph in paragraphs)


def _with_list(paragraph, names):
    lines = paragraph.splitlines()
    if any(line.startswith((" ", ">>>", "- ")) for line in lines):
        return paragraph
    before, *rest = re.split(r"(?:^|(?<=[.;:] ))(\w+(?:, \w+)*): ", " ".join(lines))
    entries, text = [], before.rstrip()
    for what, said in zip(rest[::2], rest[1::2]):
        if names.issuperset(what.split(", ")):
            entries.append(f"- **{what}**: {said.rstrip()}")
        elif entries:
            entries[-1] += f" {what}: {said.rstrip()}"
        else:
            text = f"{text} {what}: {said.rstrip()}".lstrip()
    return "\n".join([text, "", *entries] if text and entries else [text, *entries] if text else entries)
