"""What to do about a connection that fails: in the terms of a client's code, or of a Site's URL."""

import re
import socket

from ._errors import NO_GREETING, Error, error_perm, explained, hint_of
from ._tls import ssl

NOT_IMPLICIT = "the server speaks clear text first; if it expects AUTH, as on port 21, use FTPS() or FTP_TLS()"
NO_AUTH = (
    "the server takes no AUTH TLS here, and FTPS never goes on in clear text; "
    "if it expects TLS from the first byte, as on port 990, use FTPS(implicit=True)"
)
UNTRUSTED = "name the authority that has signed the certificate: context=ssl.create_default_context(cafile=...)"
OWN_CERTIFICATE = "the server asks for a certificate of yours: context.load_cert_chain(...)"
OUT_OF_DATE = "the server needs a new certificate, or this machine's clock is wrong"
OTHER_NAME = "connect by the name that is in the certificate"
ONLY_HOST = "a host only: connect(host, port)"

# What a URL says instead
IMPLICIT_URL, EXPLICIT_URL = "?implicit=true at the end of the URL", "?implicit=false at the end of the URL"
CAFILE_URL = "?cafile=/path/ca.pem at the end of the URL"
UNTRUSTED_URL = f"the server's certificate isn't trusted: a company's authority is named by {CAFILE_URL}"
WANTS_TLS = "the server wants TLS: ftpes:// or ftps://"
NO_PASSWORD = "no password was given, and ~/.netrc has none for this host and user"
_IN_URLS = {
    NO_GREETING: f"no greeting came: if TLS is expected from the first byte, ftps://host (port 990), or {IMPLICIT_URL}",
    NOT_IMPLICIT: f"the server speaks clear text first: ftpes://host (port 21), or {EXPLICIT_URL}",
    NO_AUTH: f"the server takes no AUTH TLS: ftps://host (port 990), {IMPLICIT_URL}, or ftp:// without TLS",
    UNTRUSTED: UNTRUSTED_URL,
    OWN_CERTIFICATE: "the server asks for a certificate of yours: Site(url, context=...) in a program",
    OUT_OF_DATE: OUT_OF_DATE,
    OTHER_NAME: OTHER_NAME,
}
OF_SITES = (*_IN_URLS.values(), WANTS_TLS, NO_PASSWORD)

_OF_TLS = re.compile(r"encrypt|clear ?text|\b(TLS|SSL)\b", re.IGNORECASE)


def of_tls(error):
    """What to do about an ssl.SSLError, in the terms of FTPS; None: nobody knows."""
    text = str(error).lower().replace("_", " ")
    if isinstance(error, ssl.SSLCertVerificationError):
        if "expired" in text or "not yet valid" in text:
            return OUT_OF_DATE
        return OTHER_NAME if "mismatch" in text else UNTRUSTED
    return OWN_CERTIFICATE if "certificate required" in text else None


def of_site(error, site):
    """The error with what a Site's user may do about it, if anything is known; else as it is."""
    hint = hint_of(error)
    if hint in _IN_URLS:
        error._hint = _IN_URLS[hint]
    elif isinstance(error, Error) and error.args:
        code, text = str(error.args[0])[:3], str(error.args[0])[3:]
        if not site.secured and code in ("421", "522", "530", "534", "550") and _OF_TLS.search(text):
            return explained(error, WANTS_TLS)
        if code == "530" and site._lacks_password():
            return explained(error, NO_PASSWORD)
    return error


def told_by_site(error):
    """What of_site() has said about it; None for nothing."""
    return hint_of(error) if hint_of(error) in OF_SITES else None


def of_connecting(error):
    """What to do about an error in the place of a connection, where of_site() has said nothing; None for nothing."""
    if told_by_site(error) is not None:
        return None
    if isinstance(error, error_perm):
        return "check the user and the password" if str(error.args[0])[:3] == "530" else None
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there: check host and port"
    if isinstance(error, socket.gaierror):
        return "check the host's name"
    if isinstance(error, socket.timeout):
        return "no answer: check host and port, whether TLS is expected from the first byte there, and firewalls"
    return None
