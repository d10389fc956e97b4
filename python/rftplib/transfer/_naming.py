"""How an upload gets its time and its name on the server."""

import time
from datetime import datetime, timezone

from .._errors import error_perm, error_temp
from .._exact import ask
from .._features import features
from ._look import ask_in_binary, look
from ._values import TransferError


def sizes(ftp, *paths):
    """The size of each file on the server; None where that isn't told."""
    return [_size(reply) for reply in ask_in_binary(ftp, ["SIZE " + path for path in paths])]


def exists(ftp, path):
    """Whether there is something of that name on the server, as far as it tells."""
    found = look(ftp, path)
    return found.size is not None or found.micros is not None or not found.is_file


def time_commands(ftp, path, seconds):
    """The command, in a list, by which a server may set the time of a file. seconds: since 1970."""
    if seconds is None:
        return []
    digits = time.strftime("%Y%m%d%H%M%S", time.gmtime(seconds))
    offered = features(ftp)
    if offered.mfmt:
        return [f"MFMT {digits} {path}"]
    # vsftpd sets it by this; to others it is the name of a file that isn't there
    return [f"MDTM {digits} {path}"] if offered.mdtm else []


def name_it(ftp, part, path, seconds, overwrite):
    """Give the part its time and, in the same batch, its name."""
    *_, from_there, to_there = ask(ftp, [*time_commands(ftp, part, seconds), "RNFR " + part, "RNTO " + path])
    if to_there.ok:
        return
    if not from_there.ok:
        raise refusal(from_there)
    if overwrite and to_there.code >= 500 and sizes(ftp, path)[0] is not None:
        # IIS, and ProFTPD without AllowOverwrite: for a moment there is no file of that name
        deleted, from_there, to_there = ask(ftp, ["DELE " + path, "RNFR " + part, "RNTO " + path])
        if to_there.ok:
            return
        if deleted.ok:
            raise TransferError(
                f"{path!r} was deleted, and {part!r}, which is whole, can't be renamed: {to_there.text}"
            )
    raise refusal(to_there)


def refusal(reply):
    """The exception for a refusal."""
    return (error_temp if reply.code < 500 else error_perm)(reply.text)


def utc(seconds):
    """The time as Transferred tells it, to the second."""
    return datetime.fromtimestamp(int(seconds), timezone.utc)


def _size(reply):
    digits = reply.text[4:].strip()
    return int(digits) if reply.code == 213 and digits.isdecimal() and digits.isascii() else None
