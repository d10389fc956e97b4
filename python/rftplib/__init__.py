"""ftplib on a Rust engine: `import rftplib as ftplib`, and every script goes on working.

    >>> from rftplib import FTP
    >>> ftp = FTP('ftp.example.org')            # connect to host, default port
    >>> ftp.login()                             # user anonymous
    >>> ftp.retrlines('LIST')                   # list directory contents
    >>> ftp.quit()

The names are ftplib's. Beyond them there are

install(), uninstall()
    Put rftplib in ftplib's place for a whole program, and back; `python -m rftplib.run script.py` does it for a script.
rftplib.tls
    FTPS, always encrypted and verified; ImplicitFTP_TLS, for port 990; NativeContext, TLS in Rust.
rftplib.session
    Site, how to reach a server, with a pool of connections; batch(), many commands at once; recover().
rftplib.listing
    scandir(), walk(), stat() on any server; parse() for listings that are there already.
rftplib.transfer
    get() and put(): files that arrive whole or not at all, resumed, verified, with progress and a rate.
rftplib.mirror
    Directories kept alike, down, up and from server to server: mirror(), plan(); `python -m rftplib.mirror --help`.
rftplib.fs
    A server's files for pandas, Dask and whatever takes fsspec's URLs (pip install 'rftplib[fs]').
Attributes of the classes, to be set on a class, a subclass or an object
    FTP: max_reply, skip_redundant_type, accept_any_active_peer, check_size, structured_replies, errors,
    socket_factory, connect_timeout, data_timeout, prefer_epsv, tcp_keepalive, noop_interval.
    FTP_TLS: reuse_session, unwrap_timeout, handshake_delay, accept_ragged_end.
    help(rftplib.FTP) and help(rftplib.FTP_TLS) tell more.
Loggers of `logging`
    rftplib.control: commands and replies at DEBUG, passwords masked; connections at INFO. rftplib.data: transfers at
    INFO. rftplib.tls: handshakes at INFO. What fails is logged at WARNING.
RFTPLIB_NATIVE=0 in the environment
    Turns the loops in Rust off, to find out whether one of them is to blame for a fault.
"""

import sys

if sys.argv[:1] == ["-m"]:  # what `python -m` names is being imported
    from . import _loading

    _loading.begin()

import io as _io
import socket
from socket import _GLOBAL_DEFAULT_TIMEOUT

from . import _rftplib
from ._constants import B_CRLF, CRLF, FTP_PORT, MAXLINE, MSG_OOB
from ._errors import Error, error_perm, error_proto, error_reply, error_temp

try:
    import ssl
except ImportError:
    ssl = None

# Patterns that scripts may put in the place of our parsers'; see parse150() and parse227()
_150_re = None
_227_re = None

from ._ftp import FTP  # noqa: E402  (it looks up the names above in this module)
from ._ftpcp import ftpcp  # noqa: E402
from ._functions import parse150, parse227, parse229, parse257, print_line, test  # noqa: E402

for _function in (ftpcp, parse150, parse227, parse229, parse257, print_line, test):
    _function.__module__ = __name__
del _function

_rftplib.seal(FTP)
_io.TextIOBase.register(_rftplib.Reader)

# all_errors: what a script has to expect from any method
if ssl is None:
    del ssl
    _SSLSocket = None
    all_errors = (Error, OSError, EOFError)
else:
    _SSLSocket = ssl.SSLSocket
    all_errors = (Error, OSError, EOFError, ssl.SSLError)
    from ._ftp_tls import FTP_TLS

# What few scripts use is imported when it is asked for; type checkers see it here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._install import install, uninstall
del TYPE_CHECKING


def __getattr__(name):
    if name not in {"install", "uninstall"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _install

    found = globals()[name] = getattr(_install, name)
    return found


def __dir__():
    return sorted({*globals(), "install", "uninstall"})


__version__ = _rftplib.__version__
__all__ = ["FTP", "error_reply", "error_temp", "error_perm", "error_proto", "all_errors"]
if _SSLSocket is not None:
    __all__ += ["FTP_TLS"]
