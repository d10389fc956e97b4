"""What `rftplib.fs` raises: OSErrors of the kinds that local files raise, made of the server's refusals.

Most servers say in words what is wrong; vsftpd, and others by the code alone, don't. Then the server is asked what is
there.
"""

import errno
import re

from .._errors import Error, also, error_perm
from .._hints import CAFILE_URL, EXPLICIT_URL, IMPLICIT_URL, OF_SITES, of_connecting, told_by_site
from ..listing import ListingError, scandir, stat

# What replies say, the names of files left out: the first that fits
_SAYINGS = tuple(
    (re.compile(pattern, re.IGNORECASE), number)
    for pattern, number in (
        (r"no such|not found|(doesn.t|does not|not) exist|(cannot|can.t) find", errno.ENOENT),
        (r"not a directory", errno.ENOTDIR),
        (r"is a directory|not a (regular|plain) file|only retrieve regular files", errno.EISDIR),
        (r"not empty", errno.ENOTEMPTY),
        (r"exists", errno.EEXIST),
        (r"no space|disk full|insufficient storage|quota", errno.ENOSPC),
        (r"read-only", errno.EROFS),
        (r"permission|denied|not permitted|not allowed|privilege", errno.EACCES),
    )
)

# What a Site says of its URL is an option here
_IN_OPTIONS = {
    told: told.replace(IMPLICIT_URL, "storage_options={'implicit': True}")
    .replace(EXPLICIT_URL, "storage_options={'implicit': False}")
    .replace(CAFILE_URL, "storage_options={'cafile': '/path/ca.pem'}")
    .replace("or ftp:// without TLS", "or rftp:// without TLS")
    .replace("Site(url, context=...) in a program", "storage_options={'context': ...}")
    for told in OF_SITES
}

# So much of a reply is told, in characters
_LONGEST = 1000

# What replies say by their codes alone (RFC 959, section 4.2)
_CODES = {
    "421": errno.ECONNABORTED,
    "425": errno.ECONNABORTED,
    "426": errno.ECONNABORTED,
    "430": errno.EACCES,
    "452": errno.ENOSPC,
    "500": errno.ENOTSUP,
    "502": errno.ENOTSUP,
    "504": errno.ENOTSUP,
    "530": errno.EACCES,
    "532": errno.EACCES,
    "552": errno.ENOSPC,
}


def os_error(error, path, task=None, ftp=None):
    """The OSError for `error`, which may be one already; to be raised from it.

    task: what has failed: "stat", "list", "read", "write", "delete", "rmdir", "mkdir", "rename". ftp: the client whose
    server is asked where its reply doesn't tell; None: nobody is asked.
    """
    if isinstance(error, OSError):
        return error
    text = " ".join(str(error).split())[:_LONGEST] or "the server has closed the connection"
    if isinstance(error, EOFError):
        return OSError(errno.ECONNRESET, text, path)
    if isinstance(error, ListingError) or not isinstance(error, Error):
        return OSError(errno.EIO, text, path)
    reply = str(error.args[0]) if error.args else ""
    return OSError(_number(reply, path, task, ftp), text, path)


def unreachable(error, url):
    """The OSError for `error`, in the place of a connection: it names the site, not the file, and what to do."""
    told, site = told_by_site(error), f"at {url}"
    advice = of_connecting(error) if told is None else _IN_OPTIONS[told]
    if isinstance(error, OSError):
        return also(error, site, advice).with_traceback(error.__traceback__)
    text = site if advice is None else f"{site}: {advice}"
    said = " ".join(str(one) for one in error.args[:1]) or "the server has closed the connection"
    said = f"{' '.join(said.split())[:_LONGEST]} ({text})"
    if isinstance(error, EOFError):
        return OSError(errno.ECONNRESET, said)
    return OSError(what_it_says(str(error.args[0]) if error.args else "", "") or errno.EIO, said)


def in_options(error):
    """The error of a transfer, in which what a Site says of its URL is said of options."""
    told = told_by_site(error)
    if told is not None:
        error._hint = _IN_OPTIONS[told]
    return error


def _number(reply, path, task, ftp):
    said = what_it_says(reply, path)
    # What isn't permitted may be to delete a directory as if it were a file; and pyftpdlib says of a file that there is
    # no such directory.
    if said not in (None, errno.EACCES) and not (said == errno.ENOENT and task == "list"):
        return said
    if ftp is None or (said is None and reply[:3] not in ("450", "550", "553")):
        return said or errno.EIO
    try:
        return _TASKS[task](ftp, path)
    except (Error, OSError, EOFError, UnicodeError):
        return said or errno.EIO  # the server doesn't tell


def what_it_says(reply, path):
    """The errno that a reply tells by its words, in which the path doesn't count, or by its code; None: nothing."""
    words = reply[3:]
    for name in (path, path.rpartition("/")[2]):
        words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "", words)
    for pattern, number in _SAYINGS:
        if pattern.search(words):
            return number
    return _CODES.get(reply[:3])


def type_of(ftp, path):
    """What is there, as Entry.type; None if nothing is. Raises what stat() raises, but for error_perm."""
    try:
        return stat(ftp, path).type
    except error_perm:
        return None


def _above(path):
    return path.rpartition("/")[0] or "/"


def _is_listed(ftp, path):
    try:
        return any(entry.path == path for entry in scandir(ftp, _above(path)))
    except error_perm:
        return False  # there is nothing above it either


def _reading(ftp, path):
    found = type_of(ftp, path)
    return errno.ENOENT if found is None else errno.EISDIR if found == "dir" else errno.EACCES


def _listing(ftp, path):
    """Of a directory that can't be listed, or be written into."""
    found = type_of(ftp, path)
    if found is None:  # or what can't be entered: few servers say which
        return errno.EACCES if path != "/" and _is_listed(ftp, path) else errno.ENOENT
    return errno.EACCES if found == "dir" else errno.ENOTDIR


def _writing(ftp, path):
    if type_of(ftp, path) == "dir":
        return errno.EISDIR
    return _making(ftp, path) if type_of(ftp, path) is None else errno.EACCES


def _removing(ftp, path):
    found = type_of(ftp, path)
    if found == "dir":
        return errno.ENOTEMPTY if next(scandir(ftp, path), None) else errno.EACCES
    return errno.ENOENT if found is None else errno.ENOTDIR


def _making(ftp, path):
    return errno.EEXIST if type_of(ftp, path) is not None else _listing(ftp, _above(path))


def _renaming(ftp, path):
    return errno.ENOENT if type_of(ftp, path) is None else errno.EACCES


_TASKS = {
    None: lambda ftp, path: errno.EACCES,
    "stat": lambda ftp, path: errno.ENOENT,
    "list": _listing,
    "read": _reading,
    "write": _writing,
    "delete": _reading,
    "rmdir": _removing,
    "mkdir": _making,
    "rename": _renaming,
}
