"""A file from one server to another."""

from . import _lenient
from ._errors import error_proto


def ftpcp(source, sourcename, target, targetname="", type="I"):
    """Copy a file from one server to another: the data goes directly between them.

    source, target: connected FTP objects. targetname: by default sourcename. type: 'I' or 'A'.
    Raises error_proto if one of the servers doesn't start the transfer.
    """
    if not targetname:
        targetname = sourcename
    type = "TYPE " + type
    source.voidcmd(type)
    target.voidcmd(type)
    # The host in the PASV reply isn't trusted (see makepasv): a malicious source could point the target anywhere.
    untrusted_host, sourceport = _lenient.parse_pasv(source.sendcmd("PASV"))
    if source.trust_server_pasv_ipv4_address and untrusted_host:
        sourcehost = untrusted_host
    else:
        sourcehost = source.sock.getpeername()[0]
    target.sendport(sourcehost, sourceport)
    # RFC 959, section 5.2: the passive side listens before its transfer command, so STOR comes before RETR.
    treply = target.sendcmd("STOR " + targetname)
    if treply[:3] not in {"125", "150"}:
        raise error_proto
    sreply = source.sendcmd("RETR " + sourcename)
    if sreply[:3] not in {"125", "150"}:
        raise error_proto
    source.voidresp()
    target.voidresp()
