"""The two sides of a plan: a server's directory, a local one, or one of whatever fsspec knows."""

import os
import posixpath
import re

from .._site import Site
from .._site_url import shown
from ._local import Local
from ._remote import Remote

# A Site's limit is its user's; where there is only a URL, `connections` of plan() and run() is all that counts
_PLENTY = 1000

_SCHEMES = ("ftp", "ftps", "ftpes")


def sides(source, target, follow=False):
    """The two sides, one of them a server's at least; raises ValueError if none is, or if both are the same."""
    given = [shown(str(value)) for value in (source, target)]
    source, target = _named("source", source, follow), _named("target", target)
    if not (isinstance(source, Remote) or isinstance(target, Remote)):
        raise ValueError(
            f"neither the source, {given[0]!r}, nor the target, {given[1]!r}, is the URL of a server "
            "(ftp://, ftps:// or ftpes://) or a Site: one of them must be"
        )
    if isinstance(source, Remote) and isinstance(target, Remote) and _place(source.site) == _place(target.site):
        raise ValueError("source and target are the same directory")
    if isinstance(source, Remote) and isinstance(target, Remote):
        _check_apart(source.site, target.site)
    return source, target


def _named(which, value, follow=False):
    try:
        return _side(value, follow)
    except ValueError as error:
        raise ValueError(f"the {which}: {error}") from None


def _side(value, follow):
    if isinstance(value, (Local, Remote)) or hasattr(value, "scan"):
        return value
    if isinstance(value, Site):
        return Remote(value)
    if isinstance(value, str) and "://" in value:
        scheme = value.partition("://")[0].lower()
        if scheme in _SCHEMES:
            return Remote(Site(value, connections=_PLENTY))
        if scheme not in ("file", "local"):
            from ._other import Other

            return Other(value)
        value = re.sub("(?i)^localhost(?=/)", "", value.partition("://")[2])  # RFC 8089
    path = os.fspath(value)
    if not isinstance(path, str) or not path:
        raise ValueError(f"a path is a str, and not empty, not {path!r}")
    return Local(path, follow)


def _check_apart(source, target):
    """Raise ValueError if one lies in the other: what was copied would be copied again, or deleted."""
    if _place(source)[:3] != _place(target)[:3]:
        return
    source, target = (posixpath.normpath(site.directory or ".") for site in (source, target))
    for inner, outer, text in (
        (source, target, "source lies in the target"),
        (target, source, "target lies in the source"),
    ):
        if outer == "." and not inner.startswith("/") or inner.startswith(outer.rstrip("/") + "/"):
            raise ValueError(f"the {text}: they are one tree")


def _place(site):
    return site.host, site.port, site.user, site.directory
