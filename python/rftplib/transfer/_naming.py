"""How an upload gets its time and its name on the server."""

from datetime import datetime, timezone

from .._errors import error_perm, error_proto, error_temp
from .._exact import ask
from .._features import features
from ._attempts import told
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
    modified = utc(seconds)
    if modified is None:
        return []
    digits = modified.strftime("%Y%m%d%H%M%S").rjust(14, "0")
    offered = features(ftp)
    if offered.mfmt:
        return [f"MFMT {digits} {path}"]
    # vsftpd sets it by this; to others it is the name of a file that isn't there
    return [f"MDTM {digits} {path}"] if offered.mdtm else []


def name_it(ftp, part, path, seconds, overwrite):
    """Give the part its time and, in the same batch, its name.

    Where a server won't rename onto a file, that one is put aside before, and deleted afterwards; if the name is
    refused all the same, it gets its own back.
    """
    *_, from_there, to_there = ask(ftp, [*time_commands(ftp, part, seconds), "RNFR " + part, "RNTO " + path])
    if to_there.ok:
        return
    if not from_there.ok:
        raise refusal(from_there)
    if not overwrite or to_there.code < 500 or sizes(ftp, path)[0] is None:
        raise refusal(to_there)
    aside = aside_name(part)
    try:
        refused = _by_way_of(ftp, part, path, aside)
    except (error_temp, error_proto, OSError, EOFError) as error:
        raise told(error, f"what was {path!r} may be {aside!r} now") from error.__cause__
    if refused is not None:
        raise refusal(refused)


def _by_way_of(ftp, part, path, aside):
    """Put the older file aside meanwhile; returns the refusal if there is one all the same."""
    *_, put_aside, _, renamed = ask(ftp, ["RNFR " + path, "RNTO " + aside, "RNFR " + part, "RNTO " + path])
    if renamed.ok:
        ask(ftp, ["DELE " + aside])
        return None
    if put_aside.ok:
        _, back = ask(ftp, ["RNFR " + aside, "RNTO " + path])
        if not back.ok:
            text = f"{part!r} can't be renamed, and what was {path!r} is {aside!r} now"
            raise TransferError(f"{text}: {renamed.text}; {back.text}")
    return renamed


def aside_name(part):
    """The name under which an older file waits for that part to take its place."""
    return part[: -len("part")] + "old"


def refusal(reply):
    """The exception for a refusal."""
    return (error_temp if reply.code < 500 else error_perm)(reply.text)


def utc(seconds):
    """The time as Transferred tells it, to the second; None where there is none, or none that a date can be made of."""
    try:
        return None if seconds is None else datetime.fromtimestamp(int(seconds // 1), timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


def _size(reply):
    digits = reply.text[4:].strip()
    return int(digits) if reply.code == 213 and digits.isdecimal() and len(digits) < 20 else None
