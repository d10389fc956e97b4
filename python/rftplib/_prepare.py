"""What is asked of a server, and told to it, right behind a login."""

import re

import rftplib

from ._batch import batch, exchange
from ._errors import error_perm, error_temp, tell
from ._features import parse_feat, remember

# Greetings of servers that are known to answer many commands in their order
_IN_ORDER = re.compile("ProFTPD|Pure-FTPd|vsFTPd|pyftpdlib")

# Among a client's attributes: the replies to what has been sent along with the first commands
ALONG = "_rftplib_along"


def prepare(ftp, directory, pool, along):
    """Bring a client that has just logged in into the state that all have in common; returns the login's directory,
    None if the server doesn't tell.

    That is TYPE I, names in UTF-8 where that is to be asked for, and the directory where connections begin.
    """
    found, asked = None if pool is None else pool.known_features(ftp), []
    if found is not None:
        remember(ftp, found)
    elif _IN_ORDER.search(str(ftp.welcome)):
        asked = ["FEAT"]  # nothing else waits for what it says
    else:
        found = _learn(ftp, pool, *batch(ftp, ["FEAT"]))
    commands = ["TYPE I"]
    if (found is None or found.utf8) and ftp.encoding.lower() in ("utf-8", "utf8"):
        commands.append("OPTS UTF8 ON")  # a refusal says that it can't be turned off
    entering = ["CWD " + directory] if directory else []
    # Together: any number of replies takes two round trips where each is sent by itself, as ProFTPD does.
    more = [] if along is None else along(found)
    window = 64 if asked or found else 1  # who is too simple for FEAT may answer in any order, as aioftp does
    replies = exchange(ftp, [*asked, *commands, "PWD", *entering, *more], window)
    if asked:
        _learn(ftp, pool, replies.pop(0))
    if more:
        vars(ftp)[ALONG] = replies[-len(more) :]
        del replies[-len(more) :]
    type_reply, (where, *entered) = replies[0], replies[len(commands) :]
    if type_reply.ok and hasattr(ftp, "_type_in_force"):
        ftp._type_in_force = "TYPE I"
    if directory and not entered[-1].ok:
        text = entered[-1].text
        refusal = (error_temp if text[:1] == "4" else error_perm)(text)
        tell(refusal, entering[-1])
        raise refusal
    return rftplib.parse257(where.text) if where.code == 257 else None


def _learn(ftp, pool, reply):
    """The Features in the reply to FEAT, which are remembered."""
    found = parse_feat(reply.text)
    remember(ftp, found)
    if pool is not None:
        pool.learn(ftp, found)
    return found
