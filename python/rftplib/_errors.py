"""The exceptions: ftplib's own objects, so that code which imports either module catches both."""

import functools

try:
    from ftplib import Error, error_perm, error_proto, error_reply, error_temp
except ImportError:  # an interpreter without ftplib

    class Error(Exception):
        """The base of the exceptions below."""

    class error_reply(Error):
        """A reply that the dialogue doesn't allow here."""

    class error_temp(Error):
        """A 4xx reply."""

    class error_perm(Error):
        """A 5xx reply."""

    class error_proto(Error):
        """A reply that is none."""


__all__ = ["Error", "error_perm", "error_proto", "error_reply", "error_temp"]


def refusal_of(reply):
    """The exception for a Reply that refuses."""
    return (error_temp if reply.code < 500 else error_perm)(reply.text)


class ListingError(Error):
    """A listing that can't be believed, so that none of its entries is handed out.

    line: the line that isn't understood, as `str`; None where it is something else.
    """

    def __init__(self, text, line=None):
        super().__init__(text, line)
        self.line = line

    def __str__(self):
        if self.line is None:
            return self.args[0]
        shown = ascii(self.line)
        return f"{self.args[0]}: {shown if len(shown) <= 300 else shown[:300] + '...'}"


# What a server on the port of implicit TLS looks like to a client that waits for its greeting
NO_GREETING = (
    "no greeting came; "
    "if the server expects TLS from the first byte, as on port 990, use rftplib.tls.FTPS(implicit=True)"
)


# Where a client keeps its last command, its password masked, for as long as `structured_replies` is true
COMMAND = "_rftplib_command"


def structured(ftp, error, command=None):
    """Return `error`, made of a reply, with the attributes that `FTP.structured_replies` is about, if it is true."""
    if getattr(ftp, "structured_replies", False):
        tell(error, command or getattr(ftp, COMMAND, None))
    return error


def tell(error, command):
    """Give an error that was made of a reply its attributes code, lines and command."""
    text = str(error.args[0])
    digits = text[:3]
    error.code = int(digits) if len(digits) == 3 and digits.isascii() and digits.isdigit() else None
    error.lines, error.command = text.split("\n"), command


class _Explained:
    """Mixed into an exception's class by explained() and also(): behind its own text it tells where, and what to do."""

    _places, _hint = (), None

    def __str__(self):
        told = ": ".join(filter(None, ["; ".join(self._places), self._hint]))
        return f"{bare(self)} ({told})" if bare(self) and told else bare(self) or told

    def __reduce__(self):
        _, args, *state = super().__reduce__()
        return (_restored, (type(self).__mro__[2], args), *state)


@functools.cache
def _explained_class(kind):
    # in a traceback it has the name that users know and catch
    names = {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (_Explained, kind), names)


def _restored(kind, args):
    """What unpickling and copying begin with; the state follows."""
    return _explained_class(kind)(*args)


def _again(error):
    """The error as an instance of its class that can tell more, with its arguments and attributes."""
    if isinstance(error, _Explained):
        return error
    kind, args, *state = error.__reduce__()
    new = _restored(kind, args)
    for attributes in state:
        new.__setstate__(attributes)
    return new


def explained(error, hint):
    """Return `error` with what to do about it behind its text, unless it tells that already."""
    new = _again(error)
    if new._hint is None:
        new._hint = hint
        notes = getattr(new, "__notes__", ())
        if hint in notes:
            new.__notes__ = [note for note in notes if note != hint]
    return new


def also(error, place, hint=None):
    """Return `error` with where it has come, or what else is to be known, behind its text; hint: and what to do."""
    new = _again(error)
    new._places = (*new._places, place)
    new._hint = hint or new._hint
    return new


def bare(error):
    """The text of an error, without what explained() and also() have added."""
    return super(_Explained, error).__str__() if isinstance(error, _Explained) else str(error)


def places_of(error):
    """What also() has added, as a tuple of texts."""
    return getattr(error, "_places", ())


def hint_of(error):
    """What to do about an error, as explained() or also() have been told; None for nothing."""
    return getattr(error, "_hint", None)
