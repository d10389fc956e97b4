"""The URL of a Site, taken apart."""

import re
from urllib.parse import parse_qsl, unquote, urlsplit

import rftplib

from .tls import FTPS_PORT

SCHEMES = {"ftp": rftplib.FTP_PORT, "ftpes": rftplib.FTP_PORT, "ftps": FTPS_PORT}


def parse(url):
    """The parts of a URL; its errors show at most what can't hold a password."""
    if not isinstance(url, str):
        raise TypeError(f"the URL of a Site is a str, not {type(url).__name__}")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("the URL of a Site has no valid host") from None
    if parts.scheme not in SCHEMES:
        raise ValueError(f"the URL of a Site begins with ftp://, ftpes:// or ftps://, not {shown(url)!r}")
    if not parts.hostname:
        raise ValueError("the URL of a Site names a host")
    if parts.fragment:
        raise ValueError("the URL of a Site has no fragment: write %23 for a #")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the port in the URL of a Site is a number up to 65535") from None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    cafile, implicit = query.pop("cafile", None), query.pop("implicit", None)
    if query:
        raise ValueError(f"the URL of a Site knows cafile and implicit, not {', '.join(sorted(query))}")
    for name, value in (("cafile", cafile), ("implicit", implicit)):
        if value is not None and parts.scheme == "ftp":
            raise ValueError(f"{name} is for ftps:// and ftpes://")
    if implicit not in (None, "true", "false"):
        raise ValueError(f"implicit in the URL of a Site is true or false, not {implicit!r}")
    return {
        "scheme": parts.scheme,
        "host": parts.hostname,
        "port": port or SCHEMES[parts.scheme],
        "user": None if parts.username is None else unquote(parts.username),
        "password": None if parts.password is None else unquote(parts.password),
        "directory": _directory(unquote(parts.path[1:])),
        "cafile": cafile,
        "implicit": None if implicit is None else implicit == "true",
    }


def shown(url):
    """What isn't one, without what may be secret: what is before the last @, and behind a question mark."""
    return re.sub(r"^([\w+.-]*://)?.*@", r"\1***@", url, flags=re.DOTALL).partition("?")[0]


def _directory(path):
    """Without the slash at its end, which says nothing."""
    return path.rstrip("/") or path[:1]
