"""A login, and what is asked of a server, and told to it, right behind it."""

import contextlib
import re

import rftplib

from ._batch import Reply, batch, exchange, masked
from ._control import credentials
from ._errors import error_reply, refusal_of, tell
from ._features import LATE, parse_feat, remember
from ._ftp import FTP

# Greetings of servers that are known to answer many commands in their order
_IN_ORDER = re.compile("ProFTPD|Pure-FTPd|vsFTPd|pyftpdlib")

# Among a client's attributes: the replies to what has been sent along with the first commands
ALONG = "_rftplib_along"

_LOGIN = FTP.login


def enter(ftp, login, directory, pool, along):
    """Log in and bring a client into the state that all have in common; returns the login's directory, None if the
    server doesn't tell.

    That is TYPE I, names in UTF-8 where that is to be asked for, and the directory where connections begin. login(): is
    called for what FTP.login() takes.
    """
    in_order = bool(_IN_ORDER.search(str(ftp.welcome)))
    with contextlib.ExitStack() as turn:
        if pool is not None:
            turn.enter_context(pool.login())
        taken, found = (False, None) if pool is None else pool.known(ftp)
        opening = _begin(ftp, login(), in_order, taken)
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
        more = [] if along is None else along(found)
        # FEAT comes last: of many replies, each sent by itself, as ProFTPD does, the first ten come in one round trip.
        # Who lists doesn't wait for it; another connection may have asked already.
        asked = ["FEAT"] if found is None and not (taken and more) else []
        window = 64 if in_order or found else 1  # who is too simple for FEAT may answer in any order, as aioftp does
        first, late = [*opening, *commands, "PWD", *entering, *more], len(asked) if more else 0
        replies = exchange(ftp, [*first, *asked], window, late)
        if opening:
            _check_login(replies[: len(opening)])
        if len(replies) > len(first):
            _learn(ftp, pool, replies.pop())
        elif found is None:
            vars(ftp)[LATE] = pool
            if asked:
                pool.learn(ftp)
        del replies[: len(opening)]
    if more:
        vars(ftp)[ALONG] = replies[-len(more) :]
        del replies[-len(more) :]
    type_reply, (where, *entered) = replies[0], replies[len(commands) :]
    if type_reply.ok and hasattr(ftp, "_type_in_force"):
        ftp._type_in_force = "TYPE I"
    if directory and not entered[-1].ok:
        raise _refusal(entered[-1])
    return rftplib.parse257(where.text) if where.code == 257 else None


def _begin(ftp, login, in_order, known):
    """Log in, but for the commands that are returned: they go out together with those that follow a login.

    Servers that answer in order get PASS that way, and USER as well if they are known to take this login: a password is
    sent to nobody who has not asked for it. Who has a login() of their own, or an account, logs in by that.
    """
    user, password, account = login
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


def _check_login(replies):
    """Raise what login() raises for the replies to USER and PASS, or to one of them."""
    for reply in replies:
        if not reply.ok:
            raise _refusal(reply)
        if reply.text[:1] == "2":
            return
    error = error_reply(reply.text)
    tell(error, masked(reply.command))
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
