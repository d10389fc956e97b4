"""The data connection of an upload under TLS 1.3: kept until the final reply, so that closing it loses nothing."""

from . import _rftplib, _tls

# Where it is kept among the client's attributes
LINGERING = "_rftplib_lingering"


def linger(ftp, conn):
    """Keep `conn`, the data connection of an upload, until the final reply, so that closing it loses nothing.

    That is for TLS 1.3: before, nothing comes unasked.
    """
    if not _tls.is_tls(conn):
        return
    kept = vars(ftp).get(LINGERING)
    if kept is not None:
        if kept.keeps(conn):
            return
        kept.release()
        del vars(ftp)[LINGERING]
    if conn.version() != "TLSv1.3" or not hasattr(_rftplib, "Lingering"):
        return
    try:
        vars(ftp)[LINGERING] = _rftplib.Lingering(conn)
    except OSError:
        return  # no descriptor to spare
    if _tls.is_native(conn):
        conn._kept = True  # its close() need not wait for the server


def stop_lingering(ftp):
    """Let go of an upload's connection, unless the user has it open: nobody is going to read the reply."""
    attributes = getattr(ftp, "__dict__", {})
    kept = attributes.get(LINGERING)
    if kept is not None and not kept.is_open():
        del attributes[LINGERING]
        kept.release()
