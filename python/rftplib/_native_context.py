"""`NativeContext`: what `ssl.SSLContext` is to ftplib, on the operating system's TLS library.

The options are checked here: each error names the option or the file, and none holds a secret.
"""

import os
import ssl

from ._native_socket import NativeSocket
from ._rftplib import Engine

_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

# What a context asks for at least, where it isn't told: TLS 1.0 and 1.1 are deprecated (RFC 8996).
_MINIMUM = "TLSv1.2"


class NativeContext:
    """A TLS context for FTP_TLS that runs TLS in Rust, on the operating system's TLS library (native-tls), verified
    against its trust store.

    cafile, cadata: certificates to trust, PEM or DER, instead of the operating system's; system_roots=True: beside
    them.
    certfile, keyfile: a client certificate with its chain and its key, PEM. pkcs12: the same in a PKCS#12 file.
    password: of the key or the file.
    minimum_version, maximum_version: 'TLSv1.2', 'TLSv1.3'... or members of ssl.TLSVersion.
    alpn: names of protocols to offer.
    danger_accept_invalid_certs: verify nothing. danger_accept_invalid_hostnames: any trusted certificate will do,
    whoever it is for. Anyone on the way can then read and change everything.

    Data connections resume the session of the control connection, which some servers demand (vsftpd and ProFTPD by
    default), but on macOS, where the TLS library can't.
    """

    __module__ = "rftplib.tls"
    __slots__ = ("__weakref__", "_engine", "_maximum", "_minimum", "_summary", "_verifies", "_verifies_names")

    def __init__(
        self,
        *,
        cafile=None,
        cadata=None,
        system_roots=None,
        certfile=None,
        keyfile=None,
        pkcs12=None,
        password=None,
        minimum_version=None,
        maximum_version=None,
        alpn=None,
        danger_accept_invalid_certs=False,
        danger_accept_invalid_hostnames=False,
    ):
        """Read and check all that is given. Raises OSError, ssl.SSLError, TypeError or ValueError."""
        roots = [] if cafile is None else [_read(cafile, "cafile")]
        if cadata is not None:
            roots.append(("cadata", _text_or_bytes(cadata, "cadata")))
        if system_roots is None:
            system_roots = not roots
        if not roots and not system_roots and not danger_accept_invalid_certs:
            raise ValueError("system_roots=False leaves nothing to trust: give cafile or cadata")
        self._minimum, self._maximum = _bounds(minimum_version, maximum_version)
        self._verifies = not danger_accept_invalid_certs
        self._verifies_names = self._verifies and not danger_accept_invalid_hostnames
        identity = _identity(certfile, keyfile, pkcs12, password)
        self._engine = Engine(
            roots=roots,
            system_roots=bool(system_roots),
            minimum=self._minimum,
            maximum=self._maximum,
            alpn=_protocols(alpn),
            accept_invalid_certs=bool(danger_accept_invalid_certs),
            accept_invalid_hostnames=bool(danger_accept_invalid_hostnames),
            **identity,
        )
        own = self._engine.roots
        trust = f"system roots and {own} of its own" if system_roots and own else f"{own} roots of its own"
        if not self._verifies:
            trust = "nothing is verified"
        elif not own:
            trust = "system roots"
        elif not self._verifies_names:
            trust += ", host names not verified"
        self._summary = trust + (", with identity" if any(identity.values()) else "")

    def wrap_socket(
        self,
        sock,
        server_side=False,
        do_handshake_on_connect=True,
        suppress_ragged_eofs=True,
        server_hostname=None,
        session=None,
    ):
        """Run the client's side of TLS on a connected socket.socket, which is taken over; returns the NativeSocket.

        session: the NativeSocket.session to resume, of a connection of this context with the same server_hostname.
        Raises ValueError for any other. Whether the server has resumed it, `session_reused` tells.
        """
        if server_side:
            raise NotImplementedError("NativeContext is for clients: server_side isn't supported")
        name = None if server_hostname is None else _encoded(server_hostname)
        if name is None and self._verifies_names:
            raise ValueError("check_hostname requires server_hostname")
        if session is not None:
            self._engine.check(session, name)
        return NativeSocket._create(
            sock,
            self,
            lambda descriptor: self._engine.link(descriptor, name, session),
            server_hostname,
            do_handshake_on_connect,
            suppress_ragged_eofs,
        )

    @property
    def protocol(self):
        """As with ssl.SSLContext: the client's side of TLS, any version."""
        return ssl.PROTOCOL_TLS_CLIENT

    @property
    def check_hostname(self):
        """Whether the certificate has to be for the server's name."""
        return self._verifies_names

    @property
    def verify_mode(self):
        """ssl.CERT_REQUIRED or, with danger_accept_invalid_certs, ssl.CERT_NONE."""
        return ssl.CERT_REQUIRED if self._verifies else ssl.CERT_NONE

    @property
    def minimum_version(self):
        """The lowest ssl.TLSVersion."""
        return _member(self._minimum or "MINIMUM_SUPPORTED")

    @property
    def maximum_version(self):
        """The highest ssl.TLSVersion."""
        return _member(self._maximum or "MAXIMUM_SUPPORTED")

    def __repr__(self):
        versions = f"{self._minimum or 'any version'} to {self._maximum or 'newest'}"
        return f"<rftplib.tls.NativeContext {versions}, {self._summary}>"

    def __reduce__(self):
        # made from files, and holding keys
        raise TypeError(f"cannot pickle '{type(self).__name__}' object")


def _member(name):
    return ssl.TLSVersion[name.replace(".", "_")]


def _read(path, option):
    """What an error calls a file, and its content. What fails is an OSError that names it."""
    try:
        name = os.fspath(path)
    except TypeError:
        raise TypeError(f"{option} should be a path, not {type(path).__name__}") from None
    with open(name, "rb") as file:
        return f"{option} {path!r}", file.read()


def _text_or_bytes(data, option):
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, (bytes, bytearray)):
        return bytes(data)
    raise TypeError(f"{option} should be str or bytes, not {type(data).__name__}")


def _identity(certfile, keyfile, pkcs12, password):
    """The client's certificate and key, as the engine takes them."""
    if pkcs12 is not None and (certfile is not None or keyfile is not None):
        raise ValueError("certfile and keyfile can't be combined with pkcs12")
    if keyfile is not None and certfile is None:
        raise ValueError("keyfile needs certfile")
    if password is not None and certfile is None and pkcs12 is None:
        raise ValueError("password is for certfile, keyfile or pkcs12, and none is given")
    if password is not None:
        try:
            password = _text_or_bytes(password, "password").decode()
        except UnicodeDecodeError:
            raise ValueError("password should be UTF-8") from None
        if "\0" in password:
            raise ValueError("password has an embedded null character")
    chain = None if certfile is None else _read(certfile, "certfile")
    key = chain if keyfile is None else _read(keyfile, "keyfile")
    archive = None if pkcs12 is None else _read(pkcs12, "pkcs12")
    return {"chain": chain, "key": key, "pkcs12": archive, "password": password}


def _protocols(alpn):
    if alpn is None:
        return []
    if isinstance(alpn, (str, bytes)):
        raise TypeError("alpn should be a list of names, not one")
    names = list(alpn)
    for name in names:
        if not isinstance(name, str):
            raise TypeError("alpn should be a list of str")
        if not 1 <= len(name.encode()) <= 255:
            raise ValueError("alpn: a name has 1 to 255 bytes")
    return names


def _version(given, option):
    """The name of a version, given as such or as a member of ssl.TLSVersion; None for no bound."""
    name = given if isinstance(given, str) else getattr(given, "name", None)
    if not isinstance(name, str):
        raise TypeError(f"{option} should be str or ssl.TLSVersion, not {type(given).__name__}")
    if name in ("MINIMUM_SUPPORTED", "MAXIMUM_SUPPORTED"):
        unbounded = name[:3].lower() == option[:3]
        return None if unbounded else _VERSIONS[0 if name[:3] == "MIN" else -1]
    dotted = name.replace("_", ".")
    if dotted not in _VERSIONS:
        raise ValueError(f'{option}: "{name}" is not supported, only TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3 are')
    return dotted


def _bounds(minimum, maximum):
    """Both as names. A maximum below the default minimum has to come with a minimum."""
    low = _MINIMUM if minimum is None else _version(minimum, "minimum_version")
    high = None if maximum is None else _version(maximum, "maximum_version")
    if low is not None and high is not None and low > high:
        if minimum is not None:
            raise ValueError("minimum_version is above maximum_version")
        raise ValueError(f"maximum_version is below the default minimum, {low}: give minimum_version as well")
    return low, high


def _encoded(name):
    """A server's name as TLS wants it (IDNA), refused where `ssl` refuses it."""
    if not isinstance(name, str):
        raise TypeError(f"server_hostname should be str, not {type(name).__name__}")
    if not name or name.startswith("."):
        raise ValueError("server_hostname cannot be an empty string or start with a leading dot.")
    if "\0" in name:
        raise ValueError("server_hostname has an embedded null character")
    return name.encode("idna").decode()
