"""What `rftplib.session` is for here, one by one until it is there."""

from collections import namedtuple

from ._errors import error_perm, error_temp

_Reply = namedtuple("_Reply", "code lines text")


def batch(ftp, commands):
    """The replies to commands, a refusal is one, too."""
    replies = []
    for command in commands:
        try:
            text = ftp.sendcmd(command)
        except (error_perm, error_temp) as refusal:
            text = refusal.args[0]
            if text[:3] == "421":
                raise
        replies.append(_Reply(int(text[:3]), text.split("\n"), text))
    return replies


def features(ftp):
    """The names that FEAT tells."""
    try:
        lines = ftp.sendcmd("FEAT").split("\n")[1:-1]
    except error_perm:
        return ()
    return [line.split()[0].upper() for line in lines if line.strip()]
