"""How an upload gets its time and its name on the server."""

import re
import secrets
from datetime import datetime, timezone

from .._errors import Error, error_perm, refusal_of
from .._exact import ask, told_size
from .._features import features
from .._recover import recover
from .._scan import scandir
from .._stat import stat_many
from ._look import ask_in_binary
from ._values import NotWhole, TransferError


def sizes(ftp, *paths):
    """The size of each file on the server; None where that isn't told."""
    return [told_size(reply) for reply in ask_in_binary(ftp, ["SIZE " + path for path in paths])]


def exists(ftp, path):
    """Whether there is something of that name on the server: by all that it can be asked, up to a listing."""
    (found,) = stat_many(ftp, [path])
    if isinstance(found, error_perm):
        return False
    if isinstance(found, Exception):
        raise found
    return True


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


# What servers drop from names, or change to "_": blanks at the ends, dots at the end, control characters, bytes that
# are no text
_ODD = re.compile(r"^\s+|[\s.]+$|[\x00-\x1f\x7f-\x9f\udc80-\udcff]+")


def is_odd(name):
    """Whether servers change a name."""
    return _ODD.search(name) is not None


def likeness(name):
    """The same text for all names of which a server may make the same one."""
    return re.sub("_+", "_", _ODD.sub("_", name)).strip("_")


def check_name(ftp, part, path):
    """Raise TransferError if the server makes another name of that one, which may be another file's.

    Pure-FTPd makes "report_" of "report ". Only a name that servers change is tried out: the part gets one like it that
    nobody has, and then its own again.
    """
    head, slash, name = path.rpartition("/")
    if not is_odd(name):
        return
    mark = f".{secrets.token_hex(6)}.part"
    tried = made = name[:1] + mark + name[1:]
    if not ask(ftp, ["RNFR " + part, f"RNTO {head}{slash}{tried}"])[-1].ok:
        return  # what is wrong is told of the name itself
    try:
        made = next((entry.name for entry in scandir(ftp, head or slash) if mark in entry.name), tried)
    except Error:
        pass  # a directory that may not be listed: it can't be told
    except UnicodeError:  # neither where another name isn't in the encoding; and a reply hasn't been read
        recover(ftp)
    if made != tried:
        ask(ftp, [f"DELE {head}{slash}{made}"])
        raise TransferError(f"the server changes this name: it would be {made.replace(mark, '')!r} there")
    _, back = ask(ftp, [f"RNFR {head}{slash}{tried}", "RNTO " + part])
    if not back.ok:
        raise refusal_of(back)


# What is replied where there is a file of the name already, among other reasons (RFC 959)
_TAKEN = (550, 553)


def name_it(ftp, part, path, seconds, overwrite, note_aside, note_time=None):
    """Give the part its time and, in the same batch, its name. Returns None, or the refusal.

    Where a server won't rename onto a file, that one is put aside before, and deleted afterwards; if the name is
    refused all the same, it gets its own back. note_aside: called with the name that it may have meanwhile, and in the
    end with None. note_time: called with the reply about the time, where it was asked for.
    """
    *timed, from_there, to_there = ask(ftp, [*time_commands(ftp, part, seconds), "RNFR " + part, "RNTO " + path])
    if timed and note_time is not None:
        note_time(*timed)
    if not from_there.ok:
        return from_there
    if to_there.ok:
        return None
    if not overwrite or to_there.code not in _TAKEN or sizes(ftp, path)[0] is None:
        return to_there
    aside = aside_name(part)
    note_aside(aside)
    refused = _by_way_of(ftp, part, path, aside)
    note_aside(None)
    return refused


def _by_way_of(ftp, part, path, aside):
    """Put the older file aside meanwhile; returns the refusal if there is one all the same."""
    old_there, old_aside, from_there, renamed = ask(
        ftp, ["RNFR " + path, "RNTO " + aside, "RNFR " + part, "RNTO " + path]
    )
    put_aside = old_there.ok and old_aside.ok
    if from_there.ok and renamed.ok:
        if put_aside:
            ask(ftp, ["DELE " + aside])
        return None
    refused = renamed if from_there.ok else from_there
    if put_aside:
        _, back = ask(ftp, ["RNFR " + aside, "RNTO " + path])
        if not back.ok:
            raise NotWhole(f"{part!r} can't be renamed ({refused.text}), nor back {aside!r} ({back.text})")
    return refused


def aside_name(part):
    """The name under which an older file waits for that part to take its place."""
    return part[: -len("part")] + "old"


def utc(seconds):
    """The time as Transferred tells it, to the second; None where there is none, or none that a date can be made of."""
    try:
        return None if seconds is None else datetime.fromtimestamp(int(seconds // 1), timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
