"""Times to the second, by MDTM (RFC 3659, section 3): for `rftplib.listing`."""

from ._batch import batch
from ._errors import error_perm, error_temp
from ._features import features

_SECOND = 1_000_000
_QUARTER = 15 * 60


def ask(ftp, commands):
    """The replies to commands. A server too simple for FEAT gets them one by one: aioftp answers in any order."""
    return batch(ftp, commands, window(ftp))


def window(ftp):
    """How many commands may be unanswered at once."""
    return 64 if features(ftp) else 1


def told_size(reply):
    """The size that a reply to SIZE tells (RFC 3659, section 4); None if it doesn't."""
    digits = reply.text[4:].strip()
    return int(digits) if reply.code == 213 and digits.isdecimal() and len(digits) <= 20 else None


def mdtm(path):
    """The command for the time of `path`. vsftpd takes 14 digits before a name for a time that it shall set."""
    if path[:14].isdigit():
        path = "./" + path
    return "MDTM " + path


def exact(ftp, entries):
    """The entries, with the times of files by MDTM where that is more exact; what it refuses stays a guess."""
    asked = []
    for place, entry in enumerate(entries):
        if entry.type == "file":
            micros, resolution = entry._micros()
            if micros is None or resolution > _SECOND:
                asked.append(place)
    if not asked:
        return entries
    for place, reply in zip(asked, ask(ftp, [mdtm(entries[place].path) for place in asked])):
        entries[place] = entries[place]._timed(reply.text) or entries[place]
    return entries


def known_offset(ftp, entry):
    """By how many seconds a listing is ahead of UTC, as one of its files shows; 0 where MDTM doesn't tell."""
    try:
        timed = entry._timed(ftp.sendcmd(mdtm(entry.path)))
    except (error_perm, error_temp) as refusal:
        if str(refusal)[:3] == "421":
            raise
        timed = None
    if timed is None:
        return 0
    # the listing has cut the seconds off
    ahead = (entry._micros()[0] - timed._micros()[0]) / _SECOND
    offset = round(ahead / _QUARTER) * _QUARTER
    return offset if -60 <= ahead - offset <= 1 and abs(offset) <= 14 * 3600 else 0
