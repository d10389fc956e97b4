"""Directories as they are listed: `rftplib.listing.scandir` and `parse`.

Three rules stand behind all that is here, as whoever mirrors a directory deletes what isn't listed:

- A line that isn't understood is an error: nothing is skipped.
- An empty listing proves nothing: vsftpd and Pure-FTPd answer 226 for a directory that isn't there. What proves it is
  the entry of the directory itself (".", the type cdir), or CWD.
- A name is an argument of LIST only where no server can take it for something else (options, patterns, two names).
"""

import contextlib
import sys
import time
import weakref

from . import _rftplib
from ._errors import Error, ListingError, error_perm, error_temp
from ._exact import exact, known_offset
from ._features import features
from ._ftp import FTP

# How much text one listing may have, in bytes: so much for each entry, taken together, and at most so much in all
_MOST_EACH, _MOST = 512, 1 << 28

# Characters by which servers take the argument of LIST for something else than one name
_SPECIAL = frozenset(" \t*?[]{}~\\\"'$`|;&<>()!")

# "not understood", "not implemented" (RFC 959)
_UNKNOWN = ("500", "502", "504")

# The same, of an option of LIST, or of a name that begins with "-"; 426 and 451, say, are something else
_REFUSED = (*_UNKNOWN, "450", "501", "550")

_UNREADABLE = "the directory is there, but the server can't read it"

# By connection: what its server was seen to do
_known = weakref.WeakKeyDictionary()


class Server:
    """What is known of the server that a connection leads to; None: not yet."""

    __slots__ = ("mlsd", "shows_all", "offset", "stat", "unlike", "largest", "lines")

    def __init__(self):
        self.mlsd = None  # whether it has MLSD
        self.shows_all = None  # whether "LIST -a" lists ".", and names that begin with a dot
        self.offset = None  # by how many seconds its LIST is ahead of UTC
        self.stat = None  # whether STAT lists the same as LIST: see rftplib._walk
        self.unlike = 0  # how often it has listed something else
        self.largest = 0  # how long its longest listing by STAT was, in characters
        self.lines = None  # what has come of the listing by MLSD that is under way


def server_of(ftp):
    """What is known of the server of `ftp`."""
    try:
        return _known.setdefault(ftp.sock, Server())
    except TypeError:  # somebody's own socket, or none
        return Server()


def parse(lines, *, now=None, utc_offset=0):
    """Read the lines of a listing that is there already; returns an iterator over its entries, as `Entry`.

    lines: of LIST or MLSD, as str, or as bytes in UTF-8; nothing is asked of a server. now: the time, a datetime, by
    which years are found that aren't listed: the last in which the day isn't in the future. utc_offset: by how many
    seconds the server's clock is ahead of UTC; listings have local times.

    Formats: Unix (`ls -l` in its many forms), DOS and IIS, EPLF, OS/400, z/OS, OpenVMS, MLSD (RFC 3659, section 7). The
    path of an entry is its name. Raises ListingError for a line that isn't understood: no entry is returned then.
    """
    if isinstance(lines, (str, bytes)):
        raise TypeError("lines of a listing are wanted, not one text: use its splitlines()")
    collected = _rftplib.Listing(_MOST)
    for line in lines:
        collected.append(line if isinstance(line, str) else line.decode("utf-8", "surrogateescape"))
    now = time.time() if now is None else now.timestamp()
    return _rftplib.read_listing(collected, "", "list", sys.maxsize, int(now), int(utc_offset))


def scandir(ftp, path="", *, exact_times=False, max_entries=1_000_000):
    """List a directory; returns an iterator over its entries, as `Entry`, without "." and "..".

    ftp: a client that is logged in, in the middle of no transfer. path: the directory, by default the current one.
    exact_times: ask MDTM for the times of files that the listing tells less exactly than to the second, all in one
    batch. max_entries: how many there may be; their lines may have 512 bytes each, taken together, and 256 MiB
    in all.

    By MLSD where the server has it, else by LIST, names that begin with a dot included where it has an option for that.
    LIST's times are guesses: local times, made UTC by what MDTM says of one file, and years that aren't listed are
    those that make the time none of the future. The current directory is afterwards as it was.

    Raises ListingError for a line that isn't understood, for a last line without an end, which may be cut short, for
    more than max_entries, and if the server refuses to go back to the current directory; error_perm if there is no such
    directory, and what retrlines(), cwd() and pwd() raise. Whatever is raised is raised at once: the entries that are
    returned are all there are.
    """
    server = server_of(ftp)
    entries = entries_of(ftp, server, path, exact_times, max_entries)
    return iter(exact(ftp, list(entries))) if exact_times else entries


def entries_of(ftp, server, path, exact_times, max_entries):
    """What scandir() returns, but for exact times: an iterator that knows how many entries it has."""
    entries = _by_mlsd(ftp, server, path, max_entries)
    if entries is None:
        lines = _by_list(ftp, server, path, max_entries)
        entries = read(lines, path, "list", max_entries, server.offset or 0)
        if server.offset is None and not exact_times and entries.timed is not None:
            server.offset = known_offset(ftp, entries.timed)
            if server.offset:
                entries = read(lines, path, "list", max_entries, server.offset)
    return entries


def read(lines, path, form, max_entries, offset=0):
    prefix = path if not path or path.endswith("/") else path + "/"
    return _rftplib.read_listing(lines, prefix, form, max_entries, int(time.time()), offset)


def most(max_entries):
    """How many bytes a listing may have. Besides the entries there may be some other lines."""
    return min((max_entries + 100) * _MOST_EACH, _MOST)


def collector(max_entries):
    """What takes the lines of a listing."""
    return _rftplib.Listing(most(max_entries))


def _by_mlsd(ftp, server, path, max_entries):
    """The entries that MLSD lists; None where the server hasn't got it."""
    if server.mlsd is None:
        found = features(ftp)
        # who has no FEAT may have MLSD all the same
        server.mlsd = "MLST" in found or not found
    if not server.mlsd:
        return None
    try:
        lines = _mlsd(ftp, server, path, max_entries)
    except error_perm as refusal:
        if str(refusal)[:3] not in _UNKNOWN:
            raise
        server.mlsd = False
        return None
    entries = read(lines, path, "mlsd", max_entries)
    if not entries.itself and entries.count < 2:
        # nothing, or what may be a file of that name
        with _inside(ftp, path):
            pass
    return entries


def _mlsd(ftp, server, path, max_entries):
    """The lines of MLSD: those that mlsd() reads, or, where somebody has replaced it, those that it is right about."""
    lines = collector(max_entries)
    if _is_born(ftp, "mlsd"):
        server.lines = lines
        _check_whole(ftp.retrlines(f"MLSD {path}" if path else "MLSD", lines.append), lines)
    else:
        for name, facts in ftp.mlsd(path):
            lines.append("".join(f"{fact}={value};" for fact, value in facts.items()) + f" {name}")
    return lines


def _is_born(ftp, method):
    """Whether a method is the one that FTP was born with, in rftplib or in ftplib."""
    found = getattr(type(ftp), method, None)
    own = [getattr(FTP, method)]
    if "ftplib" in sys.modules:
        own.append(getattr(sys.modules["ftplib"].FTP, method))
    return found in own and method not in getattr(ftp, "__dict__", ())


def is_plain(path):
    """Whether it can be an argument of LIST."""
    return not path.startswith("-") and _SPECIAL.isdisjoint(path)


def _by_list(ftp, server, path, max_entries):
    """The lines of LIST, of a directory that is there."""
    lines = None
    if is_plain(path) and server.shows_all is not False:
        lines = _list_all(ftp, max_entries, path)
        if _shows_itself(lines):
            server.shows_all = True
            return lines
    with _inside(ftp, path):
        if server.shows_all is not False and path:
            lines = _list_all(ftp, max_entries)
            if _shows_itself(lines):
                server.shows_all = True
                return lines
        if server.shows_all:
            if lines is not None:
                read(lines, path, "list", max_entries)  # which tells the line that isn't understood
            raise ListingError(_UNREADABLE)
        lines = _list_here(ftp, max_entries)
    if server.shows_all is None:
        # It has no such option; or it has, and the directory can't be read, which many servers call empty, too.
        empty = read(lines, path, "list", sys.maxsize).count == 0
        server.shows_all = empty and _shows_itself(_list_all(ftp, max_entries, "/"))
        if server.shows_all:
            raise ListingError(_UNREADABLE)
    return lines


def _list_all(ftp, max_entries, path=""):
    """The lines of LIST -a; None where that is refused, or no listing."""
    lines = collector(max_entries)
    try:
        reply = ftp.retrlines(f"LIST -a {path}" if path else "LIST -a", lines.append)
    except (error_temp, error_perm) as refusal:
        if str(refusal)[:3] not in _REFUSED:
            raise
        return None
    _check_whole(reply, lines)
    return None if _complains(reply) else lines


def _list_here(ftp, max_entries):
    """The lines of LIST in the current directory."""
    lines = collector(max_entries)
    try:
        reply = ftp.retrlines("LIST", lines.append)
    except (error_temp, error_perm) as refusal:
        if not _says_empty(str(refusal)):
            raise
    else:
        _check_whole(reply, lines)
        if _complains(reply):
            raise ListingError(f"{_UNREADABLE}: {ascii(reply)}")
    return lines


def _check_whole(reply, lines):
    """Raise for a listing that is cut short: by what the reply says, as that of Pure-FTPd at 10,000 files, a 226; or in
    the middle of a line, whose name may be the beginning of another one."""
    if lines.cut is not None:
        raise ListingError("the listing is cut short: it ends inside a line", lines.cut)
    if isinstance(reply, str) and "truncated" in reply.lower():
        raise ListingError(f"the server has left out some entries: {ascii(reply)}")


def _complains(reply):
    """Whether the reply to a listing says that there is none, as those of vsftpd and Pure-FTPd do by 226."""
    text = reply.lower() if isinstance(reply, str) else ""
    return any(words in text for words in ("failed to open", "unable to read", "permission denied"))


def _shows_itself(lines):
    """Whether a listing has ".": then the option was understood, and the directory is there."""
    try:
        return lines is not None and read(lines, "", "list", sys.maxsize).itself
    except Error:
        return False  # the next listing tells


def _says_empty(reply):
    """Whether a refusal of LIST says that the directory, which is there, is empty."""
    text = reply.lower()
    return reply[:3] in ("450", "550") and any(
        words in text for words in ("no files", "no data sets", "no members", "no entries", "directory is empty")
    )


@contextlib.contextmanager
def _inside(ftp, path):
    """With `path` as the current directory, which proves that it is there."""
    if not path:
        ftp.cwd(".")
        yield
        return
    here = ftp.pwd()
    if not here:
        raise ListingError(
            "the server doesn't tell the current directory (PWD): change to the one that is to be listed"
        )
    try:
        ftp.cwd(path)
    except (error_perm, error_temp) as refusal:
        if str(refusal)[:3] != "421" and not _is_still(ftp, here):
            _back(ftp, here)
        raise
    try:
        yield
    except (Error, GeneratorExit):
        _back(ftp, here)
        raise
    # of a connection that has failed nothing is asked any more
    _back(ftp, here)


def _is_still(ftp, here):
    """Whether the server is where it was. pyftpdlib isn't, after a CWD that it refuses for the encoding of the name."""
    try:
        return ftp.pwd() == here
    except (error_perm, error_temp) as refusal:
        if str(refusal)[:3] == "421":
            raise
        return False


def _back(ftp, here):
    """Make `here` the current directory again. That it is refused says nothing of the path that was asked for."""
    try:
        ftp.cwd(here)
    except (error_perm, error_temp) as refusal:
        if str(refusal)[:3] == "421":
            raise
        raise _lost(str(refusal)) from refusal


def _lost(reply):
    return ListingError(f"the server doesn't let back into the directory that was the current one: {ascii(reply)}")
