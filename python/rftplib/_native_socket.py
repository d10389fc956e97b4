"""`NativeSocket`: an ordinary socket of Python's whose traffic is TLS in Rust.

It is to `_rftplib.Link` what `ssl.SSLSocket` is to `_ssl._SSLSocket`. Addresses, options, timeouts, files and whatever
else isn't below are those of `socket.socket`.
"""

import _socket
import errno
import operator
import os
import socket
import ssl

from ._rftplib import Link  # noqa: F401  (an engine without TLS has none, and this module can't be imported then)

# How often this process was copied, or was about to be. A copy may use a connection as well: what one of them hasn't
# read isn't the other's to read away, nor is the end of sending his to declare.
_forks = 0


def _count_fork():
    global _forks
    _forks += 1


os.register_at_fork(before=_count_fork)


def _refuse_flags(flags, name):
    if flags != 0:
        raise ValueError(f"non-zero flags not allowed in calls to {name}() on NativeSocket")


def _bytes(data):
    return data if type(data) is bytes else memoryview(data).tobytes()


class NativeSocket(socket.socket):
    """A socket whose traffic is TLS in Rust: what NativeContext.wrap_socket() returns.

    Its methods are those of ssl.SSLSocket. All that wait let other threads run, and a close() or settimeout() by one of
    them takes effect within 200 ms.
    """

    __module__ = "rftplib.tls"
    _lingers = True

    # Whether a client keeps the connection until the server has replied: see rftplib._lingering.linger
    _kept = False

    def __init__(self, *args, **kwargs):
        raise TypeError(
            f"{type(self).__name__} does not have a public constructor. "
            "Instances are returned by NativeContext.wrap_socket()."
        )

    @classmethod
    def _create(cls, sock, context, make_link, server_hostname, do_handshake_on_connect, suppress_ragged_eofs):
        """Take `sock` over, once the handshake is done, if it is to be done now. A handshake that fails closes it.

        make_link: makes the Link on a descriptor.
        """
        _check_kind(sock)
        sock.getpeername()  # an OSError here tells that it isn't connected, or closed
        if do_handshake_on_connect and sock.gettimeout() == 0:
            raise ValueError("do_handshake_on_connect should not be specified for non-blocking sockets")
        # During the handshake `sock` is still its owner's, who may close it or change its timeout.
        copy = _duplicate(sock) if do_handshake_on_connect else None
        timeout = sock.gettimeout()
        kind = {"family": sock.family, "type": sock.type, "proto": sock.proto}
        kind["fileno"] = sock.detach() if copy is None else copy
        self = cls.__new__(cls, **kind)
        super(NativeSocket, self).__init__(**kind)
        self._context, self._name = context, server_hostname
        self._link, self._forks = make_link(kind["fileno"]), _forks
        self.do_handshake_on_connect, self.suppress_ragged_eofs = do_handshake_on_connect, suppress_ragged_eofs
        try:
            self.settimeout(timeout)
            if do_handshake_on_connect:
                self._link.handshake(self if copy is None else sock)
            if copy is not None:
                self.settimeout(sock.gettimeout())
                if not _end(sock):
                    raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        except BaseException:
            self.close()
            _end(sock)
            raise
        return self

    # -- data ----------------------------------------------------------------------------------------------------------

    def recv(self, bufsize=1024, flags=0):
        """Receive at most bufsize bytes, and no more than one TLS record; b'' at the end."""
        _refuse_flags(flags, "recv")
        bufsize = operator.index(bufsize)
        if bufsize < 0:
            raise ValueError("negative buffersize in recv")
        try:
            return self._link.receive(self, bufsize)
        except ssl.SSLEOFError:
            if self.suppress_ragged_eofs:
                return b""
            raise

    def recv_into(self, buffer, nbytes=None, flags=0):
        """Receive into a writable buffer, at most nbytes if that isn't 0 or None; returns how many bytes."""
        _refuse_flags(flags, "recv_into")
        with memoryview(buffer) as view, view.cast("B") as room:
            if room.readonly:
                raise TypeError("recv_into() needs a writable buffer")
            size = nbytes or len(room)
            if size < 0:
                raise ValueError("negative buffersize in recv_into")
            if size > len(room):
                raise ValueError("buffer too small for requested bytes")
            data = NativeSocket.recv(self, size)
            room[: len(data)] = data
        return len(data)

    def read(self, len=1024, buffer=None):
        """Receive at most len bytes and return them, or how many there are if they are to go into a buffer."""
        return self.recv(len) if buffer is None else self.recv_into(buffer, len)

    def send(self, data, flags=0):
        """Send some of data; returns how many bytes."""
        _refuse_flags(flags, "send")
        return self._link.send(self, _bytes(data))

    def write(self, data):
        """Send some of data; returns how many bytes."""
        return self.send(data)

    def sendall(self, data, flags=0):
        """Send all of data; the timeout is for the whole of it."""
        _refuse_flags(flags, "sendall")
        self._link.send_all(self, _bytes(data))

    def sendfile(self, file, offset=0, count=None):
        """Send a file from offset on, at most count bytes; returns how many."""
        return self._sendfile_use_send(file, offset, count)

    def pending(self):
        """How many decrypted bytes the next recv() gives without waiting."""
        return self._link.pending()

    # -- the ends ------------------------------------------------------------------------------------------------------

    def do_handshake(self, block=False):
        """Do the handshake, if it wasn't done when the socket was wrapped; block: also in non-blocking mode."""
        timeout = self.gettimeout()
        try:
            if timeout == 0 and block:
                self.settimeout(None)
            self._link.handshake(self)
        finally:
            if timeout == 0 and self.fileno() != -1:
                self.settimeout(timeout)

    def unwrap(self):
        """Send a close_notify and wait for the peer's; returns this socket, whose traffic is in clear text then.

        Raises ValueError if it is in clear text already.
        """
        self._refuse_clear_text()
        self._link.unwrap(self)
        return self

    def shutdown(self, how):
        """Shut down one or both directions; whoever won't send any more says so to the peer by a close_notify."""
        if how != socket.SHUT_RD:
            self._link.close_notify()
        super().shutdown(how)

    def detach(self):
        """End TLS without a word and return the descriptor, which isn't this object's any more."""
        self._link.close(False, None)
        return super().detach()

    def __exit__(self, *args):
        """Close, without a wait for what was sent if the block has ended by an exception."""
        self._lingers = args[:1] in ((), (None,))
        super().__exit__(*args)

    def _real_close(self):
        own = self._forks == _forks
        try:
            self._link.close(self._lingers and own and not self._kept, self.gettimeout())
            if self._kept and own:
                _end_sending(self)
        finally:
            super()._real_close()

    def _refuse_clear_text(self):
        if self._link.is_plain():
            raise ValueError(f"No SSL wrapper around {self}")

    # -- TLS -----------------------------------------------------------------------------------------------------------

    def getpeercert(self, binary_form=False):
        """The peer's certificate, DER-encoded. native-tls doesn't take certificates apart."""
        self._refuse_clear_text()
        certificate = self._link.peer_certificate()
        if not binary_form:
            raise NotImplementedError(
                "native-tls doesn't take certificates apart: getpeercert(True) returns the certificate as DER"
            )
        return certificate

    def version(self):
        """'TLSv1.3', 'TLSv1.2'..., None before the handshake and after unwrap()."""
        return self._link.version()

    def cipher(self):
        """(name, protocol, secret bits) of the cipher suite, None if it isn't known."""
        return self._link.cipher()

    def selected_alpn_protocol(self):
        """The protocol that ALPN chose, or None."""
        return self._link.alpn()

    def compression(self):
        """None: TLS never compresses here."""
        return None

    @property
    def context(self):
        """The NativeContext."""
        return self._context

    @property
    def server_side(self):
        """False."""
        return False

    @property
    def server_hostname(self):
        """Whom the certificate had to be for, or None."""
        return self._name

    @property
    def session(self):
        """What other connections can resume the session by, to be given to wrap_socket(); None if there is nothing."""
        return self._link.session()

    @property
    def session_reused(self):
        """Whether the handshake has resumed a session; None where there is no TLS (any more)."""
        return self._link.is_resumed()

    # -- what can't be had under TLS -----------------------------------------------------------------------------------

    def dup(self):
        """Not possible: NotImplementedError."""
        raise NotImplementedError(f"Can't dup() {type(self).__name__} instances")

    def recvfrom(self, *args):
        """Not possible: ValueError."""
        raise ValueError(f"recvfrom not allowed on instances of {type(self)}")

    def recvfrom_into(self, *args, **kwargs):
        """Not possible: ValueError."""
        raise ValueError(f"recvfrom_into not allowed on instances of {type(self)}")

    def sendto(self, *args):
        """Not possible: ValueError."""
        raise ValueError(f"sendto not allowed on instances of {type(self)}")

    def recvmsg(self, *args, **kwargs):
        """Not possible: NotImplementedError."""
        raise NotImplementedError(f"recvmsg not allowed on instances of {type(self)}")

    def recvmsg_into(self, *args, **kwargs):
        """Not possible: NotImplementedError."""
        raise NotImplementedError(f"recvmsg_into not allowed on instances of {type(self)}")

    def sendmsg(self, *args, **kwargs):
        """Not possible: NotImplementedError."""
        raise NotImplementedError(f"sendmsg not allowed on instances of {type(self)}")


def _end_sending(sock):
    """Tell the peer that nothing more comes, whoever else has the connection open."""
    try:
        _socket.socket.shutdown(sock, socket.SHUT_WR)
    except OSError:
        pass  # it has ended already


def _check_kind(sock):
    """Raise unless `sock` is exactly a `socket.socket`, of the `socket` module as it is born, for a stream."""
    kind = type(sock)
    if kind.__module__ != "socket" or kind.__base__ is not _socket.socket:
        raise TypeError(
            f"NativeContext needs a plain socket.socket, not {kind.__module__}.{kind.__qualname__}: "
            "use an ssl.SSLContext for that"
        )
    if sock.type != socket.SOCK_STREAM:
        raise NotImplementedError("only stream sockets are supported")


def _duplicate(sock):
    """A second descriptor of `sock`, None if there is none to spare."""
    try:
        return socket.dup(sock.fileno())
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            return None
        raise


def _end(sock):
    """Close the descriptor of `sock`, also where files keep it open; returns whether it was open."""
    number = sock.detach()
    if number >= 0:
        socket.close(number)
    return number >= 0


# What the loops in Rust do themselves, as the class is born with it: whoever replaces one of these gets it called.
if os.environ.get("RFTPLIB_NATIVE", "1") == "0":
    STOOD_IN_FOR = None
else:
    STOOD_IN_FOR = {name: getattr(NativeSocket, name) for name in ("recv", "recv_into", "makefile", "send", "sendall")}
