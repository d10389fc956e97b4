"""Names that can be used as they are: what a server, a disk or a saved plan says is not believed."""

import os
import re

# What Windows takes for devices, whatever comes behind a dot
_RESERVED = {"con", "prn", "aux", "nul", *(f"{kind}{number}" for kind in ("com", "lpt") for number in range(1, 10))}
_PART = re.compile(r"\..+\.(?:[0-9a-f]{12}|[0-9a-f]{16})\.part", re.DOTALL)
_WINDOWS = '\\:*?"<>|'


def trouble(name, *, sent=False, windows=os.name == "nt"):
    """What is wrong with the name of a file or directory, as text; None for nothing.

    sent: whether a server has to be asked for it; (encoding, errors) where it is sent in that. windows: whether it is
    to be a file's on Windows.
    """
    if name in ("", ".", ".."):
        return "is no name"
    if "/" in name:
        return "has a slash in it"
    if "\0" in name:
        return "has a NUL in it"
    if sent and ("\r" in name or "\n" in name):
        return "has a line end in it, which no command can have"
    if isinstance(sent, tuple) and not _fits(name, *sent):
        return f"has characters in it that {sent[0]} hasn't"
    if windows:
        if any(character in _WINDOWS or character < " " for character in name):
            return "has characters in it that Windows doesn't take"
        if name[-1] in " .":
            return "ends with a blank or a dot, which Windows drops"
        if name.split(".")[0].rstrip().lower() in _RESERVED:
            return "is a device of Windows"
    return None


def _fits(name, encoding, errors):
    """Whether it is the same forth and back: else two names may be one there."""
    try:
        return name.encode(encoding, errors).decode(encoding, errors) == name
    except UnicodeError:
        return False


def quoted(name, windows=os.name == "nt"):
    """The name with those characters percent-encoded that trouble() is about, and the percent sign."""
    bad = "%/\0\r\n" + (_WINDOWS if windows else "")
    text = "".join(_percent(character) if character in bad or character < " " else character for character in name)
    if text in ("", ".", "..") or (windows and trouble(text, windows=True)):
        text = text[:-1] + _percent(text[-1]) if text[-1:] in (" ", ".") else _percent(text[:1]) + text[1:]
    return text


def _percent(characters):
    return "".join(f"%{byte:02X}" for byte in characters.encode("utf-8", "surrogateescape"))


def check_path(path):
    """Return a relative path of a saved plan, or of a side, if it stays below the root; raises ValueError."""
    if not isinstance(path, str):
        raise ValueError(f"a path is a str, not {type(path).__name__}")
    for name in path.split("/"):
        found = trouble(name)
        if found:
            raise ValueError(f"{path!r} can't be the path of an action: {name!r} {found}")
    return path


def is_part(name):
    """Whether a name is that of a file that isn't whole yet: '.NAME.<id>.part'.

    The id has 12 digits (rftplib.transfer) or 16 (rftplib.fs), hexadecimal ones.
    """
    return _PART.fullmatch(name) is not None


def stays_inside(path, target):
    """Whether the link `path` that leads to `target` stays below the root, whatever other links there are.

    Only at the beginning may there be '..': behind the name of another link they would go up from where that leads.
    """
    names = target.split("/")
    if target.startswith("/") or "\0" in target or not target:
        return False
    ups = 0
    while ups < len(names) and names[ups] == "..":
        ups += 1
    return ups <= path.count("/") and ".." not in names[ups:]
