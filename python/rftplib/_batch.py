"""Many commands at once: `rftplib.session.batch`."""

import operator
from typing import NamedTuple

from . import _options, _rftplib
from ._control import UNANSWERED
from ._errors import Error, also, error_perm, error_proto, error_reply, error_temp, tell
from ._ftp import FTP

# Commands that have one reply and no data connection (RFC 959, 2389, 3659, drafts, and what servers have besides), and
# that neither begin nor end a login, TLS or the connection.
SINGLE_REPLY = frozenset(
    """
    ALLO AVBL CDUP CLNT CSID CWD DELE FEAT HASH HELP LANG MD5 MDTM MFCT MFF MFMT MKD MLST MODE NOOP OPTS PWD RANG REST
    RMD RNFR RNTO SITE SIZE STAT STRU SYST TYPE XCRC XCUP XCWD XMD5 XMKD XPWD XRMD XSHA XSHA1 XSHA256 XSHA384 XSHA512
    """.split()
)

# What the loop in Python sends ahead, in bytes: little enough that no server has to be read from to take it
_AHEAD = 4096

_SENDCMD = FTP.sendcmd


class Reply(NamedTuple):
    """A server's reply to a command: an immutable value.

    command: the command, as it was given. text: the reply, the lines of a multi-line reply joined by newlines.
    """

    command: str
    text: str

    @property
    def code(self) -> int:
        """The reply's code (RFC 959, section 4.2), such as 213; 400 and above are refusals."""
        digits = ""
        for character in self.text[:3]:
            if character not in "0123456789":
                break
            digits += character
        return int(digits.ljust(3, "0"))

    @property
    def lines(self) -> list[str]:
        """The reply's lines: one, or those of a multi-line reply (RFC 959, section 4.2), the codes included."""
        return self.text.split("\n")

    @property
    def ok(self) -> bool:
        """Whether it is no refusal (4xx, 5xx)."""
        return self.text[:1] not in ("4", "5")


def batch(ftp, commands, window=64):
    """Send commands without waiting for the reply to each, and return the replies in the order of the commands.

    On a link with latency this takes a fraction of the time: 4,000 SIZE and MDTM at 25 ms one or two seconds instead of
    100. The replies are those that the commands would get one by one; a refusal (4xx, 5xx) is a Reply, no exception.

    ftp: a client that is logged in, and in the middle of no transfer. commands: such as ['SIZE a', 'MDTM a']; only
    those with one reply and no data connection. window: how many may be unanswered at once; 1 for servers that can't
    take more, or that don't answer in order (RFC 959 demands it; aioftp doesn't). The
    multi-line replies together may have `ftp.max_reply` characters.

    Raises ValueError, before anything is sent, for any other command (RETR, LIST, QUIT...), for CR or LF in one, and
    for a window below 1. Raises error_temp for 421, error_proto for what is no reply, EOFError when the server has
    closed the connection, OSError and what else getresp() raises: these exceptions say how many replies came and have
    them in their attribute `replies`. The replies that are missing may come later: call recover() before anything
    else is sent.
    """
    commands = list(commands)
    window = operator.index(window)
    if window < 1:
        raise ValueError("window must be at least 1")
    for command in commands:
        _check(command)
    return exchange(ftp, commands, window)


def exchange(ftp, commands, window, late=0):
    """What batch() does, whatever the commands are.

    late: to how many of the last ones the replies aren't waited for: they are still to be read, which UNANSWERED among
    the client's attributes says. The loops in Python wait for them as well.
    """
    texts, error, unanswered = [], None, 0
    for command in commands:
        if "\r" in command or "\n" in command:
            raise ValueError("an illegal newline character should not be contained")
    if commands:
        try:
            if not _is_born(ftp):
                _one_by_one(ftp, commands, texts)
            else:
                outcome = _rftplib.batch(ftp, commands, window, late, texts)
                error, unanswered = outcome or _pipeline(ftp, commands, window, texts)
        except BaseException as raised:
            error = raised
    if error is None:
        if unanswered:
            vars(ftp)[UNANSWERED] = unanswered
        return list(map(Reply, commands, texts))
    _leave(ftp, error, unanswered)
    if isinstance(error, (Error, OSError, EOFError)):
        cause, commands = error.__cause__, [masked(command) for command in commands]
        hint = f"after {len(texts)} of {len(commands)} replies"
        error = also(error, hint).with_traceback(error.__traceback__)
        error.replies = list(map(Reply, commands, texts))
        if isinstance(error, (error_temp, error_proto)):
            tell(error, commands[len(texts)])
        raise error from cause
    raise error


def _check(command):
    """Raise unless `command` is one that can be in a batch."""
    if not isinstance(command, str):
        raise TypeError(f"a command is a str, not {type(command).__name__}")
    verb = command.split(" ", 1)[0]
    if verb.upper() not in SINGLE_REPLY:
        raise ValueError(f"{verb!r} can't be in a batch: only commands with one reply and no data connection can")


def late_reply(ftp, command):
    """The Reply to the first of the commands whose replies exchange() hasn't waited for."""
    reply = Reply(command, _reply(ftp, ftp.getresp))
    attributes = vars(ftp)
    attributes[UNANSWERED] -= 1
    if not attributes[UNANSWERED]:
        del attributes[UNANSWERED]
    return reply


def masked(command):
    """The command as errors show it: a password isn't theirs to tell."""
    verb, space, _ = command.partition(" ")
    return f"{verb} ****" if space and verb.upper() in ("PASS", "ACCT") else command


def _is_born(ftp):
    """Whether commands go the way that FTP was born with: whoever replaces sendcmd() gets it called for each."""
    return getattr(type(ftp), "sendcmd", None) is _SENDCMD and "sendcmd" not in getattr(ftp, "__dict__", ())


def _one_by_one(ftp, commands, texts):
    for command in commands:
        texts.append(_reply(ftp, lambda command=command: ftp.sendcmd(command)))


def _pipeline(ftp, commands, window, texts):
    """The loop in plain Python; returns what ended it, if anything has, and how many replies are to come."""
    encoding, errors = getattr(ftp, "encoding", "utf-8"), _options.errors(ftp)
    sizes = [len(command.encode(encoding, errors)) + 2 for command in commands]
    room = getattr(ftp, "max_reply", None)
    sent = ahead = 0
    unsent = None
    try:
        while len(texts) < len(commands):
            while unsent is None and sent < len(commands) and sent - len(texts) < window:
                if ahead + sizes[sent] > _AHEAD and sent > len(texts):
                    break
                try:
                    ftp.putcmd(commands[sent])
                except OSError as error:
                    unsent = error  # what the server has said before tells more
                    break
                ahead += sizes[sent]
                sent += 1
            if unsent is not None and sent == len(texts):
                raise unsent
            text = _reply(ftp, ftp.getresp)
            if room is not None and "\n" in text:
                room -= len(text)
                if room < 0:
                    raise Error("got more than max_reply characters in one batch")
            ahead -= sizes[len(texts)]
            texts.append(text)
    except EOFError as error:
        return unsent or error, 0
    except BaseException as error:
        return error, -1 if unsent else sent - len(texts)
    return None, 0


def _reply(ftp, receive):
    """The text of the reply that `receive` reads, or raises as a refusal; 1xx is followed by it."""
    preliminary = False
    while True:
        try:
            text = receive()
        except (error_temp, error_perm) as refusal:
            text = refusal.args[0]
            if text[:3] == "421":
                raise
            return text
        if text[:1] != "1":
            return text
        if preliminary:
            raise error_reply(text)
        preliminary, receive = True, ftp.getresp


def _leave(ftp, error, unanswered):
    """Note for recover() what is still to come; a connection that can't be used any more is closed."""
    if unanswered > 0:
        getattr(ftp, "__dict__", {})[UNANSWERED] = unanswered
        getattr(ftp.file, "_break_off", lambda: None)()
    elif unanswered < 0 and _is_born(ftp):
        ftp.close()
