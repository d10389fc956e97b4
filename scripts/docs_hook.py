"""A hook of mkdocs: `<!-- ::: NAME -->` in a page becomes mkdocstrings' `::: NAME`, which GitHub would show as text."""

import re


def on_page_markdown(markdown, **_):
    return re.sub(r"^<!-- (::: \S+) -->$", r"\1", markdown, flags=re.M)
