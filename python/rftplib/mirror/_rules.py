"""Which files are meant: include and exclude, in the language of .gitignore, by pathspec."""

import re

from ._tree import above


class Rules:
    """include, exclude: patterns, each a str or several; none of the first means all."""

    def __init__(self, include=(), exclude=()):
        self._include, self._exclude = _spec(include, "include"), _spec(exclude, "exclude")

    def wants(self, path, is_dir):
        """Whether a path is meant. A directory is, for what may be in it, unless it is excluded."""
        if self._exclude is not None and self._exclude.match_file(path + "/" if is_dir else path):
            return False
        return is_dir or self._include is None or self._include.match_file(path)

    @property
    def selective(self):
        """Whether there are patterns of files to include."""
        return self._include is not None

    def needless(self, nodes):
        """Where files are selected: the directories in which there are none of them."""
        if not self.selective:
            return set()
        needed = {directory for path, node in nodes.items() if node.kind != "dir" for directory in above(path)}
        return {path for path, node in nodes.items() if node.kind == "dir" and path not in needed}


def _spec(patterns, option):
    patterns = [patterns] if isinstance(patterns, str) else patterns
    try:
        patterns = list(patterns)
    except TypeError:
        patterns = [patterns]
    if not all(isinstance(pattern, str) for pattern in patterns):
        raise TypeError(f"{option} is a pattern (str), or several")
    if not patterns:
        return None
    for pattern in patterns:
        bare = pattern.strip().lstrip("!").strip("/")
        if not bare or bare.startswith("#") or any(name in (".", "..") for name in bare.split("/")):
            raise ValueError(f"{option}: {pattern!r} is no pattern for what is below the root, see gitignore")
    try:
        from pathspec import GitIgnoreSpec
    except ImportError:
        raise ImportError(f"{option} needs pathspec: pip install pathspec") from None
    try:
        return GitIgnoreSpec.from_lines(patterns)
    except (ValueError, re.error) as error:
        raise ValueError(f"{option}: a pattern of {patterns} isn't understood: {error}") from None
