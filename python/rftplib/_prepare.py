"""A login, and what is asked of a server, and told to it, right behind it."""

import contextlib
import itertools
import re
from socket import timeout as TimedOut

import rftplib

from ._batch import Reply, batch, exchange, masked
from ._control import credentials
from ._errors import Error, error_reply, refusal_of, tell
from ._features import LATE, parse_feat, remember
from ._ftp import FTP

# Greetings of servers that are known to answer many commands in their order
_IN_ORDER = re.compile("ProFTPD|Pure-FTPd|vsFTPd|pyftpdlib")

# Among a client's attributes: the replies to what has been sent along with the first commands
ALONG = "_rftplib_along"

# Those of them that do so as well where a password is refused: pyftpdlib goes on with what follows
_LOGINS_IN_ORDER = re.compile("ProFTPD|Pure-FTPd|vsFTPd")

_LOGIN = FTP.login


class Halted(Exception):
    """Of several commands sent together only some were answered, and none refused; the cause says what came instead."""


def enter(ftp, login, directory, pool, along, alone):
    """Log in and bring a client into the state that all have in common; returns the login's directory, None if the
    server doesn't tell.

    That is TYPE I, names in UTF-8 where that is to be asked for, and the directory where connections begin. login() is
    called for what FTP.login() takes. Servers that answer in order get what can be sent together so; raises Halted
    where that seems to be more than they, or a firewall in between, let pass. alone: whether each command waits for the
    reply to the one before.
    """
    with contextlib.ExitStack() as turn:
        if pool is not None:
            turn.enter_context(pool.login())
        together = not alone and (pool is None or pool.together)
        in_order = together and bool(_IN_ORDER.search(str(ftp.welcome)))
        taken, found = (False, None) if pool is None else pool.known(ftp)
        opening = _begin(ftp, login(), together, taken)
        if not opening:
            turn.close()
        if found is not None:
            remember(ftp, found)
        elif not in_order:
            found = _learn(ftp, pool, *batch(ftp, ["FEAT"]))
        commands = ["TYPE I"]
        if (found is None or found.utf8) and ftp.encoding.lower() in ("utf-8", "utf8"):
            commands.append("OPTS UTF8 ON")  # a refusal says that it can't be turned off
        entering = ["CWD " + directory] if directory else []
        more = along(ftp, found) if along is not None and together else []
        if taken and found is None:
            more = more[:1]  # the other connection says what the options are
        # Of many replies, each sent by itself, as ProFTPD does those to FEAT, the first ten come in one round trip. Who
        # lists doesn't wait for the others; another connection may have asked already.
        asked = ["FEAT"] if found is None and not (taken and more) else []
        late = len([*asked, *more[1:]]) if asked and more else 0
        sent = [*opening, *commands, "PWD", *entering, *more[:1], *asked, *more[1:]]
        window = 64 if in_order or found and together else 1  # who is too simple for FEAT may answer in any order
        try:
            replies = iter(exchange(ftp, sent, window, late))
        except (Error, OSError, EOFError) as error:
            vars(error).pop("_places", None)  # how many commands went out together is nobody else's concern
            _check_login(error.replies[: len(opening)], whole=False)
            if window > 1 and not isinstance(error, Error) and (error.replies or not isinstance(error, TimedOut)):
                if pool is not None:
                    pool.together = False  # before the next one's turn
                raise Halted from error
            raise

        def told(commands):
            return list(itertools.islice(replies, len(commands)))

        _check_login(told(opening))
        type_reply, (where, *entered) = told(commands)[0], told(["PWD", *entering])
        ahead, features, options = told(more[:1]), told(asked), told(more[1:])
        if features:
            _learn(ftp, pool, *features)
        elif found is None:
            vars(ftp)[LATE] = pool, bool(asked)
            if asked:
                pool.learn(ftp)
    if more:
        vars(ftp)[ALONG] = [*ahead, *options]
    if type_reply.ok and hasattr(ftp, "_type_in_force"):
        ftp._type_in_force = "TYPE I"
    if directory and not entered[-1].ok:
        raise _refusal(entered[-1])
    return rftplib.parse257(where.text) if where.code == 257 else None


def _begin(ftp, login, together, known):
    """Log in, but for the commands that are returned: they go out together with those that follow a login.

    Servers that answer in order get PASS that way, and USER as well if they are known to take this login: a password is
    sent to nobody who has not asked for it. Who has a login() of their own, or an account, logs in by that.
    """
    user, password, account = login
    in_order = together and _LOGINS_IN_ORDER.search(str(ftp.welcome))
    if not in_order or account or type(ftp).login is not _LOGIN or "login" in vars(ftp):
        ftp.login(*login)
        return []
    user, password = credentials(user, password)
    if known:
        return [f"USER {user}", f"PASS {password}"]
    command = f"USER {user}"
    reply = Reply(command, ftp.sendcmd(command))
    if reply.text[:1] == "3":
        return [f"PASS {password}"]
    _check_login([reply])
    return []


def _check_login(replies, whole=True):
    """Raise what login() raises for the replies to USER and PASS, or to one of them; whole: all that were asked for."""
    for reply in replies:
        if not reply.ok:
            raise _refusal(reply)
        if reply.text[:1] == "2":
            return
    if whole and replies:
        error = error_reply(replies[-1].text)
        tell(error, masked(replies[-1].command))
        raise error


def _refusal(reply):
    error = refusal_of(reply)
    tell(error, masked(reply.command))
    return error


def _learn(ftp, pool, reply):
    """The Features in the reply to FEAT, which are remembered."""
    found = parse_feat(reply.text)
    remember(ftp, found)
    if pool is not None:
        pool.learn(ftp, found)
    return found
