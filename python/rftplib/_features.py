"""What a server can do: `rftplib.session.features`."""

import weakref

from ._batch import batch, late_reply
from ._control import UNANSWERED
from ._errors import error_perm


class Features:
    """What a server says it can do, by FEAT (RFC 2389): an immutable value.

    `"MLST" in features` asks for a name, `features["REST"]` gives the parameters of its lines, a list of str.

    mlst: the facts that MLSD and MLST can give, in lower case, such as ('type', 'size', 'modify'); () if it has
    neither. hash: the algorithms of HASH, the selected one first, such as ('SHA-256', 'SHA-1'); () if it hasn't got it.
    mdtm, mfmt, size, rest, utf8, epsv, rang: whether it has that; rest means REST STREAM (RFC 3659, section 5).
    """

    __slots__ = ("_names",)

    def __init__(self, lines=()):
        """Take the lines between the first and the last one of a reply to FEAT."""
        names = {}
        for line in lines:
            name, _, parameters = line.strip().partition(" ")
            # some servers repeat the code in each line
            if name[:4] == "211-":
                name = name[4:]
            if name:
                names.setdefault(name.upper(), []).append(parameters.strip())
        object.__setattr__(self, "_names", names)

    def __setattr__(self, name, value):
        raise AttributeError("Features can't be changed")

    def __contains__(self, name):
        return name.upper() in self._names

    def __getitem__(self, name):
        return list(self._names[name.upper()])

    def __iter__(self):
        return iter(self._names)

    def __len__(self):
        return len(self._names)

    def __eq__(self, other):
        return self._names == other._names if isinstance(other, Features) else NotImplemented

    def __hash__(self):
        return hash(frozenset(self._names))

    def __repr__(self):
        return f"<Features: {', '.join(self._names) or 'none'}>"

    def __reduce__(self):
        return Features, ([f"{name} {text}" for name, texts in self._names.items() for text in texts],)

    @property
    def mlst(self):
        return tuple(fact.rstrip("*").lower() for fact in self._listed("MLST"))

    @property
    def hash(self):
        # the selected one is marked by "*"
        names = sorted(self._listed("HASH"), key=lambda name: not name.endswith("*"))
        return tuple(name.rstrip("*").upper() for name in names)

    @property
    def mdtm(self):
        return "MDTM" in self

    @property
    def mfmt(self):
        return "MFMT" in self

    @property
    def size(self):
        return "SIZE" in self

    @property
    def rest(self):
        return any(text.upper() == "STREAM" for text in self._names.get("REST", ()))

    @property
    def utf8(self):
        return "UTF8" in self

    @property
    def epsv(self):
        return "EPSV" in self

    @property
    def rang(self):
        return "RANG" in self

    def _listed(self, name):
        return [item.strip() for text in self._names.get(name, ()) for item in text.split(";") if item.strip()]


# By connection: a server may say something else under TLS
_known = weakref.WeakKeyDictionary()

# Among a client's attributes, where what FEAT says is to be had without a question: the pool that its connection is of,
# and whether the reply is on its way; else another connection has got it
LATE = "_rftplib_late_features"

# "not understood", "not implemented", "not for that parameter" (RFC 959): there is no FEAT. 550 is what vsftpd and
# ProFTPD say where they have been told to refuse it.
_UNKNOWN = ("500", "501", "502", "504", "550")


def features(ftp):
    """Return what the server says it can do, by FEAT (RFC 2389); asked once a connection, also after AUTH TLS.

    Connections of Site.borrow() to one server ask once while one of them stands.

    A server that doesn't know FEAT, or refuses it by 550, has none. Raises error_perm for another refusal, such as 530
    before the login, and what sendcmd() raises.
    """
    try:
        found = _known.get(ftp.sock)
    except TypeError:  # somebody's own socket, or none
        found = None
    if found is None:
        pool, asked = getattr(ftp, "__dict__", {}).pop(LATE, (None, False))
        found = _ask(ftp) if pool is None else _late(ftp, pool, asked)
        remember(ftp, found)
    return found


def _late(ftp, pool, asked):
    asked = asked and vars(ftp).get(UNANSWERED, 0)  # recover() has read it otherwise, or it is another connection
    found = None if asked else pool.known(ftp)[1]
    if found is None:
        reply = late_reply(ftp, "FEAT") if asked else batch(ftp, ["FEAT"])[0]
        found = parse_feat(reply.text)  # whatever the refusal
        pool.learn(ftp, found)
    return found


def remember(ftp, found):
    """Keep `found` for the connection of `ftp`."""
    try:
        _known[ftp.sock] = found
    except TypeError:
        pass


def parse_feat(text):
    """The Features in a reply to FEAT."""
    lines = text.split("\n") if text[:3] == "211" else []
    return Features(lines[1:-1])


def _ask(ftp):
    try:
        return parse_feat(ftp.sendcmd("FEAT"))
    except error_perm as refusal:
        if refusal.args[0][:3] not in _UNKNOWN:
            raise
        return Features()
