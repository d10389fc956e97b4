"""Files that come about on a server: under a temporary name, renamed when they are whole. For `rftplib.fs`."""

import errno
import io
import os
import secrets

from .._batch import batch
from .._errors import Error, error_perm, error_proto, error_reply, refusal_of
from .._exact import ask, told_size
from .._pool import says_too_many
from .._recover import Limit
from ..transfer._attempts import told
from ..transfer._naming import check_name, is_odd, name_it
from ._kinds import type_of
from ._read import PATIENCE, close

# Of the name that a file shall have, so many bytes are in its temporary one: names have at most 255
_MOST = 200

# What a dialogue may raise whose outcome changes nothing: replies that can't be decoded, clients that have closed
# themselves, no thread to be had
_WRONG = (Error, OSError, EOFError, ValueError, AttributeError, RuntimeError)


def temporary(path):
    """A name that nobody has, in the same directory; and longer than those of rftplib.transfer, which tidies up."""
    above, _, name = path.rpartition("/")
    begin = name.encode("utf-8", "surrogateescape")[:_MOST].decode("utf-8", "ignore")
    return f"{above}/.{begin}.{secrets.token_hex(8)}.part"


def store(ftp, path, data):
    """Send all of a file at once; raises what storbinary() raises, and error_proto if less of it has arrived."""
    ftp.storbinary("STOR " + path, io.BytesIO(data), 1 << 18)
    verify(ftp, path, len(data))


def verify(ftp, path, size):
    """Raise error_proto if the server tells another size of a file."""
    (reply,) = batch(ftp, ["SIZE " + path])
    told = told_size(reply)
    if told not in (None, size):
        raise error_proto(f"{size} bytes were sent, and the server has {told}")


def try_out(ftp, path):
    """Raise TransferError if the server makes another name of that one, which may be another file's: see check_name().

    An empty file is what it is tried out with.
    """
    if not is_odd(path.rpartition("/")[2]):
        return
    name = temporary(path)
    try:
        store(ftp, name, b"")
    except error_perm:
        return  # what is wrong is told of the name itself
    try:
        check_name(ftp, name, path)
    finally:
        ask(ftp, ["DELE " + name])


def publish(fs, name, path, back, replace=True):
    """Rename a file that is whole; what has that name is replaced. Raises FileExistsError if it shall not be.

    Where the server renames to no name that is taken, the file that has it is put aside meanwhile. back: the commands
    by which `name` is given up; they are sent when what was there is there still. Else nothing is deleted, and the text
    of what is raised tells the names.
    """
    asides = [None]

    def rename(ftp):
        if not replace and type_of(ftp, path) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
        try_out(ftp, path)
        refused = name_it(ftp, name, path, None, replace, asides.append)
        if refused is not None:
            raise refusal_of(refused)

    try:
        fs._run(rename, path, "write", again=False)
        return
    except OSError as error:
        failure = error
    except BaseException:
        if asides[-1] is None:
            give_up(fs, path, back)
        raise
    aside = asides[-1]
    if aside is None and give_up(fs, path, back):
        raise failure
    if aside is not None and _is_finished(fs, name, path, aside):
        return
    others = f", and what was there {aside}" if aside else ""
    raise told(failure, f"it is whole, but may be named {name}{others}") from failure.__cause__


def give_up(fs, path, commands):
    """Whether the server has done that."""
    try:
        return all(reply.ok for reply in fs._run(lambda ftp: ask(ftp, commands), path, again=False))
    except OSError:
        return False


def _is_finished(fs, name, path, aside):
    """Whether the file has its name, now or since before the connection was lost; then the older one is deleted."""

    def finish(ftp):
        begun, renamed = ask(ftp, ["RNFR " + name, "RNTO " + path])
        finished = renamed.ok or (begun.code >= 500 and type_of(ftp, path) == "file")
        if finished:
            ask(ftp, ["DELE " + aside])
        return finished

    try:
        return fs._run(finish, path)
    except OSError:
        return False


class Upload:
    """A file that is sent by parts, on a connection of its own: a pool's would be missing elsewhere meanwhile."""

    def __init__(self, site, command):
        """Begin by `command`, such as 'STOR name'. Raises what open() and transfercmd() raise."""
        self._ftp = _open(site)
        self.sent = 0
        try:
            self._conn = self._ftp.transfercmd(command)
        except BaseException:
            self._ftp.close()
            raise

    def send(self, data):
        """Send one part. Raises the server's refusal if it has said one, else OSError."""
        try:
            self._conn.sendall(data)
        except OSError:
            said = self._said()
            self.abort()
            if said is None:
                raise
            raise said from None
        self.sent += len(data)

    def finish(self, path=None):
        """End the file; path: where it is, if its size is to be verified. Raises what voidresp() and verify() raise."""
        try:
            close(self._conn, PATIENCE)
            self._ftp.voidresp()
            if path is not None:
                verify(self._ftp, path, self.sent)
        finally:
            self._ftp.close()

    def take_back(self, path):
        """End the file early and delete it: whether the server has done that.

        Here, after its reply: asked while it still stores, it may refuse, and Pure-FTPd then leaves the file behind
        under a name of its own.
        """
        limit = Limit(self._ftp.sock, PATIENCE)  # in all: a timeout begins anew with each byte
        try:
            limit.start()
            close(self._conn, PATIENCE)
            if self._said() is None:
                return False
            self._ftp.delete(path)
            return True
        except _WRONG:
            return False
        finally:
            limit.stop()
            self.abort()

    def abort(self):
        """Break off. What has been sent may be on the server, under the name that it was sent to."""
        self._ftp.close()
        self._conn.close()

    def _said(self):
        ftp = self._ftp
        try:
            ftp.sock.settimeout(PATIENCE)
            return error_reply(ftp.getresp())
        except Error as error:
            return error
        except _WRONG:
            return None


def _open(site):
    """A client of its own. If the server says that there are too many, the pool's idle ones go first."""
    try:
        return site.open()
    except Error as error:
        if not says_too_many(error):
            raise
    site.close()
    return site.open()
