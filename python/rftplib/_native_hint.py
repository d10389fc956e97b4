"""Why a server refused a data connection of NativeContext's: told where the server's own words don't tell it.

native-tls can't resume TLS sessions, and some servers, vsftpd and ProFTPD as they come among them, demand that a data
connection resumes the control connection's. They say so by a reset, a broken pipe, a 425 or, at best, a 522.
"""

from . import _errors
from ._errors import error_perm, error_temp

try:
    from ._native_context import NativeContext as _CONTEXT
    from ._native_socket import NativeSocket as _SOCKET
except ImportError:  # an engine without TLS
    _CONTEXT = _SOCKET = ()

# A connection that is refused fails before much is moved: no more than the kernel's buffers take on both sides.
_EARLY = 16 * 1024 * 1024

# Replies that servers give to a data connection they don't want; others have reasons of their own.
_REFUSALS = {"421", "425", "426", "431", "450", "451", "522", "534"}

_REMEDY = (
    "native-tls can't resume TLS sessions, and {} for data connections (as vsftpd and ProFTPD do by default): "
    "use an ssl.SSLContext, such as FTP_TLS has by default, instead of NativeContext"
)
_SAID = _REMEDY.format("the server demands it")
_GUESSED = _REMEDY.format("it may be that the server demands it")


def explained(error, where):
    """Return the exception to raise instead of `error`, or None if there is nothing to explain.

    error: what a transfer has failed with. where: its data connection or, if that failed already when it was to be
    secured, its context. The new exception is an instance of the same class with the same args or errno, so raise it
    `from error`.
    """
    if isinstance(where, _SOCKET):
        if where._received or where._sent > _EARLY:
            return None
    elif not isinstance(where, _CONTEXT):
        return None
    if isinstance(error, (error_perm, error_temp)):
        return _refusal(error)
    if isinstance(error, OSError):
        return _broken(error)
    return None


def _refusal(error):
    resp = str(error)
    if resp[:3] not in _REFUSALS:
        return None
    return _errors.explained(error, _SAID if "reuse" in resp.lower() else _GUESSED)


def _broken(error):
    # a peer that hangs up; a timeout or a certificate that isn't accepted has nothing to do with it
    if not isinstance(error, ConnectionError) and getattr(error, "reason", None) != "UNEXPECTED_EOF_WHILE_READING":
        return None
    new = type(error)(error.errno, f"{error.strerror} ({_GUESSED})")
    for name in ("library", "reason"):
        if hasattr(error, name):
            setattr(new, name, getattr(error, name))
    return new
