"""How data connections are made, in both modes, and what is sent before them.

Each step that a method of FTP stands for is a call of that method, and every name that scripts replace is looked up in
the module when it is needed.
"""

import socket
import time
from socket import _GLOBAL_DEFAULT_TIMEOUT

import rftplib

from . import _lenient, _logs, _odd, _options, _rftplib, _transfer
from ._errors import error_perm, error_proto, error_reply, structured

# How many addresses of others are told: they may be without end.
_TOLD = 4

# How often the control connection is looked at while the server is awaited, in seconds
_SLICE = 0.1

# Among the client's attributes: the next data connection, where it has been made already
READY = "_rftplib_ready"

# Among the client's attributes: the reader of the connection on which EPSV was refused
_NO_EPSV = "_rftplib_no_epsv"


def sendeprt(ftp, host, port):
    """What FTP.sendeprt() does."""
    af = 0
    if ftp.af == rftplib.socket.AF_INET:
        af = 1
    if ftp.af == rftplib.socket.AF_INET6:
        af = 2
    if af == 0:
        raise error_proto("unsupported address family")
    fields = ["", repr(af), host, repr(port), ""]
    return ftp.voidcmd("EPRT " + "|".join(fields))


def makepasv(ftp):
    """What FTP.makepasv() does."""
    if ftp.af == rftplib.socket.AF_INET:
        found = _by_epsv(ftp) if getattr(ftp, "prefer_epsv", False) else None
        if found is not None:
            return found
        untrusted_host, port = _lenient.parse_pasv(ftp.sendcmd("PASV"))
        if ftp.trust_server_pasv_ipv4_address and untrusted_host:
            host = untrusted_host
        elif getattr(ftp, "socket_factory", None) is None:
            host = ftp.sock.getpeername()[0]
        else:
            host = _options.server_address(ftp)[0]
    else:
        host, port = _lenient.parse_epsv(ftp, ftp.sendcmd("EPSV"), _options.server_address(ftp))
    return host, port


def _by_epsv(ftp):
    """(host, port) by EPSV on IPv4; None where the server refuses that, which is remembered for the connection."""
    file = ftp.file
    if ftp.__dict__.get(_NO_EPSV) is file is not None:
        return None
    peer = _options.server_address(ftp)
    try:
        resp = ftp.sendcmd("EPSV")  # what is no reply is raised: the next one may be that to EPSV
    except error_perm:
        resp = None
    try:
        if resp is not None:
            return rftplib.parse229(resp, peer)
    except (error_reply, error_proto):
        pass
    ftp.__dict__[_NO_EPSV] = file  # the reader is another one after connect() and after auth()
    return None


def listen(ftp):
    """What FTP.makeport() returns: a listening socket whose address the server has been told by PORT or EPRT."""
    sock = rftplib.socket.create_server(("", 0), family=ftp.af, backlog=1)
    try:
        port = sock.getsockname()[1]
        host = ftp.sock.getsockname()[0]
        if ftp.af == rftplib.socket.AF_INET:
            ftp.sendport(host, port)
        else:
            ftp.sendeprt(host, port)
        limit = _options.timeout(ftp, "connect_timeout")
        if limit is not _GLOBAL_DEFAULT_TIMEOUT:
            sock.settimeout(limit)
    except:
        sock.close()
        raise
    return sock


def start(ftp, cmd, rest):
    """What FTP.ntransfercmd() returns: the data connection, and the size that a 150 reply names."""
    for name in ("data_timeout", "noop_interval"):
        if getattr(ftp, name, None) is not None:
            _options.seconds(ftp, name)  # a wrong value is told before anything is sent
    open_one = _open_passive if ftp.passiveserver else _open_active
    running = _transfer.running(ftp)
    if running is not None:
        conn, resp = open_one(ftp, running, cmd, rest)
    else:
        with _transfer.Transfer(ftp, cmd) as waiting:
            conn, resp = open_one(ftp, waiting, cmd, rest)
    return conn, rftplib.parse150(resp) if resp[:3] == "150" else None


def _open_active(ftp, waiting, cmd, rest):
    """Have the server connect to where we listen, and start the transfer; returns the data connection and the reply."""
    with _logs.attempt("control", "announcing a port for %s", cmd):
        listener = ftp.makeport()
    with listener as sock:
        waiting.watch(sock)
        resp = _start(ftp, cmd, rest)
        conn = accept(ftp, sock)
        idle = _options.timeout(ftp, "data_timeout")
        if idle is not _GLOBAL_DEFAULT_TIMEOUT:
            conn.settimeout(idle)
    return conn, resp


def _open_passive(ftp, waiting, cmd, rest):
    """Connect to where the server listens and start the transfer; returns the data connection and the reply."""
    try:  # as _logs.attempt has it, but at no cost while all goes well
        host, port = ftp.makepasv()
    except (OSError, EOFError) as error:
        _logs.failed("control", error, "asking for a data connection for %s", cmd)
        raise
    try:
        conn = ftp.__dict__.pop(READY, None) or _options.connect(ftp, (host, port), "data_timeout")
    except (OSError, EOFError) as error:
        _logs.failed("data", error, "connecting to %s port %s for data", host, port)
        raise
    waiting.watch(conn)
    try:
        resp = _start(ftp, cmd, rest, waiting.early)
        return waiting.conn, resp
    except:
        waiting.conn.close()
        raise


def _start(ftp, cmd, rest, send=None):
    """Send REST, if wanted, and the transfer's command, by `send` or sendcmd(); returns the preliminary reply."""
    try:
        if rest is not None:
            ftp.sendcmd("REST %s" % rest)
        resp = (send or ftp.sendcmd)(cmd)
        if resp[0] == "2":
            resp = _lenient.preliminary(ftp, resp)
    except (OSError, EOFError) as error:
        _logs.failed("control", error, "starting %s", cmd)
        raise
    if resp[0] != "1":
        raise structured(ftp, error_reply(resp))
    return resp


def list_command(args):
    """The LIST command of FTP.dir(*args), and the callback that is among them, or None."""
    cmd = "LIST"
    func = None
    if args[-1:] and not _odd.is_text(args[-1]):
        args, func = args[:-1], args[-1]
    for arg in args:
        if arg:
            cmd = cmd + (" " + arg)
    return cmd, func


def set_type(ftp, command, send):
    """Send a TYPE command, unless `skip_redundant_type` allows to leave it out."""
    skip = getattr(ftp, "skip_redundant_type", False)
    if skip and getattr(ftp, "_type_in_force", None) == command:
        return
    try:
        send(command)
    except (OSError, EOFError) as error:
        _logs.failed("control", error, "%s before a transfer", command)
        raise
    if skip:
        ftp._type_in_force = command  # putline() has forgotten it: only what was accepted is remembered


def accept(ftp, listener):
    """Accept and return the server's data connection; those from elsewhere are closed, see accept_any_active_peer.

    Raises socket.timeout if the server's doesn't come within the listener's timeout; its text names who came instead.
    """
    with _logs.attempt("data", "waiting for the server to connect"):
        if getattr(ftp, "accept_any_active_peer", False):
            _await(ftp, listener)
            return listener.accept()[0]
        try:
            server = _bare_address(ftp.sock.getpeername())
        except AttributeError:
            server = None  # a stand-in for a socket: nothing to compare with
        return _accept_from(ftp, server, listener)


def _await(ftp, listener):
    """Wait until somebody connects. Where the server refuses to, after all, that is raised, by getresp()."""
    timeout = listener.gettimeout()
    if type(listener) is not socket.socket or timeout == 0 or not isinstance(ftp.file, _rftplib.Reader):
        return
    left = float("inf") if timeout is None else timeout
    while left > 0:
        slice = min(left, _SLICE)
        there, unspent = _rftplib.await_end(listener, -1, False, slice)
        if there:
            return
        if ftp.file._refuses():
            raise structured(ftp, error_reply(ftp.getresp()))
        left -= slice - unspent
    listener.settimeout(0.001)  # accept() says that it is too late


def _accept_from(ftp, server, listener):
    """The first connection from the address `server`; None: from anywhere."""
    timeout = listener.gettimeout()
    began = time.monotonic()
    others = []
    while True:
        _await(ftp, listener)
        try:
            conn, peer = listener.accept()
        except socket.timeout as error:
            if not others:
                raise
            text = f"connections from {', '.join(others)} were refused, as the server is {server}"
            raise socket.timeout(f"timed out: {text}: see accept_any_active_peer") from error
        address = _bare_address(peer)
        if server is None or address in {server, None}:
            return conn
        conn.close()
        if address not in others and len(others) < _TOLD:
            others.append(address)
            _logs.refused_peer(address, server)
        if timeout:
            # the timeout is for the whole of it; too little is left to be 0, which would mean not to wait
            listener.settimeout(max(timeout - (time.monotonic() - began), 0.001))


def _bare_address(address):
    """The host of a socket address, without the scope of a link-local one; None for what is no IP address."""
    if isinstance(address, tuple) and address and isinstance(address[0], str):
        return address[0].partition("%")[0].lower()
    return None
