"""What mkdocs and mkdocstrings don't do by themselves: a hook of the one, an extension of what the other reads with."""

import importlib
import inspect
import re

import griffe


def on_page_markdown(markdown, **_):
    """`<!-- ::: NAME -->` in a page becomes mkdocstrings' `::: NAME`, which GitHub would show as text."""
    return re.sub(r"^<!-- (::: \S+) -->$", r"\1", markdown, flags=re.M)


class Documentation(griffe.Extension):
    """What is known from a stub only gets the documentation that the installed module has, be it Python or compiled."""

    def on_package(self, *, pkg, **_):
        for name, module in pkg.modules.items():
            if not name.startswith("_"):
                _document(module, importlib.import_module(module.path))


def _document(known, found):
    for name, member in known.members.items():
        thing = getattr(found, name, None)
        if member.is_alias or name.startswith("_") or thing is None:
            continue
        if member.is_class or member.is_function or inspect.isdatadescriptor(thing):
            text = inspect.getdoc(thing)
            if text and not member.docstring:
                member.docstring = griffe.Docstring(text, parent=member)
        if member.is_class:
            _document(member, thing)
