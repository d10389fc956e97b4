"""Names of files that aren't whole yet, made of the identity of what they are a part of."""

import hashlib
import re

# The longest file name that systems take is 255 bytes: that of a part is longer than the file's by 19
_LONGEST = 200


def part_name(name, *identity):
    """The name beside `name` under which a file is kept until it is whole: '.NAME.<id>.part'.

    identity: what must not have changed for the rest to fit: of the source its size, time and unique fact, its path,
    the server's host and port.
    """
    text = "\0".join("" if item is None else str(item) for item in identity)
    token = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return f".{_short(name)}.{token}.part"


def part_pattern(name):
    """A compiled pattern for the names of all parts of `name`."""
    return re.compile(re.escape(f".{_short(name)}.") + "[0-9a-f]{12}" + re.escape(".part"))


def _short(name):
    return name.encode("utf-8", "surrogateescape")[:_LONGEST].decode("utf-8", "ignore") if len(name) > 60 else name
