"""Single paths: `rftplib.listing.stat` and `stat_many`."""

from . import _rftplib
from ._errors import Error, error_perm, error_proto, error_temp, refusal_of
from ._exact import ask, mdtm
from ._features import features
from ._scan import _lost, read, scandir, server_of

_UNKNOWN = (500, 502, 504)


def stat(ftp, path):
    """Return what the server tells of one path, as `Entry`.

    ftp: a client that is logged in, in the middle of no transfer. By MLST where the server has it, else by SIZE, MDTM
    and CWD, and where it knows none of them by the listing of the directory above. The current directory is afterwards
    as it was. Raises error_perm if there is no such path, error_proto for a reply that isn't understood, ListingError
    if the server refuses to go back to the current directory, and what sendcmd() raises.
    """
    found = stat_many(ftp, [path])[0]
    if isinstance(found, Exception):
        raise found
    return found


def stat_many(ftp, paths):
    """Return what the server tells of each path: a list of `Entry`, and of the exceptions that stat() would raise.

    All is asked in one batch (rftplib.session), or in two where the server hasn't got MLST: the second is for what
    isn't a file. Raises what batch() raises, and ListingError if the server refuses to go back to the current
    directory: then it is another one, and no answer is right.
    """
    paths = list(paths)
    server, found = server_of(ftp), features(ftp)
    # who has no FEAT may have it all the same; who has it has MLSD, and the other way round
    if paths and server.mlsd is not False and ("MLST" in found or not found):
        replies = ask(ftp, [f"MLST {path}" if path else "MLST" for path in paths])
        server.mlsd = not all(reply.code in _UNKNOWN for reply in replies)
        if server.mlsd:
            return [_of_mlst(path, reply) for path, reply in zip(paths, replies)]
    return _by_commands(ftp, paths)


def _plain(path):
    """A path without slashes at its end."""
    return path.rstrip("/") or path[:1]


def _of_mlst(path, reply):
    if reply.code >= 400:
        return refusal_of(reply)
    lines = _rftplib.Listing(1 << 20)
    try:
        for line in reply.lines[1:-1][:1]:
            lines.append(line.partition("250-")[2] if line.startswith("250-") else line)
        (entry,) = read(lines, "", "mlst", 1)
    except (Error, ValueError):  # not understood; none
        return error_proto(reply.text)
    return entry._at(_plain(path))


def _by_commands(ftp, paths):
    commands = ["TYPE I"]  # of other sizes servers don't tell
    for path in paths:
        commands += ["SIZE " + path, mdtm(path)]
    replies = ask(ftp, commands)[1:]
    found = [_of_file(path, *pair) for path, *pair in zip(paths, replies[::2], replies[1::2])]
    rest = [place for place, entry in enumerate(found) if entry is None]
    if not rest:
        return found
    here = ftp.pwd()
    if not here:
        raise error_proto("the server doesn't tell the current directory (PWD)")
    entered = ask(ftp, [command for place in rest for command in ("CWD " + (paths[place] or "."), "CWD " + here)])
    for there, back in zip(entered[::2], entered[1::2]):
        if there.ok and not back.ok:  # what came next was asked for from there
            raise _lost(back.text)
    for place, reply in zip(rest, entered[::2]):
        size, modified = replies[2 * place : 2 * place + 2]
        if reply.code < 400:
            entry = _rftplib.Entry(_plain(paths[place]), "dir")
            found[place] = entry._timed(modified.text) or entry
        elif modified.code == 213:
            entry = _rftplib.Entry(_plain(paths[place]), "file")
            found[place] = entry._timed(modified.text) or entry
        elif size.code in _UNKNOWN and modified.code in _UNKNOWN:
            found[place] = _listed(ftp, paths[place], reply)
        else:
            found[place] = refusal_of(size)
    return found


def _of_file(path, size, modified):
    """The file of that path; None if it isn't one, or SIZE can't tell."""
    digits = size.text[4:].strip()
    if size.code != 213 or not digits.isdecimal() or len(digits) > 100:  # Python reads no number of thousands
        return None
    size = int(digits)
    entry = _rftplib.Entry(_plain(path), "file", size if size < 1 << 64 else None)
    return entry._timed(modified.text) or entry


def _listed(ftp, path, reply):
    """The entry of the directory above that has this name."""
    above, slash, name = _plain(path).rpartition("/")
    try:
        for entry in scandir(ftp, above or slash):
            if entry.name == name:
                return entry._at(_plain(path))
    except (error_perm, error_temp) as refusal:
        return refusal
    return refusal_of(reply)
