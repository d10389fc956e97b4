"""URLs and paths of `rftplib.fs`.

What is behind the host is the path, as it is: fsspec's patterns have ?, [ and ] in it, and %20 may be part of a name.
"""

import os
import re
from urllib.parse import quote, unquote

_URL = re.compile(r"(?:r?ftp|ftpe?s)://([^/]*)(.*)", re.DOTALL | re.IGNORECASE)
_WHERE = re.compile(r"(?:(?P<login>.*)@)?(?P<host>\[[^]]*\]|[^:]*)(?::(?P<port>\d*))?", re.DOTALL)

# What ends the URL of a Site, and would be taken for the end of a name here
_QUERY = re.compile(r"[?&](cafile|implicit)=[^?&]*$", re.DOTALL)

# The ports that needn't be named
_PORTS = {"ftps": 990}


def path_of(path):
    """The path on the server, with a slash in front and none at its end."""
    path = os.fspath(path)
    url = _URL.fullmatch(path)
    return "/" + (path if url is None else url[2]).strip("/")


def options_of(path):
    """What a URL says besides the path: {option: value}. Raises ValueError for what is none; it shows no password."""
    url = _URL.fullmatch(os.fspath(path))
    if url is None or not url[1]:
        return {}
    query = _QUERY.search(url[2])
    if query is not None:
        raise ValueError(
            f"{query[1]} is no part of a path here: give storage_options={{'{query[1]}': ...}}, or the option "
            f"{query[1]} of the filesystem"
        )
    where = _WHERE.fullmatch(url[1])
    if where is None:
        raise ValueError("the URL has no valid host and port; special characters in a password are written as %40")
    found = {"host": where["host"].strip("[]")}
    if where["port"]:
        found["port"] = int(where["port"])
    if where["login"] is not None:
        user, colon, password = where["login"].partition(":")
        found["username"] = unquote(user)
        if colon:
            found["password"] = unquote(password)
    return found


def url_of(protocol, site, path):
    """The URL of a path, without the password."""
    user = "" if site.user is None else quote(site.user, safe="") + "@"
    port = "" if site.port == _PORTS.get(protocol, 21) else f":{site.port}"
    return f"{protocol}://{user}{_bracketed(site.host)}{port}{path}"


def site_url(scheme, host, port, cafile):
    """The URL of a Site."""
    url = f"{scheme}://{_bracketed(host)}{f':{port}' if port else ''}"
    return url if cafile is None else f"{url}?cafile={quote(os.fspath(cafile))}"


def _bracketed(host):
    return f"[{host}]" if ":" in host else host
