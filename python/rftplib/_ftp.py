"""The class FTP: a table of contents.

Each method that is more than orchestration has its body in the engine (`_rftplib`). Every internal step goes through
`self`, and every name that scripts replace in the module (`rftplib.socket`, `rftplib._SSLSocket`, `rftplib.parse227`)
is looked up there when it is needed: subclasses, patches and mocks rely on both.
"""

from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _control, _data, _lenient, _lingering, _logs, _options, _rftplib, _transfer
from ._constants import FTP_PORT, MAXLINE
from ._errors import NO_GREETING, Error, error_reply, structured


class FTP:
    """A client for the File Transfer Protocol (RFC 959, with RFC 2428 for IPv6 and RFC 3659 for listings and sizes).

    host: where to connect to at once; '' leaves that to connect(). user, passwd, acct: log in at once if user is given.
    timeout: seconds that each blocking operation may take, None for no limit, by default the one of the socket module.
    source_address: (host, port) to bind to before connecting. encoding: that of commands, replies and text lines.

    Beyond ftplib, twelve attributes for the class, a subclass or an object:
    max_reply: how many characters a multi-line reply may have, by default 16 Mi; None for any number, as in ftplib.
    skip_redundant_type: whether to leave out a TYPE command when that type is in force already, which saves a round
    trip for each file; False by default.
    accept_any_active_peer: whether active mode takes a data connection from any address, as ftplib does, or only from
    the server's (False, the default). A relay in between, such as `ssh -L`, may need it.
    check_size: whether a download in TYPE I that is shorter than the size which the 150 reply announced is an EOFError
    (under TLS an ssl.SSLEOFError) even if the final reply is 226; False by default, as some servers' sizes are wrong.
    structured_replies: whether exceptions that are made of a reply tell it: `code` (an int, None where there are no
    three digits), `lines` (a list of str) and `command` (what was sent last, a password masked); False by default.
    errors: the error handler beside `encoding`, by default "strict"; "surrogateescape" keeps any name byte for byte.
    socket_factory: what makes connections to the server, such as through a proxy, in the place of
    socket.create_connection(): called with (address, timeout, source_address=...), timeout in seconds; None by default.
    connect_timeout, data_timeout: in the place of `timeout` until a connection stands, TLS included, and while nothing
    moves on a data connection, in seconds; None (the default) for `timeout`, which is that of replies.
    prefer_epsv: whether passive connections are asked for by EPSV on IPv4, too, and by PASV only where that is refused.
    tcp_keepalive: after how many silent seconds the control connection is probed (by TCP); None, the default: never.
    noop_interval: how often a NOOP is sent while a transfer goes on, in seconds; None, the default: never.

    Usable in a `with` statement, which ends with quit(). Text is `str` in `encoding`, file contents are `bytes`.
    Raises error_temp for 4xx replies, error_perm for 5xx, error_reply for those that don't fit, error_proto for what is
    no reply, OSError for the network's errors, EOFError when the server has closed the connection: see `all_errors`.
    """

    __module__ = "rftplib"

    debugging = 0
    host = ""
    port = FTP_PORT
    maxline = MAXLINE
    sock = None
    file = None
    welcome = None
    passiveserver = True
    # whether the host in a PASV reply is connected to, instead of the one that the control connection goes to
    trust_server_pasv_ipv4_address = False
    # generous: STAT lists directories over the control connection, and 100,000 entries are 8 MB
    max_reply = 16 * 1024 * 1024
    skip_redundant_type = False
    accept_any_active_peer = False
    # off, as in ftplib: some servers announce other sizes (VMS, or what they keep compressed)
    check_size = False
    # off, for each command is remembered then
    structured_replies = False
    errors = "strict"
    socket_factory = None
    connect_timeout = data_timeout = None
    prefer_epsv = False
    tcp_keepalive = noop_interval = None

    def __init__(
        self,
        host="",
        user="",
        passwd="",
        acct="",
        timeout=_GLOBAL_DEFAULT_TIMEOUT,
        source_address=None,
        *,
        encoding="utf-8",
    ):
        """Connect and log in, as far as host and user are given."""
        self.encoding = encoding
        self.source_address = source_address
        self.timeout = timeout
        if host:
            self.connect(host)
            if user:
                self.login(user, passwd, acct)

    def __enter__(self):
        return self

    def __exit__(self, *args):
        if self.sock is not None:
            expected = (OSError, EOFError)
            if args and args[0] is not None:
                # a reply that nobody has read, such as a transfer's, mustn't hide what the block has raised
                expected += (Error, UnicodeError)
            try:
                self.quit()
            except expected:
                pass
            finally:
                if self.sock is not None:
                    self.close()

    def connect(self, host="", port=0, timeout=-999, source_address=None):
        """Connect to the server and read its greeting, which is returned.

        Each argument that is given replaces what the object knows: host, port, timeout in seconds (None: no limit),
        source_address as (host, port). Raises ValueError for a timeout of 0, OSError, and what getresp() raises.
        """
        self.sock = _control.connect(self, host, port, timeout, source_address)
        self.af = self.sock.family
        self.file = _options.open_reader(self, self.sock, "r")
        _logs.connected(self)
        with _logs.attempt("control", "reading the greeting", hint=NO_GREETING):
            self.welcome = _lenient.greeting(self)
        return self.welcome

    def getwelcome(self):
        """Return the greeting that connect() read."""
        if self.debugging:
            print("*welcome*", self.sanitize(self.welcome))
        return self.welcome

    def set_debuglevel(self, level):
        """Choose what is printed: 0 nothing, 1 commands and replies, 2 also lines as sent and read, 3 also listings.

        Passwords are masked.
        """
        self.debugging = level

    debug = set_debuglevel

    def set_pasv(self, val):
        """Choose who connects data connections: the client if val is true (the default), else the server."""
        self.passiveserver = val

    def sanitize(self, s):
        """Return repr(s), for printing, with the password of a PASS command masked."""
        if s[:5] in {"pass ", "PASS "}:
            end = len(s.rstrip("\r\n"))
            s = s[:5] + "*" * (end - 5) + s[end:]
        return repr(s)

    # ---------------------------------------------------------------------------------- the control connection

    def putline(self, line):
        """Send one line, CRLF appended. Raises ValueError if it has a CR or LF in it: nothing is sent then."""
        _rftplib.putline(self, line)

    def putcmd(self, line):
        """Send one command line: putline() with debug output."""
        _rftplib.putcmd(self, line)

    def getline(self):
        """Return one line from the server, its end stripped.

        Raises Error if it is longer than `maxline` characters, EOFError if the server has closed the connection.
        """
        return _rftplib.getline(self)

    def getmultiline(self):
        """Return one reply; the lines of a multi-line reply (RFC 959, section 4.2) are joined by newlines."""
        return _rftplib.getmultiline(self)

    def getresp(self):
        """Return one reply with 1, 2 or 3 in front and keep its code in `lastresp`.

        Raises error_temp for 4xx, error_perm for 5xx, error_proto for what is no reply.
        """
        return _rftplib.getresp(self)

    def voidresp(self):
        """Return one reply, which must be a completion (2xx); raises error_reply for 1xx and 3xx."""
        return _rftplib.voidresp(self)

    def abort(self):
        """Send ABOR as urgent data and return the one reply that is read then.

        A 426 is followed by another reply, which is left for getmultiline(). Raises error_proto for replies other than
        225, 226 and 426. Few servers act on ABOR in mid-transfer; closing the data connection is more reliable.
        """
        return _control.abort(self)

    def sendcmd(self, cmd):
        """Send a command and return its reply; raises as putline() and getresp() do."""
        return _rftplib.sendcmd(self, cmd)

    def voidcmd(self, cmd):
        """Send a command and return its reply, which must be a completion (2xx), as in voidresp()."""
        return _rftplib.voidcmd(self, cmd)

    # ---------------------------------------------------------------------------------- data connections

    def sendport(self, host, port):
        """Send PORT with the IPv4 address that the server shall connect to; returns the reply (RFC 959)."""
        numbers = host.split(".") + [repr(port // 256), repr(port % 256)]
        return self.voidcmd("PORT " + ",".join(numbers))

    def sendeprt(self, host, port):
        """Send EPRT with the address that the server shall connect to; returns the reply (RFC 2428).

        Raises error_proto if the control connection is neither IPv4 nor IPv6.
        """
        return _data.sendeprt(self, host, port)

    def makeport(self):
        """Return a new listening socket whose address the server has been told by PORT or EPRT."""
        return _data.listen(self)

    def makepasv(self):
        """Ask for a passive data connection by PASV (IPv4) or EPSV; returns the (host, port) to connect to.

        The host that PASV names is used only if `trust_server_pasv_ipv4_address` is set.
        """
        return _data.makepasv(self)

    def ntransfercmd(self, cmd, rest=None):
        """Start a transfer; returns its data connection (a socket) and the size that a 150 reply names, or None.

        cmd: the command, such as 'RETR name'. rest: the restart marker to send by REST first (RFC 3659: an offset in
        bytes), None for none. The caller closes the connection, then reads the final reply by voidresp().
        Raises error_reply if the reply isn't preliminary (1xx), OSError, and what sendcmd() raises.
        """
        return _data.start(self, cmd, rest)

    def transfercmd(self, cmd, rest=None):
        """Start a transfer as ntransfercmd() does; returns its data connection only."""
        transfer = self.ntransfercmd(cmd, rest)
        running = _transfer.running(self)
        if running is not None:
            running.expect(transfer[1])
        return transfer[0]

    def login(self, user="", passwd="", acct=""):
        """Log in and return the server's reply. Without a user: as anonymous.

        PASS and ACCT are sent only if the server asks for them. Raises error_reply if the last reply isn't 2xx.
        """
        return _control.login(self, user, passwd, acct)

    def retrbinary(self, cmd, callback, blocksize=8192, rest=None):
        """Receive a file in TYPE I; returns the final reply.

        cmd: 'RETR name'. callback: called with each block, `bytes` of at most blocksize. rest: as for ntransfercmd().
        Whatever the callback raises closes the data connection and leaves the final reply unread.
        """
        _data.set_type(self, "TYPE I", self.voidcmd)
        with _transfer.Transfer(self, cmd, rest) as transfer:
            with self.transfercmd(cmd, rest) as conn:
                transfer.run(conn, "download", conn, callback, blocksize)
            return transfer.reply()

    def retrlines(self, cmd, callback=None):
        """Receive text lines in TYPE A, such as a listing; returns the final reply.

        cmd: 'RETR name', 'LIST', 'NLST', 'MLSD'. callback: called with each line as `str`, its end stripped; by default
        print_line(). Raises Error for a line of more than `maxline` characters, UnicodeDecodeError.
        """
        if callback is None:
            callback = rftplib.print_line
        _data.set_type(self, "TYPE A", self.sendcmd)
        with _transfer.Transfer(self, cmd, text=True) as transfer:
            with self.transfercmd(cmd) as conn:
                transfer.run(conn, "retrlines", self, conn, callback)
            return transfer.reply()

    def storbinary(self, cmd, fp, blocksize=8192, callback=None, rest=None):
        """Send a file in TYPE I; returns the final reply.

        cmd: 'STOR name'. fp: read by fp.read(blocksize) until that gives nothing. callback: called with each block when
        it has been sent. rest: as for ntransfercmd(); fp is read from where it stands.
        """
        _data.set_type(self, "TYPE I", self.voidcmd)
        with _transfer.Transfer(self, cmd, rest, sent=True) as transfer:
            with self.transfercmd(cmd, rest) as conn:
                transfer.run(conn, "upload", conn, fp, blocksize, callback)
            return transfer.reply()

    def storlines(self, cmd, fp, callback=None):
        """Send text lines in TYPE A; returns the final reply.

        cmd: 'STOR name'. fp: a binary file, read by fp.readline(); every line is sent with CRLF at its end. callback:
        called with each line as it was sent. Raises Error for a line longer than `maxline`, TypeError for a text file.
        """
        _data.set_type(self, "TYPE A", self.voidcmd)
        with _transfer.Transfer(self, cmd, sent=True, text=True) as transfer:
            with self.transfercmd(cmd) as conn:
                transfer.run(conn, "storlines", self, conn, fp, callback)
            return transfer.reply()

    # ---------------------------------------------------------------------------------- files and directories

    def acct(self, password):
        """Send ACCT with the account's password or name (RFC 959); returns the reply."""
        return self.voidcmd("ACCT " + password)

    def nlst(self, *args):
        """Return a list of names by NLST, of the current directory or of the one in args (RFC 959)."""
        cmd = "NLST"
        for arg in args:
            cmd = cmd + (" " + arg)
        files = []
        self.retrlines(cmd, files.append)
        return files

    def dir(self, *args):
        """List a directory by LIST, printing it or calling the last argument, if that is no str, with each line.

        The other arguments, as far as they aren't empty, are sent after LIST.
        """
        self.retrlines(*_data.list_command(args))

    def mlsd(self, path="", facts=[]):  # noqa: B006  (the default is part of ftplib's signature)
        """Yield (name, facts) for each entry of a directory by MLSD (RFC 3659, section 7).

        path: the directory, by default the current one. facts: names of the facts to ask for by OPTS MLST, such as
        ['type', 'size']. The facts of an entry are a dict of str, its keys in lower case. Nothing is sent before the
        first entry is asked for.
        """
        if facts:
            self.sendcmd("OPTS MLST " + ";".join(facts) + ";")
        cmd = "MLSD %s" % path if path else "MLSD"
        lines = _rftplib.Listing()
        self.retrlines(cmd, lines.append)
        yield from lines

    def rename(self, fromname, toname):
        """Rename a file by RNFR and RNTO; returns the last reply."""
        resp = self.sendcmd("RNFR " + fromname)
        if resp[0] != "3":
            raise structured(self, error_reply(resp))
        return self.voidcmd("RNTO " + toname)

    def delete(self, filename):
        """Delete a file; returns the reply. Raises error_reply if it is neither 250 nor 200."""
        resp = self.sendcmd("DELE " + filename)
        if resp[:3] in {"250", "200"}:
            return resp
        raise structured(self, error_reply(resp))

    def cwd(self, dirname):
        """Change the current directory; returns the reply. '..' is sent as CDUP, '' as '.'."""
        return _control.cwd(self, dirname)

    def size(self, filename):
        """Return a file's size in bytes by SIZE (RFC 3659, section 4), or None if the reply isn't 213.

        Servers may refuse it in TYPE A: send voidcmd('TYPE I') first.
        """
        resp = self.sendcmd("SIZE " + filename)
        if resp[:3] == "213":
            return int(resp[3:].strip())

    def mkd(self, dirname):
        """Make a directory; returns the name that the server gives it, or '' if it tells none."""
        return _control.directory(self.voidcmd("MKD " + dirname))

    def rmd(self, dirname):
        """Remove a directory; returns the reply."""
        return self.voidcmd("RMD " + dirname)

    def pwd(self):
        """Return the current directory, or '' if the server doesn't tell."""
        return _control.directory(self.voidcmd("PWD"))

    def quit(self):
        """Send QUIT, then close the connection; returns the reply. If QUIT fails, the connection stays open."""
        resp = self.voidcmd("QUIT")
        self.close()
        return resp

    def close(self):
        """Close the connection without a word to the server. May be called again and from any thread.

        A reply or a transfer that another thread waits for ends with OSError (EBADF).
        """
        _transfer.close_running(self)
        try:
            file = self.file
            self.file = None
            if file is not None:
                file.close()
        finally:
            sock = self.sock
            self.sock = None
            if sock is not None:
                sock.close()
            _lingering.stop_lingering(self)
