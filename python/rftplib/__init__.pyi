# The types of typeshed's ftplib, so that code written against those checks unchanged; what rftplib has beyond ftplib is
# marked. The documentation is in the modules themselves.

import re
import socket as socket
import ssl as ssl
import sys as sys
from collections.abc import Callable, Iterable, Iterator
from ftplib import Error as Error
from ftplib import error_perm, error_proto, error_reply, error_temp
from types import TracebackType
from typing import Any, Final, Literal, TextIO, overload

from _typeshed import StrOrBytesPath, SupportsRead, SupportsReadline
from typing_extensions import Self, deprecated

from ._install import install as install
from ._install import uninstall as uninstall
from .tls import NativeContext

__all__ = ["FTP", "error_reply", "error_temp", "error_perm", "error_proto", "all_errors", "FTP_TLS"]
__version__: str

MSG_OOB: Final = 1
FTP_PORT: Final = 21
MAXLINE: Final = 8192
CRLF: Final = "\r\n"
B_CRLF: Final = b"\r\n"

all_errors: tuple[type[Exception], ...]

# Private names of ftplib that scripts set or read.
_GLOBAL_DEFAULT_TIMEOUT: object
_SSLSocket: type[ssl.SSLSocket] | None
_150_re: re.Pattern[str] | None
_227_re: re.Pattern[str] | None

class FTP:
    debugging: int
    host: str
    port: int
    maxline: int
    sock: socket.socket | None
    welcome: str | None
    passiveserver: int
    trust_server_pasv_ipv4_address: bool  # ftplib has it, typeshed doesn't
    # rftplib only
    max_reply: int | None
    skip_redundant_type: bool
    accept_any_active_peer: bool
    check_size: bool
    structured_replies: bool
    errors: str
    socket_factory: Callable[..., socket.socket] | None
    connect_timeout: float | None
    data_timeout: float | None
    prefer_epsv: bool
    tcp_keepalive: float | None
    noop_interval: float | None
    timeout: float | None
    af: int
    lastresp: str
    file: TextIO | None
    encoding: str
    source_address: tuple[str, int] | None
    def __init__(
        self,
        host: str = "",
        user: str = "",
        passwd: str = "",
        acct: str = "",
        timeout: float | None = ...,
        source_address: tuple[str, int] | None = None,
        *,
        encoding: str = "utf-8",
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None: ...
    def connect(
        self, host: str = "", port: int = 0, timeout: float = -999, source_address: tuple[str, int] | None = None
    ) -> str: ...
    def getwelcome(self) -> str: ...
    def set_debuglevel(self, level: int) -> None: ...
    def debug(self, level: int) -> None: ...
    def set_pasv(self, val: bool | Literal[0, 1]) -> None: ...
    def sanitize(self, s: str) -> str: ...
    def putline(self, line: str) -> None: ...
    def putcmd(self, line: str) -> None: ...
    def getline(self) -> str: ...
    def getmultiline(self) -> str: ...
    def getresp(self) -> str: ...
    def voidresp(self) -> str: ...
    def abort(self) -> str: ...
    def sendcmd(self, cmd: str) -> str: ...
    def voidcmd(self, cmd: str) -> str: ...
    def sendport(self, host: str, port: int) -> str: ...
    def sendeprt(self, host: str, port: int) -> str: ...
    def makeport(self) -> socket.socket: ...
    def makepasv(self) -> tuple[str, int]: ...
    def login(self, user: str = "", passwd: str = "", acct: str = "") -> str: ...
    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]: ...
    def transfercmd(self, cmd: str, rest: int | str | None = None) -> socket.socket: ...
    def retrbinary(
        self, cmd: str, callback: Callable[[bytes], object], blocksize: int = 8192, rest: int | str | None = None
    ) -> str: ...
    def storbinary(
        self,
        cmd: str,
        fp: SupportsRead[bytes],
        blocksize: int = 8192,
        callback: Callable[[bytes], object] | None = None,
        rest: int | str | None = None,
    ) -> str: ...
    def retrlines(self, cmd: str, callback: Callable[[str], object] | None = None) -> str: ...
    def storlines(
        self, cmd: str, fp: SupportsReadline[bytes], callback: Callable[[bytes], object] | None = None
    ) -> str: ...
    def acct(self, password: str) -> str: ...
    def nlst(self, *args: str) -> list[str]: ...
    # only the last one can be a callable
    def dir(self, *args: str | Callable[[str], object]) -> None: ...
    def mlsd(self, path: str = "", facts: Iterable[str] = []) -> Iterator[tuple[str, dict[str, str]]]: ...
    def rename(self, fromname: str, toname: str) -> str: ...
    def delete(self, filename: str) -> str: ...
    def cwd(self, dirname: str) -> str: ...
    def size(self, filename: str) -> int | None: ...
    def mkd(self, dirname: str) -> str: ...
    def rmd(self, dirname: str) -> str: ...
    def pwd(self) -> str: ...
    def quit(self) -> str: ...
    def close(self) -> None: ...

class FTP_TLS(FTP):
    # ftplib has these three up to Python 3.11; rftplib keeps them
    ssl_version: int
    keyfile: StrOrBytesPath | None
    certfile: StrOrBytesPath | None
    # Any, because it may be a NativeContext, and code that takes it for an ssl.SSLContext shall check nevertheless.
    context: ssl.SSLContext | Any
    # rftplib only, these three
    reuse_session: bool
    unwrap_timeout: float | None
    handshake_delay: float | None
    accept_ragged_end: bool
    @overload
    def __init__(
        self,
        host: str = "",
        user: str = "",
        passwd: str = "",
        acct: str = "",
        keyfile: None = None,
        certfile: None = None,
        context: ssl.SSLContext | NativeContext | None = None,
        timeout: float | None = ...,
        source_address: tuple[str, int] | None = None,
        *,
        encoding: str = "utf-8",
    ) -> None: ...
    @overload
    @deprecated("keyfile and certfile are deprecated, use a custom context instead")
    def __init__(
        self,
        host: str = "",
        user: str = "",
        passwd: str = "",
        acct: str = "",
        keyfile: StrOrBytesPath | None = None,
        certfile: StrOrBytesPath | None = None,
        context: None = None,
        timeout: float | None = ...,
        source_address: tuple[str, int] | None = None,
        *,
        encoding: str = "utf-8",
    ) -> None: ...
    def login(self, user: str = "", passwd: str = "", acct: str = "", secure: bool = True) -> str: ...
    def auth(self) -> str: ...
    def prot_p(self) -> str: ...
    def prot_c(self) -> str: ...
    def ccc(self) -> str: ...

def parse150(resp: str) -> int | None: ...
def parse227(resp: str) -> tuple[str, int]: ...
def parse229(resp: str, peer: Any) -> tuple[str, int]: ...
def parse257(resp: str) -> str: ...
def print_line(line: object) -> None: ...
def ftpcp(source: FTP, sourcename: str, target: FTP, targetname: str = "", type: Literal["A", "I"] = "I") -> None: ...
def test() -> None: ...
