"""ftplib on a Rust engine: `import rftplib as ftplib`, and every script goes on working.

    >>> from rftplib import FTP
    >>> ftp = FTP('ftp.example.org')            # connect to host, default port
    >>> ftp.login()                             # user anonymous
    >>> ftp.retrlines('LIST')                   # list directory contents
    >>> ftp.quit()

The names are ftplib's, and install() and uninstall(), which put rftplib in ftplib's place for a whole program; what
else goes beyond ftplib is in submodules.
"""

import io as _io
import socket
import sys
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
from ._functions import ftpcp, parse150, parse227, parse229, parse257, print_line, test  # noqa: E402
from ._install import install, uninstall  # noqa: E402

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

__version__ = _rftplib.__version__
__all__ = ["FTP", "error_reply", "error_temp", "error_perm", "error_proto", "all_errors"]
if _SSLSocket is not None:
    __all__ += ["FTP_TLS"]
