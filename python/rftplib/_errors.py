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
    """Mixed into an exception's class by explained()."""

    _hint = ""

    def __str__(self):
        text = super().__str__()
        return f"{text} ({self._hint})" if text else self._hint

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


def explained(error, hint):
    """Return `error` again with `hint` behind its text: an instance of its class, with its arguments and attributes."""
    if isinstance(error, _Explained):
        return error
    kind, args, *state = error.__reduce__()
    new = _restored(kind, args)
    for attributes in state:
        new.__setstate__(attributes)
    notes = getattr(new, "__notes__", ())
    if hint in notes:
        new.__notes__ = [note for note in notes if note != hint]
    new._hint = hint
    return new


def also(error, hint):
    """Return `error` with `hint` behind its text, and behind a hint that it has already."""
    before = getattr(error, "_hint", None)
    if before is None:
        return explained(error, hint)
    error._hint = f"{before}; {hint}"
    return error
