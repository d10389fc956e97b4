"""Whether two directories of servers are one tree, as the servers themselves tell.

What is copied into its own source is copied again by the next run, and what is deleted in a target that the source lies
in is the source. URLs don't tell: one may be relative to the login, the other one from the root, with links in it.
"""

import posixpath
from typing import FrozenSet, NamedTuple  # noqa: UP035  (Python 3.9 evaluates them)

from .._errors import Error, also, error_perm
from .._features import features
from .._site import Site, _netrc
from .._site_url import SCHEMES
from .._stat import stat_many
from ._listers import argument
from ._remote import Remote, is_gone


class _Place(NamedTuple):
    """Where a side is. servers: what its server is known by. own, above: what the directory is known by, and those that
    it lies in."""

    path: str
    servers: FrozenSet  # noqa: UP006
    own: FrozenSet  # noqa: UP006
    above: FrozenSet  # noqa: UP006


def check_apart(source, target):
    """Raise ValueError if two sides are one directory of a server, or one lies in the other, as far as can be told.

    Raises what connecting does, and the refusal of a source that isn't there.
    """
    sites = _site_of(source), _site_of(target)
    if None in sites:
        return
    here, there = _place(source, sites[0], needed=True), _place(target, sites[1], needed=False)
    if not here.servers & there.servers:
        return
    for one, other, text in (
        (here.own, there.own, "source and target are the same directory"),
        (here.own, there.above, "the target lies in the source: they are one tree"),
        (here.above, there.own, "the source lies in the target: they are one tree"),
    ):
        if one & other:
            raise ValueError(f"{text} (on the server they are {here.path!r} and {there.path!r})")
    for side, other in ((source, there), (target, here)):
        # where PWD doesn't say what links lead to, it is met when the other side is listed
        side.other = frozenset(value for kind, *_, value in other.own | other.above if kind == "unique")


def _site_of(side):
    """The Site of a server's side, and of one of fsspec's that rftplib.fs is behind; None of others."""
    if isinstance(side, Remote):
        return side.site
    found = getattr(side.opened()[0], "site", None) if hasattr(side, "opened") else None
    return found if isinstance(found, Site) else None


def _place(side, site, needed):
    path = "" if isinstance(side, Remote) else side.opened()[1] or "/"
    try:
        with site.borrow() as ftp:
            if path:
                ftp.cwd(path)
            return _told(ftp, site)
    except (Error, OSError, EOFError) as error:
        path = path or site.directory
        if needed or not path or not is_gone(error):
            raise also(error, f"at {side}") from None
    with (side.outside() if isinstance(side, Remote) else site).borrow() as ftp:
        return _told(ftp, site, _entered(ftp, path))


def _entered(ftp, path):
    """Enter the last directory of a path that is there; returns the names of those that aren't."""
    names = [name for name in path.split("/") if name]
    if path.startswith("/"):
        ftp.cwd("/")
    while names:
        try:
            ftp.cwd(argument(names[0]))
        except error_perm:
            break
        del names[0]
    return names


def _told(ftp, site, missing=()):
    """The _Place of the current directory, or of one in it that is still to be made."""
    try:
        here = ftp.pwd()
    except error_perm:
        here = ""
    if not here.startswith("/"):
        return _Place(here, frozenset(), frozenset(), frozenset())
    there = _lineage(here)
    told = stat_many(ftp, there) if "MLST" in features(ftp) else []
    uniques = {path: one.unique for path, one in zip(there, told) if getattr(one, "unique", None) is not None}
    paths, user = _lineage("/".join((here, *missing))), _user(site)
    own, *above = [{("path", user, path), ("unique", uniques.get(path))} - {("unique", None)} for path in paths]
    return _Place(paths[0], _servers(ftp, site), frozenset(own), frozenset().union(*above))


def _lineage(path):
    """A path from the root in its shortest form, and those that it lies in."""
    found = ["/" + posixpath.normpath(path).strip("/")]
    while found[-1] != "/":
        found.append(posixpath.dirname(found[-1]))
    return found


def _servers(ftp, site):
    """Its name and its address. Those of the usual ports are one server."""
    port = None if site.port in SCHEMES.values() else site.port
    found = {(site.host.lower(), port)}
    try:
        found.add((ftp.sock.getpeername()[0], port))
    except (OSError, AttributeError):  # what a factory has made
        pass
    return frozenset(found)


def _user(site):
    """Who logs in: another one may see another tree by the same paths."""
    if site.user is not None:
        return site.user or "anonymous"
    found = _netrc(site.host)
    return found[0] if found else "anonymous"
